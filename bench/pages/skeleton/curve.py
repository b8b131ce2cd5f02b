"""Plot rank-1 on unseen simulated people against the training steps of a pretraining.

    python -m edgehuman.bench.pages.skeleton.curve --run runs/a [runs/b] --out docs/gait_rank1.png

Contrastive pretraining evaluates its network before the first step and at every checkpoint, and
writes the scores to metrics.jsonl; this command plots them. Horizontal lines: the network with
random weights (the evaluation before the first step), nearest neighbours of bone lengths on the
same windows of the same people, and chance.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.bench.entry import main
from edgehuman.bench.pages.training_log import METRICS, names_of, read_numbers, read_settings
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.files import require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, save_png


@dataclass(frozen=True, slots=True)
class CurveConfig:
    """Rank-1 against training steps, of one or more contrastive pretrainings."""

    run: tuple[Path, ...]
    """Folders of pretrainings, finished or not."""
    out: Path = Path("docs/pictures/gait_rank1.png")
    """The picture to write."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if not self.run:
            raise UsageError("--run is empty; give at least one folder of a pretraining")
        if self.out.suffix != ".png":
            raise UsageError(f"--out is {self.out}; its name must end in .png")


@dataclass(frozen=True, slots=True)
class Curve:
    """Attributes:
    name: the folder's, for people to read; arch: the network.
    rank1: by step, 0..1.
    exam: number of people in the evaluation, and frames of their windows.
    """

    name: str
    arch: str
    rank1: Mapping[int, float]
    exam: tuple[int, int]


def read_curve(folder: Path, name: str) -> Curve:
    """Read the evaluations of one pretraining.

    Args:
        name: its label.

    Raises:
        CheckpointError: no pretraining there, a damaged one, one of another kind, or one without
            evaluations.
    """
    settings = read_settings(folder, "contrastive", ["arch", "exam_people", "frames"])
    rank1 = read_numbers(folder, "rank1")
    if not rank1:
        raise CheckpointError(
            f"{folder}: no evaluation in {METRICS}; pretrain with --exam-people above 0, and let "
            "it reach its first checkpoint"
        )
    return Curve(name, settings["arch"], rank1, (settings["exam_people"], _frames(settings)))


def _frames(settings: Mapping[str, Any]) -> int:
    from edgehuman.catalogue import NETWORKS, find

    frames: int = (
        settings["frames"] or find(NETWORKS, "network", settings["arch"]).arguments["frames"]
    )
    return frames


def require_one_exam(curves: Sequence[Curve]) -> tuple[int, int]:
    """People and frames of the evaluation, if all curves share one.

    Raises:
        UsageError: they were evaluated on different people or windows.
    """
    exams = {curve.exam: curve.name for curve in curves}
    if len(exams) > 1:
        said = "; ".join(f"{name}: {p} people, {f} frames" for (p, f), name in exams.items())
        raise UsageError(
            f"the runs were evaluated differently ({said}), so their rank-1 cannot share a "
            "picture; draw them one by one"
        )
    return next(iter(exams))


def bone_rank1(people: int, frames: int) -> float:
    """Rank-1 of bone lengths alone on the windows of the evaluation."""
    from edgehuman.data.gait.score import GENERIC
    from edgehuman.data.skeleton.bones import bone_scores
    from edgehuman.pretrain.contrastive.walks import exam_walks

    return float(bone_scores(exam_walks(people, frames), GENERIC).metrics["rank1"])


def baselines(curves: Sequence[Curve]) -> dict[str, float]:
    """Rank-1 of the baselines without training; random weights only if they were evaluated."""
    people, frames = require_one_exam(curves)
    found = {"bone lengths alone": bone_rank1(people, frames)}
    random = [curve.rank1[0] for curve in curves if 0 in curve.rank1]
    if random:
        found["random weights"] = sum(random) / len(random)
    return {**found, "chance": 1 / people}


def draw(curves: Sequence[Curve], lines: Mapping[str, float], path: Path) -> None:
    """Plot one line per run, and a dashed one for each baseline.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = blank(6.5, 4.0)
    axes = figure.add_subplot()
    for curve in curves:
        steps = sorted(curve.rank1)
        scores = [100 * curve.rank1[step] for step in steps]
        axes.plot(steps, scores, "o-", markersize=3, label=f"{curve.name}: {curve.arch}")
    for (name, score), colour in zip(
        lines.items(), ("#d29922", "#57606a", "#b0b8c1"), strict=False
    ):
        axes.axhline(100 * score, linestyle="--", color=colour, linewidth=1.2, label=name)
    people, frames = curves[0].exam
    axes.set_title(
        f"{people} simulated people, never seen; windows of {frames} frames", fontsize=10
    )
    axes.set_xlabel("training steps")
    axes.set_ylabel("zero-shot rank-1, %, simulated people")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    save_png(figure, path)


def picture_curves(config: CurveConfig) -> Outcome:
    """Draw the picture; report its numbers.

    Raises:
        CheckpointError: a folder without evaluations. UsageError: evaluations that differ, a
            folder named twice, or --out cannot be written.
    """
    require_usable_file(config.out, f"--out {config.out}")
    curves = [read_curve(*each) for each in zip(config.run, names_of(config.run), strict=True)]
    lines = baselines(curves)
    draw(curves, lines, config.out)
    data = {
        "picture": str(config.out),
        "simulated": True,
        "people": curves[0].exam[0],
        "frames": curves[0].exam[1],
        "rank1_by_step": {
            str(folder): {str(step): curve.rank1[step] for step in sorted(curve.rank1)}
            for folder, curve in zip(config.run, curves, strict=True)
        },
        "baselines": lines,
    }
    said = [f"{config.out}: zero-shot rank-1 of {curves[0].exam[0]} simulated people never seen, %"]
    said += [_as_text(curve) for curve in curves]
    said += [f"{name}: {100 * score:.1f}" for name, score in lines.items()]
    return Outcome(data, json.dumps(data) if config.json else "\n".join(said))


def _as_text(curve: Curve) -> str:
    first, last = min(curve.rank1), max(curve.rank1)
    best = max(curve.rank1, key=lambda step: curve.rank1[step])
    return (
        f"{curve.name} ({curve.arch}): {100 * curve.rank1[first]:.1f} at step {first} -> "
        f"{100 * curve.rank1[last]:.1f} at step {last}; most {100 * curve.rank1[best]:.1f} at "
        f"step {best}"
    )


if __name__ == "__main__":
    sys.exit(main(CurveConfig, picture_curves))
