"""The bounded buffer between the thread that reads and the loop that recognises.

Its memory is allocated once. A live ring keeps the newest samples and counts those it dropped; a
lossless ring makes the reader wait.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Float64, Index

BLOCK = 64  # samples that are taken at a time
LOSSLESS_BLOCK = 4096  # nothing is late in a file


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """A few raw samples as the sensor gave them: the source's units, axes and rate.

    Attributes:
        stamp_s_T: float64 (T,): the sensor's clock in seconds.
        imu_TC: float32 (T, 6): ax ay az gx gy gz.
        arrival_ns_T: int64 (T,): this machine's monotonic clock when the sample arrived.
        label_T: int16 (T,), index into `labels`, -1 where unknown; None: the source has no labels.
        labels: names of the true labels seen so far.
        gyro_stated: whether the source says that rotation is in rad/s.
    """

    stamp_s_T: Float64
    imu_TC: Float32
    arrival_ns_T: Index
    label_T: NDArray[np.int16] | None = None
    labels: tuple[str, ...] = ()
    gyro_stated: bool = False

    def __len__(self) -> int:
        return int(self.stamp_s_T.shape[0])

    def head(self, keep: int) -> SampleBlock:
        """The first `keep` samples."""
        return self.part(0, keep)

    def part(self, begin: int, end: int) -> SampleBlock:
        """The samples from `begin` to before `end`."""
        return SampleBlock(
            self.stamp_s_T[begin:end],
            self.imu_TC[begin:end],
            self.arrival_ns_T[begin:end],
            None if self.label_T is None else self.label_T[begin:end],
            self.labels,
            self.gyro_stated,
        )


class SampleRing:
    """Samples of one reader for one consumer, each on its own thread: a `loop.source.Queue`.

    Args:
        capacity: samples that it holds.
        lossless: True: `put` waits for room. False: the oldest samples are overwritten.

    Attributes:
        dropped: samples overwritten before they were taken.
    """

    kind = SampleBlock

    def __init__(self, capacity: int, lossless: bool) -> None:
        if capacity < 1:
            raise UsageError(f"a ring of {capacity} samples holds nothing; give at least 1")
        self.lossless = lossless
        self.dropped = 0
        self._labels: tuple[str, ...] = ()
        self._capacity = capacity
        self._stamp_s_R = np.empty(capacity, np.float64)
        self._imu_RC = np.empty((capacity, 6), np.float32)
        self._arrival_ns_R = np.empty(capacity, np.int64)
        self._label_R = np.empty(capacity, np.int16)
        self._labelled = False
        self._gyro_stated = False
        self._begin = 0  # samples since the start; modulo the capacity: positions
        self._end = 0
        self._closed = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def put(self, block: SampleBlock, arrival_ns: int) -> bool:
        """Append samples that arrived together; False once the queue is closed.

        The newest block's label names hold for all samples: the list only grows.
        """
        done, count = 0, len(block)
        with self._changed:
            self._labelled |= block.label_T is not None
            self._gyro_stated |= block.gyro_stated
            self._labels = block.labels or self._labels
            while done < count and not self._closed:
                room = self._capacity - (self._end - self._begin)
                if self.lossless and room == 0:
                    self._changed.wait(0.5)
                    continue
                size = min(count - done, room if self.lossless else self._capacity)
                self._write(block.part(done, done + size), arrival_ns)
                done += size
                self._changed.notify()
            return not self._closed

    def take(self, most: int | None = None, timeout_s: float = 0.5) -> SampleBlock | None:
        """The oldest samples, `most` at most; an empty block after `timeout_s`; None at the end.

        Without `most`: a few, so that a live stream is answered at once; more of a file.

        In a lossless ring a sample "arrives" when it is taken, as it was not captured live.

        Raises:
            BaseException: what ended the reader, after all earlier samples were taken.
        """
        with self._changed:
            if self._begin == self._end and not self._closed:
                self._changed.wait(timeout_s)
            if self._begin == self._end and self._closed:
                if self._error is not None:
                    raise self._error
                return None
            most = most or (LOSSLESS_BLOCK if self.lossless else BLOCK)
            size = min(most, self._end - self._begin)
            block = self._read(size)
            self._begin += size
            # Waking the reader for each block would switch threads each time.
            if self.lossless and self._end - self._begin <= self._capacity // 2:
                self._changed.notify()
            return block

    def close(self, error: BaseException | None = None) -> None:
        """Accept no more samples; `take` raises `error` after the last one."""
        with self._changed:
            self._error = self._error or error
            self._closed = True
            self._changed.notify_all()

    def _places(self, first: int, size: int) -> tuple[slice, slice, int]:
        """Positions of `size` samples from `first`: two runs, and the length of the first."""
        start = first % self._capacity
        before = min(size, self._capacity - start)
        return slice(start, start + before), slice(0, size - before), before

    def _write(self, block: SampleBlock, arrival_ns: int) -> None:
        size = len(block)
        near, far, cut = self._places(self._end, size)
        self._stamp_s_R[near], self._stamp_s_R[far] = block.stamp_s_T[:cut], block.stamp_s_T[cut:]
        self._imu_RC[near], self._imu_RC[far] = block.imu_TC[:cut], block.imu_TC[cut:]
        self._arrival_ns_R[near] = self._arrival_ns_R[far] = arrival_ns
        if block.label_T is None:
            self._label_R[near] = self._label_R[far] = -1
        else:
            self._label_R[near], self._label_R[far] = block.label_T[:cut], block.label_T[cut:]
        self._end += size
        excess = self._end - self._begin - self._capacity
        if excess > 0:
            self._begin += excess
            self.dropped += excess

    def _read(self, size: int) -> SampleBlock:
        near, far, cut = self._places(self._begin, size)
        stamp_s_T, imu_TC = np.empty(size), np.empty((size, 6), np.float32)
        stamp_s_T[:cut], stamp_s_T[cut:] = self._stamp_s_R[near], self._stamp_s_R[far]
        imu_TC[:cut], imu_TC[cut:] = self._imu_RC[near], self._imu_RC[far]
        arrival_ns_T, label_T = np.empty(size, np.int64), None
        if self.lossless:
            arrival_ns_T[:] = time.monotonic_ns()
        else:
            arrival_ns_T[:cut] = self._arrival_ns_R[near]
            arrival_ns_T[cut:] = self._arrival_ns_R[far]
        if self._labelled:
            label_T = np.empty(size, np.int16)
            label_T[:cut], label_T[cut:] = self._label_R[near], self._label_R[far]
        return SampleBlock(
            stamp_s_T, imu_TC, arrival_ns_T, label_T, self._labels, self._gyro_stated
        )
