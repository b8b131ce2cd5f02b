"""From scratch, pretrained by SAIP, and distilled (SAIP*): what each is worth for several people.

    python -m edgehuman.bench.pages.saip.students --out runs/students --seeds 0 1 2
        --tasks multi-parsing text-reid multi-parsing@ccp --data multi-parsing@ccp=ccp

Equal steps for all rows. With TASK@NAME among --tasks beside TASK, networks of TASK are also judged
on NAME's data as they are (zero-shot), with `--zero-shot`. Finished trainings are kept, so the
command resumes where it stopped; it writes `table.md` and `table.json` to --out after each.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from edgehuman.bench.entry import main
from edgehuman.bench.pages.saip.page import Page, Row, build_table
from edgehuman.bench.pages.saip.settings import Schedule
from edgehuman.outcome import Outcome

_PUBLISHED = {
    "SAIP": {"multi-parsing": 50.3, "text-reid": 52.9},
    "SAIP*": {"multi-parsing": 52.9, "text-reid": 65.4},
}
HEADS = ("pretraining", "expert")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentsConfig(Schedule):
    """Measure what pretraining and distillation buy for tasks on several people."""

    tasks: tuple[str, ...] = ("multi-parsing", "text-reid")
    """Tasks by which the pretrainings are judged; TASK@NAME is the same task on other data, as
    --data TASK@NAME=PATH gives them."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds; each gets every row."""
    zero_shot: bool = True
    """Judge the networks of TASK on the data of TASK@NAME, too, as they are."""
    one_pretraining: bool = False
    """All seeds start from the pretrainings of the first, which then differ in fine-tuning only."""

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)


def rows_of(config: StudentsConfig) -> list[Row]:
    """The three rows, with SAIP's table 3 (CIHP mIoU, CUHK-PEDES rank-1; StarNet-S3)."""
    named = config.expert or f"{config.expert_arch}, of simulated people"
    return [
        Row("scratch", ("none", "-"), None),
        Row(
            "saip",
            ("SAIP", "its own average"),
            published={"multi-parsing": 50.3, "text-reid": 52.9},
        ),
        Row(
            "saip-star",
            ("SAIP*", named),
            distilled=True,
            published={"multi-parsing": 52.9, "text-reid": 65.4},
        ),
    ]


NOTES = (
    "The paper's numbers are those of StarNet-S3 on CIHP (by Parsing R-CNN) and on CUHK-PEDES (by "
    "IRRA, with CLIP's text encoder), after 300 epochs of a million photos, with PATH as the "
    "expert; it has none from scratch. Here a training takes minutes of one core: compare rows, "
    "not with the paper.",
)


def build(config: StudentsConfig) -> Outcome:
    """Run the missing trainings; write the table after each.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    page = Page(rows_of(config), HEADS, NOTES, config.zero_shot, config.one_pretraining)
    return build_table(config, page)


if __name__ == "__main__":
    sys.exit(main(StudentsConfig, build))
