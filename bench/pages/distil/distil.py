"""What distillation is worth: a student alone, distilled, and in INT8, beside its teacher.

    python -m edgehuman.bench.pages.distil.distil --pair wearable --data DIR --out runs/distil

Call it from the root of the repository: the student of a pair may be one of `examples`.
Every student of a pair has the same number of steps. Each seed trains one student alone and one for
each way of teaching; every one of them is also exported in INT8, ranges from calibration, and the
first way once more with quantisation-aware training. The teacher is trained first; where it is an
ensemble, its members have seeds of their own. All are scored on the test part, compared with the
teacher and timed in turn at one thread. Finished trainings are kept, so the command resumes where
it stopped. It writes `table.md`, `table.json` and `latency.png` to --out/PAIR.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.bench.pages.distil.pairs import PAIRS, Pair, Taught
from edgehuman.bench.pages.keep import mean_and_spread, once, write_table
from edgehuman.config import require
from edgehuman.outcome import Outcome
from edgehuman.runtime.zoo import ZOO

ALONE, TEACHER = "student alone", "teacher"
_ABSENT = "-"
_ALONE_WORD = "alone"


@dataclass(frozen=True, kw_only=True)
class DistilPageConfig:
    """Measure what distillation is worth for one pair of teacher and student."""

    pair: Literal["wearable", "wisdm", "joints", "compatible", "outlines", "garments"] = "wearable"
    """Teacher, student and data; see pairs.py."""
    data: Path = Path()
    """Folder of the datasets; simulated pairs need none."""
    out: Path = Path("runs/distil")
    """Folder of the trainings, the table and the picture; finished trainings are kept."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of the students."""
    teacher: str | None = None
    """Another teacher of that task and size: a model that ships, or an architecture, which is
    trained first."""
    student: str | None = None
    """Another student: an architecture."""
    ways: tuple[str, ...] = ()
    """Rows of the table: `alone`, or names of the pair's ways of teaching; by default all."""
    steps: int | None = None
    """Steps of every student; by default the pair's."""
    teacher_steps: int | None = None
    """Steps of the teacher; by default the pair's."""
    autocast: Literal["auto", "off", "bf16"] = "auto"
    """Precision of all trainings; bf16 on a CPU that multiplies bfloat16."""
    threads: int = 2
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        least = ("threads", *(("steps",) if self.steps is not None else ()))
        rules = (
            (bool(self.seeds), "seeds", "at least one"),
            *((getattr(self, name) >= 1, name, "at least 1") for name in least),
        )
        known = (_ALONE_WORD, *PAIRS[self.pair].rows)
        said = f"of {', '.join(known)}"
        require(self, (*rules, (set(self.ways) <= set(known), "ways", said)))

    @property
    def chosen(self) -> Pair:
        """The pair, with other networks if they are named."""
        pair = PAIRS[self.pair]
        return dataclasses.replace(
            pair, teacher=self.teacher or pair.teacher, student=self.student or pair.student
        )

    @property
    def folder(self) -> Path:
        """Of this pair's trainings, apart from those of other networks."""
        names = (self.pair, *filter(None, (self.teacher, self.student)))
        return self.out / "-".join(name.replace(":", ".") for name in names)

    def has(self, way: str) -> bool:
        """Whether a row is wanted."""
        return way in self.ways if self.ways else way != _ALONE_WORD or PAIRS[self.pair].alone


Found = Mapping[str, Any]
"""The outcome of one distillation or comparison."""


class Page:
    """One pair's trainings, in their folder."""

    def __init__(self, config: DistilPageConfig) -> None:
        self.config, self.pair = config, config.chosen
        self.out = config.folder
        self.row = _row_of(self.pair)

    def words(self, seed: int, out: Path, steps: int) -> dict[str, Any]:
        """Settings that every training of the pair shares."""
        config, pair = self.config, self.pair
        data = pair.data if pair.simulated else str(config.data / pair.data)
        several = isinstance(_default(self.row.config, "data"), tuple)
        return {
            **pair.training, "data": (data,) if several else data, "seed": seed, "out": out,
            "steps": steps,
            "autocast": config.autocast, "threads": config.threads,
        }  # fmt: skip

    def trained(self, arch: str, seed: int, steps: int) -> Path:
        """Train a network on the task alone, or find it trained; return its folder."""
        folder = self.out / f"{arch.replace(':', '.')}-{seed}"
        words = {**self.words(seed, folder, steps), "arch": arch}

        def run(resume: bool) -> Outcome:
            config = catalogue.load_object(self.row.config)(**words, resume=resume)
            return cast(Outcome, catalogue.load_object(self.row.train)(config))

        once(folder, [repr(sorted(words.items()))], None, run)
        return folder

    def teachers(self) -> tuple[str, ...]:
        """The teacher's members: a model that ships, or folders."""
        if self.pair.teacher.startswith(ZOO):
            return (self.pair.teacher,)
        return tuple(
            str(self.trained(self.pair.teacher, seed, self.teacher_steps))
            for seed in range(self.pair.members)
        )

    def distilled(self, name: str, way: Taught, seed: int, qat_steps: int) -> Found:
        """Teach a student one way, or find it taught; return the comparison with its teacher."""
        from edgehuman.distill.distill import distil
        from edgehuman.distill.report import CALIBRATED, INT8

        folder = self._folder_of(name, seed)
        words = self._distil_words(seed, folder, way) | {"qat_steps": qat_steps}
        if way.after:
            words["weights"] = self._folder_of(way.after, seed)

        def run(resume: bool) -> Outcome:
            for file in () if resume else (INT8, CALIBRATED):
                (folder / file).unlink(missing_ok=True)  # of other words, as the weights were
            return distil(catalogue.load_object(self.row.distil)(**words, resume=resume))

        return once(folder, self._asked(words), None, run)

    def _folder_of(self, name: str, seed: int) -> Path:
        return self.out / f"{name.replace(' ', '_').replace(',', '')}-{seed}"

    def alone(self, seed: int) -> Found:
        """Train a student alone, or find it trained; return the comparison with the teacher."""
        from edgehuman.distill.distill import compared_with

        trained = self.trained(self.pair.student, seed, self.steps)
        words = self._distil_words(seed, trained, Taught(()))  # nothing is learned of the teacher
        folder = self.out / f"{trained.name}-compared"
        config = catalogue.load_object(self.row.distil)(**words)
        return once(folder, self._asked(words), None, lambda resume: compared_with(config))

    @property
    def steps(self) -> int:
        """Of every student."""
        return self.config.steps or self.pair.steps

    @property
    def teacher_steps(self) -> int:
        """Of the teacher; 0: one that ships."""
        if self.pair.teacher.startswith(ZOO):
            return 0
        return self.config.teacher_steps or self.pair.teacher_steps or self.steps

    def _distil_words(self, seed: int, folder: Path, way: Taught) -> dict[str, Any]:
        # `features` into the teacher's space needs its width; a student alone keeps its own.
        return {
            **self.words(seed, folder, self.steps),
            "student": self.pair.student, "teacher": self.teachers(), "objective": way.objective,
            "compatible": way.compatible, "task_weight": way.task_weight, "precision": "int8",
            "targets": None, **way.training,
        }  # fmt: skip

    def _asked(self, words: Mapping[str, Any]) -> list[str]:
        before = [Path(each) for each in words["teacher"] if not each.startswith(ZOO)]
        before += [words["weights"]] if "weights" in words else []
        made = [(each / "asked.txt").read_text() for each in before]
        return [repr(sorted(words.items())), *made]


def _row_of(pair: Pair) -> catalogue.Task:
    row, modality = catalogue.TASKS[pair.task], catalogue.network(pair.student).modality
    return next(each for each in (row, *row.also) if each.modality == modality)


def _default(config: str, name: str) -> Any:
    fields = dataclasses.fields(catalogue.load_object(config))
    return next(each.default for each in fields if each.name == name)


def build_page(config: DistilPageConfig) -> Outcome:
    """Run the missing trainings; write the table after each.

    Raises:
        UsageError, DataError, TrainingError: see the trainings.
    """
    page = Page(config)
    page.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Found]] = {}
    text = ""
    for name, outcome in _measured(page):
        found.setdefault(name, []).append(outcome)
        text = write_table(page.out, render(page, found), as_data(page, found))
    draw(found, page.pair, page.out / "latency.png")
    data = as_data(page, found)
    return Outcome(data, json.dumps(data) if config.json else text)


def _measured(page: Page) -> Iterator[tuple[str, Found]]:
    first = next(iter(page.pair.rows))
    for seed in page.config.seeds:
        if page.config.has(_ALONE_WORD):
            yield ALONE, page.alone(seed)
        for name, way in page.pair.rows.items():
            if not page.config.has(name):
                continue
            qat_steps = page.pair.qat_steps if name == first else 0
            yield f"distilled: {name}", page.distilled(name, way, seed, qat_steps)


# The table ----------------------------------------------------------------------------------------

FORMS = {"student": "", "calibrated": " + INT8", "int8": " + INT8"}


def models(found: Mapping[str, Sequence[Found]]) -> dict[str, list[Mapping[str, Any]]]:
    """Every model of the page: its metric, agreement, size and time, one for each seed."""
    teachers = [outcome[TEACHER] for outcomes in found.values() for outcome in outcomes]
    # One teacher of all students, timed beside each.
    times = [one["ms"] for one in teachers]
    rows: dict[str, list[Mapping[str, Any]]] = {
        TEACHER: [{**teachers[0], "ms": float(np.median(times))}]
    }
    for name, outcomes in found.items():
        for outcome in outcomes:
            for form, suffix in FORMS.items():
                if form not in outcome:
                    continue
                is_qat = form == "int8" and "calibrated" in outcome
                said = f"{name}{' + QAT' if is_qat else suffix}"
                row = {**outcome[form], "agreement": outcome["agreement"][form]}
                rows.setdefault(said, []).append(row)
    return rows


def render(page: Page, found: Mapping[str, Sequence[Found]]) -> str:
    """The Markdown page."""
    metric = next(iter(found.values()))[0]["metric"]
    rows = models(found)
    every = [one.get("agreement", {}) for each in rows.values() for one in each]
    agreements = list(dict.fromkeys(name for one in every for name in one))
    heads = [metric, *agreements, "parameters", "MB", "ms"]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for name, each in rows.items():
        cells = [mean_and_spread([one["metrics"][metric] for one in each])]
        for agreement in agreements:
            known = [one.get("agreement", {}) for one in each]
            shares = [one[agreement] for one in known if agreement in one]
            cells.append(mean_and_spread(shares) if shares else _ABSENT)
        params = each[0].get("params")
        cells.append(f"{params:,}" if params else _ABSENT)
        cells.append(f"{each[0]['mb']:.2f}" if "mb" in each[0] else _ABSENT)
        cells.append(f"{float(np.median([one['ms'] for one in each])):.3f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", note(page, found)])


def note(page: Page, found: Mapping[str, Sequence[Found]]) -> str:
    """What stands below the table."""
    pair, steps = page.pair, page.teacher_steps
    count = max(len(each) for each in found.values())
    seeds = f"mean ± standard deviation of {count} seeds" if count > 1 else "one seed"
    members = f"{pair.members} x {pair.teacher}" if pair.members > 1 else pair.teacher
    teacher = f"{members}, {steps} steps" if steps else members
    said = "SIMULATED people. " if pair.simulated else ""
    after = f", then {pair.qat_steps} of QAT where it says so" if pair.qat_steps else ""
    for name, way in pair.rows.items():
        if way.after and f"distilled: {name}" in found:
            after += f"; {name}: {way.training['steps']} more, after {way.after}"
    return (
        f"{said}{pair.said[:1].upper()}{pair.said[1:]}. Percent, {seeds} of the student. "
        f"Teacher: {teacher}; student: {pair.student}, {page.steps} steps of "
        f"{pair.training['batch']} in every row{after}. ms: median at one thread, batch 1, on "
        "onnxruntime, all in turn."
    )


def draw(found: Mapping[str, Sequence[Found]], pair: Pair, path: Path) -> None:
    """Draw the metric against the time: teacher, students, before and after."""
    from edgehuman.pictures.points import Point, draw_points

    metric = next(iter(found.values()))[0]["metric"]
    points = [
        Point(
            name,
            float(np.median([one["ms"] for one in each])),
            100 * float(np.mean([one["metrics"][metric] for one in each])),
        )
        for name, each in models(found).items()
    ]
    draw_points(points, "milliseconds, one thread", f"{metric}, %", path)


def as_data(page: Page, found: Mapping[str, Sequence[Found]]) -> dict[str, Any]:
    """The numbers of the page."""
    return {
        "pair": page.config.pair,
        "simulated": page.pair.simulated,
        "seeds": list(page.config.seeds),
        "models": models(found),
        "differences": {
            name: [outcome["metric_drops"] for outcome in outcomes]
            for name, outcomes in found.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main(DistilPageConfig, build_page))
