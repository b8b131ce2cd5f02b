"""The demo as one HTML file that needs nothing else: no server, no network, no other file.

Style, script, pictures and data are inside; the page's own policy forbids every request.
"""

from __future__ import annotations

import base64
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from edgehuman.outcome import to_json
from edgehuman.records import ImuRecording
from edgehuman.runtime.demo import sections
from edgehuman.runtime.demo.camera import RATE_HZ, WEARER, Camera
from edgehuman.runtime.demo.findings import Findings
from edgehuman.runtime.demo.walker import JOINTS, Film
from edgehuman.runtime.view.palette import UNLABELLED_RGB, colours, hexadecimal
from edgehuman.runtime.view.timeline import Timeline, label_runs

_TRACE_HZ = 25.0
_ACCEL_STEPS, _GYRO_STEPS = 2048, 1024  # steps of the stored integers per g, and per rad/s
_MOST_SAMPLES = 30_000  # twenty minutes; a longer stream is stored more coarsely
Run = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Live:
    """What the moving part of the page shows.

    Attributes:
        recording: the sensor, with true labels.
        timeline: the network's labels and the smoothed ones.
        film: the body behind the sensor.
    """

    recording: ImuRecording
    timeline: Timeline
    film: Film


def page(live: Live, findings: Findings) -> str:
    """The whole page."""
    parts = {
        "lead": sections.lead(findings),
        "tiles": sections.tiles(findings),
        "legend": sections.legend(live.timeline.labels),
        "camera": sections.camera(findings),
        "comparison": sections.comparison(findings),
        "delay": sections.delay(findings),
        "photos": sections.photos(findings),
        "door": sections.door(findings),
        "precision": sections.precision(findings),
        "cards": sections.cards(findings),
        "footer": sections.footer(findings),
        "css": _asset("page.css"),
        "js": _asset("page.js"),
        # "</script>" in a label would end the element.
        "data": to_json({**moving(live), "camera": seen(findings.camera)}).replace("<", "\\u003c"),
    }
    made = _asset("page.html")
    for name, content in parts.items():
        made = made.replace("{{" + name + "}}", content, 1)
    return made


def moving(live: Live) -> dict[str, Any]:
    """The data of the animation, the traces and the labels, for the page's script."""
    timeline = live.timeline
    said = {
        "network": [result.raw_label for result in timeline.hops],
        "smoothed": [result.label for result in timeline.hops],
    }
    return {
        "seconds": round(live.recording.duration_s, 3),
        "film": _film(live.film),
        "imu": _traces(live.recording),
        "truth": _rounded(true_runs(live.recording)),
        **{name: _rounded(label_runs(timeline, labels)) for name, labels in said.items()},
        "colours": {k: hexadecimal(rgb) for k, rgb in colours(timeline.labels).items()},
        "between": hexadecimal(UNLABELLED_RGB),
    }


def seen(passed: Camera | None) -> dict[str, Any] | None:
    """The camera's frames and who was found in them, for the page's script."""
    if passed is None:
        return None
    return {
        "rate": RATE_HZ,
        "width": passed.width,
        "height": passed.height,
        "empty": _base64(passed.empty_jpeg),
        "spans": [[round(begin_s, 3), round(end_s, 3)] for begin_s, end_s in passed.spans],
        "wearer": WEARER,
        "frames": [
            {
                "t": round(frame.t_s, 3),
                "jpeg": _base64(frame.jpeg),
                "people": [
                    [
                        *each.box,
                        each.track,
                        each.said,
                        each.nearest,
                        round(each.score, 3),
                        each.true,
                    ]
                    for each in frame.people
                ],
            }
            for frame in passed.frames
        ],
    }


def true_runs(recording: ImuRecording) -> list[Run]:
    """Start, length and label of each run of one true label, seconds."""
    label_T = recording.label_T
    edges = [0, *(np.flatnonzero(np.diff(label_T)) + 1).tolist(), len(label_T)]
    return [
        (first / recording.rate_hz, (stop - first) / recording.rate_hz, name)
        for first, stop in pairwise(edges)
        for name in [recording.labels[int(label_T[first])]]
    ]


def _film(film: Film) -> dict[str, Any]:
    return {
        "names": JOINTS,
        "rate": film.rate_hz,
        "joints": _base64(film.joint_TJ2.astype("<i2").tobytes()),
        "ground": [round(metres, 3) for metres in film.ground_T.tolist()],
        "seats": [
            {
                "kind": seat.kind,
                "start": round(seat.start_s, 2),
                "end": round(seat.end_s, 2),
                "comes": round(seat.comes_s, 2),
                "goes": round(seat.goes_s, 2),
                "height": round(seat.height_m, 3),
            }
            for seat in film.seats
        ],
    }


def _traces(recording: ImuRecording) -> dict[str, Any]:
    every = max(round(recording.rate_hz / _TRACE_HZ), len(recording.imu_TC) // _MOST_SAMPLES, 1)
    count = len(recording.imu_TC) // every
    mean_TC = recording.imu_TC[: count * every].reshape(count, every, -1).mean(axis=1)
    steps = np.array([_ACCEL_STEPS] * 3 + [_GYRO_STEPS] * 3)
    stored_TC = np.clip(np.rint(mean_TC * steps), -32768, 32767).astype("<i2")
    limits = {"accel": _range(mean_TC[:, :3], 0.5), "gyro": _range(mean_TC[:, 3:], 1.0)}
    return {
        "rate": recording.rate_hz / every,
        "units": [_ACCEL_STEPS, _GYRO_STEPS],
        "rows": _base64(stored_TC.tobytes()),
        "range": limits,
        "marks": {name: _marks(*limit) for name, limit in limits.items()},
    }


def _range(rows_TK: Any, step: float) -> list[float]:
    """Least and largest value that is drawn: whole steps that hold all but the rarest samples."""
    low, high = np.quantile(rows_TK, [0.001, 0.999]).tolist()
    return [float(np.floor(low / step) * step), float(np.ceil(high / step) * step)]


def _marks(low: float, high: float) -> list[int]:
    """Three or four whole numbers to write beside the trace."""
    apart = max(1, round((high - low) / 4))
    return [k for k in range(int(np.ceil(low)), int(high) + 1) if k % apart == 0]


def _rounded(runs: Sequence[Run]) -> list[list[Any]]:
    return [[round(start_s, 3), round(length_s, 3), label] for start_s, length_s, label in runs]


def _asset(name: str) -> str:
    files = importlib.resources.files("edgehuman.runtime.demo")
    return (files / name).read_text(encoding="utf-8")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
