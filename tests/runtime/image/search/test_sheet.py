"""A contact sheet shows the right persons in their order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgehuman.runtime.image.search.sheet import Shown, drawn, write_sheet
from tests.runtime.image.search.colours import COLOURS, write_photo


def test_cells_stand_in_their_order(tmp_path: Path) -> None:
    shown = [
        Shown(write_photo(tmp_path / f"{name}.png", colour), name, 0.5)
        for name, colour in COLOURS.items()
    ] * 2
    sheet_HWC = drawn('"red" от кого?', shown)
    assert sheet_HWC.shape == (44 + 2 * 304 + 12, 5 * 172 + 12, 3)
    for place, colour in enumerate([*COLOURS.values()] * 2):
        top, left = 44 + place // 5 * 304, 12 + place % 5 * 172
        middle_3 = sheet_HWC[top + 128, left + 80]
        assert np.abs(middle_3.astype(int) - colour).max() <= 2


def test_a_box_is_cut_out_of_its_photo(tmp_path: Path) -> None:
    image_HWC = np.zeros((60, 90, 3), np.uint8)
    image_HWC[:, 50:, 1] = 255
    path = tmp_path / "both.png"
    cv2.imwrite(str(path), image_HWC)
    sheet_HWC = drawn("x", [Shown(path, "both", 1.0, (60, 0, 85, 60))])
    assert (sheet_HWC[44 + 128, 12 + 80] == (0, 255, 0)).all()


def test_a_photo_that_is_gone_leaves_a_pale_cell(tmp_path: Path) -> None:
    write_sheet(tmp_path / "s.jpg", "x", [Shown(tmp_path / "gone.png", "gone", 0.1)])
    found_HWC = cv2.imread(str(tmp_path / "s.jpg"))
    assert found_HWC is not None
    assert abs(int(found_HWC[44 + 128, 12 + 80, 0]) - 225) < 4
