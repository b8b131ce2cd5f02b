"""The samples of a wearable as a run took them, kept and given back.

    SamplesKeeper(Path("day"), source, 1000)     a sink of the blocks that the loop took
    RecordedSamples(Path("day"))                 a source of the same blocks, at any speed

A line is a block: its samples as the sensor gave them (raw units and axes), their stamps, when each
arrived and when the loop took them, by this machine's monotonic clock. On replay that clock is the
recorded one, so that what a silent sensor does to the answers happens again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.columns import LONGEST_LABEL, MAX_LABELS
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.play import Playable
from edgehuman.runtime.replay.folder import About, Recorder, read_about, read_lines

KIND = "samples"
MOST_ROWS = 65_536


class SamplesKeeper:
    """A sink of blocks; what it is given besides the samples is when the loop took them.

    Args:
        folder: is made.
        source: what the blocks are of.
        most_mb: room, in millions of bytes.

    Raises:
        UsageError: as of `Recorder`.
    """

    name = "record"
    may_skip = False

    def __init__(self, folder: Path, source: Playable[SampleBlock], most_mb: float) -> None:
        patient = bool(getattr(source, "patient", False))
        about = About(KIND, source.name, {"live": source.live, "patient": patient})
        self.recorder = Recorder(folder, about, most_mb)
        self._labels: tuple[str, ...] = ()

    def write(self, taken: Sequence[tuple[SampleBlock, int]]) -> None:
        for block, at_ns in taken:
            self.recorder.add(self._line(block, at_ns))

    def close(self) -> None:
        self.recorder.close()

    def _line(self, block: SampleBlock, at_ns: int) -> dict[str, Any]:
        line: dict[str, Any] = {"at_ns": at_ns}
        if not len(block):
            return line
        line |= {"t": block.stamp_s_T.tolist(), "imu": block.imu_TC.tolist()}
        arrived = block.arrival_ns_T.tolist()
        line["arrived_ns"] = arrived if len(set(arrived)) > 1 else arrived[0]
        if block.label_T is not None:
            line["label"] = block.label_T.tolist()
        if block.labels != self._labels:
            line["labels"] = list(block.labels)
            self._labels = block.labels
        if block.gyro_stated:
            line["gyro_stated"] = True
        return line


class RecordedSamples:
    """A recording as a source: the same blocks in the same order, as fast as they are taken.

    Attributes:
        name: of the source that was recorded, as its results carry it.
        live: False: nothing is dropped.
        patient: whether others could send to it; what cannot be used is dropped then.
        at_ns: when the loop took the block that was given last, by the recorded clock.

    Raises:
        DataError: damaged, or of frames.
    """

    live = False

    def __init__(self, folder: Path) -> None:
        self._folder, self._about = folder, read_about(folder, KIND)
        self.name = self._about.source
        self.patient = self._about.more.get("patient") is True
        self._rows = self._blocks = 0
        self.at_ns = 0
        self._ahead_ns = 0  # of the recorded clock, against the clock now

    def __enter__(self) -> RecordedSamples:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[SampleBlock]:
        """The blocks, the empty ones too.

        Raises:
            DataError: a line that is no block.
        """
        labels: tuple[str, ...] = ()
        for line, part in read_lines(self._folder):
            try:
                labels = _labels_of(line, labels)
                block, at_ns = _block_of(line, labels)
            except (TypeError, ValueError, KeyError, OverflowError) as error:
                raise DataError(f"{part}: a line is no block of samples ({error})") from None
            self._rows += len(block)
            self._blocks += 1
            self.at_ns, self._ahead_ns = at_ns, at_ns - time.monotonic_ns()
            yield block

    def clock_ns(self) -> int:
        """The recorded clock: that of the block, and the time since it was given."""
        return time.monotonic_ns() + self._ahead_ns

    def report(self) -> dict[str, Any]:
        """Samples given so far; what had been removed of the recording."""
        removed = self._about.removed
        remark = f"{removed} blocks at the beginning of the recording were removed for want of room"
        return {
            "source": self.name,
            "replayed": str(self._folder),
            "rows": self._rows,
            "dropped": 0,
            **({"remarks": [remark]} if removed else {}),
        }


def _labels_of(line: Mapping[str, Any], before: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the labels from this line on."""
    if "labels" not in line:
        return before
    names = tuple(line["labels"])
    if len(names) > MAX_LABELS or not all(
        isinstance(name, str) and len(name) <= LONGEST_LABEL for name in names
    ):
        raise ValueError("its labels are no short names")
    return names


def _block_of(line: Mapping[str, Any], labels: tuple[str, ...]) -> tuple[SampleBlock, int]:
    """The block of a line, and when the loop took it.

    Raises:
        TypeError, ValueError, KeyError, OverflowError: it is none.
    """
    at_ns = int(line["at_ns"])
    stamps, rows = line.get("t", []), line.get("imu", [])
    if not isinstance(stamps, list) or not isinstance(rows, list) or len(stamps) > MOST_ROWS:
        raise ValueError("it has no list of samples")
    stamp_s_T = np.array([_number(each) for each in stamps], np.float64)
    flat = [_number(value) for row in rows for value in row]
    imu_TC = np.array(flat, np.float32).reshape(len(stamps), 6)
    arrived = line.get("arrived_ns", 0)
    each = arrived if isinstance(arrived, list) else [arrived] * len(stamps)
    arrival_ns_T = np.array([int(value) for value in each], np.int64).reshape(len(stamps))
    label_T = None
    if "label" in line:
        label_T = np.array(line["label"], np.int16).reshape(len(stamps))
        if len(label_T) and not -1 <= label_T.min() <= label_T.max() < len(labels):
            raise ValueError("a label has no name")
    stated = line.get("gyro_stated") is True
    return SampleBlock(stamp_s_T, imu_TC, arrival_ns_T, label_T, labels, stated), at_ns


def _number(value: object) -> float:
    """A number of JSON; null is none that is finite."""
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{str(value)[:20]!r} is no number")
    return float(value)
