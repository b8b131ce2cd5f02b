"""What diffusion pretraining teaches a gait network, on simulated walkers: curves, then transfer.

    python -m edgehuman.bench.pages.silhouette.diffusion --out runs/diffusion

Each seed pretrains twice: the denoiser and the gait network see different subsequences of a walk
(s_E != s_G), or the same (--same-subsequence; Fig. 5 of the paper, OpenReview r4GxmIBDbO). Curves
of rank-1 and of the gap, the anchor-negative distance minus the anchor-positive one, begin at the
untrained backbone. Then the head is trained with labels on backbones that are random, pretrained
and frozen, or pretrained and fine-tuned, each for all --tune-steps and for a third of them.

Finished trainings are kept, so the command resumes where it stopped. It writes `table.md`,
`table.json` and `curves.png` to --out after each training. A step of the default pretraining takes
about a second of one core.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import mean_and_spread, write_table
from edgehuman.bench.pages.silhouette.trainings import (
    UNTRAINED,
    Schedule,
    pretrained,
    tuned,
    untrained,
)
from edgehuman.config import require
from edgehuman.outcome import Outcome
from edgehuman.pictures.curves import Panel, draw_curves
from edgehuman.pictures.figure import require_pictures
from edgehuman.tasks.silhouette.settings import Mode

PRETRAININGS = {"different": "s_E ≠ s_G", "same": "s_E = s_G"}
METRICS = {"rank1": "rank-1", "map": "mAP"}
SCRATCH = "from scratch"
_ABSENT = "-"
Scores = dict[str, dict[str, list[Mapping[str, float]]]]
"""Row -> column -> metrics of each seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionPageConfig(Schedule):
    """Measure what diffusion pretraining teaches, on simulated walkers."""

    out: Path = Path("runs/diffusion")
    """Folder of the trainings, the table and the curves; finished trainings are kept."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds; each gets two pretrainings and one training per row and budget."""
    ratios: tuple[float, ...] = (0.1, 0.5, 1.0)
    """Learning rates of the pretrained backbone, as factors of the head's."""

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        rules = (
            (self.tune_steps >= 3, "tune_steps", "at least 3"),
            (all(ratio > 0 for ratio in self.ratios), "ratios", "above 0"),
        )
        require(self, rules)

    @property
    def budgets(self) -> tuple[int, int]:
        """Supervised steps of the two columns."""
        return self.tune_steps, self.tune_steps // 3


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: how the backbone begins and learns.

    Attributes:
        pretrained: whether it begins with the weights of the pretraining with s_E != s_G.
        mode: "finetune", or "probe": the backbone stays as it is.
        ratio: its learning rate as a factor of the head's.
    """

    pretrained: bool
    mode: Mode = "finetune"
    ratio: float = 1.0


@dataclass
class Found:
    """What is known so far.

    Attributes:
        curves: pretraining -> one outcome per seed.
        scores: row -> supervised steps -> the test metrics of each seed.
        baselines: row -> the test metrics of each seed, without training.
    """

    curves: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    scores: Scores = field(default_factory=dict)
    baselines: dict[str, list[Mapping[str, float]]] = field(default_factory=dict)


def rows_of(config: DiffusionPageConfig) -> dict[str, Row]:
    """Return the trainings of a seed by the name of their row."""
    tuned = {f"pretrained, r = {ratio:g}": Row(True, ratio=ratio) for ratio in config.ratios}
    return {
        SCRATCH: Row(False),
        **tuned,
        "frozen, random": Row(False, "probe"),
        "frozen, pretrained": Row(True, "probe"),
    }


def build_page(config: DiffusionPageConfig) -> Outcome:
    """Run the missing trainings; write table and curves after each.

    Raises:
        MissingDependencyError: matplotlib is not installed.
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    require_pictures()
    config.out.mkdir(parents=True, exist_ok=True)
    found, text = Found(), ""
    for _ in _measured(config, found):
        text = write_table(config.out, render(config, found), as_data(config, found))
        if not found.scores:
            draw(found, config.out / "curves.png")
    data = as_data(config, found)
    return Outcome(data, json.dumps(data) if config.json else text)


def _measured(config: DiffusionPageConfig, found: Found) -> Iterator[None]:
    """Add one result after the other; all curves stand before the first transfer."""
    folders: dict[int, Path] = {}
    for seed in config.seeds:
        for kind in PRETRAININGS:
            same = {"same_subsequence": kind == "same"}
            folder, outcome = pretrained(config, f"pretrained-{kind}-{seed}", seed, same)
            if kind == "different":
                folders[seed] = folder
            found.curves.setdefault(kind, []).append(outcome)
            yield
    for seed in config.seeds:
        for name, metrics in untrained(config, seed).items():
            found.baselines.setdefault(name, []).append(metrics)
        for name, row in rows_of(config).items():
            for steps in config.budgets:
                place = f"{name.replace(', ', '-').replace(' ', '')}-{steps}-{seed}"
                weights = folders[seed] if row.pretrained else None
                metrics = tuned(config, place, seed, steps, weights, row.mode, row.ratio)
                columns = found.scores.setdefault(name, {})
                columns.setdefault(str(steps), []).append(metrics)
                yield


def curve(outcomes: Sequence[Mapping[str, Any]], name: str) -> dict[int, list[float]]:
    """Return step -> the value of each seed: of "rank1", or of the "gap"."""
    values: dict[int, list[float]] = {}
    for outcome in outcomes:
        for step, rank in outcome["rank1_by_step"].items():
            gap = outcome["negative_by_step"][step] - outcome["positive_by_step"][step]
            values.setdefault(int(step), []).append(rank if name == "rank1" else gap)
    return values


def draw(found: Found, path: Path) -> None:
    """Draw the mean over the seeds; a level line is the untrained backbone."""

    def panel(title: str, unit: str, name: str, scale: float) -> Panel:
        curves: dict[str, tuple[Sequence[float], Sequence[float]]] = {}
        for kind, outcomes in found.curves.items():
            means = {s: scale * sum(v) / len(v) for s, v in curve(outcomes, name).items()}
            steps = list(means)
            curves.setdefault(UNTRAINED, (steps, [means[steps[0]]] * len(steps)))
            curves[PRETRAININGS[kind]] = (steps, list(means.values()))
        return Panel(title, unit, curves)

    panels = (
        panel("rank-1 of held-out simulated people", "%", "rank1", 100),
        panel("different people over the same walk", "difference of 1 - cosine", "gap", 1),
    )
    draw_curves(panels, "step of pretraining", path)


def render(config: DiffusionPageConfig, found: Found) -> str:
    """The Markdown page."""
    seeds = f"mean ± standard deviation of {len(config.seeds)} seeds"
    lines = ["All people are simulated (edgehuman's own); no number is of real walkers.", ""]
    lines += [*_curve_lines(found), "", *_transfer_lines(config, found), ""]
    lines += [
        f"Network {config.arch}; percent, {seeds}. Pretraining without labels: {config.steps} "
        f"steps of {config.batch} walks, {config.frames} frames, of {config.people} people; curves "
        f"of {config.exam_people} others. Labels: {config.tune_people} people, "
        f"{config.tune_batch} walks a step; test: {config.test_people} others.",
    ]
    return "\n".join(lines)


def _curve_lines(found: Found) -> list[str]:
    heads = [f"{short}, {label}" for short in ("rank-1", "gap") for label in PRETRAININGS.values()]
    lines = [f"| step of pretraining | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    curves = [
        curve(found.curves.get(kind, ()), name)
        for name in ("rank1", "gap")
        for kind in PRETRAININGS
    ]
    for step in sorted({step for values in curves for step in values}):
        cells = [mean_and_spread(v[step]) if step in v else _ABSENT for v in curves]
        lines.append(f"| {step or '0 (untrained)'} | {' | '.join(cells)} |")
    return [*lines, "", "Gap: mean distance of different people minus that of one walk, x 100."]


def _transfer_lines(config: DiffusionPageConfig, found: Found) -> list[str]:
    budgets = [str(steps) for steps in config.budgets]
    heads = [f"{short} after {steps} steps" for steps in budgets for short in METRICS.values()]
    lines = [f"| backbone | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    every: dict[str, list[Sequence[Mapping[str, float]]]] = {}
    for name in rows_of(config):
        columns = found.scores.get(name, {})
        every[name] = [columns.get(budget, ()) for budget in budgets]
    every |= {name: [metrics] * len(budgets) for name, metrics in found.baselines.items()}
    for name, measured in every.items():
        cells = [
            mean_and_spread([one[key] for one in column]) if column else _ABSENT
            for column in measured
            for key in METRICS
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def as_data(config: DiffusionPageConfig, found: Found) -> dict[str, Any]:
    """The numbers of the page."""
    return {
        "simulated": True,
        "arch": config.arch,
        "seeds": list(config.seeds),
        "curves": {
            kind: {name: curve(outcomes, name) for name in ("rank1", "gap")}
            for kind, outcomes in found.curves.items()
        },
        "scores": found.scores,
        "baselines": found.baselines,
    }


if __name__ == "__main__":
    sys.exit(main(DiffusionPageConfig, build_page))
