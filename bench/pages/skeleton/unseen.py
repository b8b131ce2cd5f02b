"""What unseen joints cost: rank-1 where a detector loses joints, by how it loses them.

    python -m edgehuman.bench.pages.skeleton.unseen --model zoo:gait-skeleton --out runs/unseen

Simulated people never seen, the walks of `edgehuman evaluate --data simulated`. Joints are lost in
the probes alone, against a gallery of whole walks, or in both. Random losses are the same in every
run. `--data` takes real walks, too. It writes `table.md` and `table.json` to --out.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, load_test
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.keep import write_table
from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.score import score_walks
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.metrics.gait.protocols import PROBE
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.records import Bool, Float32
from edgehuman.runtime.skeleton.answer import require_gait

Lose = Callable[[Float32, np.random.Generator], Bool]
"""Joints (T, 18, 3) of a walk -> which are lost, (T, 18)."""


@dataclass(frozen=True, slots=True)
class UnseenConfig:
    """Measure what unseen joints cost a gait model."""

    model: str = "zoo:gait-skeleton"
    """`zoo:NAME`, an artefact, the folder of a checkpoint, or a network's name (random weights)."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    out: Path = Path("runs/unseen")
    """Folder of the table."""
    threads: int = 1
    """Threads inside one operator."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise UsageError(f"--threads is {self.threads}; it must be at least 1")


def at_random(share: float) -> Lose:
    """Single joints in single frames."""
    return lambda joints_TJ3, random: random.random(joints_TJ3.shape[:2]) < share


def under(limit: float) -> Lose:
    """Joints under a confidence, as detectors that leave them out do."""
    return lambda joints_TJ3, random: joints_TJ3[..., 2] < limit


def for_a_while(frames: int, share: float) -> Lose:
    """A share of the joints, each for some frames in a row in every two seconds."""

    def lose(joints_TJ3: Float32, random: np.random.Generator) -> Bool:
        lost_TJ = np.zeros(joints_TJ3.shape[:2], np.bool_)
        for first in range(0, len(lost_TJ), 48):
            for joint in np.flatnonzero(random.random(lost_TJ.shape[1]) < share):
                begin = first + random.integers(0, 48 - frames)
                lost_TJ[begin : begin + frames, joint] = True
        return lost_TJ

    return lose


def never(*names: str) -> Lose:
    """Joints that no frame shows."""
    at = [OPENPOSE_18.index(name) for name in names]

    def lose(joints_TJ3: Float32, random: np.random.Generator) -> Bool:
        lost_TJ = np.zeros(joints_TJ3.shape[:2], np.bool_)
        lost_TJ[:, at] = True
        return lost_TJ

    return lose


LOSSES: Mapping[str, Lose] = {
    "none": at_random(0.0),
    "10 % at random": at_random(0.1),
    "20 % at random": at_random(0.2),
    "40 % at random": at_random(0.4),
    "a third of the joints, half a second each": for_a_while(12, 1 / 3),
    "confidence under 0.5": under(0.5),
    "confidence under 0.7": under(0.7),
    "one arm, never seen": never("r_elbow", "r_wrist"),
    "the face, never seen": never("nose", "r_eye", "l_eye", "r_ear", "l_ear"),
}


def without(walks: SkeletonSet, lose: Lose, chosen_N: Bool) -> tuple[SkeletonSet, float]:
    """The walks, the chosen ones with joints lost, and the share that is unseen in those."""
    skeleton_SJ3 = walks.skeleton_SJ3.copy()
    random = np.random.default_rng(0)
    for i in np.flatnonzero(chosen_N).tolist():
        rows = walks.rows(i)
        skeleton_SJ3[rows][lose(skeleton_SJ3[rows], random)] = 0.0
    is_chosen_S = np.repeat(chosen_N, walks.length_N)
    unseen = float((skeleton_SJ3[is_chosen_S, :, 2] <= 0).mean())
    return dataclasses.replace(walks, skeleton_SJ3=skeleton_SJ3), unseen


def build_page(config: UnseenConfig) -> Outcome:
    """Score the model with every kind of loss, and write the table.

    Raises:
        ArtefactError, UsageError: no such model, or not of gait. DataError: no such walks.
    """
    model = open_named(EvaluateConfig(config.model, threads=config.threads))
    require_gait(model)
    card = model.card
    walks = load_test(config.data, card.input.rate_hz)
    is_probe_N = walks.role_N == PROBE
    found: dict[str, dict[str, float]] = {}
    for name, lose in LOSSES.items():
        row: dict[str, float] = {}
        for where, chosen_N in (("probes", is_probe_N), ("both", np.ones_like(is_probe_N))):
            lacking, row["unseen"] = without(walks, lose, chosen_N)
            distance = cast(Distance, card.output.distance)
            scored = score_walks(lacking, model.logits, card.input.shape[0], distance)
            row[where] = scored.scores.metrics["rank1"]
        found[name] = row
    simulated = config.data == SIMULATED
    lines = [
        "| joints lost | unseen | rank-1, in the probes | rank-1, in gallery and probes |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {100 * row['unseen']:.0f} | {100 * row['probes']:.1f} | "
            f"{100 * row['both']:.1f} |"
            for name, row in found.items()
        ),
        "",
        f"Percent; {config.model}; {'SIMULATED people never seen: ' if simulated else ''}"
        f"{scored.said}.",
    ]
    data = {"model": config.model, "data": config.data, "simulated": simulated, "losses": found}
    text = write_table(config.out, "\n".join(lines), data)
    return Outcome(data, json.dumps(data) if config.json else text)


if __name__ == "__main__":
    sys.exit(main(UnseenConfig, build_page))
