"""Photos are labelled by teachers, in our own layouts, and the work goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto

from edgehuman.data.image.frames.labels import LABELLED_FRAMES
from edgehuman.data.image.load import load_persons
from edgehuman.distill.labels.label import LabelConfig, label
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from tests.runtime.foreign.told import write_told
from tests.runtime.frame_models import write_video

HEIGHT, WIDTH = 120, 160


def photos(folder: Path, count: int = 2) -> Path:
    folder.mkdir()
    for index in range(count):
        image = np.full((HEIGHT, WIDTH, 3), 60 + index, np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), image)
    return folder


def finder(path: Path, shift: float = 0.0) -> Path:
    """MultiPose that finds one person in the middle, symmetric but for the sides' names."""
    row = np.zeros((1, 6, 56), np.float32)
    row[0, 0, :51] = np.tile((0.5, 0.5, 0.9), 17)
    row[0, 0, 51:] = (0.2, 0.4 + shift, 0.8, 0.6 - shift, 0.9)
    return write_told(path, (1, "h", "w", 3), {"out": row}, TensorProto.INT32)


def selfie(path: Path, top: int = 30) -> Path:
    mask = np.zeros((1, 256, 256, 1), np.float32)
    mask[0, top:226, 30:226] = 0.9
    return write_told(path, (1, 256, 256, 3), {"mask": mask})


def told(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.data, dict)
    return outcome.data


@pytest.fixture
def config(tmp_path: Path) -> LabelConfig:
    teachers = (
        finder(tmp_path / "a.onnx"),
        finder(tmp_path / "b.onnx", 0.01),
        selfie(tmp_path / "s.onnx"),
    )
    return LabelConfig(photos(tmp_path / "photos"), teachers, tmp_path / "out")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_frames_and_people_in_our_own_layouts(config: LabelConfig) -> None:
    outcome = label(config)
    assert told(outcome)["people"] == told(outcome)["frames"] == 2
    assert told(outcome)["joints"] == 34
    frames = LABELLED_FRAMES.read.frames(config.out / "frames")
    np.testing.assert_allclose(frames.people[0].box_M4[0], (64, 24, 96, 96), atol=2)
    (first, _) = rows_of(config.out / "people" / "labels.jsonl")
    teachers = first["teachers"]
    assert [each["name"] for each in teachers] == ["a.onnx", "b.onnx", "s.onnx"]
    assert "published under Apache-2.0" in teachers[0]["licence"]
    # The readers take the teachers' terms along, to the card of whoever learns from this.
    for terms in (frames.licence, load_persons(config.out / "people", "pose").licence):
        assert terms.startswith("that of its pictures; ask their owner; labels: a.onnx (it states")
        assert terms.count("published under Apache-2.0") == 3
    persons = load_persons(config.out / "people", "pose")
    joint_3 = persons.keypoint_NJ3[0, 0]
    # The middle of the frame, in the crop: joints count from the middle of the first pixel.
    height, width = persons.image(0).shape[:2]
    np.testing.assert_allclose(joint_3, (width / 2 - 0.5, height / 2 - 0.5, 2), atol=1.1)


def test_who_has_no_mask_is_left_out_of_the_outlines_alone(
    config: LabelConfig, tmp_path: Path
) -> None:
    teachers = (*config.teacher, selfie(tmp_path / "t.onnx", 32))
    config = LabelConfig(config.source, teachers, config.out)
    assert told(label(config))["masks"] == 2
    note = next((config.out / "done").glob("0-*.json"))
    row = json.loads(note.read_text())
    del row["people"][0]["mask"]
    note.write_text(json.dumps(row))
    assert told(label(config))["masks"] == 1
    assert len(load_persons(config.out / "people", "pose")) == 2
    persons = load_persons(config.out / "outlines", "parsing")
    assert len(persons) == 1
    assert persons.part(0).shape == persons.image(0).shape[:2]
    assert persons.part(0).max() == 1


def test_people_of_one_video_or_photo_stay_together(config: LabelConfig, tmp_path: Path) -> None:
    """Also by the names alone, as in folders that were labelled before the lines said it."""
    video = write_video(tmp_path / "a-1.avi", [np.full((HEIGHT, WIDTH, 3), 60, np.uint8)] * 3)
    for source, names in ((config.source, ["0", "1"]), (video, ["a-1"] * 3)):
        out = tmp_path / f"of {source.stem}"
        label(LabelConfig(source, config.teacher, out))
        path = out / "people" / "labels.jsonl"
        assert load_persons(out / "people", "pose").source_N.tolist() == names
        old = [{key: row[key] for key in row if key != "sequence"} for row in rows_of(path)]
        path.write_text("".join(json.dumps(row) + "\n" for row in old))
        assert load_persons(out / "people", "pose").source_N.tolist() == names
        frames = LABELLED_FRAMES.read.frames(out / "frames")
        assert frames.sequence_N.tolist() == names


def test_it_goes_on_where_it_stopped(config: LabelConfig) -> None:
    whole = label(config)
    note = next((config.out / "done").glob("0-*.json"))
    picture = next((config.out / "frames" / "images").glob("1-*.png"))
    before = picture.stat().st_mtime_ns
    note.unlink()
    assert label(config).data == whole.data
    assert picture.stat().st_mtime_ns == before


def test_other_teachers_need_another_folder(config: LabelConfig) -> None:
    label(config)
    other = LabelConfig(config.source, config.teacher[:2], config.out)
    with pytest.raises(DataError, match="was begun with another source"):
        label(other)


def test_unreadable_photos_are_left_out_and_counted(config: LabelConfig) -> None:
    (config.source / "broken.png").write_bytes(b"no picture")
    outcome = label(config)
    assert told(outcome)["unreadable"] == 1
    assert told(outcome)["frames"] == 2


def test_one_teacher_is_not_enough(config: LabelConfig) -> None:
    with pytest.raises(UsageError, match="at least 2"):
        label(LabelConfig(config.source, config.teacher[:1], config.out))


def test_a_teacher_does_not_agree_with_itself(config: LabelConfig, tmp_path: Path) -> None:
    copy = finder(tmp_path / "copy.onnx")
    with pytest.raises(UsageError, match=r"the same network twice, as a\.onnx and copy\.onnx"):
        label(LabelConfig(config.source, (config.teacher[0], copy), config.out))


@pytest.mark.parametrize("below", ["", "photos", "elsewhere"])
def test_the_test_part_of_ccp_stays_one(config: LabelConfig, tmp_path: Path, below: str) -> None:
    (tmp_path / "ccp" / "masks").mkdir(parents=True)
    place = photos(tmp_path / "ccp" / "photos")
    for index in range(2):  # the fifth photo is of the test part
        (place / f"{index}.png").rename(place / f"{index + 4:04}.png")
    if below == "elsewhere":  # and the photos a link
        place = place.rename(tmp_path / below)
        (tmp_path / "ccp" / "photos").symlink_to(place)
        below = ""
    label(LabelConfig(tmp_path / "ccp" / below, config.teacher, config.out))
    frames = LABELLED_FRAMES.read.frames(config.out / "frames")
    assert frames.role_N.tolist() == ["train", "test"]
    assert frames.dataset == "ccp"
    assert frames.licence.startswith("Apache-2.0")


def test_long_terms_of_a_teacher_are_cut(config: LabelConfig, tmp_path: Path) -> None:
    wordy = finder(tmp_path / "a.onnx").rename(tmp_path / f"{'é' * 120}.onnx")
    label(LabelConfig(config.source, (wordy, config.teacher[1]), config.out))
    assert "labels: éé" in LABELLED_FRAMES.read.frames(config.out / "frames").licence


def test_nothing_to_label(config: LabelConfig, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        label(LabelConfig(tmp_path / "empty", config.teacher, config.out))
