"""Where skeletons come from: a file of JSON lines, a file or folder of a pose estimator, standard
input, UDP, or simulated walkers.

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
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.formats.content import beginning
from edgehuman.preprocess.skeleton.formats.kind import LINES, find_format, forms, unknown_said
from edgehuman.runtime.loop.address import scheme_forms, scheme_of, without_secret
from edgehuman.runtime.loop.source import BlockQueue, Feed, Source
from edgehuman.runtime.loop.text import open_file, standard_input
from edgehuman.runtime.skeleton.feeds import FileFeed, LineFeed, PoseDatagramFeed, WalkerFeed
from edgehuman.runtime.skeleton.lines import PoseBlock, joined

# About 40 s of four people at 24 Hz; older data is useless live.
CAPACITY = 4096


def open_poses(
    spec: str,
    *,
    realtime: bool = False,
    seed: int = 0,
    declared: Declared = UNDECLARED,
    sender: str | None = None,
) -> Source[PoseBlock]:
    """Open a source: `FILE.jsonl`, a pose estimator's file or folder, `-`, `udp://host:port` or
    `simulated`.

    Args:
        realtime: keep the pace of the stamps.
        seed: of the simulated walkers.
        declared: what the user states of the poses.
        sender: of a UDP port, whose datagrams are read, "ADDRESS" or "ADDRESS:PORT"; None: those of
            the first that sends.

    Raises:
        UsageError: unknown source, or a sender of something that is not UDP.
        DataError: a missing file, a folder, a file that is not text, or a port that is taken.
    """
    scheme = scheme_of(spec)
    if sender is not None and scheme != "udp":
        raise UsageError(
            f"--sender is for a source {scheme_forms(('udp',))}, not {without_secret(spec)}; leave "
            "it out"
        )
    if scheme == "udp":
        return source_of(PoseDatagramFeed(spec, declared, sender), live=True)
    if scheme or spec.isdigit():
        raise UsageError(
            f"source {without_secret(spec)!r} is not supported; a gait model reads skeletons: "
            "poses.jsonl, -, udp://host:port or simulated, or the people of a video or a folder of "
            "pictures. Of a camera, write poses.jsonl first: `edgehuman run zoo:person-pose --save`"
        )
    return source_of(_lossless(spec, seed, declared), live=realtime, paced=realtime)


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


def _lossless(spec: str, seed: int, declared: Declared) -> Feed[PoseBlock]:
    """A source whose reader can wait: a file, a pipe, the simulator."""
    if spec == SIMULATED:
        return WalkerFeed(seed)
    if spec == "-":
        descriptor = standard_input("JSON lines")
        return LineFeed("standard input", descriptor, owned=False, declared=declared)
    path = Path(spec)
    format = find_format(path)
    if format not in (None, LINES):
        return FileFeed(path, declared)
    if path.is_dir():
        raise DataError(
            f"{path} is a folder; give one .jsonl file in it, or the files that a pose estimator "
            f"writes per frame. Known forms: {forms()}"
        )
    if path.is_file() and format is None and path.suffix != ".jsonl" and beginning(path):
        raise DataError(f"{path}: {unknown_said(path)}")
    others = ", or -, udp://host:port or simulated"
    return LineFeed(spec, open_file(path, ".jsonl", others), declared=declared)
