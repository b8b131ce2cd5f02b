"""Where skeletons come from: a file of JSON lines, standard input, UDP, or simulated walkers.

    with open_poses("poses.jsonl") as source:
        for block in source:
            ...

As for wearables: a file, a pipe and the simulator lose nothing, their reader waits. A socket, and
anything with `realtime`, keeps the pace of its lines; if the loop is too slow, the oldest lines are
dropped and counted.
"""

from __future__ import annotations

from pathlib import Path

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.runtime.loop.datagrams import SCHEME
from edgehuman.runtime.loop.source import BlockQueue, Feed, Source
from edgehuman.runtime.loop.text import open_file, standard_input
from edgehuman.runtime.skeleton.feeds import LineFeed, PoseDatagramFeed, WalkerFeed
from edgehuman.runtime.skeleton.lines import PoseBlock, joined

# About 40 s of four people at 24 Hz; older data is useless live.
CAPACITY = 4096


def open_poses(spec: str, *, realtime: bool = False, seed: int = 0) -> Source[PoseBlock]:
    """Open a source: `FILE.jsonl`, `-`, `udp://host:port` or `simulated`.

    Raises:
        UsageError: unknown source.
        DataError: a missing file, a folder, a file that is not text, or a port that is taken.
    """
    if spec.startswith(SCHEME):
        return source_of(PoseDatagramFeed(spec), live=True)
    if "://" in spec or spec.isdigit():
        raise UsageError(
            f"source {spec!r} is not supported; a gait model reads skeletons: poses.jsonl, -, "
            "udp://host:port or simulated. Run a pose estimator and a tracker on the video first"
        )
    return source_of(_lossless(spec, seed), live=realtime, paced=realtime)


def source_of(
    feed: Feed[PoseBlock], live: bool = False, paced: bool = False, capacity: int = CAPACITY
) -> Source[PoseBlock]:
    """A feed that is read into a queue.

    Args:
        live: True: the oldest lines are dropped if the loop is late. False: the reader waits.
        paced: the reader keeps the pace of the stamps.
        capacity: lines the queue holds.
    """
    return Source(feed, BlockQueue(joined, capacity, lossless=not live), paced)


def _lossless(spec: str, seed: int) -> Feed[PoseBlock]:
    """A source whose reader can wait: a file, a pipe, the simulator."""
    if spec == SIMULATED:
        return WalkerFeed(seed)
    if spec == "-":
        return LineFeed("standard input", standard_input("JSON lines"), owned=False)
    others = ", or -, udp://host:port or simulated"
    return LineFeed(spec, open_file(Path(spec), ".jsonl", others))
