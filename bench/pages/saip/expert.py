"""What an expert costs that is asked in each step of SAIP*, and one whose answers are kept.

    python -m edgehuman.bench.pages.saip.expert --teacher zoo:person-garments --arch starnet_s100

Both take turns on the same views, forward, backward and optimiser, without reading images; the kept
answers are random numbers of the expert's width, since only the time counts. Median milliseconds of
one core.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehuman.bench.entry import main
from edgehuman.bench.targets.ratios import in_turns, require_torch
from edgehuman.config import require
from edgehuman.outcome import Outcome

PERSONS = 8
OBJECTIVES: dict[str, dict[str, Any]] = {
    "matching": {"csr": 0.0, "css": 0.0},
    "and reconstruction, the student encodes": {"csr_encoder": "student", "css": 0.0},
    "and reconstruction, the expert encodes": {"css": 0.0},
    "and search: all": {},
}


@dataclass(frozen=True, kw_only=True)
class ExpertPageConfig:
    """Time a step of SAIP with an expert that is asked, and with kept answers."""

    teacher: Path = Path("zoo:person-garments")
    """The expert: a checkpoint or zoo:NAME."""
    arch: str = "starnet_s100"
    """The student."""
    height: int = 256
    """Height of the large views, pixels."""
    width: int = 128
    """Their width."""
    rounds: int = 6
    """Counted steps of each."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, [(self.rounds >= 1, "rounds", "at least 1")])


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds of a step with these objectives."""

    objectives: str
    asked_ms: float
    kept_ms: float


def build_page(config: ExpertPageConfig) -> Outcome:
    """Time both; return the table.

    Raises:
        UsageError, CheckpointError: the expert is no network of person images, or no checkpoint.
    """
    require_torch()
    rows = [timed(config, name, changes) for name, changes in OBJECTIVES.items()]
    data = {"arch": config.arch, "teacher": str(config.teacher), "rows": [*map(asdict, rows)]}
    return Outcome(data, json.dumps(data) if config.json else render(rows))


def timed(config: ExpertPageConfig, name: str, changes: dict[str, Any]) -> Row:
    """Time a step with these objectives."""
    import torch

    from edgehuman.bench.targets.steps.saip import SCALE, step_of
    from edgehuman.pretrain.saip.expert import as_backbone
    from edgehuman.pretrain.saip.saip import make_model
    from edgehuman.pretrain.saip.settings import SaipConfig

    torch.set_num_threads(1)
    settings = SaipConfig(
        arch=config.arch, teacher=config.teacher, height=config.height, width=config.width,
        batch=PERSONS, accumulate=1, scale_low=SCALE, scale_high=SCALE, **changes,
    )  # fmt: skip
    model = make_model(settings).train()
    told_NTD = torch.randn(PERSONS, 2, as_backbone(model.expert).width)
    sides = {"asked": step_of(model, settings), "kept": step_of(model, settings, told_NTD)}
    seconds = in_turns(sides, config.rounds, time.process_time)
    return Row(name, 1e3 * seconds["asked"], 1e3 * seconds["kept"])


def render(rows: list[Row]) -> str:
    """The Markdown table."""
    lines = ["| objectives | expert asked, ms | answers kept, ms | share |", "|---|---:|---:|---:|"]
    for row in rows:
        share = row.kept_ms / row.asked_ms
        lines.append(f"| {row.objectives} | {row.asked_ms:.0f} | {row.kept_ms:.0f} | {share:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(ExpertPageConfig, build_page))
