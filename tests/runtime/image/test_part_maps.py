"""Where part maps are written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.image.part_maps import mask_names, place_masks, save_mask


def test_part_maps_are_named_by_their_photo_and_never_alike() -> None:
    assert mask_names(["00000_c2_000.png", "d/b.jpg", "b.webp"]) == {
        "00000_c2_000.png": "00000_c2_000.png",
        "d/b.jpg": "d/b.png",
        "b.webp": "b.png",
    }
    assert mask_names(["a.jpg", "a.png"]) == {"a.jpg": "a.jpg.png", "a.png": "a.png.png"}
    tricky = mask_names(["a.jpg", "a.png", "a.jpg.bmp", "a.png.jpg"])
    assert len(set(tricky.values())) == 4


def test_a_part_map_lies_in_its_folder_and_on_no_photo(tmp_path: Path) -> None:
    photos = {"a.png": tmp_path / "a.png"}
    photos["a.png"].touch()
    assert place_masks(tmp_path / "out", photos) == {"a.png": tmp_path / "out" / "a.png"}
    with pytest.raises(UsageError, match=r"would overwrite the photo .*a\.png with its part map"):
        place_masks(tmp_path, photos)


def test_a_part_map_has_a_colour_a_part(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.png"
    save_mask(path, np.array([[0, 1], [2, 2]], np.uint8), ("background", "hair", "skin"))
    drawn = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert len({tuple(pixel) for pixel in drawn.reshape(-1, 3).tolist()}) == 3
    assert drawn[0, 0].tolist() == [0, 0, 0]
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UsageError, match="cannot write to"):
        save_mask(tmp_path / "taken" / "a.png", np.zeros((1, 1), np.uint8), ("background",))
