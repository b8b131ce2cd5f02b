"""`edgehuman run zoo:gait-skeleton --source VIDEO`: names, a video of them, and an empty scene."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import pytest

from edgehuman.cli import main
from edgehuman.runtime.gait import watch as of_gait
from edgehuman.runtime.gallery import empty_gallery, write_gallery
from edgehuman.runtime.model import load
from edgehuman.runtime.stream import stream
from tests.runtime.gait.scenes import FRAMES, Walker, video, watching

MODEL = "zoo:gait-skeleton"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker()))
    monkeypatch.setattr(
        "edgehuman.runtime.gait.walkers.watching_for", lambda *w: watching(Walker())
    )
    return video(tmp_path / "door.avi")


def test_names_and_a_video_of_them(door: Path, tmp_path: Path, capsys: Any) -> None:
    model = load(MODEL)
    vector_D = next(stream(model, door)).vector_D
    known, film = tmp_path / "known.npz", tmp_path / "seen.mp4"
    write_gallery(known, empty_gallery(model.card).enrol("Ada", "one", vector_D))
    words = ["run", MODEL, "--source", str(door), "--gallery", str(known), "--save", str(film)]
    assert main([*words, "--json"]) == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["id"], row["label"]) for row in rows] == [("1", "Ada")] * 4
    assert "4 windows of 1 tracks" in err
    saved = cv2.VideoCapture(str(film))
    assert saved.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    assert not list(tmp_path.glob(".*"))


def test_lines_are_saved_where_no_video_is_asked_for(
    door: Path, tmp_path: Path, capsys: Any
) -> None:
    lines = tmp_path / "walks.jsonl"
    assert main(["run", MODEL, "--source", str(door), "--json", "--save", str(lines)]) == 0
    assert lines.read_text() == capsys.readouterr().out


def test_an_empty_scene_has_no_track_and_no_walk(
    door: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker(begins=999)))
    assert main(["run", MODEL, "--source", str(door)]) == 1
    assert "nobody was followed in its 72 frames" in capsys.readouterr().err


def test_the_video_is_not_written_over(door: Path, tmp_path: Path, capsys: Any) -> None:
    there = door.rename(tmp_path / "door.mp4")
    before = there.read_bytes()
    assert main(["run", MODEL, "--source", str(there), "--save", str(there)]) == 2
    assert there.read_bytes() == before


@pytest.mark.long
def test_real_walkers_one_by_one(tmp_path: Path, capsys: Any) -> None:
    """Somebody comes in after 6.9 s, and leaves by 19.4 s; nobody is there before and after."""
    source = Path(os.environ.get("EDGEHUMAN_DATA", "-")) / "video/one-by-one-person-detection.mp4"
    if not source.is_file():
        pytest.skip("EDGEHUMAN_DATA has no video")
    ids = tmp_path / "ids.txt"
    words = ["--json", "--seconds", "15", "--ids", str(ids), "--save", str(tmp_path / "seen.mp4")]
    assert main(["run", MODEL, "--source", str(source), *words]) == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert {row["id"] for row in rows} == {"1"}
    # Time counts from the first pose.
    assert all(0.9 < row["t_s"] < 13 for row in rows)
    assert "windows of 1 tracks" in err
    assert ids.read_text() == "1000\n"
