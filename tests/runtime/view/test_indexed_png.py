"""An indexed PNG holds its numbers and shows its colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgehuman.runtime.view.indexed_png import indexed_png


def test_numbers_become_the_colours_of_the_palette() -> None:
    index_HW = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    palette = [(0, 0, 0), (255, 0, 0), (10, 20, 30)]
    content = indexed_png(index_HW, palette)
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    assert np.array_equal(bgr[..., ::-1], np.array(palette, np.uint8)[index_HW])
    assert content[25] == 3  # colour type of IHDR: a palette, so the numbers themselves are kept


def test_strips_of_rows_make_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    index_HW = np.random.default_rng(0).integers(0, 3, (50, 20)).astype(np.uint8)
    palette = [(0, 0, 0), (255, 0, 0), (10, 20, 30)]
    for strip in (1, 90, 10**6):
        monkeypatch.setattr("edgehuman.runtime.view.indexed_png._STRIP", strip)
        content = np.frombuffer(indexed_png(index_HW, palette), np.uint8)
        bgr = cv2.imdecode(content, cv2.IMREAD_COLOR)
        assert bgr is not None
        assert np.array_equal(bgr[..., ::-1], np.array(palette, np.uint8)[index_HW])
