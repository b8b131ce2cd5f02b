"""Ablations of diffusion pretraining on simulated walkers: Table 3 of the paper, row by row.

    python -m edgehuman.bench.pages.silhouette.ablations --out runs/ablations --seeds 0 1 2

Every row pretrains with one setting that differs from the default (the paper's: OpenReview
r4GxmIBDbO), but for the schedule and the weighting, which are crossed. Its features are then judged
before any head, on held-out people, and after a short training with labels: of the whole network
with the backbone at a tenth of the learning rate, as in the paper, or of the head alone (`--mode
probe`). The untrained backbone stands below: trained with labels from scratch, or frozen.

The denoiser's width is half and twice that of --dim. Finished trainings are kept, so the command
resumes where it stopped; it writes `table.md` and `table.json` to --out after each.
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
    ENERGY,
    LR_RATIO,
    Schedule,
    pretrained,
    tuned,
    untrained,
)
from edgehuman.config import require
from edgehuman.outcome import Outcome
from edgehuman.tasks.silhouette.settings import Mode

UNTRAINED = "untrained"
METRICS = {"rank1": "rank-1", "rank5": "rank-5", "map": "mAP"}
_ABSENT = "-"
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationsConfig(Schedule):
    """Measure what each setting of diffusion pretraining is worth, on simulated walkers."""

    out: Path = Path("runs/ablations")
    """Folder of the trainings and the table; finished trainings are kept."""
    rows: tuple[str, ...] = ()
    """Rows of the table; by default all."""
    mode: Mode = "finetune"
    """Training with labels: of the whole network, or as a probe of the head alone."""
    ratio: float = 0.1
    """Learning rate of a pretrained backbone in that training, as a factor of the head's."""

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        known = list(rows_of(self))
        rules = (
            (set(self.rows) <= set(known), "rows", f"of {', '.join(known)}"),
            (self.dim % 16 == 0, "dim", "a multiple of 16, as a row halves it"),
            (self.ratio > 0, "ratio", "above 0"),
        )
        require(self, rules)

    @property
    def chosen(self) -> dict[str, Settings]:
        """The rows of the table, in its order."""
        every = rows_of(self)
        return {name: every[name] for name in every if not self.rows or name in self.rows}


@dataclass
class Found:
    """What is known so far: row -> the metrics of each seed.

    Attributes:
        exams: of the features before any head.
        scores: after the training with labels.
    """

    exams: dict[str, list[Mapping[str, float]]] = field(default_factory=dict)
    scores: dict[str, list[Mapping[str, float]]] = field(default_factory=dict)


def rows_of(config: Schedule) -> dict[str, Settings]:
    """Return what each row changes of the default settings."""
    off = dict.fromkeys(("affine", "perspective", "flip", "dilate", "blur"), 0.0)
    return {
        "default": {},
        "min-snr": {"weighting": "min-snr"},
        "uniform": {"weighting": "uniform"},
        "cosine-medium-noise": {"noise_schedule": "cosine"},
        "cosine-min-snr": {"noise_schedule": "cosine", "weighting": "min-snr"},
        "cosine-uniform": {"noise_schedule": "cosine", "weighting": "uniform"},
        "max": {"pooling": "max"},
        "mean+max": {"pooling": "mean+max"},
        "no-augmentation": off,
        "half-denoiser": {"dim": config.dim // 2},
        "twice-denoiser": {"dim": 2 * config.dim},
        "lr-ratio-1": {"backbone_lr": config.lr},
        "lr-ratio-5": {"backbone_lr": 5 * config.lr},
        "uncond-0": {"uncond": 0.0},
        "uncond-0.5": {"uncond": 0.5},
    }


def build_table(config: AblationsConfig) -> Outcome:
    """Run the missing trainings; write the table after each.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    config.out.mkdir(parents=True, exist_ok=True)
    found, text = Found(), ""
    for _ in _measured(config, found):
        text = write_table(config.out, render(config, found), as_data(config, found))
    data = as_data(config, found)
    return Outcome(data, json.dumps(data) if config.json else text)


def _measured(config: AblationsConfig, found: Found) -> Iterator[None]:
    """Add one result after the other: the whole table of a seed, then that of the next."""
    for seed in config.seeds:
        for number, (name, changes) in enumerate(config.chosen.items()):
            folder, outcome = pretrained(config, f"pretrained-{name}-{seed}", seed, changes)
            if number == 0:
                # Before its first step, every row's backbone is the same.
                found.exams.setdefault(UNTRAINED, []).append(exam_of(outcome, min))
            found.exams.setdefault(name, []).append(exam_of(outcome, max))
            yield
            place = f"{config.mode}-{name}-{seed}"
            metrics = tuned(
                config, place, seed, config.tune_steps, folder, config.mode, config.ratio
            )
            found.scores.setdefault(name, []).append(metrics)
            yield
        place = f"{config.mode}-{UNTRAINED}-{seed}"
        metrics = tuned(config, place, seed, config.tune_steps, None, config.mode)
        found.scores.setdefault(UNTRAINED, []).append(metrics)
        found.scores.setdefault(ENERGY, []).append(untrained(config, seed)[ENERGY])
        yield


def exam_of(outcome: Mapping[str, Any], which: Any) -> dict[str, float]:
    """Return the metrics of a pretraining's exam: `min`, at its first step, or `max`, at its last.

    Args:
        outcome: of a pretraining, as JSON: steps are words.
    """
    tables = {key: outcome[f"{key}_by_step"] for key in METRICS}
    return {key: float(table[which(table, key=int)]) for key, table in tables.items()}


def settings_of(config: Schedule, changes: Settings) -> list[str]:
    """Return a row's cells of settings, in the order of the paper's table."""
    denoiser_lr, dim = config.lr, changes.get("dim", config.dim)
    ratio = changes.get("backbone_lr", LR_RATIO * denoiser_lr) / denoiser_lr
    return [
        changes.get("noise_schedule", "inverted-cosine"),
        changes.get("weighting", "medium-noise"),
        changes.get("pooling", "mean"),
        "off" if "affine" in changes else "on",
        f"{dim}",
        f"{ratio:g}",
        f"{changes.get('uncond', 0.15):g}",
    ]


_SETTINGS = (
    "schedule", "weighting", "pooling", "augmentation", "denoiser's dim", "l_G / l_D", "P_uncond",
)  # fmt: skip


def render(config: AblationsConfig, found: Found) -> str:
    """The Markdown page."""
    learned = "fine-tuned" if config.mode == "finetune" else "head trained"
    heads = [*_SETTINGS, *(f"{short}, features" for short in METRICS.values())]
    heads += [f"{short}, {learned}" for short in METRICS.values()]
    lines = ["All people are simulated (edgehuman's own); no number is of real walkers.", ""]
    lines.append(f"| | {' | '.join(heads)} |")
    lines.append("|---|" + "---|" * len(_SETTINGS) + "---:|" * (2 * len(METRICS)))
    for name, changes in config.chosen.items():
        lines.append(_line(name, settings_of(config, changes), found))
    start = "from scratch" if config.mode == "finetune" else "frozen"
    nothing = [_ABSENT] * len(_SETTINGS)
    lines.append(_line(UNTRAINED, nothing, found, f"untrained backbone, {start}"))
    lines.append(_line(ENERGY, nothing, found))
    seeds = f"mean ± standard deviation of {len(config.seeds)} seeds"
    how = f"backbone at {config.ratio:g} of the learning rate; " * (config.mode == "finetune")
    lines += [
        "",
        f"Network {config.arch}; percent, {seeds if len(config.seeds) > 1 else 'one seed'}. "
        f"Pretraining without labels: {config.steps} steps of {config.batch} walks, "
        f"{config.frames} frames, of {config.people} people; features before any head: of "
        f"{config.exam_people} others. Labels: {config.tune_people} people, {config.tune_steps} "
        f"steps of {config.tune_batch} walks; {how}test: {config.test_people} others.",
    ]
    return "\n".join(lines)


def _line(name: str, settings: Sequence[str], found: Found, shown: str = "") -> str:
    cells = [
        mean_and_spread([one[key] for one in column]) if column else _ABSENT
        for column in (found.exams.get(name, ()), found.scores.get(name, ()))
        for key in METRICS
    ]
    return f"| {shown or name} | {' | '.join([*settings, *cells])} |"


def as_data(config: AblationsConfig, found: Found) -> dict[str, Any]:
    """The numbers of the page."""
    return {
        "simulated": True,
        "arch": config.arch,
        "seeds": list(config.seeds),
        "mode": config.mode,
        "settings": {name: dict(changes) for name, changes in config.chosen.items()},
        "exams": found.exams,
        "scores": found.scores,
    }


if __name__ == "__main__":
    sys.exit(main(AblationsConfig, build_table))
