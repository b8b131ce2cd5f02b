"""Photos through models that a person can compute by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import Decision, OutputSpec
from edgehuman.errors import ArtefactError
from edgehuman.preprocess.silhouette.normalise import normalise
from edgehuman.runtime.image.answer import answer_image, answer_photo
from edgehuman.runtime.image.results import to_row
from edgehuman.runtime.model import load
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import flag, photo


def test_joints_come_back_in_pixels_of_the_photo(tmp_path: Path) -> None:
    image_HWC = np.zeros((64, 32, 3), np.uint8)
    image_HWC[8:16, 16:24, 0] = 255  # one cell of the 32x16 input: red at rows 4-8, columns 8-12
    image_HWC[40:48, 0:8, 1] = 255
    model = load(write_image_model(tmp_path, "pose"))
    row = to_row(answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a.png"))
    assert row["joints"]["l_eye"] == pytest.approx([19.5, 11.5, 1.0])
    assert row["joints"]["r_eye"] == pytest.approx([3.5, 43.5, 1.0])


def test_a_joint_below_the_threshold_is_not_there(tmp_path: Path) -> None:
    image_HWC = np.zeros((64, 32, 3), np.uint8)
    image_HWC[8:16, 16:24, 0] = 255  # red at columns 8-12 and rows 4-8 of the input; no green
    card = {"decision": Decision(temperature=40.0, threshold=0.3)}
    model = load(write_image_model(tmp_path, "simcc", **card))
    row = to_row(answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a.png"))
    # The first of the eight classes of that cell, and those within two sigma of it: in the photo's
    # pixels near its corner at 16, 8. The presence is 127 / 40.
    x, y, confidence = row["joints"]["l_eye"]
    assert (x, y) == pytest.approx((17, 9), abs=2)
    assert 0.45 < confidence < 1 / (1 + np.exp(-127 / 40)) + 1e-3
    assert row["joints"]["r_eye"][2] == 0


def test_simcc_of_another_size_is_an_error(tmp_path: Path) -> None:
    card = {"output": OutputSpec("simcc", ("l_eye", "r_eye"), dim=8)}
    model = load(write_image_model(tmp_path, "simcc", **card))
    with pytest.raises(ArtefactError, match="found 97 numbers for each joint, 8 of them of x"):
        answer_photo(model, photo(tmp_path / "a.png", flag()), "a")


def test_a_silhouette_goes_on_to_gait_as_it_is(tmp_path: Path) -> None:
    image_HWC = np.zeros((128, 64, 3), np.uint8)
    image_HWC[..., 0] = 255
    image_HWC[32:96, 16:48] = 0, 255, 0
    model = load(write_image_model(tmp_path, "parsing"))
    result = answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a.png")
    assert result.part_HW is not None
    record_HW = normalise(result.part_HW == 1)
    assert record_HW.shape == (64, 64)
    assert set(np.unique(record_HW)) == {0, 255}
    # 64 x 32 pixels fill the height, and stand in the middle.
    assert (record_HW[:, 32] == 255).mean() > 0.9
    assert 30 <= (record_HW[32] == 255).sum() <= 34


def test_attributes_have_probabilities(tmp_path: Path) -> None:
    image_HWC = np.full((32, 16, 3), (128, 144, 0), np.uint8)
    model = load(write_image_model(tmp_path, "attributes"))
    row = to_row(answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a.png"))
    assert row["attributes"] == pytest.approx(
        {"reddish": 0.5, "greenish": 0.7311, "bluish": 0.0003}, abs=1e-4
    )


def test_an_embedding_is_a_list(tmp_path: Path) -> None:
    image_HWC = np.full((32, 16, 3), (3, 2, 1), np.uint8)
    model = load(write_image_model(tmp_path, "reid"))
    result = answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a")
    assert result.vector_D is not None
    assert result.vector_D.tolist() == [3, 2, 1]
    assert to_row(result)["embedding"] == [3, 2, 1]


def test_an_output_that_says_nothing_of_a_photo(tmp_path: Path) -> None:
    card = {"output": OutputSpec("tokens")}
    model = load(write_image_model(tmp_path, "reid", **card))
    with pytest.raises(ArtefactError, match="gives tokens, which is no answer about a photo"):
        answer_photo(model, photo(tmp_path / "a.png", flag()), "a")


def test_labels_that_the_graph_does_not_give(tmp_path: Path) -> None:
    card = {"output": OutputSpec("segmentation", ("one", "two"))}
    with pytest.raises(ArtefactError, match="has 2 labels"):
        load(write_image_model(tmp_path, "parsing", **card))


def test_parts_are_of_every_pixel_of_the_photo(tmp_path: Path) -> None:
    model = load(write_image_model(tmp_path, "parsing"))
    result = answer_photo(model, photo(tmp_path / "a.png", flag()), "a.png")
    assert result.part_HW is not None
    assert result.part_HW.shape == (result.height, result.width) == (64, 32)
    assert [result.labels[k] for k in result.part_HW[[0, 63], 0]] == ["red", "green"]
    assert (result.vector_D, result.prob_A, result.joint_J3) == (None, None, None)


def test_what_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    result = answer_photo(load(write_image_model(tmp_path, "parsing")), path, "a.png")
    assert (result.path, result.part_HW, result.height) == (path, None, 0)
    assert to_row(result) == {"photo": "a.png", "error": result.reason}
    assert result.reason


@pytest.mark.parametrize(
    ("size", "squeezed"),
    [
        *(((height, 100), False) for height in (140, 200, 300, 400)),
        ((384, 960), True),
        ((100, 100), True),
        ((1000, 100), True),
    ],
)
def test_a_photo_far_from_a_persons_shape_has_a_remark(
    size: tuple[int, int], squeezed: bool, tmp_path: Path
) -> None:
    model = load(write_image_model(tmp_path, "reid"))
    for result in (
        answer_photo(model, photo(tmp_path / "a.png", flag(*size)), "a"),
        answer_image(model, flag(*size), "a"),
    ):
        assert ("crop each person first" in result.remark) == squeezed
        assert (f"{size[1]}x{size[0]} pixels are squeezed" in result.remark) == squeezed
        assert result.vector_D is not None


def test_a_large_photo_gets_the_parts_of_all_its_pixels(tmp_path: Path) -> None:
    model = load(write_image_model(tmp_path, "parsing"))
    result = answer_photo(model, photo(tmp_path / "a.jpg", flag(4200, 2100)), "a")
    assert result.part_HW is not None
    assert result.part_HW.shape == (result.height, result.width) == (4200, 2100)
    assert (result.part_HW[:2000] == 0).all()
    assert (result.part_HW[2200:] == 1).all()
    assert to_row(result)["parts"] == pytest.approx({"red": 0.5, "green": 0.5}, abs=0.001)


def test_joints_of_a_large_photo_are_in_its_pixels(tmp_path: Path) -> None:
    image_HWC = np.zeros((4096, 2048, 3), np.uint8)
    image_HWC[512:1024, 1024:1536, 0] = 255
    image_HWC[2560:3072, 0:512, 1] = 255
    model = load(write_image_model(tmp_path, "pose"))
    row = to_row(answer_photo(model, photo(tmp_path / "a.jpg", image_HWC), "a"))
    assert row["joints"]["l_eye"][:2] == pytest.approx([1279.5, 767.5], abs=8)
    assert row["joints"]["r_eye"][:2] == pytest.approx([255.5, 2815.5], abs=8)
