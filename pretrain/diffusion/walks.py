"""Silhouettes for diffusion pretraining: selection, held-out people, batches.

Axes: N sequences, T frames of a subsequence, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from edgehuman.card import TrainingData
from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.ledger import walks_row
from edgehuman.data.gait.walks import learnable
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.data.silhouette.sampling import Sampling
from edgehuman.data.silhouette.walks import SilhouetteSet, simulated_set
from edgehuman.errors import DataError
from edgehuman.pretrain.diffusion.subsequences import consecutive, two_subsequences
from edgehuman.progress import tell
from edgehuman.records import Bool, Index, Uint8
from edgehuman.training.batches import batch_indices
from edgehuman.training.processes import Place

# Simulator seeds, distinct from each other and from that of `edgehuman evaluate` (0).
LEARNED_WORLD = 1_000_000
EXAM_WORLD = 2_000_000
SIMULATED_PEOPLE = 48
SIMULATED_EACH = 4
LEAST_SIMULATED_FRAMES = 24
HELD_OUT_SEED = 0
"""Of the choice of held-out people: the same for every seed of a training."""


class Augmentation(Protocol):
    """One draw of parameters for all frames of a sequence."""

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw what happens to a sequence."""

    def made(self, silhouette_THW: Uint8, draw: Any) -> Uint8:
        """Return the silhouettes (T, 64, 64) with that draw."""


def load(
    path: str,
    seed: int,
    frames: int,
    people: int,
    each: int,
    exam_people: int,
    given: SilhouetteSet | None = None,
) -> tuple[SilhouetteSet, SilhouetteSet | None]:
    """Load the training walks of one --data, and the walks of held-out people.

    Args:
        frames: of a subsequence; walks that are not longer are left out.
        people, each: largest number of identities, and of sequences of each; 0: all, or 48 and 4
            from the simulator.
        exam_people: number of people to hold out; 0: none.
        given: walks in memory, in the place of those at the path.

    Raises:
        DataError: no training walks, none long enough, or fewer people with two of them than the
            exam needs.
    """
    where = f"--data {path}"
    if given is None and path == SIMULATED:
        return _simulated(seed, frames, people, each, exam_people)
    walks = learnable(load_silhouettes(path) if given is None else given, where)
    walks, exam = long_enough(walks, frames, where), None
    if exam_people:
        walks, exam = held_out(walks, exam_people, where)
    return at_most(walks, people, each, seed), exam


def _simulated(
    seed: int, frames: int, people: int, each: int, exam_people: int
) -> tuple[SilhouetteSet, SilhouetteSet | None]:
    """Return walks twice as long as a subsequence, and the exam's, the same for every seed."""
    length = max(LEAST_SIMULATED_FRAMES, 2 * frames)
    people, each = people or SIMULATED_PEOPLE, each or SIMULATED_EACH
    learn = simulated_set(people, each, LEARNED_WORLD + seed, length)
    if not exam_people:
        return learn, None
    return learn, simulated_set(exam_people, SIMULATED_EACH, EXAM_WORLD, length)


def held_out(walks: SilhouetteSet, people: int, where: str) -> tuple[SilhouetteSet, SilhouetteSet]:
    """Split off all walks of random people who have at least two.

    Raises:
        DataError: fewer such people than asked, or nobody left to learn from.
    """
    names, count_P = np.unique(walks.person_N, return_counts=True)
    several = names[count_P > 1]
    if len(several) < people or len(names) <= people:
        raise DataError(
            f"{where}: --exam-people is {people}, but of {len(names)} training people "
            f"{len(several)} have at least two walks, and somebody must be left to learn from; "
            "give a second walk of each, a smaller --exam-people, or 0 for no exam"
        )
    chosen = np.random.default_rng(HELD_OUT_SEED).permutation(several)[:people]
    is_out_N = np.isin(walks.person_N, chosen)
    return walks.subset(~is_out_N), walks.subset(is_out_N)


def at_most(walks: SilhouetteSet, people: int, each: int, seed: int) -> SilhouetteSet:
    """Return random identities and the first sequences of each; 0 for all."""
    names, person_N = np.unique(walks.person_N, return_inverse=True)
    keep_N: Bool = np.ones(len(walks), bool)
    if people and people < len(names):
        chosen = np.random.default_rng((seed, 0)).permutation(len(names))[:people]
        keep_N = np.isin(person_N, chosen)
    if each:
        order_N = np.argsort(person_N, kind="stable")
        first_N = np.searchsorted(person_N[order_N], person_N[order_N])
        keep_N[order_N[np.arange(len(order_N)) - first_N >= each]] = False
    return walks.subset(keep_N)


def long_enough(walks: SilhouetteSet, frames: int, where: str) -> SilhouetteSet:
    """Return the walks with more frames than a subsequence; report the others.

    Raises:
        DataError: there are none.
    """
    is_long_N = walks.length_N > frames
    if not is_long_N.any():
        longest = int(walks.length_N.max())
        raise DataError(
            f"{where}: the longest of {len(walks)} walks has {longest} frames, but --frames "
            f"{frames} needs walks of at least {frames + 1}, to draw two different subsequences; "
            "give longer walks, or a smaller --frames"
        )
    if is_long_N.all():
        return walks
    short = int((~is_long_N).sum())
    said = f"left out {short} of {len(walks)} walks, of {frames} frames or fewer (--frames)"
    tell(f"{where}: {said}")
    return walks.subset(is_long_N)


def require_enough(pairs: Pairs, batch: int, data: str) -> None:
    """Raise DataError if a step needs more walks than there are."""
    if len(pairs) < batch:
        raise DataError(
            f"--data {data} has {len(pairs)} training walks, but a step needs {batch}; give more "
            "data or lower --batch"
        )


class Plan(NamedTuple):
    """What becomes of a walk: for s_E and s_G, which frames, and their augmentation."""

    walk: int
    sides: tuple[tuple[Index, Any], ...]


@dataclass(frozen=True)
class Pairs:
    """Pairs of subsequences of the same walk, in batches determined by (seed, step).

    Attributes:
        sets: training walks, each longer than a subsequence.
        sampling: how the gait network's frames are drawn; how many, holds for both.
        augment: applied to each subsequence on its own.
        same: whether both are the same augmented consecutive frames.
    """

    sets: Sequence[SilhouetteSet]
    sampling: Sampling
    augment: Augmentation
    same: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.sets))

    @property
    def frames(self) -> int:
        """Frames of a subsequence."""
        return self.sampling.frames

    def batch(self, count: int, step: int, seed: int, place: Place) -> tuple[Tensor, Tensor]:
        """Return s_E and s_G, uint8 (N, T, 64, 64) each, of this process's share of `count`
        walks, on the CPU.
        """
        chosen_N = batch_indices(len(self), count, step, seed)
        rng = np.random.default_rng((seed, step, 0, 3))
        # Draws follow each other through the whole batch; only the own walks are made.
        plans = [self.plan(int(i), rng) for i in chosen_N]
        return self.stacked([self.made(plan) for plan in plans[place.rows(count)]])

    def pair(self, i: int, rng: np.random.Generator) -> tuple[Uint8, Uint8]:
        """Return s_E and s_G of walk i of all sets, augmented."""
        return self.made(self.plan(i, rng))

    def plan(self, i: int, rng: np.random.Generator) -> Plan:
        """Draw which frames of walk i become s_E and s_G, and their augmentation."""
        length = len(self._walk(i))
        if self.same:
            return Plan(i, ((consecutive(length, self.frames, rng), self.augment.draw(rng)),))
        parts = two_subsequences(length, self.sampling, rng)
        return Plan(i, tuple((index, self.augment.draw(rng)) for index in parts))

    def made(self, plan: Plan) -> tuple[Uint8, Uint8]:
        """Return s_E and s_G as planned."""
        walk_SHW = self._walk(plan.walk)
        sides = [self.augment.made(walk_SHW[index], draw) for index, draw in plan.sides]
        return sides[0], sides[-1]

    def middle(self, i: int) -> Uint8:
        """Return the middle frames of walk i."""
        walk_SHW = self._walk(i)
        first = (len(walk_SHW) - self.frames) // 2
        return walk_SHW[first : first + self.frames]

    @staticmethod
    def stacked(pairs: Sequence[tuple[Uint8, Uint8]]) -> tuple[Tensor, Tensor]:
        """Return pairs as two tensors (N, T, 64, 64)."""
        target_NTHW, seen_NTHW = (torch.from_numpy(np.stack(side)) for side in zip(*pairs))  # noqa: B905
        return target_NTHW, seen_NTHW

    def _walk(self, i: int) -> Uint8:
        for walks in self.sets:
            if i < len(walks):
                return walks.silhouette_SHW[walks.rows(i)]
            i -= len(walks)
        raise IndexError(f"there are {len(self)} walks")

    def rows(self) -> tuple[TrainingData, ...]:
        """Return the training data, for the card."""
        return tuple(walks_row(walks, "pretraining") for walks in self.sets)
