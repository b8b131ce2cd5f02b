"""`edgehuman demo`: a simulated walker, recognised live by the model that ships with the
package.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.stream import flicker_per_minute, online_accuracy, onset_delay_s
from edgehuman.outcome import Outcome
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.answer import Recogniser, StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.play import play, say
from edgehuman.runtime.loop.sinks import Sink
from edgehuman.runtime.model import load
from edgehuman.runtime.view.terminal import LiveView, PlainLines
from edgehuman.runtime.view.timeline import Timeline, draw_timeline

SHORTEST_S = 45.0
# The six activities of UCI HAR, in a plausible order.
_DAY = (
    "standing",
    "walking",
    "walking_upstairs",
    "walking",
    "walking_downstairs",
    "sitting",
    "laying",
    "standing",
)


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """Recognise a simulated stream with the built-in model: no download, no sensor.

    Attributes:
        seconds: length of the simulated stream; at least 45, so that every activity occurs.
        speed: stream seconds per second; 0: as fast as the machine can.
        seed: of the simulated person and day.
        out: folder for the picture.
        model: the model; as in `edgehuman run`.
        json: print the summary as one JSON object and no live view.
    """

    seconds: float = 90.0
    speed: float = 4.0
    seed: int = 0
    out: Path = Path("demo")
    model: str = "zoo:activity"
    json: bool = False


def demo(config: DemoConfig) -> Outcome:
    """`edgehuman demo`: the live view, a table of scores, and a timeline as a picture.

    Raises:
        UsageError: too short, or a negative speed.
        ArtefactError: the requested model cannot be used.
        MissingDependencyError: no matplotlib; raised after the stream was shown.
    """
    if config.speed < 0:
        raise UsageError(f"speed is {config.speed}; give 0 (as fast as possible) or more")
    recording = simulated_day(config.seconds, config.seed)
    model = load(config.model, seed=config.seed)
    source = ReplaySource(recording, config.speed)
    options = StreamOptions(format=CANONICAL)
    recogniser = Recogniser(model, source.name, options, notify=say)
    timeline = Timeline(recogniser.labels, recogniser.hop_s, recogniser.rate_hz)
    played = play(recogniser, source, [timeline, *_screen(config, recogniser)])
    summary = {"simulated": True, "model": config.model, **played.summary}
    summary["comparison"] = compare(list(timeline.hops), recogniser.labels, recogniser.hop_s)
    picture = config.out / "timeline.png"
    summary["timeline"] = str(picture)
    draw_timeline(timeline, picture, f"Simulated walker, recognised by {config.model}")
    text = table(summary, config)
    if config.json:
        print(json.dumps(summary))
        print(text, file=sys.stderr)
        text = ""
    return Outcome(summary, text)


def simulated_day(seconds: float, seed: int) -> ImuRecording:
    """About `seconds` of a simulated person's waist sensor: six activities and transitions.

    Raises:
        UsageError: too short for six activities.
    """
    from edgehuman.simulate.body.schedule import Bout, with_transitions
    from edgehuman.simulate.imu.recording import simulate_recording

    if not SHORTEST_S <= seconds < math.inf:
        raise UsageError(
            f"seconds is {seconds}; six activities and the transitions between them need "
            f"at least {SHORTEST_S:g}"
        )
    sketch = with_transitions([Bout(activity, 1.0) for activity in _DAY], seed)
    between_s = sum(bout.duration_s for bout in sketch) - len(_DAY)
    bout_s = (seconds - between_s) / len(_DAY)
    schedule = [Bout(b.activity, bout_s if b.activity in _DAY else b.duration_s) for b in sketch]
    return simulate_recording(seed, schedule)


def compare(
    hops: Sequence[ImuResult], labels: Sequence[str], hop_s: float
) -> dict[str, dict[str, float | None]]:
    """The network alone and the smoothed stream, each against the true labels.

    Raises:
        DataError: no results.
    """
    if not hops:
        raise DataError("no results to compare; the stream ended before its first window")
    true = [result.true_label for result in hops]
    said = {
        "network": [result.raw_label for result in hops],
        "smoothed": [result.label for result in hops],
    }
    waited = {"network": [0.0] * len(hops), "smoothed": [result.delay_s for result in hops]}
    rows: dict[str, dict[str, float | None]] = {}
    for name, answers in said.items():
        delays = onset_delay_s(true, answers, hop_s, labels, waited[name])
        found = delays[np.isfinite(delays)]
        rows[name] = {
            "online_accuracy": _number(online_accuracy(true, answers, labels)),
            "flicker_per_minute": _number(flicker_per_minute(answers, hop_s)),
            "onset_delay_s_median": _number(float(np.median(found))) if len(found) else None,
            "stretches": float(len(delays)),
            "stretches_missed": float(len(delays) - len(found)),
        }
    known = [label if label is not None and label in labels else "" for label in true]
    rows["true"] = {"flicker_per_minute": _number(flicker_per_minute(known, hop_s))}
    return rows


def table(summary: Mapping[str, Any], config: DemoConfig) -> str:
    """The table that is printed at the end."""
    rows = [
        ("online accuracy", "online_accuracy", "{:.3f}"),
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
    latency = summary["latency_ms"]
    lines.append(
        f"capture to label: p50 {latency['p50']} ms, p95 {latency['p95']} ms, max {latency['max']}"
        f" ms; of it {summary['delay_s_mean'] * 1e3:.0f} ms mean look-ahead of the smoothing"
    )
    lines.append(f"picture: {summary['timeline']}")
    return "\n".join(lines)


def _screen(config: DemoConfig, recogniser: Recogniser) -> list[Sink[ImuResult]]:
    if config.json:
        return []
    if not sys.stdout.isatty():
        return [PlainLines(sys.stdout)]
    title = f"{config.model} on a simulated walker"
    return [LiveView(sys.stdout, title, recogniser.labels, recogniser.tally)]


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
