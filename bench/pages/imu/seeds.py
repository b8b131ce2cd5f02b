"""The demo on its fixed seeds: its longest wrong stretch, and whether smoothing helps.

    python -m edgehuman.bench.pages.imu.seeds --seeds 100 --out docs/demo_seeds.md

Each seed is a simulated person and a day of 90 s, as in `edgehuman demo --seed N`, played once with
the network alone and once with the card's smoothing. The gain by smoothing is paired by
day.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.errors import UsageError
from edgehuman.metrics.bootstrap import interval, mean
from edgehuman.outcome import Outcome
from edgehuman.runtime.demo.day import compare, simulated_day
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.stream import stream

SHOWN = 10
"""The seeds that the demo promises; each gets a row."""


@dataclass(frozen=True, kw_only=True)
class SeedsConfig:
    """Score the demo's day, seed by seed."""

    seeds: int = 100
    """Number of seeds, from 0."""
    seconds: float = 90.0
    """Length of a day."""
    model: str = "zoo:activity"
    """zoo:NAME or the path of an artefact."""
    out: Path | None = None
    """File for the table, as Markdown."""

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise UsageError(f"--seeds is {self.seeds}; it must be at least 2")


Row = dict[str, dict[str, float | None]]


def judged(model: Model, seconds: float, seed: int) -> Row:
    """The scores of one day: `network`, `smoothed` and `true`; see `day.compare`."""
    live = stream(model, simulated_day(seconds, seed))
    return compare(list(live), model.labels, model.card.decision.hop_s)


def measure(config: SeedsConfig) -> Outcome:
    """Play every seed."""
    model = load(config.model)
    rows = [judged(model, config.seconds, seed) for seed in range(config.seeds)]
    data = {
        "simulated": True,
        "model": config.model,
        "seconds": config.seconds,
        "rows": rows,
        "all": totals(rows),
    }
    text = render(data)
    if config.out is not None:
        config.out.write_text(text, encoding="utf-8")
    return Outcome(data, text)


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Means over the seeds, the longest wrong stretch among the shown ones, and the paired gain."""

    def values(who: str, what: str) -> Any:
        return np.array([row[who][what] for row in rows], np.float64)

    gain = values("smoothed", "online_accuracy") - values("network", "online_accuracy")
    found = interval(gain, mean)
    made: dict[str, Any] = {"seeds": len(rows), "gain": [found.low, found.value, found.high]}
    for who in ("network", "smoothed"):
        wrong_s = values(who, "longest_wrong_s")
        made[who] = {
            "online_accuracy": float(values(who, "online_accuracy").mean()),
            "flicker_per_minute": float(values(who, "flicker_per_minute").mean()),
            "longest_wrong_s_shown": float(wrong_s[:SHOWN].max()),
            "longest_wrong_s": float(wrong_s.max()),
            "over_3_s": float((wrong_s > 3.0).mean()),
        }
    return made


def render(data: dict[str, Any]) -> str:
    """The Markdown page."""
    lines = [
        "| seed | accuracy, network alone | smoothed | longest wrong, s, alone | smoothed |",
        "|---|---|---|---|---|",
    ]
    for seed, row in enumerate(data["rows"][:SHOWN]):
        alone, smooth = row["network"], row["smoothed"]
        lines.append(
            f"| {seed} | {alone['online_accuracy']:.3f} | {smooth['online_accuracy']:.3f} | "
            f"{alone['longest_wrong_s']:.2f} | {smooth['longest_wrong_s']:.2f} |"
        )
    every, (low, gain, high) = data["all"], data["all"]["gain"]
    alone, smooth = every["network"], every["smoothed"]
    lines += [
        "",
        f"SIMULATED. {data['model']}, days of {data['seconds']:g} s. Over {every['seeds']} seeds: "
        f"accuracy {alone['online_accuracy']:.3f} alone, {smooth['online_accuracy']:.3f} smoothed: "
        f"the gain, paired, is {100 * gain:.2f} points ({100 * low:.2f} to {100 * high:.2f}); "
        f"changes of label a minute {alone['flicker_per_minute']:.1f} alone, "
        f"{smooth['flicker_per_minute']:.1f} smoothed; wrong for over 3 s at a stretch on "
        f"{100 * alone['over_3_s']:.0f} % of the days alone, {100 * smooth['over_3_s']:.0f} % "
        f"smoothed, at most {smooth['longest_wrong_s']:.1f} s.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(SeedsConfig, measure))
