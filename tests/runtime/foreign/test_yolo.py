"""YOLO's rows, by hand: raw and finished, with grey at both sides of the frame.

The frame is 100 high and 200 wide, the input 64x64: scaled by 0.32 to 32x64, with 16 grey rows
above. The person is x 50 to 150 and y 25 to 75 in the frame, so 16 to 48 and 24 to 40 in the input.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import Float32
from edgehuman.runtime.foreign.families import open_finder
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.yolo import MOST_MASKS, Form, form_of
from tests.runtime.frame_models import inputs_seen, write_foreign

FRAME = np.full((100, 200, 3), 200, np.uint8)
BOX = (50, 25, 150, 75)
ENDS, MIDDLE = (16, 24, 48, 40), (32, 32, 32, 16)
ULTRALYTICS = {
    "author": "Ultralytics",
    "license": "AGPL-3.0 License (https://ultralytics.com/license)",
}


def finder(tmp_path: Path, **outputs: NDArray[Any]) -> Any:
    path = write_foreign(tmp_path / "y.onnx", (1, 3, 64, 64), outputs)
    return open_finder(path, family="yolo", notify=lambda _: None)


def joints() -> Float32:
    """17 joints at (32, 32) of the input, (100, 50) of the frame; the last at (16, 24)."""
    joint_J3 = np.tile(np.array((32, 32, 0.8), np.float32), (17, 1))
    joint_J3[16] = 16, 24, 0.4
    return joint_J3


def raw(*rows: tuple[float, ...]) -> Float32:
    """Rows as columns, among anchors that found nobody."""
    answer = np.zeros((1, len(rows[0]), 84), np.float32)
    answer[0, :, : len(rows)] = np.array(rows, np.float32).T
    return answer


def test_raw_poses_are_turned_suppressed_and_put_back_into_the_frame(tmp_path: Path) -> None:
    flat = joints().ravel().tolist()
    again = (33, 32, 32, 16)
    rows = ((*again, 0.7, *flat), (*MIDDLE, 0.9, *flat), (8, 20, 8, 6, 0.6, *flat))
    found = finder(tmp_path, output0=raw(*rows)).find(FRAME)
    assert [round(person.score, 2) for person in found] == [0.9, 0.6]
    np.testing.assert_allclose(found[0].box_4, BOX, atol=1e-4)
    assert found[0].joint_J3 is not None
    np.testing.assert_allclose(found[0].joint_J3[0], (100, 50, 0.8), atol=1e-4)
    np.testing.assert_allclose(found[0].joint_J3[16], (50, 25, 0.4), atol=1e-4)


def test_finished_poses_have_the_score_before_the_class_and_padding(tmp_path: Path) -> None:
    answer = np.zeros((1, 300, 57), np.float32)
    answer[0, 3] = (*ENDS, 0.9, 0, *joints().ravel())
    answer[0, 5] = (*ENDS, 0.8, 1, *joints().ravel())  # another class
    (person,) = finder(tmp_path, output0=answer).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-4)
    assert person.score == pytest.approx(0.9)
    assert person.joint_J3 is not None
    np.testing.assert_allclose(person.joint_J3[16], (50, 25, 0.4), atol=1e-4)


def test_finished_detections(tmp_path: Path) -> None:
    answer = np.zeros((1, 300, 6), np.float32)
    answer[0, 0], answer[0, 1] = (*ENDS, 0.9, 0), (*ENDS, 0.95, 16)
    (person,) = finder(tmp_path, output0=answer).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-4)
    assert person.joint_J3 is None


def test_raw_detections_are_people_where_no_other_class_is_likelier(tmp_path: Path) -> None:
    answer = np.zeros((1, 84, 84), np.float32)
    answer[0, :5, 0] = (*MIDDLE, 0.7)
    answer[0, :5, 1], answer[0, 20, 1] = (8, 20, 8, 6, 0.7), 0.8
    (person,) = finder(tmp_path, output0=answer).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-4)


def test_masks_are_sums_of_prototypes_cut_at_the_box(tmp_path: Path) -> None:
    """The one prototype in use is 1 in the left half of the input, and 0 right of it."""
    answer, planes = np.zeros((1, 300, 38), np.float32), np.zeros((1, 32, 16, 16), np.float32)
    answer[0, 0] = (*ENDS, 0.9, 0, 8, *[0] * 31)
    planes[0, 0, :, :8], planes[0, 0, :, 8:] = 1, -1
    (person,) = finder(tmp_path, output0=answer, output1=planes).find(FRAME)
    assert person.mask_HW is not None
    assert person.cut == (49, 24, 151, 76)
    x_K = 49 + np.flatnonzero(person.mask_HW.any(axis=0))
    y_K = 24 + np.flatnonzero(person.mask_HW.any(axis=1))
    assert (y_K[0], y_K[-1], x_K[0]) == (25, 74, 50)
    assert x_K[-1] == pytest.approx(99, abs=4)


@pytest.mark.parametrize("side", [6, 600], ids=["far", "near"])
@pytest.mark.parametrize("is_raw", [True, False], ids=["raw", "finished"])
def test_masks_of_many_people_take_bounded_memory(
    tmp_path: Path, side: float, is_raw: bool
) -> None:
    """Of each the box alone is kept, and of people who all fill the frame the best hundred."""
    frame = np.full((640, 640, 3), 200, np.uint8)
    count = 1000 if is_raw else 300
    rng = np.random.default_rng(0)
    rows = np.zeros((count, 37 if is_raw else 38), np.float32)
    at = np.stack([np.arange(count) % 32, np.arange(count) // 32], axis=1) * 20 + 10
    at = at if side < 20 else np.full((count, 2), 320)
    rows[:, :4] = np.concatenate((at, np.full((count, 2), side)), axis=1)
    if not is_raw:
        rows[:, :4] = np.concatenate((at - side / 2, at + side / 2), axis=1)
    rows[:, 4] = np.sort(rng.uniform(0.1, 0.9, count))[::-1]
    rows[:, -32] = 8
    answer = np.zeros((1, 37, 8400), np.float32)
    answer[0, :, :count] = rows.T if is_raw else 0
    planes = np.ones((1, 32, 160, 160), np.float32)
    path = write_foreign(
        tmp_path / "y.onnx",
        (1, 3, 640, 640),
        {"output0": answer if is_raw else rows[None], "output1": planes},
    )
    network = open_finder(path, family="yolo", notify=lambda _: None)
    tracemalloc.start()
    try:
        found = network.find(frame)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Of boxes that all lie in one place, NMS leaves one.
    assert len(found) == (1 if is_raw and side > 20 else MOST_MASKS)
    scores = [person.score for person in found]
    assert scores == pytest.approx(rows[: len(found), 4].tolist())
    made = [
        person.mask_HW for person in found if person.mask_HW is not None and person.mask_HW.any()
    ]
    assert len(made) == len(found)
    masks = sum(mask_HW.nbytes for mask_HW in made)
    assert masks <= len(found) * min(640, side + 3) ** 2
    assert kept < masks + 300_000
    assert peak < masks + 80_000_000  # overlaps of a thousand boxes; as masks of the frame 410 MB


def test_the_picture_has_grey_at_both_sides_and_levels_of_0_to_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = inputs_seen(monkeypatch)
    frame = FRAME.copy()
    frame[..., 2] = 0
    finder(tmp_path, output0=np.zeros((1, 300, 6), np.float32)).find(frame)
    (picture,) = seen
    assert picture.shape == (1, 3, 64, 64)
    assert picture[0, :, 15, 0] == pytest.approx([114 / 255] * 3)
    assert picture[0, :, 16, 0] == pytest.approx([200 / 255, 200 / 255, 0])
    assert picture[0, :, 48, 0] == pytest.approx([114 / 255] * 3)


def test_the_metadata_says_which_class_is_a_person(tmp_path: Path) -> None:
    answer = np.zeros((1, 7, 84), np.float32)  # dog, cat, person
    answer[0, :, 0] = (*MIDDLE, 0.1, 0.1, 0.8)
    names = {"task": "detect", "names": "{0: 'dog', 1: 'cat', 2: 'person'}"}
    path = write_foreign(
        tmp_path / "y.onnx", (1, 3, 64, 64), {"output0": answer}, **names, **ULTRALYTICS
    )
    assert form_of(Graph(path)) == Form(True, 3, 2, 0)
    said: list[str] = []
    (person,) = open_finder(path, notify=said.append).find(FRAME)
    assert person.score == pytest.approx(0.8)
    assert "YOLOv8, 11 or 26 by Ultralytics; its licence is AGPL-3.0" in said[0]
    assert "has to publish its own source" in said[0]


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"task": "detect", "names": "{0: 'helmet'}"}, "knows no people: its classes are helmet"),
        ({"task": "pose", "names": "{0: 'person'}", "kpt_shape": "[21, 3]"}, r"COCO's are \[17, 3"),
        ({"task": "pose", "names": "{0: 'person'}"}, r"by its metadata \(pose, 1 classes\)"),
    ],
)
def test_networks_of_other_things_are_refused(
    metadata: dict[str, str], said: str, tmp_path: Path
) -> None:
    answer = np.zeros((1, 5, 84), np.float32)
    path = write_foreign(
        tmp_path / "y.onnx", (1, 3, 64, 64), {"output0": answer}, **metadata, **ULTRALYTICS
    )
    with pytest.raises(ArtefactError, match=said):
        open_finder(path)


def test_values_that_are_not_finite_are_told(tmp_path: Path) -> None:
    answer = np.full((1, 300, 6), np.nan, np.float32)
    with pytest.raises(DataError, match="output is not finite"):
        finder(tmp_path, output0=answer).find(FRAME)
