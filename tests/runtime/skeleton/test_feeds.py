"""What the reader threads of skeletons run: datagrams, good and garbage, and simulated walkers."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.runtime.loop.source import Source
from edgehuman.runtime.skeleton.feeds import FileFeed, LineFeed, PoseDatagramFeed
from edgehuman.runtime.skeleton.lines import PoseBlock, joined
from edgehuman.runtime.skeleton.source import open_poses, source_of
from edgehuman.runtime.skeleton.windows import MAX_NOTES, PoseWindow, PoseWindows
from tests.preprocess.skeleton.formats.single import ONE_JSON
from tests.preprocess.skeleton.formats.written import FRAMES, WRITERS, in_layout
from tests.preprocess.skeleton.formats.written import walk as written_walk
from tests.runtime import hostile
from tests.runtime.gait_models import ANNA, BOB, walk


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


def test_simulated_walkers_come_interleaved_and_say_so() -> None:
    source = open_poses("simulated", seed=3)
    with source:
        blocks = list(islice((block for block in source if len(block)), 4))
    assert source.name == "simulated walkers"
    assert source.report()["simulated"] is True
    assert set(blocks[0].track_T) == {"walker-0", "walker-1", "walker-2"}
    assert blocks[1].stamp_s_T[0] - blocks[0].stamp_s_T[0] == pytest.approx(1 / 24)


STATED = declare(30, "1920x1080")


def piped(content: bytes) -> tuple[PoseBlock, list[str]]:
    """The poses of a pipe that is written in pieces, and the remarks."""
    read, write = os.pipe()

    def send() -> None:
        with os.fdopen(write, "wb") as file:
            for begin in range(0, len(content), 50_000):
                file.write(content[begin : begin + 50_000])
                file.flush()

    sender = threading.Thread(target=send)
    sender.start()
    feed = LineFeed("pipe", read, declared=STATED)
    block = joined([*feed])
    sender.join()
    feed.close()
    return block, feed.report()["remarks"]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ONE_JSON)
def test_a_pipe_is_read_as_the_file_is(name: str, indent: int | None, tmp_path: Path) -> None:
    path = WRITERS[name][1](tmp_path, written_walk())
    content = json.dumps(json.loads(path.read_text()), indent=indent).encode()
    file = FileFeed(path, STATED)
    whole = joined([*file])
    block, remarks = piped(content)
    assert len(block) == FRAMES
    np.testing.assert_array_equal(block.joint_TJ3, whole.joint_TJ3)
    np.testing.assert_array_equal(block.stamp_s_T, whole.stamp_s_T)
    assert remarks == file.report()["remarks"]


def test_scores_of_alphapose_mean_the_same_from_a_pipe(tmp_path: Path) -> None:
    bodies = in_layout(written_walk(), "coco17")
    bodies[..., 2] *= 5.0
    rows = [
        {"image_id": f"{k}.jpg", "keypoints": body.ravel().tolist(), "score": 2.0, "idx": 1}
        for k, body in enumerate(bodies)
    ]
    path = tmp_path / "alphapose-results.json"
    path.write_text(json.dumps(rows))
    block, remarks = piped(path.read_bytes())
    np.testing.assert_array_equal(block.joint_TJ3, joined([*FileFeed(path, STATED)]).joint_TJ3)
    assert any("divided by 6" in remark for remark in remarks)


class Sent:
    """Datagrams of several ports, without a socket between: as many as are read."""

    lost = 0

    def __init__(self, feed: PoseDatagramFeed, sent: Iterable[tuple[bytes, int]]) -> None:
        self.count = 0
        self._senders, self._sent = feed._senders, sent

    def __iter__(self) -> Iterator[list[str]]:
        for data, port in self._sent:
            for each in self._senders.admit(data, ("127.0.0.1", port)):
                self.count += 1
                yield each.decode("utf-8", errors="replace").splitlines()


def heard(sent: Iterable[tuple[bytes, int]]) -> tuple[list[PoseWindow], dict[str, Any]]:
    """The windows that a live listener makes of datagrams, and both reports."""
    feed = PoseDatagramFeed("udp://127.0.0.1:0")
    feed.close()
    feed._datagrams = Sent(feed, sent)  # type: ignore[assignment]
    maker = PoseWindows(12, 0.5, 12.0)
    windows = [window for block in feed for window in maker.push(block)]
    maker.close()
    return windows, {**maker.report.as_dict(), **feed.report()}


def good(start_s: float = 4000.0) -> list[tuple[bytes, int]]:
    return [
        (json.dumps({**line, "t": start_s + line["t"]}).encode(), 1) for line in walk(ANNA, 3, "a")
    ]


@pytest.mark.parametrize("name", hostile.POSES)
def test_nothing_that_one_sender_sends_ends_the_listener_or_keeps_memory(name: str) -> None:
    flood = [(hostile.POSES[name](n), 1) for n in range(3 if name in hostile.HEAVY else 30)]
    heard(flood[:2])
    tracemalloc.start()
    windows, report = heard([*flood, *good()])
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (kept, peak) < (2_000_000, 6_000_000)
    assert "a" in {window.track for window in windows}
    assert len(report["remarks"]) + len(report["notes"]) <= 76
    assert len(json.dumps(report)) < 40_000


def test_remarks_on_ids_without_end_are_bounded() -> None:
    def jumping() -> Iterator[tuple[bytes, int]]:
        for n in range(600):
            for far in (0, 9000):
                line = {**walk(ANNA, 1)[0], "t": n / 24 + far / 1e6, "id": f"id-{n}"}
                line["joints"] = [[x + far, y, c] for x, y, c in line["joints"]]
                yield json.dumps(line).encode(), 1

    _, report = heard(jumping())
    assert report["jumps"] == 600
    assert len(report["notes"]) == MAX_NOTES


def test_one_of_two_senders_is_read_and_the_other_is_said() -> None:
    other = [(json.dumps(line).encode(), 2) for line in walk(BOB, 3, "b")]
    mixed = [both for pair in zip(good(), other, strict=True) for both in pair]
    windows, report = heard([good()[0], *mixed])
    assert {window.track for window in windows} == {"a"}
    assert report["refused_datagrams"] == len(other)
    assert any("another sender, 127.0.0.1:2, is not read" in said for said in report["remarks"])


def test_a_wild_stamp_leaves_no_trace_in_stream_time() -> None:
    lines = good(0.0)
    wild = json.dumps({**walk(ANNA, 1)[0], "t": 1e300}).encode()
    windows, _ = heard([*lines, (wild, 1), *good(3.0)])
    assert [window.t_s for window in windows][-1] == pytest.approx(3.0 + 35 / 12, abs=0.01)
    windows, _ = heard([(wild, 1), *lines])
    assert 0.0 <= windows[0].t_s < 3.0


@pytest.mark.parametrize("beginning", [b" \n", b"\n" * 60_000])
def test_a_pipe_of_empty_lines_is_not_kept(beginning: bytes) -> None:
    out, into = os.pipe()
    line = json.dumps(walk(ANNA, 1)[0]).encode() + b"\n"

    def send() -> None:
        with os.fdopen(into, "wb") as file:
            for _ in range(40):
                file.write(beginning)
                file.flush()
            file.write(line)

    sender = threading.Thread(target=send)
    feed = LineFeed("pipe", out)
    tracemalloc.start()
    sender.start()
    assert sum(map(len, feed)) == 1
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()
    sender.join()
    feed.close()
