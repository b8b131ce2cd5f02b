"""Skeleton sequences for contrastive pretraining and its zero-shot exam: selection and batches.

Axes: N sequences, V takes of one person, S source frames, J joints, 3: x, y, confidence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.card import TrainingData
from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.ledger import walks_row
from edgehuman.data.gait.walks import random_cut
from edgehuman.data.skeleton.load import (
    filtered,
    learnable,
    load_skeletons,
    quality_scores,
    resampled,
)
from edgehuman.data.skeleton.walks import SIMULATED_FRAMES, SkeletonSet
from edgehuman.errors import DataError
from edgehuman.metrics.retrieval import Distance, Sightings, retrieval_scores
from edgehuman.preprocess.skeleton.walk import MIN_FRAMES, RATE_HZ
from edgehuman.pretrain.contrastive.settings import Positives, Quality
from edgehuman.progress import tell
from edgehuman.simulate.skeleton.detector import Kind
from edgehuman.training.batches import batch_indices
from edgehuman.training.processes import Place

# Simulator seeds, distinct from each other and from that of `edgehuman evaluate` (0).
LEARNED_WORLD = 1_000_000
EXAM_WORLD = 2_000_000
EXAM_EACH = 4
SIMULATED_PEOPLE = 512
SIMULATED_EACH = 4


def require_window(frames: int, longest: int, where: str) -> None:
    """Raise DataError if no walk is as long as a window: walks are not slowed down to fill one."""
    if frames > longest:
        raise DataError(
            f"{where}: the longest walk has {longest} frames at {RATE_HZ:g} Hz, but a window has "
            f"{frames}; give --frames {longest} or fewer, or longer walks"
        )


def load(
    path: str,
    seed: int,
    people: int,
    each: int,
    frames: int = 0,
    given: SkeletonSet | None = None,
    detector: Kind = "teacher",
) -> SkeletonSet:
    """Load the training walks of one --data: at 24 Hz, after the paper's filters, without the
    dataset's test people.

    Args:
        people, each: largest number of identities, and of sequences of each; 0: all, or 512 and 4
            from the simulator.
        frames: of a window; shorter walks are left out.
        given: walks in memory, in the place of those at the path.
        detector: whose errors the simulator's joints have.

    Raises:
        DataError: no training walks, or no walk as long as a window.
    """
    where = f"--data {path}"
    if given is None and path == SIMULATED:
        require_window(frames, SIMULATED_FRAMES, where)
        people, each = people or SIMULATED_PEOPLE, each or SIMULATED_EACH
        # The simulator makes at least two walks per person.
        world = LEARNED_WORLD + seed
        walks = load_skeletons(path, world, people, max(2, each), detector=detector)
    else:
        walks = learnable(load_skeletons(path) if given is None else given, where)
    walks = resampled(walks)
    require_window(frames, int(walks.length_N.max()), where)
    walks, dropped = filtered(walks, min_frames=max(MIN_FRAMES, frames))
    if any(dropped.values()):
        said = ", ".join(f"{count} {name}" for name, count in dropped.items() if count)
        tell(f"{where}: sequences removed by filters: {said}")
    return at_most(walks, people, each, seed)


def at_most(walks: SkeletonSet, people: int, each: int, seed: int) -> SkeletonSet:
    """Return random identities and the first sequences of each; 0 for all.

    A smaller number of identities is a subset of a larger one.
    """
    names, person_N = np.unique(walks.person_N, return_inverse=True)
    if people and people < len(names):
        chosen = np.random.default_rng((seed, 0)).permutation(len(names))[:people]
        keep_N = np.isin(person_N, chosen)
        walks, person_N = walks.subset(keep_N), person_N[keep_N]
    if each:
        order_N = np.argsort(person_N, kind="stable")
        first_N = np.searchsorted(person_N[order_N], person_N[order_N])
        walks = walks.subset(np.sort(order_N[np.arange(len(order_N)) - first_N < each]))
    return walks


def of_quality(walks: SkeletonSet, share: float, quality: Quality, seed: int) -> SkeletonSet:
    """Return a share of the sequences: those with the best poses, the worst, or random ones."""
    if share == 1:
        return walks
    count = max(1, round(share * len(walks)))
    if quality == "all":
        chosen_N = np.random.default_rng((seed, 1)).permutation(len(walks))[:count]
    else:
        order_N = np.argsort(quality_scores(walks), kind="stable")
        chosen_N = order_N[-count:] if quality == "top" else order_N[:count]
    return walks.subset(np.sort(chosen_N))


def in_pairs(walks: SkeletonSet) -> SkeletonSet:
    """Remove and report people with only one sequence, which cannot form a pair.

    Raises:
        DataError: everybody has only one.
    """
    _, person_N, count_P = np.unique(walks.person_N, return_inverse=True, return_counts=True)
    alone_N = count_P[person_N] < 2
    if not alone_N.any():
        return walks
    if alone_N.all():
        raise DataError(
            f"{walks.name}: all {len(count_P)} people have one sequence, but --positives person "
            "needs two; give a second of each, or --positives sequence"
        )
    said = f"{walks.name}: left out {alone_N.sum()} people with only one sequence"
    tell(f"{said} (--positives person needs two)")
    return walks.subset(~alone_N)


class Walks:
    """Sequences in memory, in batches determined by (seed, step) alone.

    Args:
        sets: training sequences.
        longest: frames of a batch's sources; longer sequences are cut to it at a random place.
        positives: "sequence": one take per drawn sequence, for both views; "person": takes of two
            different sequences per drawn person.

    Raises:
        DataError: a person with only one sequence if `positives` is "person".
    """

    def __init__(self, sets: Sequence[SkeletonSet], longest: int, positives: Positives) -> None:
        self.sets, self.longest, self.positives = sets, longest, positives
        self.skeleton_SJ3 = torch.from_numpy(np.concatenate([w.skeleton_SJ3 for w in sets]))
        self.length_N = np.concatenate([w.length_N for w in sets])
        self.start_N = np.cumsum(self.length_N) - self.length_N
        person = np.concatenate([w.person_N for w in sets])
        self.people, person_N = np.unique(person, return_inverse=True)
        self.order_N = np.argsort(person_N, kind="stable")
        self.count_P = np.bincount(person_N)
        self.first_P = np.cumsum(self.count_P) - self.count_P
        if positives == "person" and (self.count_P < 2).any():
            alone = (self.count_P < 2).sum()
            raise DataError(
                f"{alone} of {len(self.people)} people have one sequence; --positives person needs "
                "two of each: raise --each, or use --positives sequence"
            )

    def __len__(self) -> int:
        return len(self.length_N)

    def batch(self, count: int, step: int, seed: int, place: Place) -> tuple[Tensor, Tensor]:
        """Return this process's share of `count` sources (N, V, S, J, 3) and their lengths (N, V),
        on the CPU.
        """
        total = len(self) if self.positives == "sequence" else len(self.people)
        drawn_N = batch_indices(total, count, step, seed)
        source = np.random.default_rng((seed, step, 0, 2))
        take_NV = drawn_N[:, None]
        if self.positives == "person":
            two_N2 = source.random((count, 2))
            number_N, size_N = np.floor(two_N2[:, 0] * self.count_P[drawn_N]), self.count_P[drawn_N]
            other_N = (number_N + 1 + np.floor(two_N2[:, 1] * (size_N - 1))) % size_N
            number_N2 = np.stack([number_N, other_N], axis=1).astype(np.int64)
            take_NV = self.order_N[self.first_P[drawn_N][:, None] + number_N2]
        row_NVS, length_NV = random_cut(
            self.start_N[take_NV], self.length_N[take_NV], self.longest, source
        )
        own = place.rows(count)
        return self.skeleton_SJ3[torch.from_numpy(row_NVS[own])], torch.from_numpy(length_NV[own])

    def rows(self) -> tuple[TrainingData, ...]:
        """Return the training data, for the card."""
        return tuple(walks_row(walks, "pretraining") for walks in self.sets)


def exam_people(people: int, seed: int = 0) -> SkeletonSet:
    """Return four whole walks per simulated person of the exam."""
    return load_skeletons(SIMULATED, EXAM_WORLD + seed, people, EXAM_EACH)


def exam_walks(people: int, frames: int, seed: int = 0) -> SkeletonSet:
    """Return the exam's walks, cut to their middle frames.

    Raises:
        DataError: a window is longer than the walks.
    """
    require_window(frames, SIMULATED_FRAMES, "the simulated walks of the exam")
    walks = exam_people(people, seed)
    middle = [(int(n) - frames) // 2 for n in walks.length_N]
    cut = [walks.sequence(i)[m : m + frames] for i, m in enumerate(middle)]
    return dataclasses.replace(
        walks, skeleton_SJ3=np.concatenate(cut), length_N=np.full(len(walks), frames, np.int64)
    )


class Exam:
    """Zero-shot recognition of simulated people that are never trained on.

    The gallery has normal walks; the probes have walks with and without bag and coat, from other
    views. Each sequence is scored on its middle window.
    """

    def __init__(self, people: int, frames: int, distance: Distance, seed: int = 0) -> None:
        walks = exam_walks(people, frames, seed)
        self.skeleton_NTJ3 = torch.from_numpy(walks.skeleton_SJ3.reshape(-1, frames, 18, 3))
        self.person_N = np.unique(walks.person_N, return_inverse=True)[1]
        self.is_probe_N = walks.role_N == "probe"
        self.distance = distance

    def __call__(self, encoder: nn.Module) -> dict[str, float]:
        """Return rank-1, rank-5 and mean average precision, 0..1."""
        device = next(encoder.parameters()).device
        feature_NE = torch.cat(
            [encoder(part.to(device)).float().cpu() for part in torch.split(self.skeleton_NTJ3, 64)]
        ).numpy()
        probe, gallery = (
            Sightings(feature_NE[mask_N], self.person_N[mask_N])
            for mask_N in (self.is_probe_N, ~self.is_probe_N)
        )
        scores = retrieval_scores(probe, gallery, self.distance, max_rank=5)
        return {"rank1": scores.rank(1), "rank5": scores.rank(5), "map": scores.mean_ap}
