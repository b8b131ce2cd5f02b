"""Where skeletons come from: nothing is lost from a file, the newest win live."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.loop.source import BlockQueue, Source
from edgehuman.runtime.skeleton.feeds import LineFeed, PoseDatagramFeed
from edgehuman.runtime.skeleton.lines import PoseBlock, pose_block
from edgehuman.runtime.skeleton.source import open_poses, source_of
from tests.runtime.gait_models import ANNA, BOB, walk, write_poses
from tests.runtime.listening import is_free


def read(source: Source[PoseBlock]) -> list[PoseBlock]:
    with source:
        return [block for block in source if len(block)]


def test_a_file_gives_every_line_in_order(tmp_path: Path) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 30, 1), walk(BOB, 30, 2))
    source = open_poses(str(path))
    blocks = read(source)
    assert sum(map(len, blocks)) == 720
    assert max(map(len, blocks)) <= 256
    stamps = np.concatenate([block.stamp_s_T for block in blocks])
    assert (np.diff(stamps) >= 0).all()
    report = source.report()
    assert (report["rows"], report["bad_poses"], report["dropped"]) == (720, 0, 0)


def test_a_reader_waits_where_nothing_may_be_lost(tmp_path: Path) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 100))
    source = source_of(LineFeed("p", os.open(path, os.O_RDONLY)), capacity=10)
    assert sum(map(len, read(source))) == 1200
    assert source.report()["dropped"] == 0


class _Burst:
    """Everything at once, then nothing."""

    name = "burst"

    def __iter__(self) -> Iterator[PoseBlock]:
        joint_J3 = np.ones((18, 3), np.float32)
        for k in range(100):
            yield pose_block([(k * 1e-4, "a", joint_J3, 0, 0)])

    def report(self) -> dict[str, Any]:
        return {"rows": 100}

    def close(self) -> None:
        """Nothing to close."""


def test_live_the_newest_win_and_the_others_are_counted() -> None:
    source = source_of(_Burst(), live=True, capacity=10)
    queue = source.queue
    assert isinstance(queue, BlockQueue)
    with source:
        deadline = time.monotonic() + 10
        while not queue.closed and time.monotonic() < deadline:
            time.sleep(0.01)
        blocks = [block for block in source if len(block)]
    stamps = np.concatenate([block.stamp_s_T for block in blocks])
    assert stamps[-1] == pytest.approx(99e-4)
    assert len(stamps) + queue.dropped == 100
    assert queue.dropped == 90


def test_a_stream_is_played_at_its_own_pace(tmp_path: Path) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 0.5))
    start_s = time.monotonic()
    blocks = read(open_poses(str(path), realtime=True))
    assert time.monotonic() - start_s > 0.35
    assert sum(map(len, blocks)) == 6


def test_simulated_walkers_come_interleaved_and_say_so() -> None:
    source = open_poses("simulated", seed=3)
    with source:
        blocks = list(islice((block for block in source if len(block)), 4))
    assert source.name == "simulated walkers"
    assert source.report()["simulated"] is True
    assert set(blocks[0].track_T) == {"walker-0", "walker-1", "walker-2"}
    assert blocks[1].stamp_s_T[0] - blocks[0].stamp_s_T[0] == pytest.approx(1 / 24)


def test_a_pipe_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 1))
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert sum(map(len, read(open_poses("-")))) == 12


@pytest.mark.parametrize("spec", ["0", "rtsp://camera"])
def test_a_camera_is_no_source_of_skeletons(spec: str) -> None:
    with pytest.raises(UsageError, match=r"takes skeletons: poses.jsonl, -, udp://host:port or"):
        open_poses(spec)


NO_PORTS = ["udp://", "udp://5555", "udp://:port", "udp://h:70000", "udp://:²", "udp://:-1"]


@pytest.mark.parametrize("spec", [*NO_PORTS, "udp://:" + "9" * 5000])
def test_a_port_has_to_be_named(spec: str) -> None:
    with pytest.raises(UsageError, match="names no port from 0 to 65535") as found:
        open_poses(spec)
    assert len(str(found.value)) < 200


def test_a_source_is_read_once_and_given_back_unread(tmp_path: Path) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 1))
    source = open_poses(str(path))
    assert sum(map(len, read(source))) == 12
    with pytest.raises(UsageError, match=r"p\.jsonl' was read or closed already; open it anew"):
        read(source)
    unread = open_poses("udp://127.0.0.1:0")
    assert isinstance(unread.feed, PoseDatagramFeed)
    unread.close()
    unread.close()
    assert is_free(unread.feed.address)
    with pytest.raises(UsageError, match="was read or closed already"), unread:
        pass


def test_closing_takes_nothing_from_whoever_reads(tmp_path: Path) -> None:
    source = open_poses(str(write_poses(tmp_path / "p.jsonl", walk(ANNA, 1))))
    with source:
        source.close()
        assert sum(map(len, source)) == 12


def sent(source: Source[PoseBlock], *datagrams: bytes) -> None:
    """Send to where the source listens."""
    assert isinstance(source.feed, PoseDatagramFeed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, source.feed.address)


def test_datagrams_hold_a_line_or_a_frame_and_garbage_is_counted() -> None:
    source = open_poses("udp://127.0.0.1:0")
    anna, bob = (
        [json.dumps(line).encode() for line in walk(nose, 2, track)]
        for nose, track in ((ANNA, "a"), (BOB, "b"))
    )
    garbage = [b"\xff\x00", b"", b"{", b'{"t": 1}', b'{"t": 1, "joints": [], "layout": []}']
    with source:
        sent(source, *garbage, *anna[:12], *map(b"\n".join, zip(anna[12:], bob, strict=False)))
        found: list[PoseBlock] = []
        deadline = time.monotonic() + 10
        for block in source:
            found += [block] if len(block) else []
            if sum(map(len, found)) == 36 or time.monotonic() > deadline:
                break
    assert source.live
    assert [track for block in found for track in block.track_T] == ["a"] * 12 + ["a", "b"] * 12
    assert all((block.arrival_ns_T > 0).all() for block in found)
    report = source.report()
    counts = {key: report[key] for key in ("rows", "datagrams", "garbage_datagrams", "bad_poses")}
    assert counts == {"rows": 36, "datagrams": 29, "garbage_datagrams": 5, "bad_poses": 5}
    assert len(report["first_bad"]) == 3
    assert "not JSON" in report["first_bad"][0]
    assert report["first_bad"][1] == "an empty datagram"


def test_datagrams_that_nobody_takes_make_room_for_newer_ones() -> None:
    source = source_of(PoseDatagramFeed("udp://127.0.0.1:0"), live=True, capacity=10)
    with source:
        sent(source, *(json.dumps(line).encode() for line in walk(ANNA, 3)))
        deadline = time.monotonic() + 10
        while source.report()["rows"] < 36 and time.monotonic() < deadline:
            time.sleep(0.01)
        while source.report()["dropped"] < 26 and time.monotonic() < deadline:
            time.sleep(0.01)
        stamps = next(block for block in source if len(block)).stamp_s_T
    assert source.report()["dropped"] == 26
    assert stamps.tolist() == pytest.approx([k / 12 for k in range(26, 36)])


def test_a_port_that_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with pytest.raises(DataError, match=rf"cannot listen on udp://127.0.0.1:{port}"):
            open_poses(f"udp://127.0.0.1:{port}")


def test_what_is_no_file_of_poses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_poses(str(tmp_path / "none.jsonl"))
    with pytest.raises(DataError, match="is a folder"):
        open_poses(str(tmp_path))
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(DataError, match="it is empty"):
        read(open_poses(str(empty)))
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text("t,ax,ay\n1,2,3\n")
    with pytest.raises(
        DataError, match=r"no pose that can be read \(2 dropped: line 1: .*not JSON"
    ):
        read(open_poses(str(wrong)))
    with pytest.raises(UsageError, match="is not open"):
        next(iter(open_poses(str(wrong))))
