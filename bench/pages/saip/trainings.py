"""The trainings behind the pages on SAIP: pictures, expert, pretrainings, fine-tunings.

Each has a folder below --out, is kept when it is finished, and goes on from its checkpoint when it
was interrupted; it runs again if anything that it depends on has changed, pictures and expert
included.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from edgehuman import catalogue
from edgehuman.bench.evaluate import image
from edgehuman.bench.evaluate.evaluate import Split
from edgehuman.bench.evaluate.frames import EvaluateConfig, evaluate
from edgehuman.bench.pages.keep import once
from edgehuman.bench.pages.saip.settings import Schedule, task_of
from edgehuman.catalogue import SIMULATED
from edgehuman.config import read_table, resolve
from edgehuman.data.image.frames import write as frames
from edgehuman.data.image.write import SimulateConfig, simulate
from edgehuman.outcome import Outcome

Words = Mapping[str, Any]
Metrics: TypeAlias = Mapping[str, float]
EXAM_SEED, PRETRAIN_SEED, EXPERT_SEED = 7, 1007, 2007
"""Of simulated people: nobody of one is of another."""
_EACH, _PRETRAIN_EACH = 3, 2
_ASKED = "asked.txt"
DRAWN: Mapping[str, tuple[str, float]] = {
    "multi-parsing": ("parts", 0.5),
    "part-attributes": ("garments", 1.0),
}
"""Tasks of which frames of simulated people are drawn: their labels, and which share of the frames
shows one to three people from close by, as the photos of the published sets do."""
OF_FRAMES = (*DRAWN, "detection")
"""Tasks whose pictures are frames of several people."""


class OutOfTime(Exception):
    """--minutes are over: what is finished stands, and the same command goes on."""


@dataclass(slots=True)
class Clock:
    """Says whether another training may begin."""

    minutes: float
    begin_s: float = field(default_factory=time.monotonic)

    def require_time(self) -> None:
        """Raise OutOfTime when the minutes are over."""
        if self.minutes and time.monotonic() - self.begin_s > 60 * self.minutes:
            raise OutOfTime


def people_folder(config: Schedule, people: int, each: int, seed: int) -> Path:
    """Labelled pictures of simulated people, drawn now if they are missing."""
    folder = config.out / f"people-{people}x{each}-{seed}"
    words = ["--people", str(people), "--each", str(each), "--seed", str(seed)]
    words += ["--out", str(folder)]
    once(folder.with_name(f"{folder.name}-drawn"), words, None, lambda resume: _drawn(words))
    return folder


def _drawn(words: list[str]) -> Outcome:
    return simulate(resolve(SimulateConfig, words))


def frames_folder(config: Schedule, task: str) -> Path:
    """Labelled frames of simulated people, drawn now if they are missing."""
    labels, portraits = DRAWN[task]
    folder = config.out / f"frames-{config.frames}-{labels}"
    words = ["--labels", labels, "--portraits", str(portraits), "--frames", str(config.frames)]
    words += ["--seed", str(EXAM_SEED), "--out", str(folder)]
    once(folder.with_name(f"{folder.name}-drawn"), words, None, lambda resume: _framed(words))
    return folder


def _framed(words: list[str]) -> Outcome:
    return frames.simulate(resolve(frames.SimulateConfig, words))


def pretrain_pictures(config: Schedule) -> Path:
    """The folder of pictures that the page pretrains on."""
    if config.pretrain_data != SIMULATED:
        return Path(config.pretrain_data)
    return people_folder(config, config.images // _PRETRAIN_EACH, _PRETRAIN_EACH, PRETRAIN_SEED)


def labelled(config: Schedule, task: str) -> str:
    """The labelled data of a task: as --data says, or simulated."""
    given = config.given().get(task)
    if given is not None:
        return given
    if task in DRAWN:
        return str(frames_folder(config, task))
    if task in OF_FRAMES:
        return SIMULATED
    return str(people_folder(config, config.people, _EACH, EXAM_SEED))


def expert_of(config: Schedule, clock: Clock) -> str:
    """The expert of the distilled rows; trained now if there is none."""
    if config.expert:
        return config.expert
    data = people_folder(config, config.people, _EACH, EXPERT_SEED)
    folder, recipe = config.out / "expert", config.recipe("expert")
    words = ["--arch", config.expert_arch, "--data", str(data), "--seed", str(EXPERT_SEED)]
    _fine_tune(config, read_table(recipe)["task"], folder, words, recipe, clock)
    return str(folder)


def pretrained(
    config: Schedule, name: str, seed: int, pictures: Path, changes: Words, clock: Clock
) -> Path:
    """The folder of a pretrained student.

    Args:
        name: of the row, for the folder.
        changes: settings of `edgehuman pretrain` that differ from the recipe's.
    """
    from edgehuman.pretrain.saip.saip import train
    from edgehuman.pretrain.saip.settings import SaipConfig

    folder = config.out / f"{config.arch}-{name}-{seed}-pretrained"
    recipe = config.recipe("pretrain")
    words = ["--arch", config.arch, "--data", str(pictures), "--seed", str(seed)]
    words += ["--out", str(folder), "--threads", str(config.threads)]
    if config.pretrain_steps and "steps" not in changes:
        words += ["--steps", str(config.pretrain_steps)]
    words += _flags(changes)
    asked = [*words, _asked(Path(changes["teacher"])) if "teacher" in changes else ""]

    def run(resume: bool) -> Outcome:
        clock.require_time()
        return train(resolve(SaipConfig, words + ["--resume"] * resume, recipe))

    once(folder, asked, recipe, run)
    return folder


def tuned(
    config: Schedule,
    exam: str,
    name: str,
    seed: int,
    weights: Path | None,
    clock: Clock,
    share: float = 1.0,
) -> Mapping[str, float]:
    """Metrics of the test part after a fine-tuning.

    Args:
        exam: a word of --tasks.
        weights: the pretraining's folder; None: from scratch.
        share: of the fine-tuning's steps that are taken, with a schedule of that length.
    """
    folder, outcome = tune(config, exam, name, seed, weights, clock, share)
    if task_of(exam) in OF_FRAMES:
        return judged(config, folder, labelled(config, exam))
    metrics: Mapping[str, float] = outcome.get("metrics", {})
    return metrics


def tune(
    config: Schedule,
    exam: str,
    name: str,
    seed: int,
    weights: Path | None,
    clock: Clock,
    share: float = 1.0,
    data: str = "",
) -> tuple[Path, Mapping[str, Any]]:
    """The folder of a fine-tuning, and what it says.

    Args:
        exam, weights, share: see `tuned`.
        data: what it learns from; "": the labelled data of its task.
    """
    folder, recipe = tuned_folder(config, exam, name, seed), config.recipe(exam)
    steps = max(1, round(share * tune_steps(config, exam)))
    data = data or labelled(config, exam)
    words = ["--arch", config.arch, "--data", data, "--seed", str(seed), "--steps", str(steps)]
    words += [] if weights is None else ["--weights", str(weights)]
    words += ["--no-read-test"] if task_of(exam) in OF_FRAMES else []
    return folder, _fine_tune(config, task_of(exam), folder, words, recipe, clock, weights)


def judged(config: Schedule, folder: Path, data: str) -> Mapping[str, float]:
    """Metrics of a network of frames on the test part of some data, as it is."""
    place = folder.with_name(f"{folder.name}-on-{Path(data).name}")
    asked = [_asked(folder), data, str(config.every)]
    words = EvaluateConfig(str(folder), data=data, every=config.every, threads=config.threads)
    metrics: Mapping[str, float] = once(place, asked, None, lambda _: evaluate(words))["metrics"]
    return metrics


def examined(config: Schedule, task: str, folder: Path, data: str, split: Split) -> Metrics:
    """Metrics of a network of any task on a part of some data, as it is."""
    place = folder.with_name(f"{folder.name}-on-{Path(data).name}")
    asked = [_asked(folder), data, split, str(config.every)]

    def run(resume: bool) -> Outcome:
        model, threads = str(folder), config.threads
        if task in OF_FRAMES:
            every = config.every
            return evaluate(EvaluateConfig(model, data, split=split, every=every, threads=threads))
        return image.evaluate(image.EvaluateConfig(model, data, split=split, threads=threads))

    metrics: Metrics = once(place, asked, None, run)["metrics"]
    return metrics


def tuned_folder(config: Schedule, exam: str, name: str, seed: int) -> Path:
    """The folder of a fine-tuning."""
    return config.out / f"{config.arch}-{name}-{seed}-{exam.replace('@', '-')}"


def tune_steps(config: Schedule, task: str) -> int:
    """Steps of a whole fine-tuning."""
    return config.tune_steps or int(read_table(config.recipe(task))["steps"])


def _fine_tune(
    config: Schedule,
    task: str,
    folder: Path,
    words: list[str],
    recipe: Path,
    clock: Clock,
    weights: Path | None = None,
) -> dict[str, Any]:
    row = catalogue.TASKS[task]
    words = [*words, "--out", str(folder), "--threads", str(config.threads)]
    # A pretraining that was made again makes this training again.
    asked = [*words, "" if weights is None else _asked(weights)]

    def run(resume: bool) -> Outcome:
        clock.require_time()
        settings = resolve(catalogue.load_object(row.config), words + ["--resume"] * resume, recipe)
        outcome: Outcome = catalogue.load_object(row.train)(settings)
        return outcome

    return once(folder, asked, recipe, run)


def _asked(folder: Path) -> str:
    """What a finished training of a page was asked; of another checkpoint nothing is known."""
    file = folder / _ASKED
    return file.read_text() if file.is_file() else ""


def _flags(changes: Words) -> list[str]:
    return [word for name, value in changes.items() for word in (f"--{name}", str(value))]
