"""What `edgehuman run` does with frames, whichever model answers: the loop and its words.

open_watching(words) -> what finds people, and answers for each
watch(watching, words) -> the outcome
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

from edgehuman.errors import DataError, UsageError, printable
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.foreign.families import (
    may_be,
    may_take_one_person,
    open_finder,
    takes_one_person,
)
from edgehuman.runtime.foreign.found import PersonFinder
from edgehuman.runtime.foreign.names import is_wheel
from edgehuman.runtime.foreign.wheels import open_wheel
from edgehuman.runtime.image.frames.answer import (
    MOST,
    SCORE,
    Detector,
    PerPerson,
    Watching,
    answer_frame,
)
from edgehuman.runtime.image.frames.crops import CropFinder, CropModel
from edgehuman.runtime.image.frames.follow import Followers
from edgehuman.runtime.image.frames.moving import MOG2, Moving
from edgehuman.runtime.image.frames.parts import KIND as PARTS
from edgehuman.runtime.image.frames.parts import PartsFinder
from edgehuman.runtime.image.frames.published import publishing
from edgehuman.runtime.image.frames.results import FrameResult, FrameTally, Person, to_row
from edgehuman.runtime.image.frames.saved import saving
from edgehuman.runtime.image.frames.several import open_sources
from edgehuman.runtime.image.garments.finder import KIND as GARMENTS
from edgehuman.runtime.image.garments.finder import GarmentFinder
from edgehuman.runtime.image.garments.words import words_of
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.view.frames import about_frames, nameless, show, stand_beside

Row = Mapping[str, Any]
_SHOWN = 5
_FINDERS: Mapping[str, Callable[[Model, float], PersonFinder]] = {
    "boxes": Detector, PARTS: PartsFinder, GARMENTS: GarmentFinder,
}  # fmt: skip
ALONE = "none"
"""The --detector that says: each photo is one person."""
# In the wheel, and as good as the FP32 one (docs/eyes.md).
_USUAL = "zoo:person-detector-int8"


class Words(Protocol):
    """The flags that the runs of frames share."""

    @property
    def model(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def json(self) -> bool: ...
    @property
    def save(self) -> Path | None: ...
    @property
    def detector(self) -> str | None: ...
    @property
    def family(self) -> str | None: ...
    @property
    def score(self) -> float | None: ...
    @property
    def most(self) -> int: ...
    @property
    def every(self) -> int: ...
    @property
    def also(self) -> tuple[str, ...]: ...
    @property
    def policy(self) -> str | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def ids(self) -> Path | None: ...
    @property
    def threads(self) -> int: ...
    @property
    def engine(self) -> EngineName: ...
    @property
    def rebuild(self) -> bool: ...
    @property
    def seed(self) -> int: ...
    @property
    def live(self) -> LiveFlags: ...
    @property
    def sink(self) -> str | None: ...


def detector_for(model: Model, asked: str | None) -> str | None:
    """What finds the people for a model: what was asked for; else, for joints by SimCC and for
    silhouettes, whose networks read crops as a detector gives them, the one of the zoo; else None.

    Raises:
        UsageError: no name at all.
    """
    _require_name(asked)
    if asked is not None:
        return None if asked == ALONE else asked
    output = model.card.output
    if output.kind != "simcc" and output.labels != SILHOUETTE:
        return None
    tell(f"people are found by {_USUAL}; with --detector {ALONE} each photo is one person")
    return _USUAL


def _require_name(asked: str | None) -> None:
    """Raises UsageError for a --detector of no letters, which as a path is the current folder."""
    if asked is not None and not asked.strip():
        raise UsageError(
            f"--detector is {asked!r}; give a model that finds people, such as "
            f"zoo:person-detector, or {ALONE}"
        )


def open_watching(words: Words) -> Watching:
    """What looks at the frames: the model alone, or after --detector.

    Raises:
        UsageError: a threshold or number out of range; a --detector that is missing, or not needed;
            a --family of no network of others.
        ArtefactError: a model of other records, or a network that is not known.
    """
    require_range(words.score, words.most)
    _require_name(words.detector)
    name = None if words.detector == ALONE else words.detector
    family = _family(words.model, name, words.family)
    model = opened(words.model, words.threads, family, words.seed, words.engine, words.rebuild)
    if name is None:
        require_foreign(words.family, words.model)
        return watching_alone(model, words.score, words.most)
    family = _family(name, words.model, words.family)
    detector = opened(name, words.threads, family)
    require_foreign(words.family, words.model, name)
    return watching_with(model, detector, words.score, words.most)


def _family(name: str, other: str | None, family: str | None) -> str | None:
    """What --family says of a network: of two networks of others, nothing of the one that cannot be
    of it if the other one can.
    """
    if family is None or other is None or not (is_foreign(name) and is_foreign(other)):
        return family
    return family if may_be(name, family) or not may_be(other, family) else None


def watching_alone(
    model: Model | PersonFinder, score: float | None = None, most: int = MOST
) -> Watching:
    """The model finds all people itself.

    Raises:
        UsageError: it takes one person. ArtefactError: it gives no boxes.
    """
    if not isinstance(model, Model):
        if takes_one_person(model):
            raise UsageError(
                f"{model.name} takes one person at a time, and does not find people; add "
                "--detector with a model that does"
            )
        return Watching(model, None, SCORE if score is None else score, most)
    floor = _threshold(model, score)
    finds = _FINDERS.get(model.card.output.kind, Detector)
    return Watching(finds(model, floor), None, floor, most)


def watching_with(
    model: Model | PersonFinder,
    detector: Model | PersonFinder,
    score: float | None = None,
    most: int = MOST,
) -> Watching:
    """The detector finds people; the model answers for each of them.

    Raises:
        UsageError: the model finds people itself, or the detector does not.
        ArtefactError: the model gives no answer about a person, or the detector no boxes.
    """
    finds_itself = (
        model.card.output.kind in _FINDERS
        if isinstance(model, Model)
        else not may_take_one_person(model)
    )
    if finds_itself:
        raise UsageError(f"{model.name} finds people itself; leave --detector out")
    if not isinstance(detector, Model) and takes_one_person(detector):
        raise UsageError(f"--detector {detector.name} takes one person, and does not find people")
    each: PerPerson = CropModel(model) if isinstance(model, Model) else CropFinder(model)
    alone = watching_alone(detector, score, most)
    return dataclasses.replace(alone, per_person=each)


def opened(
    name: str,
    threads: int = 1,
    family: str | None = None,
    seed: int = 0,
    engine: EngineName = "auto",
    rebuild: bool = False,
) -> Model | PersonFinder:
    """A model of edgehuman's own, a network of others, or what moves before a camera that stands.

    Raises:
        UsageError, ArtefactError: as `load` and `open_finder`.
    """
    if name == MOG2:
        return Moving()
    if is_wheel(name):
        return open_wheel(name)
    if is_foreign(name):
        return open_finder(name, threads=threads, family=family, notify=say)
    return load(name, threads=threads, seed=seed, engine=engine, rebuild=rebuild, notify=say)


def is_foreign(name: str) -> bool:
    """Whether a path is an ONNX file that edgehuman did not write.

    Raises:
        ArtefactError: no ONNX file, or ours but changed.
    """
    path = Path(name)
    return path.suffix == ".onnx" and path.is_file() and not open_file(path).is_ours


def require_foreign(family: str | None, *names: str) -> None:
    """Raises UsageError for a --family where no model is a network of others."""
    if family is not None and not any(is_foreign(name) for name in names):
        raise UsageError(
            f"--family {family} says what a network of others is, but {' and '.join(names)} "
            f"{'is' if len(names) == 1 else 'are'} none; leave it out"
        )


def require_range(score: float | None, most: int) -> None:
    """Raises UsageError for a threshold outside 0 to 1, or no people at most."""
    if score is not None and not 0 <= score <= 1:
        raise UsageError(f"--score must be from 0 to 1 (got {score:g})")
    if most < 1:
        raise UsageError(f"--most must be at least 1 (got {most})")


def watch(watching: Watching, words: Words) -> Outcome:
    """Answer for every frame of the sources, in order; Ctrl-C and SIGTERM end it with a summary.

    Raises:
        UsageError: the --save folder cannot be written, or would replace a photo or the model.
        DataError: no such source, or none of its frames has an answer.
    """
    names = [words.source, *words.also]
    sources = open_sources(names, words.policy, words.every, words.seconds, pipelines=True)
    tally, stop = FrameTally(), StopSignals()
    followers = Followers(watching.score, Numbers(words.ids))
    kept = sources.kept()
    files = nullcontext() if words.save is None else saving(words.save, kept, words.model)
    told, said = "", ", ".join(sources.names)
    beside = Beside(words.live, about_frames(words.model, said), say)
    published = publishing(words.sink, words.model, say)
    with stop, sources, files as saved, published as broker, beside:
        beside.start_sinks(beside.webhook(nameless))
        stand_beside(beside, sources, words.live)
        for taken in beside.through(stop.until_stopped(sources)):
            stamp_ns = time.time_ns() - int(taken.age_ms * 1e6)
            result = answer_frame(watching, taken, followers.of(taken))
            tally.add(result)
            if not result.event:
                broker.put(result)
            show(beside, taken, result, stamp_ns)
            told = told or result.reason
            row = to_row(result)
            beside.put(row)
            line = to_json(row)
            if saved is not None:
                saved.add(taken, result, line)
            print(line if words.json else printable(in_words(result)), flush=True)
        broken = beside.close_sinks()
        counts = {**tally.summary(), **sources.report(), "source": said, **beside.report()}
        beside.end(counts)
    if tally.frames and tally.frames == tally.unreadable:
        raise DataError(
            f"{said}: none of its {tally.frames} frames has an answer; the first: {told}"
        )
    if sources.has_camera and not tally.frames:
        raise DataError(f"{said}: stopped before any frame came; {told or 'nothing was done'}")
    for message in broken:
        say(message)
    outcome = _outcome(words, {**counts, **broker.report()}, stop.requested)
    return dataclasses.replace(outcome, exit_code=1 if broken else 0)


def in_words(result: FrameResult) -> str:
    """One frame as a line of text."""
    if result.event:
        return f"{result.source} ({result.t_s:.2f} s)  {result.event}: {result.reason}"
    where = result.frame if result.t_s is None else f"{result.frame} ({result.t_s:.2f} s)"
    where = f"{result.source} {where}" if result.source else where
    if result.reason:
        return f"{where}: unreadable: {result.reason}"
    remark = f" (remark: {result.remark})" if result.remark else ""
    count = len(result.people)
    boxes = "; ".join(_in_words(person) for person in result.people[:_SHOWN])
    more = "; …" if count > _SHOWN else ""
    said = "nobody" if not count else f"{_people(count)}: {boxes}{more}"
    return f"{where}  {result.latency_ms:.1f} ms  {said}{remark}"


def _in_words(person: Person) -> str:
    where = " ".join(f"{float(value):.0f}" for value in person.box_4)
    worn = ", ".join(words_of(item) for item in person.worn)
    return f"{where} at {person.score:.2f}{f': {worn}' if worn else ''}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _outcome(words: Words, counts: Row, stopped: bool) -> Outcome:
    summary = {
        **counts,
        "detector": words.detector,
        "save": None if words.save is None else str(words.save),
        "stopped": stopped,
    }
    text = _summary_text(summary)
    if words.json:
        tell(text)
        text = ""
    return Outcome(summary, text)


def _summary_text(summary: Row) -> str:
    latency = summary["latency_ms"]
    lines = [f"{summary['frames']} frames, {summary['unreadable']} of them unreadable"]
    lines[0] += f"; people in {_with_people(summary)}, {summary['people']} in all"
    if summary["most_people"] > 1:
        lines[0] += f", at most {summary['most_people']} at once"
    if summary.get("missing_frames"):
        lines.append(
            f"the video states {summary['missing_frames']} more frames than it has; it was cut "
            "short, or damaged"
        )
    if latency["p50"] is not None:
        lines.append(f"picture to answer: p50 {latency['p50']:g} ms, p99 {latency['p99']:g} ms")
    if summary["person_ms"] is not None:
        lines[-1] += (
            f": {summary['frame_ms']:g} ms a frame, and {summary['person_ms']:g} ms a person"
        )
    cameras = [row for row in summary.get("sources", ()) if "lost" in row]
    age = summary["age_ms"]
    if cameras and age["p50"] is not None:
        lines.append(f"camera to answer: p50 {age['p50']:g} ms, p99 {age['p99']:g} ms")
    lines += [_of_camera(row) for row in cameras]
    if summary["save"]:
        lines.append(f"saved: {summary['save']}")
    return "\n".join(lines)


def _of_camera(row: Row) -> str:
    """What became of the frames of a camera."""
    lost = f", lost {row['lost']} times" if row["lost"] else ""
    none = ", ".join(f"{row[name]} {name}" for name in ("black", "frozen", "broken") if row[name])
    return (
        f"{row['source']}: {row['grabbed']} frames came, {row['passed_over']} passed over"
        f"{f', {none}' if none else ''}{lost}"
    )


def _with_people(summary: Row) -> int:
    return int(summary["frames"] - summary["unreadable"] - summary["frames_without_people"])


def _threshold(model: Model, score: float | None) -> float:
    """The user's, or the card's, or the usual one."""
    if score is not None:
        return score
    return model.card.decision.threshold or SCORE
