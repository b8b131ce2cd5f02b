"""`edgehuman run` for models of person images: an answer for every photo of a folder.

edgehuman run zoo:person-garments --source photos --save parts

edgehuman run zoo:person-garments --source door.mp4 --detector zoo:person-detector

Each photo is one person; with --detector, photos and videos of any number of people, each of whom
is cropped. Models of joints by SimCC and of silhouettes have a detector. An unreadable photo is an
answer too, with its reason, and is counted; it does not end the run. So is a picture or a video of
a format that is not read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tyro.conf import Positional

from edgehuman.errors import DataError, UsageError, printable
from edgehuman.files import require_apart, writing_lines
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.image.answer import answer_photo, require_answers
from edgehuman.runtime.image.frames.answer import MOST, Watching
from edgehuman.runtime.image.frames.watch import (
    ALONE,
    detector_for,
    open_watching,
    opened,
    require_foreign,
    require_range,
    watch,
    watching_with,
)
from edgehuman.runtime.image.part_maps import place_masks, require_no_photo, save_mask
from edgehuman.runtime.image.results import PhotoResult, PhotoTally, to_row
from edgehuman.runtime.image.source import find_photos, name_in
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.mqtt.publish import SinkFlags
from edgehuman.runtime.serve.flags import LiveFlags

_SHOWN = 4
_LINES = "photos.jsonl"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunConfig(LiveFlags, SinkFlags):
    """Run a person model on the photos of a folder.

    Attributes:
        model: zoo:NAME, a path, or a catalogue name (random weights).
        source: a folder of photos, one photo, or a pattern of photos; with --detector also a video
            or a camera: 0, /dev/video0, rtsp://..., http://..., csi://0, gst:PIPELINE.
        also: with --detector: further sources, read at the same time.
        detector: a model that finds people in each frame, zoo:NAME or a path; the model then
            answers for each of them. Without it, and with `none`, each photo is one person; models
            of joints by SimCC and of silhouettes have zoo:person-detector-int8 without it.
        json: one JSON object per photo on standard output; the summary goes to standard error.
        save: a folder for the same JSON lines (photos.jsonl) and for part maps.
        score: with --detector: people below it are left out, 0 to 1; by default as the detector's
            card says, or 0.5.
        most: with --detector: the most people of a frame, the best first.
        every: with --detector: take every so many frames.
        policy: with --detector: latest (the newest frame; of a video, at its pace), all, or
            every-N; by default latest of cameras, and all of files.
        seconds: with --detector: end after so many seconds; of a video, at that time of it.
        ids: with --detector: a file that keeps the last number of a track, so that after a
            restart none comes again.
        family: with --detector: what a detector of others is, where its graph may be of several.
        threads: threads inside one operator of the model.
        engine: what runs the model; auto: chosen by its suffix (.onnx, .engine) and this machine.
        rebuild: rebuild a TensorRT engine that does not fit this machine; its ONNX runs meanwhile.
        seed: of random weights.
    """

    model: Positional[str]
    source: str
    detector: str | None = None
    json: bool = False
    save: Path | None = None
    score: float | None = None
    most: int = MOST
    every: int = 1
    ids: Path | None = None
    family: str | None = None
    threads: int = 1
    engine: EngineName = "auto"
    rebuild: bool = False
    seed: int = 0
    also: tuple[str, ...] = ()
    policy: str | None = None
    seconds: float | None = None


def run(config: RunConfig) -> Outcome:
    """Run the model on every photo of a folder (or the one photo), in the order of their names.

    Ctrl-C and SIGTERM end it and still give the summary. The photos.jsonl of an earlier run is
    replaced at the end; after an error it stays, and photos.jsonl.partial has the photos so far.

    Raises:
        UsageError, ArtefactError: wrong arguments or a wrong model; a --save folder that cannot be
            written, or would overwrite a photo or the model.
        DataError: no such folder, no photo in it, or no readable one.
    """
    watching = watching_of(config)
    if isinstance(watching, Watching):
        return watch(watching, dataclasses.replace(config, detector=watching.finder.name))
    model = watching
    _require_no_frames(config)
    source, tally, stop = Path(config.source), PhotoTally(), StopSignals()
    found = find_photos(config.source)
    photos, tally.others = found.photos, found.others
    masks = _masks(config, model, photos)
    _require_apart(config, photos, masks)
    with stop, _open_lines(config.save) as saved:
        for path in stop.until_stopped(photos):
            result = answer_photo(model, path, name_in(source, path))
            tally.add(result)
            row = _with_mask(to_row(result), result, masks)
            line = to_json(row)
            if saved is not None:
                saved.write(line + "\n")
            print(line if config.json else printable(in_words(row)), flush=True)
    if tally.photos == tally.unreadable and tally.photos:
        raise DataError(
            f"{config.source}: none of its {tally.photos} photos can be read; see the reasons above"
        )
    return _outcome(config, model, tally, stop.requested)


def watching_of(config: RunConfig) -> Watching | Model:
    """What looks at frames, with the detector that was asked for, or else the usual one of the
    model; the model alone where each photo is one person.

    Raises:
        UsageError, ArtefactError: wrong arguments or a wrong model.
    """
    if config.detector not in (None, ALONE):
        return open_watching(config)
    model = load(
        config.model,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=say,
    )
    require_answers(model)
    detector = detector_for(model, config.detector)
    if detector is None:
        return model
    require_range(config.score, config.most)
    require_foreign(config.family, config.model, detector)
    finder = opened(detector, config.threads)
    return watching_with(model, finder, config.score, config.most)


def _require_no_frames(config: RunConfig) -> None:
    """Raises UsageError for a flag that says nothing without --detector."""
    given = {"--score": config.score is not None, "--most": config.most != MOST,
             "--every": config.every != 1, "--family": config.family is not None,
             "--also": bool(config.also), "--policy": config.policy is not None,
             "--seconds": config.seconds is not None, "--ids": config.ids is not None,
             "--sink": config.sink is not None,
             **dict.fromkeys(config.live.given(), True)}  # fmt: skip
    for flag, is_given in given.items():
        if is_given:
            raise UsageError(
                f"{flag} is for frames in which --detector finds people; without it, or with "
                f"`none`, each photo is one person. Give --detector a model, or leave {flag} out"
            )


def _masks(config: RunConfig, model: Model, photos: list[Path]) -> Mapping[str, Path]:
    """The file of each photo's part map; empty if they are not saved, or the model gives none."""
    if config.save is None or model.card.output.kind != "segmentation":
        return {}
    source = Path(config.source)
    return place_masks(config.save, {name_in(source, path): path for path in photos})


def _require_apart(config: RunConfig, photos: list[Path], masks: Mapping[str, Path]) -> None:
    """Check that --save replaces neither the model nor a photo."""
    if config.save is None:
        return
    lines = config.save / _LINES
    for output in (lines, *masks.values()):
        require_apart({"the model": config.model, "--save": output})
    require_no_photo([lines], photos, "its lines")


def _with_mask(row: Row, result: PhotoResult, masks: Mapping[str, Path]) -> Row:
    """The row, with the path of its part map, which is saved here."""
    mask = masks.get(result.photo)
    if mask is None or result.part_HW is None:
        return row
    save_mask(mask, result.part_HW, result.labels)
    return {**row, "mask": str(mask)}


def _outcome(config: RunConfig, model: Model, tally: PhotoTally, stopped: bool) -> Outcome:
    summary = {
        **tally.summary(),
        "task": model.card.task,
        "source": config.source,
        "save": None if config.save is None else str(config.save),
        "stopped": stopped,
    }
    text = _summary_text(summary)
    if config.json:
        tell(text)
        text = ""
    return Outcome(summary, text)


def in_words(row: Row) -> str:
    """One photo's row as a line of text."""
    if "error" in row:
        return f"{row['photo']}: unreadable: {row['error']}"
    remark = f" (remark: {row['remark']})" if "remark" in row else ""
    return f"{row['photo']}  {row['latency_ms']:.1f} ms  {'; '.join(_said(row))}{remark}"


def _said(row: Row) -> Iterator[str]:
    if "embedding" in row:
        first = ", ".join(f"{value:.3f}" for value in row["embedding"][:_SHOWN])
        yield f"a vector of {len(row['embedding'])} numbers ({first}, …)"
    if "attributes" in row:
        yes = {name: p for name, p in row["attributes"].items() if p > 0.5}
        yield ", ".join(f"{name} {p:.2f}" for name, p in yes.items()) or "none of the attributes"
    if "joints" in row:
        sure = [name for name, (_, _, confidence) in row["joints"].items() if confidence > 0.2]
        yield f"{len(sure)} of {len(row['joints'])} joints found"
    if "parts" in row:
        largest = sorted(row["parts"].items(), key=lambda item: -item[1])[:_SHOWN]
        yield ", ".join(f"{name} {100 * share:.1f} %" for name, share in largest)


def _open_lines(save: Path | None) -> AbstractContextManager[IO[str] | None]:
    return nullcontext() if save is None else writing_lines(save / _LINES, "--save")


def _summary_text(summary: Mapping[str, Any]) -> str:
    latency = summary["latency_ms"]
    lines = [f"{summary['photos']} photos, {summary['unreadable']} of them unreadable"]
    if summary["remarked"]:
        lines[0] += f", {summary['remarked']} answered with a remark"
    if latency["p50"] is not None:
        lines.append(f"file to answer: p50 {latency['p50']:g} ms, p95 {latency['p95']:g} ms")
    if summary["save"]:
        lines.append(f"saved: {summary['save']}")
    return "\n".join(lines)
