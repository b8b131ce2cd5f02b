"""`edgehuman run` for a wearable: source -> windows -> engine -> decision -> sinks.

edgehuman run zoo:activity --source walk.csv --json
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from edgehuman.config import HelpFiles
from edgehuman.errors import EdgehumanError, UsageError
from edgehuman.files import require_apart, require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import require_pictures
from edgehuman.preprocess.imu.faults import MISSING_SHARE
from edgehuman.preprocess.imu.format import Phone
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.preprocess.imu.text.columns import column_rows
from edgehuman.progress import tell
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.imu.answer import MountingName, Recogniser, Smoothing, StreamOptions
from edgehuman.runtime.imu.results import ImuResult, summary_text
from edgehuman.runtime.imu.stream import listen
from edgehuman.runtime.loop.play import Played, play, require_seconds, say
from edgehuman.runtime.loop.results import UNKNOWN, to_row
from edgehuman.runtime.loop.sinks import JsonLines, Sink, open_to_write
from edgehuman.runtime.model import load
from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.publish import SinkFlags, open_sinks
from edgehuman.runtime.mqtt.sink import Facts
from edgehuman.runtime.view.screen import Notes, can_redraw
from edgehuman.runtime.view.terminal import LiveView, plain_lines
from edgehuman.runtime.view.timeline import Timeline, draw_timeline


@dataclass(frozen=True, slots=True)
class RunConfig(ReadingFlags, SinkFlags):
    """Recognise the live stream of a wearable.

    Attributes:
        model: zoo:NAME, a path, or a catalogue name (random weights).
        source: FILE.csv, FILE.jsonl, - (standard input), simulated, or a live one: udp://HOST:PORT,
            tcp://HOST:PORT, serial:DEVICE, mqtt://HOST/TOPIC, sensorlogger://:PORT (the app's HTTP
            push) or phyphox://HOST.
        json: one JSON object a line on standard output; the summary goes to standard error.
        save: write the same JSON lines to this file.
        timeline: draw labels, probabilities and acceleration over time into this PNG.
        hop_s: stream time between windows, seconds (default: the model's card).
        smoothing: none, fixed_lag or hysteresis (default: the card).
        delay_s: delay budget of the smoothing, seconds (default: the card).
        threshold: under this score the label is "unknown" (default: the card).
        realtime: play a file at the pace of its stamps; late samples are dropped.
        mounting: learn from walking how the sensor is mounted, if the model can, or take it as
            fixed, mounted as the model's card says.
        placement: where the sensor is worn, mounted there as the card says: waist, pocket, wrist or
            ankle, for zoo:activity (default: found out from walking).
        missing_share: a window that lacks a larger share of its rows is not answered.
        sender: of several that send to one place, which is read: ADDRESS or ADDRESS:PORT of udp://
            and tcp://, the topic or device of mqtt:// and sensorlogger:// (default: the first).
        phone: whose signs Sensor Logger's acceleration has: ios, android, or standard (the app's
            Standardise Units & Frames).
        threads: threads inside one operator of the model.
        engine: what runs the model; auto: chosen by its suffix (.onnx, .engine) and this machine.
        rebuild: rebuild a TensorRT engine that does not fit this machine; its ONNX runs meanwhile.
        seconds: end after this much stream time; also counts wall-clock time, so that a silent live
            source ends.
        seed: of the simulated person and of random weights.
    """

    HELP_FILES: ClassVar[HelpFiles] = (
        ("columns of a CSV file, or keys of a JSON line, in any order", column_rows()),
    )
    model: Positional[str]
    source: str
    json: bool = False
    save: Path | None = None
    timeline: Path | None = None
    hop_s: float | None = None
    smoothing: Smoothing | None = None
    delay_s: float | None = None
    threshold: float | None = None
    realtime: bool = False
    mounting: MountingName = "learn"
    placement: str | None = None
    missing_share: float = MISSING_SHARE
    sender: str | None = None
    phone: Phone | None = None
    threads: int = 1
    engine: EngineName = "auto"
    rebuild: bool = False
    seconds: float | None = None
    seed: int = 0


def run(config: RunConfig) -> Outcome:
    """`edgehuman run`: results to the screen, to standard output or to a file; a summary at the
    end.

    Ctrl-C and SIGTERM end the stream and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, a wrong model, a wrong or too short
            recording.
    """
    require_seconds(config.seconds)
    require_apart(
        {
            "the model": config.model,
            "--source": config.source,
            "--save": config.save,
            "--timeline": config.timeline,
        }
    )
    if config.timeline is not None:
        if config.timeline.suffix.lower() != ".png":
            raise UsageError(f"--timeline is {config.timeline}; give a file that ends in .png")
        require_pictures()
        require_usable_file(config.timeline, f"--timeline {config.timeline}")
    notes = Notes()
    model = load(
        config.model,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=notes,
    )
    options = StreamOptions(
        config.hop_s,
        config.smoothing,
        config.delay_s,
        config.threshold,
        replace(config.format, phone=config.phone),
        config.mounting,
        config.placement,
        config.missing_share,
    )
    recogniser, source = listen(
        model, config.source, options, config.realtime, config.seed, notes, config.sender
    )
    sinks = _sinks(config, recogniser, notes, lambda: int(source.report()["dropped"]))
    played = play(recogniser, source, sinks, config.seconds, notes)
    notes.view = None  # the view is closed; later messages go to standard error
    broken = [*played.broken, *_draw(config, sinks, source.name)]
    return _outcome(played, config, broken)


def _draw(config: RunConfig, sinks: Sequence[Sink[ImuResult]], source: str) -> Iterator[str]:
    """Draw the timeline; yields what went wrong, in words: the summary is given all the same."""
    for sink in sinks:
        if isinstance(sink, Timeline) and config.timeline is not None:
            title = f"{Path(source).name}, recognised by {config.model}"
            try:
                draw_timeline(sink, config.timeline, title)
            except EdgehumanError as error:
                yield str(error)


def _sinks(
    config: RunConfig, recogniser: Recogniser, notes: Notes, dropped: Callable[[], int]
) -> list[Sink[ImuResult]]:
    """The requested sinks: JSON lines or the view, a file, the recorder of the timeline."""
    sinks: list[Sink[ImuResult]] = []
    labels, tally = recogniser.labels, recogniser.tally
    if config.json:
        sinks.append(JsonLines(sys.stdout, "standard output"))
    elif can_redraw(sys.stdout):
        title = f"{config.model} on {recogniser.source}"
        notes.view = LiveView(sys.stdout, title, labels, tally, dropped)
        sinks.append(notes.view)
    else:
        sinks.append(plain_lines(sys.stdout))
    if config.save is not None:
        sinks.append(JsonLines(open_to_write(config.save), str(config.save), close_stream=True))
    if config.timeline is not None:
        sinks.append(Timeline(labels, recogniser.hop_s, recogniser.rate_hz))
    device = Device("", config.model, (*labels, UNKNOWN))
    return [*sinks, *open_sinks(config.sink, device, _facts, notify=notes)]


def _facts(result: ImuResult) -> Facts:
    return Facts(to_row(result), activity=result.label)


def _outcome(played: Played, config: RunConfig, broken: Sequence[str]) -> Outcome:
    for message in broken:
        say(message)
    text = summary_text(played.summary)
    if config.timeline is not None and not broken:
        text += f"\ntimeline: {config.timeline}"
    if config.json:
        tell(text)
        text = ""
    return Outcome(played.summary, text, exit_code=1 if broken else 0)
