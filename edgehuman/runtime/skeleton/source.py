"""Where skeletons come from: a file of JSON lines, standard input, UDP, or simulated walkers.

    with open_poses("poses.jsonl") as source:
        for block in source:
            ...

As for wearables: a file, a pipe and the simulator lose nothing, their reader waits. A socket, and
anything with `realtime`, keeps the pace of its lines, and where the loop is too slow the newest
lines win and the others are counted.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.imu.source import Pace, require_unread
from edgehuman.runtime.loop.datagrams import SCHEME
from edgehuman.runtime.skeleton.feeds import LineFeed, PoseDatagramFeed, PoseFeed, WalkerFeed
from edgehuman.runtime.skeleton.lines import NOTHING, PoseBlock, joined

# About 40 s of four people at 24 Hz: what is older than that nobody wants to see live.
CAPACITY = 4096
SIMULATED = "simulated"
_WAIT_S = 0.5
_MOST_AT_ONCE = 256


class PoseSource:
    """A feed read on its own thread into a bounded queue.

    Args:
        feed: what is read.
        live: True: the newest lines win. False: the reader waits.
        paced: True: the reader keeps the pace of the stamps.
        capacity: lines that may wait.

    Attributes:
        name: the id that results carry.
        dropped: lines that made room for newer ones.
    """

    def __init__(
        self,
        feed: PoseFeed,
        live: bool = False,
        paced: bool = False,
        capacity: int = CAPACITY,
    ) -> None:
        self.name, self.live = feed.name, live
        self.feed = feed
        self.dropped = 0
        self._capacity = capacity
        self._pace = Pace() if paced else None
        self._queue: deque[PoseBlock] = deque()
        self._waiting = 0
        self._closed = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"source {self.name}", daemon=True)

    def __enter__(self) -> PoseSource:
        """Start reading.

        Raises:
            UsageError: it was read or closed before.
        """
        require_unread(self.name, self._thread, self._stop, "open_poses")
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._close(None)
        self._thread.join()
        self.feed.close()

    def close(self) -> None:
        """Give back the file or port of a source that was never entered; `with` does it itself."""
        if self._thread.ident is None:
            self._stop.set()
            self.feed.close()

    def __iter__(self) -> Iterator[PoseBlock]:
        """Blocks until the end; an empty one where nothing came for half a second.

        Raises:
            DataError: what the reader met.
        """
        if self._thread.ident is None:
            raise UsageError(f"{self.name} is not open; iterate inside `with source:`")
        while (block := self._take()) is not None:
            yield block

    def report(self) -> dict[str, Any]:
        """Counts of what was read and dropped so far."""
        return {"source": self.name, **self.feed.report(), "dropped": self.dropped}

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for block in self.feed:
                if self._stop.is_set() or not self._give(block):
                    break
        except OSError as trouble:
            error = DataError(f"{self.name}: reading failed ({trouble.strerror or trouble})")
        except BaseException as trouble:
            error = trouble  # raised again where the blocks are taken
        self._close(error)

    def _give(self, block: PoseBlock) -> bool:
        """Queue a block, in the groups that its stamps ask for; False where nobody wants it."""
        if self._pace is None:
            ends = [*range(_MOST_AT_ONCE, len(block), _MOST_AT_ONCE), len(block)]
        else:
            ends = self._pace.groups(block.stamp_s_T)
        begin = 0
        for end in ends if len(block) else ():
            wait_s = self._pace.wait_s(float(block.stamp_s_T[end - 1])) if self._pace else 0.0
            if wait_s and self._stop.wait(wait_s):
                return False
            if not self._put(block.part(begin, end)):
                return False
            begin = end
        return True

    def _put(self, block: PoseBlock) -> bool:
        arrived = replace(block, arrival_ns_T=np.full(len(block), time.monotonic_ns()))
        with self._changed:
            while not self.live and self._waiting >= self._capacity and not self._closed:
                self._changed.wait(_WAIT_S)
            self._queue.append(arrived)
            self._waiting += len(block)
            while self._waiting > self._capacity and len(self._queue) > 1 and self.live:
                lost = len(self._queue.popleft())
                self._waiting -= lost
                self.dropped += lost
            self._changed.notify_all()
            return not self._closed

    def _take(self) -> PoseBlock | None:
        with self._changed:
            if not self._queue and not self._closed:
                self._changed.wait(_WAIT_S)
            if not self._queue and self._closed:
                if self._error is not None:
                    raise self._error
                return None
            taken = [self._queue.popleft()] if self._queue else []
            while self._queue and sum(map(len, taken)) < _MOST_AT_ONCE and self.live:
                taken.append(self._queue.popleft())
            block = joined(taken) if taken else NOTHING
            self._waiting -= len(block)
            self._changed.notify_all()
        if self.live:
            return block
        # What waited for room was not captured live: it arrives when it is taken.
        return replace(block, arrival_ns_T=np.full(len(block), time.monotonic_ns()))

    def _close(self, error: BaseException | None) -> None:
        with self._changed:
            self._error = self._error or error
            self._closed = True
            self._changed.notify_all()


def open_poses(spec: str, *, realtime: bool = False, seed: int = 0) -> PoseSource:
    """A source from its words: `FILE.jsonl`, `-`, `udp://host:port` or `simulated`.

    Raises:
        UsageError: words that name no source.
        DataError: a missing file, a folder, a file that is no text, or a port that is taken.
    """
    if spec.startswith(SCHEME):
        return PoseSource(PoseDatagramFeed(spec), live=True)
    if "://" in spec or spec.isdigit():
        raise UsageError(
            f"source {spec!r} is not read here; a gait model takes skeletons: poses.jsonl, -, "
            "udp://host:port or simulated. Run a pose estimator and a tracker on the video first"
        )
    return PoseSource(_lossless(spec, seed), live=realtime, paced=realtime)


def _lossless(spec: str, seed: int) -> PoseFeed:
    """What waits to be read: a file, a pipe, the simulator."""
    if spec == SIMULATED:
        return WalkerFeed(seed)
    if spec == "-":
        try:
            descriptor = sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            raise DataError("standard input is closed; pipe JSON lines into it") from None
        return LineFeed("standard input", descriptor, owned=False)
    return LineFeed(spec, _open_file(Path(spec)))


def _open_file(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; give the path of a .jsonl, or -, udp://host:port or simulated"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror})") from None
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"{path} is a folder; give one .jsonl file of it")
    return descriptor
