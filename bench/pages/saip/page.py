"""A table of pretrainings and what each is worth for some tasks; rows that are done are kept.

    build_table(config, Page(rows, heads, notes))

Every row says its data, its steps and its seeds; published numbers stand beside ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehuman.bench.evaluate.evaluate import Split
from edgehuman.bench.pages.keep import mean_and_spread, write_table
from edgehuman.bench.pages.saip.settings import METRICS, Schedule, task_of
from edgehuman.bench.pages.saip.trainings import (
    OF_FRAMES,
    Clock,
    OutOfTime,
    Words,
    examined,
    expert_of,
    judged,
    labelled,
    pretrain_pictures,
    pretrained,
    tune,
    tune_steps,
    tuned,
    tuned_folder,
)
from edgehuman.catalogue import SIMULATED
from edgehuman.config import read_table
from edgehuman.outcome import Outcome
from edgehuman.progress import tell

_ABSENT = "-"
_ZERO = " zero-shot"
_DISTILLED: Words = {"centring": "mean"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        name: of the row, and of its folders.
        cells: what it varies, as the table shows it.
        changes: settings of the pretraining that differ from the recipe's; None: from scratch.
        distilled: whether the expert is a trained network (SAIP*).
        pictures: makes the folder to pretrain on; None: the page's.
        share: of the fine-tuning's steps.
        published: by task, the paper's number, percent.
        like: name of the row whose pretraining this one shares; "": its own.
        data: by task, what its fine-tuning learns from, where that differs from the page's.
    """

    name: str
    cells: tuple[str, ...]
    changes: Words | None = field(default_factory=dict)
    distilled: bool = False
    pictures: Callable[[], Path] | None = None
    share: float = 1.0
    published: Mapping[str, float] = field(default_factory=dict)
    like: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exam:
    """A set on which the networks of a task are judged as they are.

    Attributes:
        name: in the table's columns. data: its path; split: the part of it.
        metrics: their keys, and what the table calls them.
    """

    name: str
    data: str
    metrics: Mapping[str, str]
    split: Split = "test"


@dataclass(frozen=True, slots=True)
class Page:
    """Attributes:
    rows: by order. heads: of the columns of `Row.cells`.
    notes: lines below the table: what differs from the paper.
    zero_shot: whether networks of TASK are judged on the data of TASK@NAME, too.
    one_pretraining: whether all seeds start from the pretrainings of the first.
    exams: by task, the sets that judge its networks in the place of the test part of its data.
    """

    rows: Sequence[Row]
    heads: tuple[str, ...]
    notes: Sequence[str]
    zero_shot: bool = False
    one_pretraining: bool = False
    exams: Mapping[str, Sequence[Exam]] = field(default_factory=dict)


Scores = dict[str, dict[str, list[Mapping[str, float]]]]
"""Row -> task -> the metrics of each seed."""


def build_table(config: Schedule, page: Page) -> Outcome:
    """Run what is missing, seed by seed; write the table after each training.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the trainings.
    """
    config.out.mkdir(parents=True, exist_ok=True)
    scores: Scores = {row.name: {} for row in page.rows}
    write_table(config.out, render(config, page, scores), as_data(config, page, scores))
    over = False
    try:
        for _ in _measured(config, page, scores, Clock(config.minutes)):
            write_table(config.out, render(config, page, scores), as_data(config, page, scores))
    except OutOfTime:
        over = True
        tell("--minutes are over; the same command goes on")
    data = as_data(config, page, scores)
    text = write_table(config.out, render(config, page, scores), data)
    return Outcome(data, json.dumps(data) if config.json else text, int(over))


def _measured(config: Schedule, page: Page, scores: Scores, clock: Clock) -> Iterator[None]:
    for seed in config.seeds:
        for row in page.rows:
            first = config.seeds[0] if page.one_pretraining else seed
            weights = _start(config, row, first, clock)
            for task in config.tasks:
                if task in page.exams:
                    data = row.data.get(task, "")
                    folder, _ = tune(config, task, row.name, seed, weights, clock, row.share, data)
                    for exam in page.exams[task]:
                        found = examined(config, task_of(task), folder, exam.data, exam.split)
                        scores[row.name].setdefault(f"{task}@{exam.name}", []).append(found)
                    yield
                    continue
                found = tuned(config, task, row.name, seed, weights, clock, row.share)
                scores[row.name].setdefault(task, []).append(found)
                yield
            for plain, other in _unseen(config, page):
                folder = tuned_folder(config, plain, row.name, seed)
                found = judged(config, folder, labelled(config, other))
                scores[row.name].setdefault(f"{other}{_ZERO}", []).append(found)
                yield


def _unseen(config: Schedule, page: Page) -> list[tuple[str, str]]:
    """Words of --tasks whose networks are judged on the data of another one, and that one."""
    of_frames = [each for each in config.tasks if task_of(each) in OF_FRAMES]
    return [
        (task_of(other), other)
        for other in of_frames
        if page.zero_shot and "@" in other and task_of(other) in config.tasks
    ]


def _start(config: Schedule, row: Row, seed: int, clock: Clock) -> Path | None:
    """The weights that a row's fine-tunings start from."""
    if row.changes is None:
        return None
    changes = dict(row.changes)
    if row.distilled:
        changes |= {**_DISTILLED, "teacher": expert_of(config, clock)}
    pictures = pretrain_pictures(config) if row.pictures is None else row.pictures()
    return pretrained(config, row.like or row.name, seed, pictures, changes, clock)


def render(config: Schedule, page: Page, scores: Scores) -> str:
    """The Markdown page."""
    columns = list(_columns(config, page))
    published = [task for task in config.tasks if any(task in row.published for row in page.rows)]
    heads = [*page.heads, *(said for *_, said in columns)]
    heads += [*(f"{next(iter(METRICS[task].values()))}, paper" for task in published), "seeds"]
    lines = [f"{_whose(config)}", "", f"| | {' | '.join(heads)} |"]
    lines.append("|---|" + "---|" * len(page.heads) + "---:|" * (len(heads) - len(page.heads)))
    for row in page.rows:
        found = scores[row.name]
        cells = [*row.cells]
        cells += [
            mean_and_spread([one[key] for one in found[task]]) if task in found else _ABSENT
            for task, key, _ in columns
        ]
        cells += [f"{row.published[t]:.1f}" if t in row.published else _ABSENT for t in published]
        counts = {len(found.get(each, ())) for each in _judged(config, page)}
        cells.append(" to ".join(map(str, sorted({min(counts), max(counts)}))))
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_sizes(config), *page.notes])


def _judged(config: Schedule, page: Page) -> Iterator[str]:
    """The key in `Scores` of everything that each training is judged by."""
    for task in config.tasks:
        exams = page.exams.get(task)
        yield from [task] if exams is None else [f"{task}@{exam.name}" for exam in exams]


def _columns(config: Schedule, page: Page) -> Iterator[tuple[str, str, str]]:
    """Of each number: its key in `Scores`, the metric, and what the table calls it."""
    for task in config.tasks:
        if task in page.exams:
            for exam in page.exams[task]:
                for key, said in exam.metrics.items():
                    yield f"{task}@{exam.name}", key, said
        else:
            yield from _of_task(task)
    for _, other in _unseen(config, page):
        yield from _of_task(f"{other}{_ZERO}")


def _of_task(word: str) -> Iterator[tuple[str, str, str]]:
    task, _, name = word.partition("@")
    for key, said in METRICS[task].items():
        yield word, key, f"{said}, {name}" if name else said


def _whose(config: Schedule) -> str:
    """What the pictures are of, simulated or real."""
    taught = config.pretrain_data
    said = [f"pretraining on {'SIMULATED people' if taught == SIMULATED else Path(taught).name}"]
    given = config.given()
    for task in config.tasks:
        data = given.get(task, SIMULATED)
        said.append(f"{task} of {'SIMULATED people' if data == SIMULATED else Path(data).name}")
    return f"Data, unless a row says otherwise: {'; '.join(said)}."


def _sizes(config: Schedule) -> list[str]:
    """Steps and sizes, as they were run."""
    first = read_table(config.recipe("pretrain"))
    steps = config.pretrain_steps or first["steps"]
    lines = [
        f"Network {config.arch}; percent of the test part, which selects nothing; mean ± standard "
        f"deviation where there are several seeds. Pretraining: {steps} steps of {first['batch']} "
        f"pictures at {first['height']}x{first['width']}."
    ]
    for task in config.tasks:
        own = read_table(config.recipe(task))
        lines.append(
            f"{task}: {tune_steps(config, task)} steps of {own['batch']} at "
            f"{own['height']}x{own['width']}."
        )
    return lines


def as_data(config: Schedule, page: Page, scores: Scores) -> dict[str, Any]:
    """The numbers of the page."""
    return {
        "arch": config.arch,
        "seeds": list(config.seeds),
        "pretrain_data": config.pretrain_data,
        "data": {task: config.given().get(task, SIMULATED) for task in config.tasks},
        "steps": {task: tune_steps(config, task) for task in config.tasks},
        "rows": {
            row.name: {
                "varies": dict(zip(page.heads, row.cells, strict=True)),
                "scores": scores[row.name],
                "published": dict(row.published),
            }
            for row in page.rows
        },
    }
