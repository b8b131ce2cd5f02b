"""Training, selection and test splits of labelled walks, and training batches.

Axes: N walks, S source frames, J joints.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.walks import random_cut
from edgehuman.data.skeleton.load import in_test, learnable, load_skeletons, resampled
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.progress import tell
from edgehuman.records import Index
from edgehuman.tasks.gait.splits import FINETUNE_WORLD, GaitSplits, held_out
from edgehuman.tasks.skeleton.settings import GaitConfig
from edgehuman.training.identity_batches import pictures_of, pk_indices
from edgehuman.training.processes import Place


def load_splits(config: GaitConfig, given: SkeletonSet | None = None) -> GaitSplits[SkeletonSet]:
    """Load the walks and split them by person.

    Args:
        given: walks in memory, in the place of --data.

    Raises:
        DataError: no training walks, or too few people to hold some out.
    """
    also = tuple(
        learnable(resampled(load_skeletons(path)), f"--more-data {path}")
        for path in config.more_data
    )
    return dataclasses.replace(_load(config, given), also=also)


def _load(config: GaitConfig, given: SkeletonSet | None) -> GaitSplits[SkeletonSet]:
    """The splits of --data."""
    if config.data == SIMULATED:
        walks = load_skeletons(
            SIMULATED, seed=FINETUNE_WORLD + config.seed, people=config.people, each=config.walks
        )
        test = None
        if config.read_test:
            test = load_skeletons(SIMULATED, people=config.test_people, each=config.walks)
        return held_out(walks, test, config.select_share, config.seed)
    walks = resampled(load_skeletons(config.data) if given is None else given)
    is_test_N = in_test(walks)
    test = walks.subset(is_test_N) if is_test_N.any() else None
    walks = learnable(walks, f"--data {config.data}")
    return held_out(walks, test, config.select_share, config.seed)


class WalkBatches:
    """Batches of P people with K walks each, determined by (seed, step) alone.

    Args:
        walks: training walks, each at least a window long.
        longest: frames of a source; longer walks are cut to it at a random place.
    """

    def __init__(self, walks: SkeletonSet, longest: int, config: GaitConfig) -> None:
        self.walks, self.longest, self.config = walks, longest, config
        names, person_N = np.unique(walks.person_N, return_inverse=True)
        self.num_people = len(names)
        self.person_N = person_N.astype(np.int64)
        self._walks_of = pictures_of(self.person_N)

    def __call__(self, step: int, place: Place) -> tuple[Tensor, ...]:
        """Return sources (N, S, J, 3), their lengths (N,) and identities (N,), on the CPU."""
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
        """Return the batch of these walks, cut at random places.

        Args:
            rows: those to return; places are drawn for all.
        """
        row_NS, length_N = random_cut(
            self.walks.start_N[index_N], self.walks.length_N[index_N], self.longest, rng
        )
        source_NSJ3 = self.walks.skeleton_SJ3[row_NS[rows]]
        person_N = self.person_N[index_N[rows]]
        parts: tuple[NDArray[Any], ...] = (source_NSJ3, length_N[rows], person_N)
        return tuple(torch.from_numpy(part) for part in parts)


def require_window(walks: SkeletonSet, frames: int, part: str) -> None:
    """Raise DataError if no walk of a part is as long as a window: walks are not slowed down to
    fill one, and shorter walks are not scored.
    """
    longest = int(walks.length_N.max())
    if longest < frames:
        raise DataError(
            f"{walks.name}: none of {len(walks)} {part} walks has {frames} frames, the network's "
            f"window; the longest has {longest}. Give longer walks, or --weights pretrained with "
            f"--frames {longest} or fewer"
        )


def long_enough(walks: SkeletonSet, frames: int) -> SkeletonSet:
    """Return the walks at least a window long; report the number of shorter ones.

    Raises:
        DataError: no walk is long enough.
    """
    short = int(np.count_nonzero(walks.length_N < frames))
    if short == len(walks):
        require_window(walks, frames, "training")
    if short:
        said = f"left out {short} of {len(walks)} training walks shorter than {frames} frames"
        tell(f"edgehuman: {said}")
    return walks.subset(walks.length_N >= frames)
