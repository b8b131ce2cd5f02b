"""Models of one person on the people of a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import ArtefactError
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.crops import CropFinder, CropModel
from tests.runtime.frame_models import street, write_detector
from tests.runtime.image_models import write_image_model

FOUND = FoundPerson(np.array((40, 20, 80, 100), np.float32), 0.9)


def test_a_crop_is_a_quarter_larger_and_its_mask_lies_where_it_was_cut(tmp_path: Path) -> None:
    """40x80 grows to 50x100, of the model's shape, from (35, 10)."""
    frame = street(128, 192, (40, 20, 80, 100))
    model = CropModel(edgehuman.load(write_image_model(tmp_path, "parsing")))
    (person,) = model.answer_all(frame, [FOUND])
    assert person.cut == (35, 10, 85, 110)
    assert person.mask_HW is not None
    assert person.mask_HW.shape == (100, 50)
    assert (person.score, person.box_4.tolist()) == (0.9, [40, 20, 80, 100])
    assert person.answer["parts"]["red"] > 0.5


def test_of_a_crop_that_leaves_the_frame_mask_and_shares_are_of_the_frame(tmp_path: Path) -> None:
    """Half a red person at the left edge: 40x80 from (0, 20) is cut from (-5, 10)."""
    frame = street(128, 192, (0, 20, 40, 100))
    frame[60:, :, 0], frame[60:, :, 2] = 0, 255  # blue from the middle of the crop
    model = CropModel(edgehuman.load(write_image_model(tmp_path, "parsing")))
    (person,) = model.answer_all(frame, [FoundPerson(np.array((0, 20, 40, 100), np.float32), 0.9)])
    assert person.cut == (0, 10, 45, 110)
    assert person.mask_HW is not None
    assert person.mask_HW.shape == (100, 45)
    assert person.answer["parts"]["blue"] == pytest.approx(person.mask_HW.mean(), abs=1e-5)


@pytest.mark.parametrize("left", [2, 60, 150])
def test_joints_are_where_they_are_seen_also_at_the_edge(left: int, tmp_path: Path) -> None:
    """A yellow square of 12x12 is one cell of the crop of 50x100, cut from (left - 5, 10)."""
    frame = street(128, 192)
    frame[60:72, left + 20 : left + 32] = (255, 255, 0)
    model = CropModel(edgehuman.load(write_image_model(tmp_path, "simcc")))
    box_4 = np.array((left, 20, left + 40, 100), np.float32)
    (person,) = model.answer_all(frame, [FoundPerson(box_4, 0.9)])
    assert person.joint_J3 is not None
    for x, y, _ in person.joint_J3.tolist():
        assert (x, y) == (pytest.approx(left + 26, abs=6.5), pytest.approx(66, abs=6.5))


def test_somebody_at_a_corner_has_an_answer_and_a_tiny_one_has_none(tmp_path: Path) -> None:
    frame = street(128, 192, (0, 0, 40, 80))
    model = CropModel(edgehuman.load(write_image_model(tmp_path, "reid")))
    (person,) = model.answer_all(frame, [FoundPerson(np.array((0, 0, 40, 80), np.float32), 0.8)])
    assert len(person.answer["embedding"]) == 3
    (tiny,) = model.answer_all(frame, [FoundPerson(np.array((4, 4, 6, 7), np.float32), 0.8)])
    assert tiny.answer == {}


def test_a_detector_is_no_model_of_one_person(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="gives boxes, which is no answer about a photo"):
        CropModel(edgehuman.load(write_detector(tmp_path)))


def test_a_network_of_others_answers_in_the_box() -> None:
    class Pose:
        name = "played"

        def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
            assert box_4 is not None
            joint_J3 = np.tile(np.array((*box_4[:2], 0.7), np.float32), (17, 1))
            return [FoundPerson(box_4 + 3, 0.2, joint_J3)]

    (person,) = CropFinder(Pose()).answer_all(street(), [FOUND])
    assert (person.score, person.box_4.tolist()) == (0.9, [40, 20, 80, 100])
    assert person.joints[0] == "nose"
    assert person.joint_J3 is not None
    assert person.joint_J3[3].tolist() == pytest.approx([40, 20, 0.7])
