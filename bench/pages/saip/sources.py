"""Table 5 of SAIP: quantity, diversity and fidelity of what it is pretrained on.

    python -m edgehuman.bench.pages.saip.sources --out runs/sources --photos ccp --video x.mp4

The paper's sets are millions of photos; here each has a drawn counterpart that differs in one
thing: the same people seen well and badly (fidelity), two and four times as many of these
(quantity), and pictures of things (diversity). With --photos (Clothing Co-Parsing) and --video
there are rows of real pictures, too. All rows take equal steps, unless --epochs says otherwise.
Finished trainings are kept, so the command resumes where it stopped; it writes `table.md` and
`table.json` to --out after each.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgehuman.bench.entry import main
from edgehuman.bench.pages.saip.page import Page, Row, build_table
from edgehuman.bench.pages.saip.pictures import (
    CUTS,
    PEOPLE,
    PHOTOS,
    Source,
    collected,
)
from edgehuman.bench.pages.saip.settings import Schedule
from edgehuman.config import read_table, require
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome

_TASKS = ("reid", "attributes", "parsing")
PUBLISHED: Mapping[str, tuple[str, tuple[float, float, float]]] = {
    "objects": ("IN1K", (90.2, 77.8, 50.1)),
    "people": ("HP1M", (93.9, 80.9, 53.0)),
    "marred": ("LUP1M", (93.6, 80.7, 52.3)),
    "marred-x2": ("LUP2M", (93.7, 80.4, 52.6)),
    "marred-x4": ("LUP4M", (93.9, 80.9, 52.4)),
    "marred+objects": ("LUP1M+IN1K", (93.8, 81.4, 52.4)),
    "marred+people": ("LUP1M+HP1M", (94.0, 81.7, 52.9)),
    "marred+people+objects": ("LUP1M+HP1M+IN1K", (94.4, 82.3, 53.6)),
}
"""Our row -> the paper's set in its place; Market-1501 rank-1, PA-100K mA, LIP mIoU of ViT-tiny."""
HEADS = ("pictures", "real or simulated", "in the place of")
_REAL = {PHOTOS: "real (Clothing Co-Parsing)", CUTS: "real (video)"}
NOTES = (
    "The paper: ViT-tiny, 300 epochs of 1.2 to 4.2 million photos, so that more pictures are more "
    "steps, too; its sets differ in all of quantity, fidelity and what is seen at once. `people` "
    "and `marred` are the same simulated people, well seen and as a detector in a poor video gives "
    "them; `objects` are drawn things without people. Compare rows, not with the paper.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesConfig(Schedule):
    """Measure what the pictures of a pretraining are worth."""

    images: int = 1000
    """Pictures of a source; `-x2` and `-x4` rows have two and four times as many."""
    rows: tuple[str, ...] = ()
    """Rows of the table; by default all that there is data for."""
    photos: Path | None = None
    """Clothing Co-Parsing, for rows of real photos: those without masks."""
    video: Path | None = None
    """A video, for rows of the people whom a detector finds in it."""
    epochs: float = 0.0
    """Pretrain for so many passes through the pictures of a row; 0: equal steps for all."""

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        known = [*PUBLISHED, *_real_rows(self)]
        rules = (
            ({*self.rows} <= {*known}, "rows", f"of {', '.join(known)}"),
            (self.epochs >= 0, "epochs", "0 or more"),
        )
        require(self, rules)
        for name in ("photos", "video"):
            place = getattr(self, name)
            if place is not None and not place.exists():
                raise UsageError(f"--{name} {place} does not exist; give another or leave it out")


def rows_of(config: SourcesConfig) -> list[Row]:
    """The rows, drawn and real."""
    made = {name: [_drawn(word, config.images) for word in name.split("+")] for name in PUBLISHED}
    made |= _real_rows(config)
    return [
        _row(config, name, sources)
        for name, sources in made.items()
        if not config.rows or name in config.rows
    ]


def _drawn(word: str, count: int) -> Source:
    """The source that a part of a row's name says: "marred-x2" has twice as many."""
    kind, _, times = word.partition("-x")
    return Source(kind, count * int(times or 1))


def _real_rows(config: SourcesConfig) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = {}
    drawn = Source(PEOPLE, config.images)
    if config.photos is not None:
        photos = Source(PHOTOS, config.images, config.photos)
        found |= {PHOTOS: [photos], f"{PEOPLE}+{PHOTOS}": [drawn, photos]}
    if config.video is not None:
        taken = Source(CUTS, config.images, config.video)
        found |= {CUTS: [taken], f"{PEOPLE}+{CUTS}": [drawn, taken]}
    return found


def _row(config: SourcesConfig, name: str, sources: Sequence[Source]) -> Row:
    of, numbers = PUBLISHED.get(name, ("-", ()))
    total = sum(source.count for source in sources)
    whose = dict.fromkeys(_REAL.get(source.kind, "simulated") for source in sources)
    changes: dict[str, object] = {}
    if config.epochs:
        batch = int(read_table(config.recipe("pretrain"))["batch"])
        changes["steps"] = max(1, math.ceil(config.epochs * total / batch))
    return Row(
        name,
        (f"{total}", " + ".join(whose), of),
        changes,
        pictures=partial(collected, config.out / "pictures", sources),
        published=dict(zip(_TASKS, numbers, strict=False)),
    )


def build(config: SourcesConfig) -> Outcome:
    """Run the missing trainings; write the table after each.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    return build_table(config, Page(rows_of(config), HEADS, NOTES))


if __name__ == "__main__":
    sys.exit(main(SourcesConfig, build))
