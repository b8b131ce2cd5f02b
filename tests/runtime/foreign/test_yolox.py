"""YOLOX, RTMDet and YOLO-NAS-pose by hand, with the frame at the top left corner.

The frame is 100 high and 200 wide, the input 64x64: scaled by 0.32 to 32x64, grey below. The person
is x 50 to 150 and y 25 to 75 in the frame, so 16 to 48 and 8 to 24 in the input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError
from edgehuman.runtime.foreign.families import open_finder
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.yolox import YoloX, grid
from tests.runtime.frame_models import inputs_seen, write_foreign

FRAME = np.full((100, 200, 3), 200, np.uint8)
BOX, ENDS = (50, 25, 150, 75), (16, 8, 48, 24)


def finder(
    tmp_path: Path, family: str | None = None, dtype: Any = np.float32, **outputs: NDArray[Any]
) -> Any:
    path = write_foreign(tmp_path / "x.onnx", (1, 3, 64, 64), outputs, dtype)
    return open_finder(path, family=family, notify=lambda _: None)


def test_the_grid_goes_stride_by_stride_and_row_by_row() -> None:
    cell_A2, stride_A1 = grid(64, 64)
    assert len(cell_A2) == 64 + 16 + 4
    assert (cell_A2[9].tolist(), stride_A1[9].tolist()) == ([1, 1], [8])
    assert (cell_A2[64].tolist(), stride_A1[64].tolist()) == ([0, 0], [16])


def test_raw_rows_are_cells_of_the_grid(tmp_path: Path) -> None:
    """Centre (32, 16) at stride 16 is cell (2, 1) + (0, 0); 32x16 pixels are exp(log 2), exp(0)."""
    answer = np.zeros((1, 84, 85), np.float32)
    place = 64 + 1 * 4 + 2
    answer[0, place, :6] = 0, 0, np.log(2), 0, 0.9, 0.8
    answer[0, place + 1, :7] = -1, 0, np.log(2), 0, 0.9, 0.7, 0.1  # the same person again
    answer[0, 5, :7] = 0, 0, 0, 0, 0.9, 0.2, 0.8  # of another class
    (person,) = finder(tmp_path, output=answer).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-3)
    assert person.score == pytest.approx(0.72)


def test_decoded_rows_are_pixels(tmp_path: Path) -> None:
    cell_A2, stride_A1 = grid(64, 64)
    answer = np.zeros((1, 84, 85), np.float32)
    answer[0, :, :2], answer[0, :, 2:4] = (cell_A2 + 0.5) * stride_A1, stride_A1
    answer[0, 70, :6] = 32, 16, 32, 16, 0.9, 0.8
    (person,) = finder(tmp_path, output=answer).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-3)


def test_rows_of_another_number_than_cells_are_refused(tmp_path: Path) -> None:
    path = write_foreign(
        tmp_path / "x.onnx", (1, 3, 64, 64), {"y": np.zeros((1, 83, 85), np.float32)}
    )
    with pytest.raises(
        ArtefactError, match="gives 83 rows for 64x64 pixels; YOLOX has one for each"
    ):
        YoloX(Graph(path)).find(FRAME)


def test_rows_after_suppression_are_boxes(tmp_path: Path) -> None:
    answer = np.array([[[*ENDS, 0.9], [0, 0, 0, 0, 0]]], np.float32)
    (person,) = finder(tmp_path, output=answer).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-3)


def test_boxes_and_labels_may_be_of_two_families_which_read_other_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs: dict[str, Any] = {
        "dets": np.array([[[*ENDS, 0.9], [*ENDS, 0.8]]], np.float32),
        "labels": np.array([[0, 2]], np.int64),
    }
    with pytest.raises(ArtefactError, match=r"YOLOX or RTMDet: .*--family yolox\|rtmdet"):
        finder(tmp_path, **outputs)
    seen = inputs_seen(monkeypatch)
    frame = FRAME.copy()
    frame[..., 0] = 10
    for family in ("yolox", "rtmdet"):
        (person,) = finder(tmp_path, family, **outputs).find(frame)
        np.testing.assert_allclose(person.box_4, BOX, atol=1e-3)
    assert seen[0][0, :, 0, 0].tolist() == [200, 200, 10]  # blue, green, red
    assert seen[0][0, :, 32, 0].tolist() == [114, 114, 114]
    assert seen[1][0, 2, 0, 0] == pytest.approx((10 - 123.675) / 58.395)


def test_yolo_nas_gives_a_flat_list(tmp_path: Path) -> None:
    row = np.zeros((2, 57), np.float32)
    row[0, :6] = 0, *ENDS, 0.9
    row[0, 6:] = np.tile((32, 16, 0.7), 17)
    (person,) = finder(tmp_path, None, np.uint8, flat=row).find(FRAME)
    np.testing.assert_allclose(person.box_4, BOX, atol=1e-3)
    assert person.joint_J3 is not None
    np.testing.assert_allclose(person.joint_J3[5], (100, 50, 0.7), atol=1e-3)
