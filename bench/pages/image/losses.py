"""Plot the losses of SAIP pretrainings against steps, a panel per objective.

    python -m edgehuman.bench.pages.image.losses --run runs/saip --out docs/pictures/x.png

Faint: every logged step; strong: the median of the --smooth logged steps around it. Steps differ
in difficulty: a search picture holds two or three persons at random.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehuman.bench.entry import main
from edgehuman.bench.pages.training_log import names_of, read_card, read_numbers, read_settings
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.files import require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, save_png

PANELS: Mapping[str, str] = {
    "csm": "cross-scale matching, nats",
    "csr": "cross-scale reconstruction",
    "css": "cross-scale search, nats",
}
_COLOURS = ("#4c8fd6", "#d1242f", "#2da44e", "#d29922", "#8250df", "#57606a")


@dataclass(frozen=True, slots=True)
class LossesConfig:
    """Plot losses against training steps, for one or more SAIP pretrainings."""

    run: tuple[Path, ...]
    """Folders of pretrainings, finished or not."""
    out: Path = Path("docs/pictures/saip_losses.png")
    """The picture to write."""
    smooth: int = 11
    """Logged steps per median; an odd number."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if not self.run:
            raise UsageError("--run is empty; give at least one folder of a pretraining")
        if len(self.run) > len(_COLOURS):
            raise UsageError(f"--run names {len(self.run)} folders; give at most {len(_COLOURS)}")
        if self.out.suffix != ".png":
            raise UsageError(f"--out is {self.out}; its name must end in .png")
        if self.smooth < 1 or self.smooth % 2 == 0:
            raise UsageError(f"--smooth is {self.smooth}; it must be odd and at least 1")


@dataclass(frozen=True, slots=True)
class Losses:
    """Attributes:
    name: the folder's, for people to read.
    simulated: whether it was trained on simulated people only.
    by_step: for each objective trained, the loss by step.
    """

    name: str
    simulated: bool
    by_step: Mapping[str, Mapping[int, float]]


def read_losses(folder: Path, name: str) -> Losses:
    """Read the losses of one pretraining.

    Args:
        name: its label.

    Raises:
        CheckpointError: no pretraining there, a damaged one, one of another kind, or one that
            logged no step. ArtefactError: see `read_card`.
    """
    said = read_settings(folder, "saip", ["data"])["data"]
    found = {panel: read_numbers(folder, panel) for panel in PANELS}
    by_step = {panel: losses for panel, losses in found.items() if losses}
    if not by_step:
        raise CheckpointError(
            f"{folder}: no loss logged yet; let it reach its first checkpoint (--save-every)"
        )
    card = read_card(folder)
    return Losses(name, said == SIMULATED if card is None else _simulated(card), by_step)


def _simulated(card: Card) -> bool:
    """Whether all its training data is simulated; folders and shards of simulated people say so."""
    learned = [row for row in card.data if row.role in ("pretraining", "training")]
    return bool(learned) and all(row.simulated for row in learned)


def medians(values: Sequence[float], width: int) -> list[float]:
    """Of each value and its neighbours, `width` in all; fewer, on both sides, at the ends."""
    found = []
    for i in range(len(values)):
        reach = min(width // 2, i, len(values) - 1 - i)
        found.append(statistics.median(values[i - reach : i + reach + 1]))
    return found


def draw(runs: Sequence[Losses], smooth: int, path: Path) -> None:
    """Plot a panel per objective, a colour per run.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    shown = [name for name in PANELS if any(name in run.by_step for run in runs)]
    figure = blank(3.6 * len(shown), 3.2)
    for place, name in enumerate(shown):
        axes = figure.add_subplot(1, len(shown), place + 1)
        for run, colour in zip(runs, _COLOURS, strict=False):
            if name not in run.by_step:
                continue
            steps = sorted(run.by_step[name])
            values = [run.by_step[name][step] for step in steps]
            axes.plot(steps, values, color=colour, alpha=0.25, linewidth=0.8)
            axes.plot(steps, medians(values, smooth), color=colour, label=_said(run))
        axes.set_title(PANELS[name], fontsize=10)
        axes.set_xlabel("training steps")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    save_png(figure, path)


def picture_losses(config: LossesConfig) -> Outcome:
    """Draw the picture; report its first and last medians.

    Raises:
        UsageError: --out cannot be written, or a folder is named twice.
        CheckpointError: a folder has no losses.
    """
    require_usable_file(config.out, f"--out {config.out}")
    runs = [read_losses(*each) for each in zip(config.run, names_of(config.run), strict=True)]
    draw(runs, config.smooth, config.out)
    ends = [_ends(run) for run in runs]
    said = [f"{config.out}: median of the first and of the last tenth of the logged steps"]
    for run, each in zip(runs, ends, strict=True):
        words = (f"{name} {first:.3f} -> {last:.3f}" for name, (first, last) in each.items())
        said.append(f"{_said(run)}: {', '.join(words)}")
    rows = [
        {"run": str(folder), "simulated": run.simulated, "ends": each}
        for folder, run, each in zip(config.run, runs, ends, strict=True)
    ]
    data = {"picture": str(config.out), "runs": rows}
    return Outcome(data, json.dumps(data) if config.json else "\n".join(said))


def _ends(run: Losses) -> dict[str, tuple[float, float]]:
    ends = {}
    for name, losses in run.by_step.items():
        values = [losses[step] for step in sorted(losses)]
        tenth = max(1, len(values) // 10)
        ends[name] = (statistics.median(values[:tenth]), statistics.median(values[-tenth:]))
    return ends


def _said(run: Losses) -> str:
    return f"{run.name} (simulated people)" if run.simulated else run.name


if __name__ == "__main__":
    sys.exit(main(LossesConfig, picture_losses))
