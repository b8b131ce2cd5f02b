"""The results of a wearable as lines of the live page: labels, probabilities and the signal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehuman.runtime.imu.answer import Recogniser
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.results import to_row
from edgehuman.runtime.loop.sinks import Sink
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import About, Board
from edgehuman.runtime.serve.meter import Meter, public_name
from edgehuman.runtime.view.palette import colours, hexadecimal

_TRACE_HZ = 25.0


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """Label -> #rrggbb, "unknown" too."""
    return {label: hexadecimal(rgb) for label, rgb in colours(labels).items()}


def about_samples(model: str, recogniser: Recogniser) -> About:
    """What the page says of a run on a wearable."""
    labels = recogniser.labels
    source = public_name(recogniser.source)
    return About("samples", model, source, labels, label_colours(labels))


def live_sinks(beside: Beside, recogniser: Recogniser) -> list[Sink[ImuResult]]:
    """What counts the results, shows and sends them, as far as it was asked for."""
    sinks: list[Sink[ImuResult]] = [*beside.webhook(to_row)]
    if beside.counts:
        sinks.append(MeterSink(beside.meter))
    if beside.board is not None:
        sinks.append(PageSink(beside.board, recogniser.hop_s, recogniser.rate_hz))
    return sinks


class PageSink:
    """A sink that writes to the page's board.

    Args:
        hop_s: stream time between windows.
        rate_hz: samples per second of the windows.
    """

    name = "page"
    may_skip = True

    def __init__(self, board: Board, hop_s: float, rate_hz: float) -> None:
        self._board = board
        self._fresh = max(1, round(hop_s * rate_hz))
        self._step = max(1, round(rate_hz / _TRACE_HZ))
        self._rate_hz = rate_hz

    def write(self, results: Sequence[ImuResult]) -> None:
        self._board.extend([self._line(result) for result in results])

    def close(self) -> None:
        """The page says itself when the run is over."""

    def _line(self, result: ImuResult) -> dict[str, Any]:
        line: dict[str, Any] = {
            "t": round(result.t_s, 3),
            "label": result.label,
            "raw": result.raw_label,
            "score": round(result.score, 4),
            "latency_ms": round(result.latency_ms, 2),
            "reason": result.reason,
        }
        if result.true_label is not None:
            line["true"] = result.true_label
        if result.prob_C is not None:
            line["prob"] = [round(prob, 3) for prob in result.prob_C]
        if result.window is not None:
            imu_TC = result.window.imu_TC[-self._fresh :][:: self._step]
            imu_TC = np.nan_to_num(imu_TC, nan=0.0, posinf=0.0, neginf=0.0)
            line["step_s"] = self._step / self._rate_hz
            line["imu"] = [[round(float(value), 3) for value in row] for row in imu_TC]
        return line


class MeterSink:
    """A sink that counts for the page and for Prometheus."""

    name = "metrics"
    may_skip = False

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def write(self, results: Sequence[ImuResult]) -> None:
        for result in results:
            if result.reason:
                self._meter.unanswered(result.reason)
            else:
                self._meter.answered(result.latency_ms / 1e3, result.latency_ms / 1e3)

    def close(self) -> None:
        """Its figures stay readable."""
