"""Training, selection and test splits of labelled walks, and training batches.

Axes: N walks, S source frames, J joints.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.score import halved
from edgehuman.data.gait.walks import random_cut
from edgehuman.data.skeleton.load import in_test, learnable, load_skeletons, resampled
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.tasks.skeleton.settings import FINETUNE_WORLD, GaitConfig
from edgehuman.training.identity_batches import pictures_of, pk_indices
from edgehuman.training.processes import Place


@dataclass(frozen=True)
class GaitSplits:
    """Training, selection and test walks; no person is in two of them.

    Attributes:
        learn: training walks.
        select: walks of people held out, with roles; None if nobody is held out.
        test: the dataset's test part; None if it has none.
    """

    learn: SkeletonSet
    select: SkeletonSet | None
    test: SkeletonSet | None


def load_splits(config: GaitConfig, given: SkeletonSet | None = None) -> GaitSplits:
    """Load the walks and split them by person.

    Args:
        given: walks in memory, in the place of --data.

    Raises:
        DataError: no training walks, or too few people to hold some out.
    """
    if config.data == SIMULATED:
        walks = load_skeletons(
            SIMULATED, seed=FINETUNE_WORLD + config.seed, people=config.people, each=config.walks
        )
        test = None
        if config.read_test:
            test = load_skeletons(SIMULATED, people=config.test_people, each=config.walks)
        return _held_out(walks, test, config)
    walks = resampled(load_skeletons(config.data) if given is None else given)
    is_test_N = in_test(walks)
    test = walks.subset(is_test_N) if is_test_N.any() else None
    return _held_out(learnable(walks, f"--data {config.data}"), test, config)


def _held_out(walks: SkeletonSet, test: SkeletonSet | None, config: GaitConfig) -> GaitSplits:
    if not config.select_share:
        return GaitSplits(walks, None, test)
    people = np.unique(walks.person_N)
    count = max(2, round(config.select_share * len(people)))
    if count > len(people) - 2:
        raise DataError(
            f"{walks.name} has {len(people)} training people, too few to hold {count} out for "
            "selection; give --select-share 0 or more data"
        )
    chosen = np.random.default_rng(config.seed).permutation(people)[:count]
    is_out_N = np.isin(walks.person_N, chosen)
    return GaitSplits(walks.subset(~is_out_N), halved(walks.subset(is_out_N)), test)


class WalkBatches:
    """Batches of P people with K walks each, determined by (seed, step, process) alone.

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
        config = self.config
        index_N = pk_indices(
            self._walks_of, config.batch, config.each, step, config.seed, place.rank, place.world
        )
        row_NS, length_N = random_cut(
            self.walks.start_N[index_N],
            self.walks.length_N[index_N],
            self.longest,
            np.random.default_rng((config.seed, step, place.rank, 11)),
        )
        source_NSJ3 = self.walks.skeleton_SJ3[row_NS]
        parts: tuple[NDArray[Any], ...] = (source_NSJ3, length_N, self.person_N[index_N])
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
        print(f"edgehuman: {said}", file=sys.stderr)
    return walks.subset(walks.length_N >= frames)
