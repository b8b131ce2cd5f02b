"""Training, selection and test splits of labelled walks, whatever a frame is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from edgehuman.data.gait.score import halved
from edgehuman.data.gait.walks import WalkSetT
from edgehuman.errors import DataError

# Simulator seed for fine-tuning, distinct from those of pretraining and of the test (seed 0).
FINETUNE_WORLD = 3_000_000


@dataclass(frozen=True)
class GaitSplits(Generic[WalkSetT]):
    """Training, selection and test walks; no person is in two of them.

    Attributes:
        learn: training walks.
        select: walks of people held out, with roles; None if nobody is held out.
        test: the dataset's test part; None if it has none.
    also: more sets to learn from.
    """

    learn: WalkSetT
    select: WalkSetT | None
    test: WalkSetT | None
    also: tuple[WalkSetT, ...] = ()


def held_out(
    walks: WalkSetT, test: WalkSetT | None, share: float, seed: int
) -> GaitSplits[WalkSetT]:
    """Hold out a share of the training people for selection, at least two. They have two walks or
    more: one for the gallery, one to find.

    Raises:
        DataError: too few people for that.
    """
    if not share:
        return GaitSplits(walks, None, test)
    people, count_P = np.unique(walks.person_N, return_counts=True)
    count, several = max(2, round(share * len(people))), people[count_P > 1]
    if count > min(len(people) - 2, len(several)):
        lonely = len(people) - len(several)
        alone = f", {lonely} of them with a single walk" if lonely else ""
        raise DataError(
            f"{walks.name} has {len(people)} training people{alone}, too few to hold {count} out "
            "for selection; give --select-share 0 or more data"
        )
    chosen = np.random.default_rng(seed).permutation(several)[:count]
    is_out_N = np.isin(walks.person_N, chosen)
    return GaitSplits(walks.subset(~is_out_N), halved(walks.subset(is_out_N)), test)
