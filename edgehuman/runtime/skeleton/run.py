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
from edgehuman.reading.secrets import without_secrets
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.gallery import Gallery, gallery_for
from edgehuman.runtime.loop.play import Playable, Played, play, require_seconds, say
from edgehuman.runtime.loop.results import to_row
from edgehuman.runtime.loop.sinks import JsonLines, Sink, open_to_write
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.publish import SinkFlags, open_sinks
from edgehuman.runtime.mqtt.sink import Facts
from edgehuman.runtime.serve.beside import Accompanied, Attended, Beside
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.people.enrolling import Enrolling, keeper_for
from edgehuman.runtime.serve.people.sent import NamesSent, Sent, require_receiver
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.enrolling import PoseTracks
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally, summary_text
from edgehuman.runtime.skeleton.stream import listen
from edgehuman.runtime.view.poses import PoseView, about_poses
from edgehuman.runtime.view.screen import Notes, can_redraw
from edgehuman.runtime.view.tracks import GaitView, gait_lines


class Words(Protocol):
    """What decides the sinks of gait."""

    @property
    def model(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def json(self) -> bool: ...
    @property
    def sink(self) -> str | None: ...


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
        on_the_spot: who walks on the spot gets a name, as on a treadmill, or before a camera that
            follows.
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
    on_the_spot: bool = False
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
    require_receiver(config.sink_names, config.sink, config.webhook)
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
        managed_gallery(config.gallery, config.key, config.serve, model)
        if config.serve_gallery
        else config.gallery,
        config.hop_s,
        config.threshold,
        config.realtime,
        config.seed,
        notes,
        declare(config.rate_hz, config.size, config.layout),
        config.sender,
        config.key,
    )
    identifier.on_the_spot = config.on_the_spot
    played = _played(config, identifier, model, source, notes)
    return outcome_of(config.json, played, identifier.gallery, notes)


def _played(
    config: RunConfig,
    identifier: Identifier,
    model: Model,
    source: Playable[PoseBlock],
    notes: Notes,
) -> Played:
    """The source played to its end, with what stands beside it."""
    sent = Sent(config.sink_names, config.gallery, config.key)
    keeper, enrolling = None, Enrolling()
    if config.serve_gallery and config.gallery is not None:
        enrolling.add(PoseTracks(identifier))
        keeper = keeper_for(config.gallery, config.key, model, enrolling, sent.refresh, notes)
    about = about_poses(config.model, source.name, identifier.gallery is not None)

    def dropped() -> int:
        return int(source.report()["dropped"])

    with Beside(config, about, notes, keeper) as beside:
        beside.meter.ask(lambda: {"late": dropped()}, beside.dropped_by_sinks)
        sinks = sinks_of(config, config.save, identifier.tally, notes, dropped, sent)
        sinks += beside.webhook(lambda result: published(result, sent).row)
        view = PoseView(beside, identifier.gallery is not None, enrolling.knows)
        listener = view.shown(identifier)
        accompanied, attended = Accompanied(source, beside), Attended(listener, beside)
        played = play(attended, accompanied, sinks, config.seconds, notes, beside.watch_sinks)
        broken = (*played.broken, *beside.close_sinks())
        played = Played({**played.summary, **beside.report()}, broken)
        beside.end(played.summary)
    return played


def managed_gallery(
    path: Path | None, key: Path | None, serve: str | None, model: Model
) -> Gallery:
    """The gallery of --serve-gallery, which need not be there yet.

    Raises:
        UsageError: there is no gallery, or no page.
    """
    if path is None or serve is None:
        missing = "--gallery FILE" if path is None else "--serve PORT"
        raise UsageError(f"--serve-gallery manages a gallery on the page; add {missing}")
    return gallery_for(path, model.card, key)


def outcome_of(as_json: bool, played: Played, gallery: Gallery | None, notes: Notes) -> Outcome:
    """The summary of a stream that was played to its end."""
    notes.view = None  # the view is closed; later messages go to standard error
    for message in played.broken:
        say(message)
    summary = {**played.summary, "gallery": None if gallery is None else gallery.people()}
    text = summary_text(summary)
    if as_json:
        tell(text)
        text = ""
    return Outcome(summary, text, exit_code=1 if played.broken else 0)


def sinks_of(
    words: Words,
    save: Path | None,
    tally: GaitTally,
    notes: Notes,
    dropped: Callable[[], int],
    sent: Sent,
) -> list[Sink[GaitResult]]:
    """The requested sinks: JSON lines or the view, a file, a broker.

    Args:
        save: the file; None: none is wanted.
        dropped: the records dropped so far.

    Raises:
        UsageError: the file cannot be written to, or no address of a broker.
    """
    sinks: list[Sink[GaitResult]] = []
    if words.json:
        sinks.append(JsonLines(sys.stdout, "standard output"))
    elif can_redraw(sys.stdout):
        title = f"{words.model} on {without_secrets(words.source)}"
        notes.view = view = GaitView(sys.stdout, title, tally, dropped)
        sinks.append(view)
    else:
        sinks.append(gait_lines(sys.stdout))
    if save is not None:
        sinks.append(JsonLines(open_to_write(save), str(save), close_stream=True))
    facts = functools.partial(published, sent=sent)
    device = Device("", words.model, counts=True)
    return [*sinks, *open_sinks(words.sink, device, facts, by_track=True, notify=notes)]


def published(result: GaitResult, sent: Sent) -> Facts:
    """What is published of a window: nobody's vector, and nobody's name but by --sink-names."""
    if result.event:
        return Facts(to_row(result))
    return Facts(sent.row(to_row(result)), track=result.track, name=sent.name(result.label))
