"""`edgehuman.stream` of frames: folders, videos, arrays, and frames that are pushed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.card import OutputSpec
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.image.results import PhotoResult
from tests.runtime.frame_models import street, write_detector, write_video
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import photo

ONE = (20, 30, 60, 110)


def test_videos_and_folders(tmp_path: Path) -> None:
    model = str(write_detector(tmp_path))
    video = write_video(tmp_path / "a.avi", [street(128, 192, ONE)] * 5)
    stream = edgehuman.stream(model, video, every=2)
    results = list(stream)
    assert [(result.frame, result.t_s) for result in results] == [("0", 0), ("2", 0.2), ("4", 0.4)]
    assert [result.people[0].track for result in results] == ["1", "1", "1"]
    report = stream.report()
    assert (report["frames"], report["people"], report["missing_frames"]) == (3, 3, 0)
    photo(tmp_path / "in" / "a.png", street(128, 192, ONE))
    (result,) = edgehuman.stream(model, tmp_path / "in")
    np.testing.assert_allclose(result.people[0].box_4, ONE)
    assert result.path == tmp_path / "in" / "a.png"


def test_arrays_and_pushes(tmp_path: Path) -> None:
    model = edgehuman.load(write_detector(tmp_path))
    frame = street(128, 192, ONE)
    assert len(list(edgehuman.stream(model, frame))) == 1
    assert len(list(edgehuman.stream(model, [frame, frame]))) == 2
    with edgehuman.stream(model) as live:
        (result,) = live.push(frame)
        assert (result.frame, len(result.people)) == ("0", 1)
        assert live.push(photo(tmp_path / "a.png", frame))[0].people[0].score == 1
        with pytest.raises(DataError, match="OpenCV reads BGR"):
            live.push(frame.astype(np.float32))
        assert live.report()["frames"] == 2
        with pytest.raises(UsageError, match="no source to iterate"):
            next(live)
    with pytest.raises(UsageError, match="push after the end"):
        live.push(frame)


@pytest.mark.parametrize("kind", ["simcc", "silhouette"])
def test_models_of_crops_have_a_detector_unless_there_shall_be_none(
    kind: str, tmp_path: Path
) -> None:
    if kind == "simcc":
        model = write_image_model(tmp_path, "simcc")
    else:
        output = OutputSpec("segmentation", SILHOUETTE)
        model = write_image_model(tmp_path, "pose", output=output)  # two maps
    photo(tmp_path / "in" / "a.png", street(128, 192))
    (found,) = edgehuman.stream(str(model), tmp_path / "in")
    assert isinstance(found, FrameResult)
    assert found.people == ()
    (alone,) = edgehuman.stream(str(model), tmp_path / "in", detector="none")
    assert isinstance(alone, PhotoResult)
    other = write_image_model(tmp_path, "attributes")
    assert isinstance(next(iter(edgehuman.stream(str(other), tmp_path / "in"))), PhotoResult)


def test_words(tmp_path: Path) -> None:
    model = str(write_detector(tmp_path))
    frame = street(128, 192, ONE, (100, 10, 140, 90))
    (result,) = edgehuman.stream(model, frame, most=1)
    assert len(result.people) == 1
    with pytest.raises(UsageError, match="--score must be from 0 to 1"):
        edgehuman.stream(model, frame, score=2.0)
    with pytest.raises(UsageError, match="most"):
        edgehuman.stream(model, frame, most="all")
    with pytest.raises(UsageError, match="reads frames, not int"):
        edgehuman.stream(model, 3)
    with pytest.raises(UsageError, match="hop_s is not an argument"):
        edgehuman.stream(model, frame, hop_s=1.0)
