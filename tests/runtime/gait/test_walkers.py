"""Frames in, lines of poses out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.records import Uint8
from edgehuman.runtime.gait.source import is_frames
from edgehuman.runtime.gait.walkers import DETECTOR, Walkers, watching_for
from edgehuman.runtime.tracks.numbers import Numbers
from tests.runtime.gait.scenes import FRAMES, Walker, pictures, video, watching


def test_what_is_frames(tmp_path: Path) -> None:
    assert is_frames(str(video(tmp_path / "door.avi", 2)))
    assert is_frames(str(pictures(tmp_path / "pictures", 2)))
    (tmp_path / "poses").mkdir()
    (tmp_path / "poses" / "a_000000000012_keypoints.json").write_text('{"people": []}')
    (tmp_path / "poses" / "a.png").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "poses.jsonl").write_text("{}")
    for other in ("poses", "empty", "poses.jsonl", "nothing"):
        assert not is_frames(str(tmp_path / other))
    for word in ("", "-", "simulated", "udp://127.0.0.1:0"):
        assert not is_frames(word)


def test_a_walker_is_a_track_and_an_empty_frame_nothing(tmp_path: Path) -> None:
    walker = Walker(begins=10)
    walkers = Walkers(str(video(tmp_path / "door.avi")), watching(walker))
    with walkers:
        blocks = list(walkers)
    assert len(blocks) == FRAMES
    # Somebody who comes later has a track from the second frame on.
    assert [len(block) for block in blocks] == [0] * 11 + [1] * (FRAMES - 11)
    assert {track for block in blocks for track in block.track_T} == {"1"}
    assert blocks[24].stamp_s_T.tolist() == pytest.approx([1.0])
    assert (blocks[24].width_T[0], blocks[24].height_T[0]) == (64, 48)
    assert blocks[24].arrival_ns_T[0] > 0
    report = walkers.report()
    assert (report["frames"], report["rows"], report["frames_without_people"]) == (72, 61, 10)
    assert walkers.nobody() == ""


def test_pictures_have_the_times_of_a_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(pictures(tmp_path / "pictures", 10))
    walkers = Walkers(folder, watching(Walker()), every=2, rate_hz=10)
    stamps = [block.stamp_s_T[0] for block in walkers]
    assert stamps == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert walkers.fps == 5
    assert not capsys.readouterr().err
    assert Walkers(folder, watching(Walker())).fps == 24
    assert "taken as 24 a second (--rate-hz)" in capsys.readouterr().err
    with pytest.raises(UsageError, match="is a video and has its own"):
        Walkers(str(video(tmp_path / "door.avi", 2)), watching(Walker()), rate_hz=10)


def test_numbers_and_names_are_drawn(tmp_path: Path) -> None:
    numbers, shown = Numbers(), list[Uint8]()
    numbers.next()
    walkers = Walkers(str(video(tmp_path / "door.avi", 20)), watching(Walker()), numbers=numbers)
    walkers.show = shown.append
    for block in walkers:
        assert block.track_T == ("2",)
        walkers.names["2"] = "Ada 0.99"
    assert len(shown) == 20
    plain = Walkers(str(video(tmp_path / "two.avi", 20)), watching(Walker()))
    bare: list[Uint8] = []
    plain.show = bare.append
    list(plain)
    assert any((one != two).any() for one, two in zip(shown, bare, strict=True))


def test_nobody_is_told(tmp_path: Path) -> None:
    walkers = Walkers(str(video(tmp_path / "door.avi", 12)), watching(Walker(begins=99)))
    assert not any(len(block) for block in walkers)
    assert walkers.nobody() == "nobody was followed in its 12 frames"


def test_models_that_give_no_boxes_or_joints_are_refused() -> None:
    with pytest.raises((ArtefactError, UsageError)):
        watching_for(pose="zoo:gait-skeleton")
    with pytest.raises(UsageError):
        watching_for(pose=DETECTOR)
    with pytest.raises(ArtefactError, match="not COCO's 17 joints"):
        watching_for(pose="zoo:person-silhouette-int8")
    with pytest.raises(UsageError, match="--score must be from 0 to 1"):
        watching_for(score=2)
    assert np.isclose(watching_for().score, 0.2581)
