"""Frames in, people on tracks out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.gait.walkers import DETECTOR, Walkers, watching_for
from edgehuman.runtime.image.frames.moving import Moving
from edgehuman.runtime.image.frames.several import open_sources
from edgehuman.runtime.tracks.numbers import Numbers
from tests.runtime.gait.scenes import FRAMES, Walker, pictures, video, watching


def walkers_of(*names: Path | str, walker: Walker | None = None, **words: Any) -> Walkers:
    sources = open_sources(names, every=words.get("every", 1), seconds=words.get("seconds"))
    return Walkers(sources, watching(walker or Walker()), **words)


def test_a_walker_is_a_track_and_an_empty_frame_nothing(tmp_path: Path) -> None:
    walkers = walkers_of(video(tmp_path / "door.avi"), walker=Walker(begins=10))
    with walkers:
        seen = list(walkers)
    assert len(seen) == FRAMES
    # Somebody who comes later has a track from the second frame on.
    tracks = [[person.track for person in each.result.people] for each in seen]
    assert tracks == [[]] * 10 + [[""]] + [["1"]] * (FRAMES - 11)
    assert [each.stamp_s_T[0] for each in seen[::24]] == pytest.approx([0, 1, 2])
    assert seen[24].head(1) is seen[24]
    assert (len(seen[24]), seen[24].ended) == (1, ())
    report = walkers.report()
    assert (report["frames"], report["rows"], report["frames_without_people"]) == (72, 62, 10)
    assert (walkers.nobody(), walkers.live) == ("", False)


def test_pictures_have_the_times_of_a_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pictures(tmp_path / "pictures", 10)
    walkers = walkers_of(folder, every=2, rate_hz=10)
    assert [each.taken.t_s for each in walkers] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert walkers.fps == 5
    assert len(list(walkers_of(folder, rate_hz=10, seconds=0.45))) == 5
    assert not capsys.readouterr().err
    assert walkers_of(folder).fps == 24
    assert "taken as 24 a second (--rate-hz)" in capsys.readouterr().err
    with pytest.raises(UsageError, match="is a video or a camera and has its own"):
        walkers_of(video(tmp_path / "door.avi", 2), rate_hz=10)


def test_the_tracks_of_several_sources_have_numbers_of_their_own(tmp_path: Path) -> None:
    numbers = Numbers()
    numbers.next()
    one, two = video(tmp_path / "one.avi", 4), video(tmp_path / "two.avi", 4)
    walkers = walkers_of(one, two, numbers=numbers)
    found = {(each.taken.source, person.track) for each in walkers for person in each.result.people}
    assert {track for _, track in found if track} == {"2", "3"}
    assert {source for source, track in found if track == "2"} == {str(one)}
    assert walkers.name == f"{one}, {two}"


def test_nobody_is_told(tmp_path: Path) -> None:
    walkers = walkers_of(video(tmp_path / "door.avi", 12), walker=Walker(begins=99))
    assert not any(each.result.people for each in walkers)
    said = "nobody was followed in its 12 frames; turn the camera"
    assert walkers.nobody().startswith(said)


def test_somebody_found_once_is_not_followed(tmp_path: Path) -> None:
    walkers = walkers_of(video(tmp_path / "door.avi", 6), walker=Walker(begins=5))
    assert [len(each.result.people) for each in walkers] == [0, 0, 0, 0, 0, 1]
    said = "nobody was followed in its 6 frames; people were found now and then"
    assert walkers.nobody().startswith(said)


def test_what_only_finds_people_gives_no_joints_or_outlines() -> None:
    with pytest.raises(UsageError, match=r"--pose mog2: .* give it as --detector mog2"):
        watching_for("joints", each="mog2")
    with pytest.raises(UsageError, match=r"--segmenter mog2: .* leave --segmenter out"):
        watching_for("outlines", "mog2", "mog2")


def test_frames_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "pictures", 3)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:60])
    walkers = walkers_of(folder, rate_hz=10)
    assert all(each.result.reason for each in walkers)
    assert walkers.nobody() == "none of its 3 frames can be read"
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none"):
        walkers_of(tmp_path / "none")


def test_models_that_give_no_boxes_joints_or_outlines_are_refused() -> None:
    with pytest.raises((ArtefactError, UsageError)):
        watching_for("joints", each="zoo:gait-skeleton")
    with pytest.raises(UsageError):
        watching_for("joints", each=DETECTOR)
    with pytest.raises(ArtefactError, match="not COCO's 17 joints"):
        watching_for("joints", each="zoo:person-silhouette-int8")
    with pytest.raises(ArtefactError, match="not outlines of people"):
        watching_for("outlines", each="zoo:person-pose-int8")
    with pytest.raises(UsageError, match="--score must be from 0 to 1"):
        watching_for("joints", score=2)
    assert np.isclose(watching_for("joints").score, 0.2581)


def test_what_moves_has_an_outline_of_its_own_unless_a_segmenter_is_given() -> None:
    alone = watching_for("outlines", "mog2")
    assert isinstance(alone.finder, Moving)
    assert alone.per_person is None
    assert watching_for("outlines", "mog2", "zoo:person-silhouette-int8").per_person is not None
    assert watching_for("joints", "mog2").per_person is not None
