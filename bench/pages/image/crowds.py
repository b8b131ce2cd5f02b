"""What parting everybody costs: the parser over the detector alone, and one more person.

    python -m edgehuman.bench.pages.image.crowds --archs starnet_s100_k3 tinyvit_5m

Weights are random, as time hardly depends on them. The sides of a ratio take turns on one thread,
and what counts is processor time. Axes: R rows of an answer, X numbers of a row.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from edgehuman.bench.entry import main
from edgehuman.bench.targets.crowds import ARCHS, cost_of
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome


@dataclass(frozen=True, slots=True)
class CostConfig:
    """Measure a parser of 20 parts, 416x416 pixels, beside the detector alone."""

    archs: tuple[str, ...] = ARCHS
    """Networks of person images."""
    rounds: int = 10
    """Turns of each side."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UsageError(f"--rounds is {self.rounds}; it must be at least 1")


def measure_cost(config: CostConfig) -> Outcome:
    """Measure each network.

    Raises:
        UsageError: no such network. NotMeasured: PyTorch is not installed.
    """
    rows = {arch: cost_of(arch, config.rounds) for arch in config.archs}
    names = list(next(iter(rows.values()), {}))
    lines = ["| " + " | ".join(["network", *(name.replace("_", " ") for name in names)]) + " |"]
    lines.append("|---|" + "---:|" * len(names))
    for arch, row in rows.items():
        lines.append("| " + " | ".join([arch, *(f"{row[name]:.2f}" for name in names)]) + " |")
    return Outcome(rows, json.dumps(rows) if config.json else "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main(CostConfig, measure_cost))
