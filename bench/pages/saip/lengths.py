"""Table 6 of SAIP: how much of the fine-tuning a pretrained backbone needs.

    python -m edgehuman.bench.pages.saip.lengths --out runs/lengths --seeds 0 1 2

25, 50, 75 and 100 % of the fine-tuning's steps, each with a learning rate that falls to the end of
its own length; from scratch below, which the paper does not show. Finished trainings are kept, so
the command resumes where it stopped; it writes `table.md` and `table.json` to --out after each.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from edgehuman.bench.entry import main
from edgehuman.bench.pages.saip.page import Page, Row, build_table
from edgehuman.bench.pages.saip.settings import Schedule
from edgehuman.config import require
from edgehuman.outcome import Outcome

PUBLISHED: Mapping[int, Mapping[str, float]] = {
    25: {"reid": 91.2, "attributes": 80.6, "parsing": 51.7},
    50: {"reid": 93.6, "attributes": 80.8, "parsing": 52.0},
    75: {"reid": 93.6, "attributes": 81.1, "parsing": 52.3},
    100: {"reid": 93.6, "attributes": 80.7, "parsing": 52.3},
}
"""Percent of the epochs -> Market-1501 rank-1, PA-100K mA and LIP mIoU of ViT-tiny: table 6."""
HEADS = ("pretraining", "steps")
_PRETRAINED = "pretrained"
NOTES = (
    "The paper: ViT-tiny, LUP1M, 300 epochs; Market-1501, PA-100K and LIP at their usual lengths, "
    "which are thousands of steps. Compare rows, not with the paper.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthsConfig(Schedule):
    """Measure how much of the fine-tuning a pretrained backbone needs."""

    shares: tuple[int, ...] = (25, 50, 75, 100)
    """Percent of the fine-tuning's steps."""
    distilled: bool = False
    """Pretrain with a trained expert (SAIP*)."""

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        fits = bool(self.shares) and all(1 <= share <= 100 for share in self.shares)
        require(self, [(fits, "shares", "at least one, from 1 to 100 each")])


def rows_of(config: LengthsConfig) -> list[Row]:
    """Each length from the pretrained backbone, then from scratch."""
    said = "SAIP*" if config.distilled else "SAIP"
    return [
        Row(
            f"{said}-{share}",
            (said, f"{share} %"),
            distilled=config.distilled,
            share=share / 100,
            published={} if config.distilled else PUBLISHED.get(share, {}),
            like=f"{_PRETRAINED}{'-distilled' * config.distilled}",
        )
        for share in config.shares
    ] + [
        Row(f"scratch-{share}", ("none", f"{share} %"), None, share=share / 100)
        for share in config.shares
    ]


def build(config: LengthsConfig) -> Outcome:
    """Run the missing trainings; write the table after each.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    return build_table(config, Page(rows_of(config), HEADS, NOTES))


if __name__ == "__main__":
    sys.exit(main(LengthsConfig, build))
