"""How near its teacher a student of gait must come, and how near the teacher stays to itself.

    python -m edgehuman.bench.pages.distil.nearness --students runs/distil/compatible/features-0

Simulated people that taught nobody walk through the teacher's gallery, which holds their whole
walks. Each row asks in another way: the teacher, a little later in the same walk or with joints a
little off; the teacher's own vectors, turned away by a random angle as probable as the vectors
themselves; and students. It shows the mean cosine with the teacher's vector of the whole walk, and
how often the nearest of all other walks is the one that the teacher finds, or of that person. Below
stands how crowded the teacher's space is.

Axes: N walks, T frames, J joints, D width.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.skeleton import EvaluateConfig
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import UsageError
from edgehuman.metrics.agreement import shared_space
from edgehuman.metrics.gait.vectors import embed_walks
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.records import Float32

Answer = Callable[[Float32], Float32]
Change = Callable[[Float32], Float32]
EACH = 6
NOISES = (0.002, 0.005, 0.01)
COSINES = (0.999, 0.995, 0.98)


@dataclass(frozen=True, kw_only=True)
class NearnessConfig:
    """Measure how near its teacher a student of gait must come."""

    teacher: str = "zoo:gait-skeleton"
    """A model that ships, or a checkpoint folder."""
    students: tuple[str, ...] = ()
    """Checkpoint folders of students in the teacher's space (`--compatible`)."""
    people: int = 100
    """Simulated people, with six walks each."""
    seed: int = 0
    """Of noise and angles."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, [(self.people >= 2, "people", "at least 2")])


@dataclass(frozen=True, slots=True)
class Row:
    """One way of asking: mean cosine, and shares of equal answers."""

    asks: str
    cosine: float
    same_walk: float
    same_person: float


def build_page(config: NearnessConfig) -> Outcome:
    """Ask in all ways; return the table.

    Raises:
        UsageError: a network of something else, or a student of another width.
        ArtefactError, CheckpointError: no such model.
    """
    walks = load_skeletons(SIMULATED, people=config.people, each=EACH)
    teacher, card = opened(config.teacher, walks)
    vector_ND = vectors(walks, teacher, card)
    distance = cast(Distance, card.output.distance or "cosine")
    rows = [
        compared(asks, vector_ND, said_ND, distance, walks)
        for asks, said_ND in asked(config, walks, teacher, card, vector_ND)
    ]
    crowded = crowding(vector_ND)
    text = render(rows, config, crowded)
    facts = {"simulated": True, "walks": len(walks), **crowded}
    data = {**facts, "rows": [*map(asdict, rows)]}
    return Outcome(data, json.dumps(data) if config.json else text)


def asked(
    config: NearnessConfig, walks: SkeletonSet, teacher: Answer, card: Card, vector_ND: Float32
) -> Iterator[tuple[str, Float32]]:
    """Each way of asking with its vectors (N, D)."""
    rng = np.random.default_rng(config.seed)
    half = card.input.shape[0] // 2
    changes: dict[str, Change] = {
        f"teacher, {half} frames later": lambda walk_TJ3: walk_TJ3[half:],
        "teacher, first half of the walk": lambda walk_TJ3: walk_TJ3[: len(walk_TJ3) // 2],
    }
    for share in NOISES:
        said = f"teacher, joints {100 * share:g} % of the height off"
        changes[said] = partial(shaken, share=share, rng=rng)
    for name, change in changes.items():
        yield name, vectors(walks, teacher, card, change)
    for cosine in COSINES:
        yield f"teacher's vector, turned to {cosine:g}", turned(vector_ND, cosine, rng)
    for word in config.students:
        student, own = opened(word, walks)
        if own.output.dim != card.output.dim:
            raise UsageError(
                f"{word} gives {own.output.dim} dimensions and {config.teacher} "
                f"{card.output.dim}; give students that were distilled with --compatible"
            )
        yield word, vectors(walks, student, own)


def opened(word: str, walks: SkeletonSet) -> tuple[Answer, Card]:
    """A network of gait from skeletons, by name or folder.

    Raises:
        UsageError: it reads something else, or gives no embedding.
    """
    model = open_named(EvaluateConfig(word, threads=1))
    card, shape = model.card, walks.skeleton_SJ3.shape[1:]
    if card.input.shape[1:] != shape or card.output.kind != "embedding":
        raise UsageError(
            f"{word} reads {card.input.record} and gives {card.output.kind}; give a network of "
            "gait from skeletons"
        )
    return model.logits, card


def vectors(
    walks: SkeletonSet, answer: Answer, card: Card, change: Change = lambda walk_TJ3: walk_TJ3
) -> Float32:
    """The vectors (N, D) of all walks, each changed first."""
    sequences = (change(walks.frame_S[walks.rows(number)]) for number in range(len(walks)))
    distance = card.output.distance or "cosine"
    return embed_walks(sequences, answer, card.input.shape[0], distance)[0]


def shaken(walk_TJ3: Float32, share: float, rng: np.random.Generator) -> Float32:
    """Put each joint of each frame off, by normal noise of a share of the figure's height."""
    height = share * float(np.ptp(walk_TJ3[..., 1], axis=1).mean())
    moved_TJ3 = walk_TJ3.copy()
    moved_TJ3[..., :2] += rng.normal(0, height, moved_TJ3[..., :2].shape).astype(np.float32)
    return moved_TJ3


def turned(vector_ND: Float32, cosine: float, rng: np.random.Generator) -> Float32:
    """Turn vectors (N, D) by an angle of this cosine, each in a direction in which vectors of the
    set differ.
    """
    unit_ND = vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True)
    centred_ND = unit_ND - unit_ND.mean(axis=0)
    # A mixture of the set's own differences has their covariance.
    away_ND = rng.normal(size=(len(unit_ND), len(unit_ND))) @ centred_ND
    away_ND -= (away_ND * unit_ND).sum(axis=1, keepdims=True) * unit_ND
    away_ND /= np.linalg.norm(away_ND, axis=1, keepdims=True)
    found: Float32 = (cosine * unit_ND + np.sqrt(1 - cosine**2) * away_ND).astype(np.float32)
    return found


def crowding(vector_ND: Float32) -> dict[str, float]:
    """How near each vector's nearest is (mean cosine), how far behind the next (median), and in how
    many dimensions the set lies: (sum of the variances)^2 / sum of their squares.
    """
    unit_ND = vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True)
    near_NN = unit_ND @ unit_ND.T
    np.fill_diagonal(near_NN, -np.inf)
    second_N, first_N = np.sort(near_NN, axis=1)[:, -2:].T
    variance_D = np.linalg.eigvalsh(np.cov(unit_ND.T.astype(np.float64)))
    return {
        "nearest": float(first_N.mean()),
        "margin": float(np.median(first_N - second_N)),
        "dimensions": float(variance_D.sum() ** 2 / (variance_D**2).sum()),
    }


def compared(
    asks: str, vector_ND: Float32, said_ND: Float32, distance: Distance, walks: SkeletonSet
) -> Row:
    """Compare vectors (N, D) with the teacher's."""
    one_ND, other_ND = (
        each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vector_ND, said_ND)
    )
    found = shared_space(vector_ND, said_ND, distance, walks.person_N)
    cosine = float((one_ND * other_ND).sum(axis=1).mean())
    return Row(asks, cosine, found["top1"], found["top1_person"])


def render(rows: list[Row], config: NearnessConfig, crowded: dict[str, float]) -> str:
    """The Markdown table."""
    lines = ["| who asks | cosine | same walk | same person |", "|---|---:|---:|---:|"]
    for row in rows:
        shares = f"{100 * row.same_walk:.1f} | {100 * row.same_person:.1f}"
        lines.append(f"| {row.asks} | {row.cosine:.4f} | {shares} |")
    walks = config.people * EACH
    said = (
        f"SIMULATED people: {config.people}, {walks} walks, gallery of {config.teacher}: the "
        f"nearest at a cosine of {crowded['nearest']:.3f} (mean), the next "
        f"{crowded['margin']:.4f} behind (median), in {crowded['dimensions']:.1f} dimensions."
    )
    return "\n".join([*lines, "", said])


if __name__ == "__main__":
    sys.exit(main(NearnessConfig, build_page))
