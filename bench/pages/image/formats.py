"""The page of the person heads: every student with every head, trained briefly and exported.

    python -m edgehuman.bench.pages.image.formats --out docs/X.md [--only vit_tiny]

Simulated people are drawn once (as `edgehuman data simulate --kind people` does), each network and
head is fine-tuned on them for a few steps (`edgehuman finetune`), and each cell is one real export,
as on the page of the formats. Trainings and finished cells are kept under --work, so the command
resumes where it stopped.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.bench.cell import PRECISIONS, Cell, measure_cell
from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import KeptCells, Where, measure_missing, once, versions
from edgehuman.bench.pages.rows import (
    COSTS,
    OF_COSTS,
    Column,
    agreement,
    conditions,
    page_outcome,
    table,
    write_page,
)
from edgehuman.config import resolve
from edgehuman.data.image.set import TASKS
from edgehuman.data.image.simulated import FEWEST_PEOPLE
from edgehuman.data.image.write import SimulateConfig, simulate
from edgehuman.errors import UsageError
from edgehuman.files import require_usable_file, require_usable_folder
from edgehuman.outcome import Outcome

STUDENTS = ("vit_tiny", "starnet_s3", "tinyvit_5m")
ENGINE = "TensorRT-RTX"
# Known to the trainings, repeated here because those need torch: the step of a person network's
# sizes, and the pictures of one person in a batch of re-identification.
_SIZE_STEP, _REID_EACH = 32, 4
# Fields that do not change the page's numbers.
_PLACES = ("out", "work", "minutes")


@dataclass(frozen=True, kw_only=True)
class PersonFormatsConfig:
    """Export every student with every head, in every format and precision."""

    out: Path = Path("docs/person_formats.md")
    """The Markdown page."""
    only: tuple[str, ...] = ()
    """Networks with their heads, by the start of their names ("vit_tiny", "vit_tiny pose");
    default: all."""
    archs: tuple[str, ...] = STUDENTS
    """Networks; each gets every head."""
    engines: tuple[str, ...] = ("fp16",)
    """Precisions of the TensorRT-RTX engines: fp32, fp16, int8."""
    steps: int = 8
    """Steps per fine-tuning."""
    batch: int = 8
    """Pictures per step; with the head reid a multiple of 4, at least 8."""
    height: int = 256
    """Of the networks' input, pixels; a multiple of 32."""
    width: int = 128
    """Of the networks' input, pixels; a multiple of 32."""
    people: int = 20
    """Simulated people, 5 or more; every fifth is held out."""
    each: int = 16
    """Pictures per person; with the head reid at least 3."""
    work: Path = Path("runs/person_formats")
    """Folder of the people, the trainings and the finished cells; a second call resumes from
    them."""
    minutes: float = 0.0
    """Start no cell after this many minutes; the page marks the rest `not run`. 0: no limit."""
    seed: int = 0
    """Seed of the people, the weights, the training and the choice of samples."""

    def __post_init__(self) -> None:
        if not self.minutes >= 0:
            raise UsageError(f"--minutes is {self.minutes}; it must be 0 (no limit) or more")
        for precision in self.engines:
            if precision not in PRECISIONS:
                raise UsageError(f"--engines is {precision}; choose from {', '.join(PRECISIONS)}")
        self._require_networks()
        # Otherwise the first training would report these, under its own flag names.
        has_reid = any(name.endswith(" reid") for name in subjects(self))
        for name, low, step in (
            ("steps", 1, 1),
            ("batch", 2 * _REID_EACH, _REID_EACH) if has_reid else ("batch", 1, 1),
            ("height", _SIZE_STEP, _SIZE_STEP),
            ("width", _SIZE_STEP, _SIZE_STEP),
            ("people", FEWEST_PEOPLE, 1),
            ("each", 3 if has_reid else 1, 1),
            ("seed", 0, 1),
        ):
            value = getattr(self, name)
            if value < low or value % step:
                rule = f"a multiple of {step}, at least {low}" if step > 1 else f"at least {low}"
                reid = ", as reid asks" * (has_reid and name in ("batch", "each"))
                raise UsageError(f"--{name} is {value}; it must be {rule}{reid}")

    def _require_networks(self) -> None:
        known = [*catalogue.networks_of("image")]
        if not self.archs:
            raise UsageError(f"--archs is empty; choose from {', '.join(known)}")
        for arch in self.archs:
            if arch not in known:
                raise UsageError(
                    f"--archs names {arch}, which is no network of person images; they are "
                    f"{', '.join(known)}"
                )


def subjects(config: PersonFormatsConfig) -> list[str]:
    """Each network with each head: "vit_tiny reid", in the page's order.

    Raises:
        UsageError: no name begins with a word.
    """
    names = [f"{arch} {task}" for arch in config.archs for task in TASKS]
    for word in config.only:
        if not any(name.startswith(word) for name in names):
            raise UsageError(
                f"--only is {word!r}, but nothing begins with it; choose from {', '.join(names)}"
            )
    return [name for name in names if name.startswith(tuple(config.only) or "")]


def plan(config: PersonFormatsConfig) -> list[Where]:
    """Every cell."""
    forms = [("ONNX", precision) for precision in PRECISIONS]
    forms += [(ENGINE, precision) for precision in PRECISIONS if precision in config.engines]
    return [(name, *form) for name in subjects(config) for form in forms]


def people_words(config: PersonFormatsConfig) -> list[str]:
    """The flags of `edgehuman data simulate`, except the folder."""
    asked = {"kind": "people", "people": config.people, "each": config.each, "seed": config.seed}
    return [word for name, value in asked.items() for word in (f"--{name}", str(value))]


def people_folder(config: PersonFormatsConfig) -> Path:
    """The folder of the simulated people. Its name holds the settings that they were drawn with, so
    that the flags of a training, which name it, change with the people.
    """
    return config.work / f"people-{config.people}x{config.each}-{config.seed}"


def drawn_people(config: PersonFormatsConfig) -> Path:
    """The folder of simulated people, drawn now if it is missing."""
    folder = people_folder(config)
    words = [*people_words(config), "--out", str(folder)]
    once(folder, words, None, lambda resume: simulate(resolve(SimulateConfig, words)))
    return folder


def training_words(config: PersonFormatsConfig, name: str) -> list[str]:
    """The flags of `edgehuman finetune`, except the folders. The test part is not read: the page
    claims no accuracy.
    """
    arch, task = name.split()
    asked: Mapping[str, Any] = {
        "task": task, "arch": arch, "steps": config.steps, "batch": config.batch,
        "height": config.height, "width": config.width, "seed": config.seed,
        "threads": 1, "select-share": 0, "autocast": "off",
    }  # fmt: skip
    words = [word for flag, value in asked.items() for word in (f"--{flag}", str(value))]
    return [*words, "--no-read-test"]


def fine_tuned(config: PersonFormatsConfig, name: str) -> Path:
    """The checkpoint of a network with its head, trained now if it is missing."""
    folder = config.work / name.replace(" ", "-")
    row = catalogue.TASKS[name.split()[1]]
    words = training_words(config, name)
    words += ["--data", str(drawn_people(config)), "--out", str(folder)]

    def run(resume: bool) -> Outcome:
        asked = resolve(catalogue.load_object(row.config), words + ["--resume"] * resume)
        outcome: Outcome = catalogue.load_object(row.train)(asked)
        return outcome

    once(folder, words, None, run)
    return folder


def make_page(config: PersonFormatsConfig, measure: Callable[..., Cell] = measure_cell) -> Outcome:
    """Measure what is missing, and write the page after every cell.

    Raises:
        UsageError: --out or --work cannot be written; --only fits no name; a broken file under
            --work.
        DataError, TrainingError: as the simulation and the trainings raise them.
    """
    require_usable_file(config.out, "--out")
    require_usable_folder(config.work, "--work")
    about = versions()
    kept = KeptCells(
        config.work,
        lambda name: [people_folder(config).name, training_words(config, name), about],
    )

    def measure_one(name: str, format: str, precision: str) -> Cell:
        checkpoint = fine_tuned(config, name)
        data = str(drawn_people(config))
        return measure(name, format, precision, data, config.seed, checkpoint)

    def write(cells: Sequence[Cell]) -> str:
        return write_page(config.out, render(cells, about, config))

    cells, text = measure_missing(kept, plan(config), measure_one, write, config.minutes)
    return page_outcome(cells, about, config.out, text)


def asked_words(config: PersonFormatsConfig) -> list[str]:
    """The flags that make the same page: those that differ from the defaults, except paths."""
    usual, words = PersonFormatsConfig(), []
    for name in (field.name for field in fields(config) if field.name not in _PLACES):
        value = getattr(config, name)
        if value != getattr(usual, name):
            words += [f"--{name}", *(value if isinstance(value, tuple) else [str(value)])]
    return words


def render(cells: Sequence[Cell], about: Mapping[str, str], config: PersonFormatsConfig) -> str:
    """The Markdown page."""
    pictures = config.people * config.each
    lines = [
        "# Every student under every head",
        "",
        "    " + shlex.join([*_COMMAND, *asked_words(config)]),
        "",
        f"{conditions(about)} {config.height}x{config.width} pixels. Each network learned for "
        f"{config.steps} steps of {config.batch} pictures, from random weights, on the "
        f"training part of {pictures} pictures of {config.people} **simulated** people: it has "
        "barely begun, so **no accuracy "
        "is claimed**. A task's number only says whether the forms of one network are equal. "
        "Simulated people of the training part judge the exports; those who calibrate INT8 do not "
        "judge it.",
        "",
        _summary(cells),
        *_NOTES,
        *OF_COSTS,
        "",
        *table(cells, (*_COLUMNS, *COSTS)),
    ]
    return "\n".join([*lines, ""])


def _summary(cells: Sequence[Cell]) -> str:
    """Number of cells of each form that passed, and of the others by status."""
    said = []
    for form in dict.fromkeys((cell.format, cell.precision) for cell in cells):
        own = [cell.status for cell in cells if (cell.format, cell.precision) == form]
        rest = [
            f"{own.count(status)} {status}" for status in dict.fromkeys(own) if status != "done"
        ]
        passed = f"{own.count('done')} of {len(own)} passed"
        said.append(f"{form[0]} {form[1].upper()}: {', '.join([passed, *rest])}")
    return "; ".join(said) + "."


def _task_number(cell: Cell) -> str:
    own = 100 * cell.metric_value
    return f"{cell.metric} {own:.2f} ({own + cell.metric_drop:.2f})"


_COLUMNS = (
    Column("gate", lambda cell: "passed", is_number=False),
    Column("max abs (largest output)", lambda cell: _largest(cell.parity)),
    Column("worst cosine", lambda cell: f"{cell.parity['cosine']:.6f}"),
    Column("answers", agreement, is_number=False),
    Column("task's number (the network's)", _task_number),
)


def _largest(parity: Mapping[str, float]) -> str:
    return f"{parity['max_abs']:.1e} ({parity['scale']:.2g})"


_COMMAND = (
    *("python", "-m", "edgehuman.bench.pages.image.formats"),
    *("--out", "docs/person_formats.md"),
)
_NOTES = (
    "",
    "- **gate**: of the exported graph on onnxruntime against the PyTorch network: FP32 differs",
    "  nowhere by more than 1e-4, times the network's largest output where that is over 1; FP16's",
    "  worst picture has a cosine of at least 0.999; INT8's mean cosine is at least 0.95, and its",
    "  task's number at most 0.5 points under the network's, for which layers may stay in float.",
    "  What a gate refuses is not written. An engine's own answers need a GPU: its row is about",
    "  the graph that it was built from.",
    "- **answers**: of the network that the form keeps: the five nearest of the other pictures",
    "  (reid), the answer to each question (attributes), the part of each pixel (parsing); how far",
    "  a joint moved on average (pose, landmarks). Heat maps that have barely begun are nearly",
    "  flat, and their highest place moves far for little: what INT8 does to a trained pose is not",
    "  seen here. Of outputs this small the cosine is the stricter number.",
    "- **task's number**: percent, in brackets that of the PyTorch network on the same pictures:",
    "  up to 32 for FP32 and FP16, up to 128 for INT8, so that only the two numbers of a row",
    "  compare.",
)


if __name__ == "__main__":
    sys.exit(main(PersonFormatsConfig, make_page))
