"""A frame as the page shows it: names only where persons are identified, and masks as outlines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.source import array_frame
from edgehuman.runtime.serve import webhook
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import Board, Cursor
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.view.frames import (
    MOST_SIDE,
    FrameShot,
    about_frames,
    fitted,
    nameless,
    show,
)
from tests.runtime.frame_models import street, write_detector, write_video

GREY_HWC = np.full((80, 120, 3), 90, np.uint8)


def person(**named: Any) -> Person:
    box_4 = np.array([10, 20, 50, 70], np.float32)
    answer = named.pop("answer", {"name": "Anna", "attributes": {"hat": 0.9}})
    return Person(box_4, 0.9, track="3", answer=answer, **named)


def shot(identifies: bool = False, **named: Any) -> FrameShot:
    result = FrameResult("0", None, 0.5, 80, 120, (person(**named),))
    return FrameShot(1, 5, array_frame(GREY_HWC, 0), result, identifies)


def test_a_name_is_shown_only_where_persons_are_identified() -> None:
    (row,) = shot().row()["people"]
    assert row == {"box": [10.0, 20.0, 50.0, 70.0], "score": 0.9, "track": "3"}
    (row,) = shot(identifies=True).row()["people"]
    assert row["name"] == "Anna"
    nobody = shot(identifies=True, answer={})  # of a run with sensors: they wear none
    assert ("state" in nobody.row()["people"][0], nobody.names()) == (False, {})


def test_what_leaves_this_machine_says_not_who_it_is() -> None:
    row = {"frame": 1, "people": [{"box": [1, 2], "name": "Anna", "embedding": [0.1], "id": "3"}]}
    assert nameless(row) == {"frame": 1, "people": [{"box": [1, 2], "id": "3"}]}
    assert nameless({"frame": 1, "error": "x"}) == {"frame": 1, "error": "x"}


def test_a_server_that_is_not_there_and_a_file_of_counts_are_beside_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webhook, "PAUSE_S", 0.001)
    film = write_video(tmp_path / "walk.avi", [street(128, 192, (20, 30, 60, 110))] * 5)
    words = ["run", str(write_detector(tmp_path)), "--source", str(film), "--json"]
    counts = tmp_path / "run.prom"
    words += ["--webhook", "http://127.0.0.1:9/", "--metrics", str(counts)]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 5
    assert printed.err.count("webhook: ") == 1
    text = counts.read_text()
    assert f'edgehuman_frames_total{{source="{film}"}} 5\n' in text
    assert 'edgehuman_sink_dropped_total{sink="webhook"} 5\n' in text
    assert "edgehuman_people 1\n" in text


def test_a_mask_is_an_outline_in_pixels_of_the_frame() -> None:
    mask_HW = np.ones((20, 10), bool)
    (row,) = shot(mask_HW=mask_HW, cut=(30, 40, 40, 60)).row()["people"]
    (outline,) = row["outline"]
    assert sorted(map(tuple, outline)) == [(30, 40), (30, 59), (39, 40), (39, 59)]
    large = array_frame(np.zeros((160, 240, 3), np.uint8), 0)
    result = FrameResult("0", None, 0.5, 80, 120, (person(mask_HW=mask_HW, cut=(30, 40, 40, 60)),))
    (row,) = FrameShot(1, 0, large, result).row()["people"]
    assert min(map(tuple, row["outline"][0])) == (15, 20)


def test_joints_come_by_name() -> None:
    joint_J3 = np.array([[1, 2, 0.5], [3, 4, 0.25]], np.float32)
    (row,) = shot(joint_J3=joint_J3, joints=("nose", "l_eye")).row()["people"]
    assert row["joints"] == {"nose": [1.0, 2.0, 0.5], "l_eye": [3.0, 4.0, 0.25]}


def test_the_picture_is_encoded_once_with_people_and_once_without() -> None:
    one = shot(mask_HW=np.ones((20, 10), bool), cut=(30, 40, 40, 60))
    plain, with_people = one.jpeg(False), one.jpeg(True)
    assert one.jpeg(True) is with_people
    read = [cv2.imdecode(np.frombuffer(each, np.uint8), 1) for each in (plain, with_people)]
    assert [each.shape for each in read] == [(80, 120, 3)] * 2  # type: ignore[union-attr]
    assert np.abs(read[0].astype(int) - 90).max() <= 2  # type: ignore[union-attr]
    assert np.abs(read[1].astype(int) - 90).max() > 60  # type: ignore[union-attr]


def test_a_large_picture_is_made_smaller() -> None:
    assert fitted(np.zeros((3000, 2000, 3), np.uint8)).shape == (MOST_SIDE, 853, 3)
    large = array_frame(np.zeros((1500, 3000, 3), np.uint8), 0)
    result = FrameResult(
        "0", None, 0.5, 1500, 3000, (person(mask_HW=np.ones((9, 9), bool), cut=(0, 0, 9, 9)),)
    )
    read = cv2.imdecode(np.frombuffer(FrameShot(1, 0, large, result).jpeg(True), np.uint8), 1)
    assert read is not None
    assert read.shape == (640, MOST_SIDE, 3)


def test_a_frame_is_counted_and_shown() -> None:
    beside = Beside(LiveFlags(), about_frames("zoo:x", "rtsp://me:secret@cam/1"), print)
    beside.board = Board(about_frames("zoo:x", "door.mp4"))
    taken = array_frame(GREY_HWC, 0)
    show(beside, taken, FrameResult("0", None, 0.5, 80, 120, (person(),), 3.0, 1.0), 1)
    show(beside, taken, FrameResult("1", None, 0.6, reason="frame 1 cannot be decoded"), 2)
    assert "secret" not in beside.meter.text()
    assert 'reason="unreadable"} 1' in beside.meter.text()
    news = beside.board.since(Cursor())
    (newest,) = news.shots
    assert (newest.number, newest.row()["reason"]) == (2, "frame 1 cannot be decoded")
    assert news.lines[0] == {"t": 0.5, "people": 1, "tracks": ["3"]}
    assert beside.meter.figures()["answers"] == 2


@pytest.mark.parametrize("drawn", [True, False])
def test_of_a_frame_that_cannot_be_read_there_is_no_picture(drawn: bool) -> None:
    from edgehuman.runtime.image.frames.source import TakenFrame

    empty = FrameShot(1, 0, TakenFrame("0", 0, reason="x"), FrameResult("0", reason="x"))
    assert empty.jpeg(drawn) == b""
