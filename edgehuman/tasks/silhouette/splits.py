"""Training, selection and test splits of labelled silhouettes, and training batches.

Axes: N walks, S frames of all walks of a batch, T frames, H rows, W columns.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from edgehuman.catalogue import SIMULATED
from edgehuman.data.silhouette.load import in_test, learnable, load_silhouettes
from edgehuman.data.silhouette.sampling import cut
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.records import Index, Uint8
from edgehuman.tasks.gait.splits import FINETUNE_WORLD, GaitSplits, held_out
from edgehuman.tasks.silhouette.settings import GaitConfig, Recipe, augment_of
from edgehuman.training.identity_batches import pictures_of, pk_indices
from edgehuman.training.processes import Place


def is_simulated(data: str) -> bool:
    """Whether --data is the simulator's word, with or without a number of people."""
    return data.partition(":")[0] == SIMULATED


def load_splits(
    config: GaitConfig, given: SilhouetteSet | None = None
) -> GaitSplits[SilhouetteSet]:
    """Load the walks and split them by person.

    Args:
        given: walks in memory, in the place of --data.

    Raises:
        DataError: no training walks, or too few people to hold some out.
    """
    if is_simulated(config.data):
        walks = load_silhouettes(
            config.data,
            seed=FINETUNE_WORLD + config.seed,
            people=config.people,
            each=config.walks,
        )
        test = None
        if config.read_test:
            test = load_silhouettes(SIMULATED, people=config.test_people, each=config.walks)
        return held_out(walks, test, config.select_share, config.seed)
    walks = load_silhouettes(config.data) if given is None else given
    is_test_N = in_test(walks)
    test = walks.subset(is_test_N) if is_test_N.any() else None
    walks = learnable(walks, f"--data {config.data}")
    return held_out(walks, test, config.select_share, config.seed)


class SilhouetteBatches:
    """Batches of P people with K walks each, determined by (seed, step) alone.

    Args:
        walks: training walks of any length.
        recipe: the frames that are drawn, and the augmentation of each sequence.
    """

    def __init__(self, walks: SilhouetteSet, recipe: Recipe, config: GaitConfig) -> None:
        self.walks, self.recipe, self.config = walks, recipe, config
        self.augment = augment_of(recipe.augment)
        names, person_N = np.unique(walks.person_N, return_inverse=True)
        self.num_people = len(names)
        self.person_N = person_N.astype(np.int64)
        self._walks_of = pictures_of(self.person_N)

    def __call__(self, step: int, place: Place) -> tuple[Tensor, ...]:
        """Return silhouettes uint8 (N, T, 64, 64), their lengths (N,) and identities (N,), on the
        CPU. A shorter sequence repeats its frames up to T.
        """
        rng = np.random.default_rng((self.config.seed, step, 0, 11))
        index_N = self.indices(step, place.whole())
        return self.batch_of(index_N, rng, place.rows(len(index_N)))

    def indices(self, step: int, place: Place) -> Index:
        """Return the walks (N,) of a step."""
        config = self.config
        return pk_indices(
            self._walks_of, config.batch, config.each, step, config.seed, place.rank, place.world
        )

    def batch_of(
        self, index_N: Index, rng: np.random.Generator, rows: slice = slice(None)
    ) -> tuple[Tensor, ...]:
        """Return the batch of these walks, drawn and augmented.

        Args:
            rows: those to return: all are drawn, as draws follow each other, and these are made.
        """
        drawn_SHW, count_N = cut(self.walks, index_N, self.recipe.sampling, rng)
        silhouette_NTHW = self._stacked(drawn_SHW, count_N, rng, rows)
        parts = (silhouette_NTHW, count_N[rows], self.person_N[index_N[rows]])
        return tuple(torch.from_numpy(part) for part in parts)

    def _stacked(
        self, drawn_SHW: Uint8, count_N: Index, rng: np.random.Generator, rows: slice
    ) -> Uint8:
        """Augment each sequence on its own; (N, T, 64, 64)."""
        most, start_N = int(count_N.max()), np.cumsum(count_N) - count_N
        draws = [self.augment.draw(rng) for _ in count_N]
        chosen = [*zip(start_N.tolist(), count_N.tolist(), draws, strict=True)][rows]
        silhouette_NTHW = np.empty((len(chosen), most, *drawn_SHW.shape[1:]), np.uint8)
        for row_THW, (start, count, draw) in zip(silhouette_NTHW, chosen, strict=True):
            made_THW = self.augment.made(drawn_SHW[start : start + count], draw)
            row_THW[:] = made_THW[np.arange(most) % count]
        return silhouette_NTHW
