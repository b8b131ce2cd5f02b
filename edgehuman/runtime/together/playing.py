"""A camera and its sensors, played into sinks until both have ended: the loop of `run --worn`."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from edgehuman.errors import DataError, UsageError, printable
from edgehuman.files import require_apart, writing_lines
from edgehuman.outcome import Outcome, to_json
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.progress import tell
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.published import facts_of
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.results import to_row as frame_row
from edgehuman.runtime.image.frames.saved import saving
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.image.frames.watch import Words as FrameWords
from edgehuman.runtime.image.frames.watch import in_words as frame_in_words
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.play import require_seconds, say
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.loop.sinks import LAST_WRITES_S, SinkThread
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import load
from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.publish import open_sinks
from edgehuman.runtime.mqtt.sink import Facts
from edgehuman.runtime.replay.frames import FramesKeeper
from edgehuman.runtime.replay.samples import SamplesKeeper
from edgehuman.runtime.serve.beside import MOST_KEPT, Beside
from edgehuman.runtime.together.joined import Joined
from edgehuman.runtime.together.opening import Asked, Opened, joined_of, open_sides
from edgehuman.runtime.together.recording import (
    OF_SENSORS,
    Keeping,
    Kept,
    folder_of,
    is_of_both,
    keeping,
    read_kept,
)
from edgehuman.runtime.together.results import Item, WornResult, in_words, sensor_line, to_row
from edgehuman.runtime.together.words import offsets_of, require_wait, sensors_of
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.view.frames import NAME, about_frames, dropped_by, nameless, show

RESULTS = "results.jsonl"
"""What --save writes besides what it writes of frames: all results in order."""


class Words(FrameWords, Protocol):
    """The flags of a run of frames beside sensors."""

    @property
    def worn(self) -> tuple[str, ...]: ...
    @property
    def worn_model(self) -> str: ...
    @property
    def worn_offset(self) -> tuple[str, ...]: ...
    @property
    def worn_bound_s(self) -> float: ...
    @property
    def worn_format(self) -> ImuFormat: ...
    @property
    def wait_s(self) -> float: ...


def play_both(watching: Watching, words: Words) -> Outcome:
    """Answer for frames and windows until both sides have ended; Ctrl-C and SIGTERM end it with a
    summary.

    Raises:
        UsageError: as of both alone; a source that is both; photos, which have no times.
        DataError: no such source, or nothing came of any side.
    """
    asked, names = _asked(words)
    opened = open_sides(names, asked, words.policy, words.every, say)
    with contextlib.ExitStack() as stack:
        stack.callback(opened.close)
        playing = _Playing(watching, words, asked, opened, stack)
        return playing.outcome()


def _asked(words: Words) -> tuple[Asked, list[str]]:
    """What is to be read beside the camera, and the names of the frames' sources."""
    require_seconds(words.seconds)
    require_wait(words.wait_s)
    replay, names = None, [words.source, *words.also]
    if is_of_both(words.source):
        if words.also or words.worn_offset:
            raise UsageError(
                f"{words.source} is a recording, which has all its sources and offsets: leave "
                "--also and --worn-offset out"
            )
        kept = read_kept(Path(words.source))
        replay = Path(words.source), kept
        names = [str(folder_of(*replay, kept.camera))]
        sensors: dict[str, object] = {name: str(folder_of(*replay, name)) for name in kept.sensors}
        offsets: Mapping[str, float] = kept.offsets
    else:
        sensors = sensors_of(words.worn)
        offsets = offsets_of(words.worn_offset, sensors)
    for name, source in sensors.items():
        require_apart({f"the sensor {name}": str(source), "--save": words.save})
    asked = Asked(
        sensors=sensors,
        load=lambda: load(words.worn_model, threads=words.threads, seed=words.seed, notify=say),
        offsets=offsets,
        bound_s=words.worn_bound_s if replay is None else replay[1].bound_s,
        wait_s=words.wait_s,
        format=words.worn_format,
        seconds=words.seconds,
        seed=words.seed,
        replay=replay,
    )
    return asked, names


class _Playing:
    """One run: its sinks, its page and its recording around the joined sides."""

    def __init__(
        self,
        watching: Watching,
        words: Words,
        asked: Asked,
        opened: Opened,
        stack: contextlib.ExitStack,
    ) -> None:
        self._words, self._opened, self._stack = words, opened, stack
        self._said = ", ".join([*opened.sources.names, *opened.sensors])
        self._keepers: dict[str, SinkThread[Any]] = {}
        self._keeping = self._recording(asked)
        self._beside = stack.enter_context(self._beside_of())
        self._saved = None
        if words.save is not None:
            kept = opened.sources.kept()
            self._saved = stack.enter_context(saving(words.save, kept, words.model))
            self._lines = stack.enter_context(writing_lines(words.save / RESULTS, "--save"))
        labels = [label for one in opened.sensors.values() for label in one.recogniser.labels]
        device = Device("", words.model, (*dict.fromkeys(labels), UNKNOWN), counts=True)
        sinks = open_sinks(words.sink, device, self._facts, notify=say)
        self._brokers = [SinkThread(each, lossless=False) for each in sinks]
        self._wearers: dict[str, str] = {}
        self.joined: Joined = joined_of(
            opened,
            watching,
            asked,
            Numbers(words.ids),
            say,
            self._beside.through,
            self._done,
            self._keep,
            self._released,
            self._begun,
        )

    def _recording(self, asked: Asked) -> Keeping | None:
        """What --record writes, opened."""
        folder, opened = self._words.live.record, self._opened
        if folder is None:
            return None
        if not self._words.live.record_mb > 0:
            raise UsageError(
                f"--record-mb is {self._words.live.record_mb:g}; give a number of megabytes above 0"
            )
        kept = Kept(
            opened.camera,
            opened.shown,
            tuple(opened.sensors),
            asked.offsets,
            asked.bound_s,
            opened.kept_zero_ns,
        )
        begun = keeping(folder, kept)
        each_mb = self._words.live.record_mb * OF_SENSORS / len(opened.sensors)
        for name, one in opened.sensors.items():
            place = folder_of(folder, kept, name)
            keeper = SamplesKeeper(place, one.source, each_mb)
            self._keepers[name] = SinkThread(keeper, not one.source.live, MOST_KEPT)
        return begun

    def _beside_of(self) -> Beside:
        """What stands beside the run: sinks, page, figures, the record of frames."""
        words, sources = self._words, self._opened.sources
        about = about_frames(words.model, self._said, identifies=True)
        beside = Beside(words.live, about, say)
        beside.start_sinks(beside.webhook(nameless))
        beside.meter.ask(lambda: dropped_by(sources), beside.dropped_by_sinks)
        sources.idle = beside.turned
        if self._keeping is not None:
            room_mb = words.live.record_mb * (1 - OF_SENSORS)
            place = folder_of(self._keeping.folder, self._keeping.kept, self._opened.camera)
            keeper = FramesKeeper(place, ", ".join(sources.names), sources.kept(), room_mb)
            beside.keep_by(keeper, lossless=not sources.has_camera)
        return beside

    # In the threads of the sides ----------------------------------------------------------------

    def _done(self, taken: TakenFrame, result: FrameResult) -> None:
        """Save and show a frame at once: neither waits for sensors."""
        if self._saved is not None:
            self._saved.add(taken, result, to_json(frame_row(result)))
        stamp_ns = time.time_ns() - int(taken.age_ms * 1e6)
        show(self._beside, taken, self._named(result), stamp_ns)

    def _named(self, result: FrameResult) -> FrameResult:
        """The people with the sensors that they wear, for the page."""
        wearers = self._wearers
        if not wearers:
            return result
        people = tuple(_with_name(one, wearers.get(one.track)) for one in result.people)
        return dataclasses.replace(result, people=people)

    def _keep(self, name: str, block: SampleBlock, at_ns: int) -> None:
        if name in self._keepers:
            self._keepers[name].put((block, at_ns))

    def _begun(self, zero_ns: int) -> None:
        if self._keeping is not None:
            self._keeping.write_about(zero_ns)

    # In the thread of the run -------------------------------------------------------------------

    def _released(self, name: str, t_s: float) -> None:
        if self._keeping is not None:
            self._keeping.released(name, t_s)

    def outcome(self) -> Outcome:
        """Play to the end."""
        stop, beside = StopSignals(), self._beside
        try:
            with stop, self.joined:
                for item in stop.until_stopped(self.joined):
                    self._take(item)
                if stop.requested:
                    self.joined.stop()
                    for item in self.joined:
                        self._take(item)
        finally:
            broken = [*beside.close_sinks(), *self._close_own()]
        counts = self._counts(stop.requested)
        beside.end(counts)
        return self._summed_up(counts, broken)

    def _take(self, item: Item | None) -> None:
        """Give a result to all sinks."""
        camera = self.joined.sides[0]
        if item is None:
            if self.joined.has_ended(camera):
                self._beside.turned()  # whose signs of life else come from the camera's thread
            return
        row = to_row(item, self._opened.shown)
        if isinstance(item, FrameResult):
            row |= self._worn_by(item)
        line = to_json(row)
        print(line if self._words.json else printable(self._line(item)), flush=True)
        if self._words.save is not None:
            self._lines.write(line + "\n")
        self._beside.put(row)
        self._list(item)
        for broker in self._brokers:
            broker.put(item)
        named = self.joined.named
        self._wearers = {
            worn.track: name for name, worn in sorted(named.items(), reverse=True) if worn.track
        }

    def _list(self, item: Item) -> None:
        """Show on the page what is known of a sensor."""
        board = self._beside.board
        if board is None or isinstance(item, FrameResult):
            return
        if item.source in self._opened.sensors:
            board.add(sensor_line(item))

    def _worn_by(self, frame: FrameResult) -> dict[str, Any]:
        """Which sensors people in the frame wear, by track; nothing if none is known."""
        here = {one.track for one in frame.people}
        worn = {n: one.track for n, one in self.joined.named.items() if one.track in here}
        return {"worn": worn} if worn else {}

    def _line(self, item: Item) -> str:
        if isinstance(item, FrameResult):
            return frame_in_words(item)
        if isinstance(item, WornResult):
            why = f" ({item.reason})" if item.reason else ""
            said = f"{item.label} {item.score:.2f}{why}; {in_words(item.worn)}"
            return f"{item.source} ({item.t_s:.2f} s)  {said}"
        return f"{item.source} ({item.t_s:.2f} s)  {item.event}: {item.reason}"

    def _facts(self, item: Item) -> Facts:
        if isinstance(item, FrameResult):
            return facts_of(item)
        row = to_row(item)
        return Facts(row, activity=item.label) if isinstance(item, WornResult) else Facts(row)

    def _close_own(self) -> Iterator[str]:
        """Let brokers and keepers of samples write what is queued; what went wrong, in words."""
        for thread in [*self._keepers.values(), *self._brokers]:
            done = thread.close(LAST_WRITES_S)
            if thread.error is not None:
                yield f"{thread.sink.name}: {thread.error}"
            elif not done:
                yield f"{thread.sink.name}: still writing after {LAST_WRITES_S:g} s"
        if self._keeping is not None:
            self._keeping.close()

    def _counts(self, stopped: bool) -> dict[str, Any]:
        brokers = {each.sink.name: {"dropped": each.lost} for each in self._brokers}
        return {
            **self.joined.report(),
            **self._opened.sources.report(),
            **self._beside.report(),
            **({"sinks": brokers} if brokers else {}),
            "source": self._said,
            "save": None if self._words.save is None else str(self._words.save),
            "stopped": stopped,
        }

    def _summed_up(self, counts: dict[str, Any], broken: Iterable[str]) -> Outcome:
        failed = [f"{side.name}: {side.failed}" for side in self.joined.sides if side.failed]
        troubles = [*broken, *failed]
        camera, *sensors = (side.report() for side in self.joined.sides)
        if not camera["frames"] and not any(each["windows"] for each in sensors):
            raise DataError(f"{self._said}: no frame and no window came of any side")
        for message in troubles:
            say(message)
        text = summary_text(counts)
        if self._words.json:
            tell(text)
            text = ""
        return Outcome(counts, text, exit_code=1 if troubles else 0)


def _with_name(person: Person, name: str | None) -> Person:
    if name is None:
        return person
    return dataclasses.replace(person, answer={**person.answer, NAME: name})


def summary_text(counts: Mapping[str, Any]) -> str:
    """A line for each side, and who wears what."""
    lines = []
    for name, side in counts["sides"].items():
        if "frames" in side:
            lines.append(
                f"{name}: {side['frames']} frames, {side['unreadable']} of them unreadable; "
                f"{side['people']} people in all, at most {side['most_people']} at once"
            )
            continue
        labels = ", ".join(f"{k} {v:g} s" for k, v in side["seconds_per_label"].items())
        worn = counts["wearers"][name]
        who = f"worn by track {worn['track']}" if worn["track"] else "wearer not known at the end"
        lines.append(f"{name}: {side['windows']} windows ({labels or 'no label'}); {who}")
    if counts["late"]:
        lines.append(f"{counts['late']} results came after later ones of another side")
    if counts["save"]:
        lines.append(f"saved: {counts['save']}")
    return "\n".join(lines)
