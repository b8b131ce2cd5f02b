"""A recording in memory as a source: as fast as possible, or at a watchable pace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.ring import SampleBlock

CANONICAL = ImuFormat("g", "rads")
"""The format of a recording in memory; declared, as units would otherwise be inferred."""

_BLOCK_S = 1.28
_PACED_BLOCK_S = 0.08


class ReplaySource:
    """A recording, true labels included, block by block; nothing is lost, however slow the reader.

    Args:
        recording: in canonical units.
        speed: stream seconds per wall-clock second; 0: as fast as the blocks are taken.
    """

    live = False

    def __init__(self, recording: ImuRecording, speed: float = 0.0) -> None:
        self.name = recording.source or recording.subject
        self._recording = recording
        self._speed = speed
        self._given = 0

    def __enter__(self) -> ReplaySource:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[SampleBlock]:
        recording = self._recording
        block_s = _PACED_BLOCK_S if self._speed > 0 else _BLOCK_S
        size = max(1, round(block_s * recording.rate_hz))
        begin_s = time.monotonic()
        for start in range(0, len(recording.imu_TC), size):
            stop = min(start + size, len(recording.imu_TC))
            if self._speed > 0:
                due_s = begin_s + stop / recording.rate_hz / self._speed
                time.sleep(max(0.0, due_s - time.monotonic()))
            self._given = stop
            yield self._block(start, stop)

    def report(self) -> dict[str, Any]:
        """Samples given so far."""
        return {"rows": self._given, "dropped": 0}

    def _block(self, start: int, stop: int) -> SampleBlock:
        recording = self._recording
        labelled = recording.label_T.size > 0
        return SampleBlock(
            np.arange(start, stop, dtype=np.float64) / recording.rate_hz,
            recording.imu_TC[start:stop],
            np.full(stop - start, time.monotonic_ns(), np.int64),
            recording.label_T[start:stop] if labelled else None,
            recording.labels,
        )
