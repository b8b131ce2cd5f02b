"""`edgehuman run` for a gait model: tracked skeletons in, a vector and a name per window out.

edgehuman run zoo:gait-skeleton --source poses.jsonl --gallery known.npz --json
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from tyro.conf import Positional

from edgehuman.catalogue import SIMULATED
from edgehuman.config import HelpFiles
from edgehuman.errors import UsageError
from edgehuman.files import require_apart
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.preprocess.skeleton.layouts import layout_rows
from edgehuman.preprocess.skeleton.line import KEYS
from edgehuman.progress import tell
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.gallery import Gallery, gallery_for
from edgehuman.runtime.loop.play import Listener, Playable, play, require_seconds, say
from edgehuman.runtime.loop.results import to_row
from edgehuman.runtime.loop.sinks import JsonLines, Sink, open_to_write
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.publish import SinkFlags, open_sinks
from edgehuman.runtime.mqtt.sink import Facts
from edgehuman.runtime.serve.beside import Accompanied, Attended, Beside
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.people.sent import NamesSent, Sent
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.enrolling import Enrolling, keeper_for
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally, summary_text
from edgehuman.runtime.skeleton.stream import listen
from edgehuman.runtime.view.poses import PoseView, about_poses
from edgehuman.runtime.view.screen import Notes, can_redraw
from edgehuman.runtime.view.tracks import GaitView, gait_lines


class Naming(Listener[PoseBlock, GaitResult], Protocol):
    """Names walks; `skeleton.answer.Identifier` is one."""

    @property
    def tally(self) -> GaitTally: ...


@dataclass(frozen=True, slots=True)
class RunConfig(LiveFlags, SinkFlags):
    """Name the people of a live stream of tracked skeletons.

    Attributes:
        model: zoo:NAME, a path, or a catalogue name (random weights).
        source: FILE.jsonl of tracked skeletons, the file or folder of a pose estimator (OpenPose,
            AlphaPose, YOLO, MediaPipe, mmpose, COCO, ...), - (standard input), udp://HOST:PORT or
            simulated.
        gallery: the file of known people that `edgehuman gallery enroll` wrote; without it there
            are only vectors.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
        json: one JSON object a line on standard output; the summary goes to standard error.
        save: write the same JSON lines to this file.
        hop_s: stream time between two windows of a track, seconds (default: the model's card).
        threshold: under this score the label is "unknown" (default: the gallery's own, or the
            card).
        realtime: play a file at the pace of its stamps; late lines are dropped.
        threads: threads inside one operator of the model.
        engine: what runs the model; auto: chosen by its suffix (.onnx, .engine) and this machine.
        rebuild: rebuild a TensorRT engine that does not fit this machine; its ONNX runs meanwhile.
        seconds: end after this much stream time; also counts wall-clock time, so that a silent live
            source ends.
        rate_hz: frames per second of a pose estimator's files that have frame numbers (default:
            24, and it is said).
        size: of the pictures, WIDTHxHEIGHT, if the source does not state it.
        layout: the order of the joints, if the source does not name it and their number does not
            tell it.
        sender: of udp://, whose datagrams are read: ADDRESS or ADDRESS:PORT (default: the first).
        sink_names: whose names leave this machine, to --sink and --webhook: nobody's, those of
            people of whom every walk has a record of consent, or all.
        serve_gallery: manage --gallery on the page of --serve: list, enrol who walks now, forget.
        seed: of the simulated walkers and of random weights.
    """

    HELP_FILES: ClassVar[HelpFiles] = (
        ("keys of a line of poses.jsonl", tuple(KEYS.items())),
        ("layouts of the joints", layout_rows()),
    )
    model: Positional[str]
    source: str
    gallery: Path | None = None
    key: Path | None = None
    json: bool = False
    save: Path | None = None
    hop_s: float | None = None
    threshold: float | None = None
    realtime: bool = False
    threads: int = 1
    engine: EngineName = "auto"
    rebuild: bool = False
    seconds: float | None = None
    rate_hz: float | None = None
    size: str | None = None
    layout: str | None = None
    sender: str | None = None
    sink_names: NamesSent = "none"
    serve_gallery: bool = False
    seed: int = 0


def run(config: RunConfig) -> Outcome:
    """Play the source through the model to standard output, and to a file if requested.

    Ctrl-C and SIGTERM end the stream and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, a wrong model or gallery, a wrong or
            too short recording.
    """
    require_seconds(config.seconds)
    require_apart(
        {
            "the model": config.model,
            "--source": config.source,
            "--gallery": config.gallery,
            "--key": config.key,
            "--save": config.save,
        }
    )
    if config.record is not None:
        raise UsageError(
            "--record keeps frames and samples; poses are lines of text: keep them where they come "
            "from, such as with `tee poses.jsonl`, and give that file as --source"
        )
    notes = Notes()
    model = load(
        config.model,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=notes,
    )
    if config.source == SIMULATED:
        notes("simulated walkers (edgehuman's own) are the source")
    identifier, source = listen(
        model,
        config.source,
        gallery_of(config, model),
        config.hop_s,
        config.threshold,
        config.realtime,
        config.seed,
        notes,
        declare(config.rate_hz, config.size, config.layout),
        config.sender,
        config.key,
    )
    return finish(config, identifier, identifier, model, source, notes)


def gallery_of(config: RunConfig, model: Model) -> Gallery | Path | None:
    """The gallery of a run; that of --serve-gallery need not be there yet.

    Raises:
        UsageError: --serve-gallery without a gallery or a page.
    """
    if not config.serve_gallery:
        return config.gallery
    if config.gallery is None or config.serve is None:
        missing = "--gallery FILE" if config.gallery is None else "--serve PORT"
        raise UsageError(f"--serve-gallery manages a gallery on the page; add {missing}")
    return gallery_for(config.gallery, model.card, config.key)


def finish(
    config: RunConfig,
    naming: Naming,
    identifier: Identifier,
    model: Model,
    source: Playable[PoseBlock],
    notes: Notes,
) -> Outcome:
    """Play the source to its end, and give the summary.

    Args:
        naming: names the walks, by the identifier.

    Raises:
        UsageError, DataError: see `play`, and `--save` cannot be written.
    """
    sent = Sent(config.sink_names, config.gallery, config.key)
    keeper = None
    if config.serve_gallery and config.gallery is not None:
        enrolling = Enrolling()
        enrolling.listen(identifier)
        keeper = keeper_for(config.gallery, config.key, model, enrolling, sent.refresh, notes)
    about = about_poses(config.model, source.name, identifier.gallery is not None)

    def dropped() -> int:
        return int(source.report()["dropped"])

    with Beside(config, about, notes, keeper) as beside:
        beside.meter.ask(lambda: {"late": dropped()}, beside.dropped_by_sinks)
        sinks = _sinks(config, naming, notes, dropped, sent)
        sinks += beside.webhook(lambda result: sent.row(to_row(result)))
        listener = PoseView(beside, identifier.gallery is not None).shown(naming)
        accompanied, attended = Accompanied(source, beside), Attended(listener, beside)
        played = play(attended, accompanied, sinks, config.seconds, notes, beside.watch_sinks)
        broken = (*played.broken, *beside.close_sinks())
        summary = {**played.summary, **beside.report()}
        beside.end(summary)
    notes.view = None  # the view is closed; later messages go to standard error
    for message in broken:
        say(message)
    gallery = identifier.gallery
    summary["gallery"] = None if gallery is None else gallery.people()
    text = summary_text(summary)
    if config.json:
        tell(text)
        text = ""
    return Outcome(summary, text, exit_code=1 if broken else 0)


def _sinks(
    config: RunConfig,
    identifier: Naming,
    notes: Notes,
    dropped: Callable[[], int],
    sent: Sent,
) -> list[Sink[GaitResult]]:
    """The requested sinks: JSON lines or the view, and a file."""
    sinks: list[Sink[GaitResult]] = []
    if config.json:
        sinks.append(JsonLines(sys.stdout, "standard output"))
    elif can_redraw(sys.stdout):
        title = f"{config.model} on {config.source}"
        notes.view = view = GaitView(sys.stdout, title, identifier.tally, dropped)
        sinks.append(view)
    else:
        sinks.append(gait_lines(sys.stdout))
    if config.save is not None:
        sinks.append(JsonLines(open_to_write(config.save), str(config.save), close_stream=True))
    facts = functools.partial(published, sent=sent)
    device = Device("", config.model, counts=True)
    return [*sinks, *open_sinks(config.sink, device, facts, by_track=True, notify=notes)]


def published(result: GaitResult, sent: Sent) -> Facts:
    """What is published of a window: nobody's vector, and nobody's name but by --sink-names."""
    return Facts(sent.row(to_row(result)), track=result.track, name=sent.name(result.label))
