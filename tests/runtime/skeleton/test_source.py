"""Where skeletons come from: nothing is lost from a file, the oldest are dropped live."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.runtime.loop.source import BlockQueue, Pace, Source
from edgehuman.runtime.skeleton.feeds import LineFeed, PoseDatagramFeed
from edgehuman.runtime.skeleton.lines import PoseBlock, pose_block
from edgehuman.runtime.skeleton.source import open_poses, source_of
from tests.preprocess.skeleton.formats import written
from tests.preprocess.skeleton.formats.written import WRITERS
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


def test_a_stream_is_played_at_its_own_pace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 0.5))
    due_s = list[float]()

    def at_once(pace: Pace, stamp_s: float) -> float:
        due_s.append(stamp_s)
        return 0.0

    monkeypatch.setattr(Pace, "wait_s", at_once)
    blocks = read(open_poses(str(path), realtime=True))
    assert due_s == [t_s for block in blocks for t_s in block.stamp_s_T]
    assert len(due_s) == 6


def test_a_pipe_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write_poses(tmp_path / "p.jsonl", walk(ANNA, 1))
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert sum(map(len, read(open_poses("-")))) == 12


@pytest.mark.parametrize("spec", ["0", "rtsp://camera"])
def test_a_camera_is_no_source_of_skeletons(spec: str) -> None:
    with pytest.raises(UsageError, match=r"reads skeletons: poses.jsonl, -, udp://host:port or"):
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
    with pytest.raises(UsageError, match=r"p\.jsonl' was read or closed already; open it again"):
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
    with pytest.raises(DataError, match=r"no readable pose \(2 dropped: line 1: .*not JSON"):
        read(open_poses(str(wrong)))
    with pytest.raises(UsageError, match="is not open"):
        next(iter(open_poses(str(wrong))))


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_of_a_pose_estimator_is_a_source(name: str, tmp_path: Path) -> None:
    walk_TJ3 = written.walk()
    path = WRITERS[name][1](tmp_path, walk_TJ3)
    source = open_poses(str(path), declared=declare(30, "1920x1080"))
    blocks = read(source)
    joints_TJ3 = np.concatenate([block.joint_TJ3 for block in blocks])
    np.testing.assert_allclose(joints_TJ3[..., :2], walk_TJ3[..., :2], atol=0.01)
    stamps = np.concatenate([block.stamp_s_T for block in blocks])
    np.testing.assert_allclose(np.diff(stamps), 1 / 30, atol=1e-6)
    report = source.report()
    assert (report["rows"], report["bad_poses"]) == (written.FRAMES, 0)


@pytest.mark.parametrize("name", ["own list", "alphapose coco17", "rtmlib"])
def test_a_json_list_may_come_by_a_pipe(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = WRITERS[name][1](tmp_path, written.walk())
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        source = open_poses("-", declared=declare(30))
        assert sum(map(len, read(source))) == written.FRAMES
        assert source.report()["rows"] == written.FRAMES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "it shows nobody"),
        ('[{"t": 0', "not JSON"),
        ('[{"t": 0, "points": []}]', "found keys .*; a person needs"),
        ('{"a": [' + "1, " * 100_000 + "1]}", "is one long line of JSON: .* give JSON lines"),
    ],
)
def test_what_a_pipe_holds_in_place_of_poses_is_named(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        with pytest.raises(DataError, match=f"^standard input:? .*{said}"):
            read(open_poses("-"))


def test_files_of_no_known_form_name_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    with pytest.raises(DataError, match="form of these poses is not known"):
        open_poses(str(path))
    with pytest.raises(DataError, match=r"is a folder; give .* Known forms: openpose: a folder"):
        open_poses(str(tmp_path))


def test_lines_of_shares_are_pixels_by_the_stated_size(tmp_path: Path) -> None:
    rows = [row | {"joints": [[0.25, 0.5, 0.9]] * 18} for row in walk(ANNA, 1)]
    path = write_poses(tmp_path / "p.jsonl", rows)
    source = open_poses(str(path), declared=declare(size="640x480"))
    [block] = read(source)
    assert block.joint_TJ3[0, 0].tolist() == pytest.approx([160, 240, 0.9])
    assert (block.width_T[0], block.height_T[0]) == (640, 480)
    [remark, *_] = source.report()["remarks"]
    assert "multiplied by its size of 640x480" in remark
