"""`edgehuman demo`: a simulated walker, recognised live by the models that ship with the package,
and one page that shows it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from edgehuman.errors import (
    ArtefactError,
    DataError,
    EngineError,
    MissingDependencyError,
    UsageError,
)
from edgehuman.files import require_usable_folder, write_whole
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime.demo.camera import DETECTOR, MODEL, SEGMENTER, Camera, camera
from edgehuman.runtime.demo.day import compare, day_schedule, simulated_day
from edgehuman.runtime.demo.door import MODEL as DOOR_MODEL
from edgehuman.runtime.demo.door import STRANGER, door
from edgehuman.runtime.demo.findings import Findings
from edgehuman.runtime.demo.opening import open_page
from edgehuman.runtime.demo.page import Live, page
from edgehuman.runtime.demo.photos import album, parts_model
from edgehuman.runtime.demo.speed import pair_of, timed
from edgehuman.runtime.demo.walker import film
from edgehuman.runtime.imu.answer import Recogniser, Smoothing, StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.play import play, say
from edgehuman.runtime.loop.sinks import Sink
from edgehuman.runtime.machine import cpu_model, usable_cores
from edgehuman.runtime.model import load
from edgehuman.runtime.view.screen import can_redraw
from edgehuman.runtime.view.terminal import LiveView, plain_lines
from edgehuman.runtime.view.timeline import Timeline, draw_timeline
from edgehuman.runtime.zoo import zoo_names

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """Recognise a simulated stream with the built-in model: no download, no sensor.

    Attributes:
        seconds: length of the simulated stream, 45 to 3600: every activity occurs.
        speed: stream seconds per second; 0: as fast as the machine can.
        seed: of the simulated people and the day.
        out: folder for the page, and where matplotlib is installed for a picture of the timeline.
        model: the model; as in `edgehuman run`.
        smoothing: none, fixed_lag or hysteresis (default: the model's card).
        open: open the page, where standard output is a terminal and there is a display.
        json: print the summary as one JSON object and no live view.
    """

    seconds: float = 90.0
    speed: float = 8.0
    seed: int = 0
    out: Path = Path("demo")
    model: str = "zoo:activity"
    smoothing: Smoothing | None = None
    open: bool = True
    json: bool = False


def demo(config: DemoConfig) -> Outcome:
    """`edgehuman demo`: the live view, a table of scores, and one page that shows everything.

    Raises:
        UsageError: too short, a negative speed or seed, or a folder that cannot be written to.
        ArtefactError: the requested model cannot be used.
    """
    if not 0 <= config.speed < float("inf"):
        raise UsageError(f"speed is {config.speed}; give 0 (as fast as possible) or more")
    if config.seed < 0:
        raise UsageError(f"seed is {config.seed}; give 0 or more")
    require_usable_folder(config.out, "--out")
    begin_s = time.monotonic()
    schedule = day_schedule(config.seconds, config.seed)
    watched = _aside(lambda: camera(config.seed, schedule))
    live, recogniser, summary = _stream(config)
    findings = findings_of(config, recogniser, summary, watched)
    path = config.out / "demo.html"
    config.out.mkdir(parents=True, exist_ok=True)
    write_whole(path, page(live, findings).encode("utf-8"), UsageError)
    data = {**findings.as_dict(), "page": str(path), "timeline": _picture(config, live.timeline)}
    data["opened"] = config.open and not config.json and open_page(path)
    data["took_s"] = round(time.monotonic() - begin_s, 1)
    text = table(data, config)
    if config.json:
        print(to_json(data))
        tell(text)
        text = ""
    return Outcome(data, text)


def _stream(config: DemoConfig) -> tuple[Live, Recogniser, dict[str, Any]]:
    """Play the simulated day through the model."""
    recording = simulated_day(config.seconds, config.seed)
    model = load(config.model, seed=config.seed)
    source = ReplaySource(recording, config.speed)
    options = StreamOptions(smoothing=config.smoothing, format=CANONICAL)
    recogniser = Recogniser(model, source.name, options, notify=say)
    timeline = Timeline(recogniser.labels, recogniser.hop_s, recogniser.rate_hz)
    played = play(recogniser, source, [timeline, *_screen(config, recogniser)])
    compared = compare(list(timeline.hops), recogniser.labels, recogniser.hop_s)
    body = film(config.seed, day_schedule(config.seconds, config.seed))
    return Live(recording, timeline, body), recogniser, {**played.summary, "comparison": compared}


def findings_of(
    config: DemoConfig,
    recogniser: Recogniser,
    summary: Mapping[str, Any],
    watched: Callable[[], Camera],
) -> Findings:
    """Everything else that the page shows: the camera, pictures, the door, speed and cards."""
    if not config.json:
        say("the camera, pictures, walks past a door, and FP32 beside INT8 ...")
    missing: dict[str, str] = {}
    # The camera ends before anything is timed.
    passers = _part(missing, "camera", watched)
    pictures = _part(missing, "photos", lambda: album(config.seed))
    walks = _part(missing, "door", lambda: door(config.seed))
    pairs = tuple(
        pair
        for name in _timed_models(config.model)
        for pair in [_part(missing, f"speed of {name}", partial(timed, pair_of(name)))]
        if pair is not None
    )
    return Findings(
        model=config.model,
        seed=config.seed,
        seconds=config.seconds,
        decision=recogniser.decision,
        summary=summary,
        album=pictures,
        door=walks,
        camera=passers,
        missing=missing,
        pairs=pairs,
        cards={row.model: row.card for pair in pairs for row in pair},
        machine=f"{cpu_model()}, {usable_cores()} cores",
    )


def _timed_models(model: str) -> list[str]:
    here = zoo_names()
    whole = {name: name.removesuffix("-int8") for name in (DETECTOR, SEGMENTER)}
    eyes = [fp32 if fp32 in here else name for name, fp32 in whole.items()]
    others = [parts_model()] if any(name.startswith("zoo:person-garments") for name in here) else []
    return [
        model,
        *(each for each in (DOOR_MODEL, MODEL, *others, *eyes) if each in here and each != model),
    ]


def _aside(make: Callable[[], Part]) -> Callable[[], Part]:
    """Begin a part on a thread of its own, which ends with the process; what waits for it."""
    done: Future[Part] = Future()

    def work() -> None:
        try:
            done.set_result(make())
        except BaseException as error:  # told where it is waited for
            done.set_exception(error)

    threading.Thread(target=work, name="camera", daemon=True).start()
    return done.result


def _part(missing: dict[str, str], name: str, make: Callable[[], Part]) -> Part | None:
    """A part of the page, or None and the reason where this installation lacks what it needs."""
    try:
        return make()
    except (ArtefactError, EngineError, DataError, ImportError) as error:
        missing[name] = str(error)
        say(f"{name}: {error}")
        return None


def _picture(config: DemoConfig, timeline: Timeline) -> str | None:
    """Draw the timeline as PNG, where matplotlib is installed and the disk has room."""
    picture = config.out / "timeline.png"
    try:
        draw_timeline(timeline, picture, f"Simulated walker, recognised by {config.model}")
    except (MissingDependencyError, ArtefactError) as error:
        say(f"no timeline: {error}")
        return None
    return str(picture)


def table(summary: Mapping[str, Any], config: DemoConfig) -> str:
    """The table that is printed at the end."""
    rows = [
        ("online accuracy", "online_accuracy", "{:.3f}"),
        ("longest wrong, s", "longest_wrong_s", "{:.2f}"),
        ("changes of label a minute", "flicker_per_minute", "{:.1f}"),
        ("onset delay, median, s", "onset_delay_s_median", "{:.2f}"),
        ("activities not noticed", "stretches_missed", "{:.0f}"),
    ]
    columns = ("network", "smoothed", "true")
    lines = [
        f"simulated stream of {summary['stream_s']:.0f} s, no real recording; model {config.model}",
        f"{'':<28}" + "".join(f"{name:>12}" for name in ("network", "smoothed", "truth")),
    ]
    for words, key, form in rows:
        values = [summary["comparison"][name].get(key) for name in columns]
        shown = ["" if value is None else form.format(value) for value in values]
        lines.append(f"{words:<28}" + "".join(f"{value:>12}" for value in shown))
    lines.append(summary["smoothing_verdict"])
    lines += [_speed_line(pair) for pair in summary["precision"]]
    lines.append(
        f"waiting: {summary['delay_s_mean'] * 1e3:.0f} ms on average, chosen for the smoothing; "
        "computing is the time above"
    )
    if summary["door"] is not None:
        strangers = [one for one in summary["door"]["passes"] if one["who"] == STRANGER]
        refused = sum(one["right"] for one in strangers)
        walks = len(summary["door"]["passes"]) - len(strangers)
        lines.append(
            f"door: the walker was named in {summary['door']['named']} of {walks} walks, a "
            f"stranger refused in {refused} of {len(strangers)}"
        )
    if summary["camera"] is not None:
        lines.append(_camera_line(summary["camera"]))
    lines.append(f"page: {summary['page']}{' (opened)' if summary['opened'] else ''}")
    return "\n".join(lines)


def _camera_line(seen: Mapping[str, Any]) -> str:
    windows = sum(sum(said.values()) for said in seen["answers"].values())
    return (
        f"camera: {seen['found']:.0%} of the people in view found and followed; of {windows} "
        f"windows of who passed again {seen['named']} got the right name and {seen['misnamed']} a "
        f"wrong one; the nearest was right in {seen['nearest_right']} of {seen['nearest_of']}"
    )


def _speed_line(pair: Sequence[Mapping[str, Any]]) -> str:
    times = ", ".join(f"{row['precision'].upper()} {row['p50_ms']:.2f} ms" for row in pair)
    return f"network {pair[0]['model']}: {times}"


def _screen(config: DemoConfig, recogniser: Recogniser) -> list[Sink[ImuResult]]:
    if config.json:
        return []
    if not can_redraw(sys.stdout):
        return [plain_lines(sys.stdout)]
    title = f"{config.model} on a simulated walker"
    return [LiveView(sys.stdout, title, recogniser.labels, recogniser.tally)]
