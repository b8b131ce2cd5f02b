"""Sets of people: pictures and masks in files, and labels that belong to them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.data.image.set import (
    FileMasks,
    FilePictures,
    PersonSet,
    find_below,
    load_png_mask,
    require_size,
    whole_box,
)
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.errors import DataError, ImageError
from tests.data.pictures import picture


def test_as_many_labels_as_pictures() -> None:
    one_N = np.zeros(1, np.int64)
    with pytest.raises(DataError, match="camera_N has 2 entries for 1 images"):
        PersonSet([picture(0)], one_N, np.zeros(2, np.int64), np.array(["train"]))
    with pytest.raises(DataError, match="masks has 2 entries for 1 images"):
        PersonSet([picture(0)], one_N, one_N, np.array(["train"]), masks=[picture(0)] * 2)
    bare = PersonSet([picture(0)], one_N, one_N, np.array(["train"]), dataset="bare")
    assert len(bare) == 1
    with pytest.raises(DataError, match="bare has no masks"):
        bare.part(0)


def files(folder: Path, count: int = 2) -> FilePictures:
    """Pictures of 12 x 9 pixels, each of one grey, in files."""
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((12, 9, 3), 10 * number, np.uint8))
    return FilePictures(folder, Names(f"{number}.png" for number in range(count)))


def test_pictures_are_read_when_asked_for_whole_or_cut(tmp_path: Path) -> None:
    images = files(tmp_path)
    assert len(images) == 2
    assert images[1].shape == (12, 9, 3)
    assert images[1].max() == 10
    assert images.size(0) == (12, 9)
    cut = FilePictures(tmp_path, images.names, np.array([[0, 1, 2, 4], [1, 0, 3, 1]]))
    assert [cut[i].shape for i in range(2)] == [(3, 2, 3), (1, 2, 3)]


def test_a_picture_of_another_size_than_its_labels_is_refused(tmp_path: Path) -> None:
    names = files(tmp_path).names
    sized = FilePictures(tmp_path, names, size_N2=np.array([[12, 9], [16, 12]]))
    assert sized[0].shape == (12, 9, 3)
    with pytest.raises(ImageError, match=r"1\.png is 9x12 pixels, .* were made on 12x16"):
        sized[1]
    (tmp_path / "0.png").unlink()
    with pytest.raises(ImageError, match=r"0\.png: No such file"):
        sized.size(0)


def test_a_picture_that_is_turned_against_its_labels_says_so() -> None:
    require_size("a.jpg", (12, 9, 3), (12, 9), "its labels have")
    with pytest.raises(ImageError, match="Turn the picture's pixels, not its EXIF"):
        require_size("a.jpg", (12, 9, 3), (9, 12), "its labels have")
    with pytest.raises(ImageError, match="Copy both again"):
        require_size("a.jpg", (12, 9, 3), (9, 13), "its labels have")


def masks(folder: Path, *grey: int) -> FileMasks:
    """Masks of one number each, beside the pictures of `files`; numbers below 3 are parts."""
    images = files(folder, len(grey))
    for number, value in enumerate(grey):
        cv2.imwrite(str(folder / f"m{number}.png"), np.full((12, 9), value, np.uint8))
    names = Names(f"m{number}.png" for number in range(len(grey)))
    return FileMasks(folder, names, images, 3, load_png_mask)


def test_a_mask_holds_numbers_of_parts_and_255(tmp_path: Path) -> None:
    made = masks(tmp_path, 2, 255, 3)
    assert [made[0].max(), made[1].min()] == [2, 255]
    with pytest.raises(ImageError, match=r"m2\.png holds the value 3; with 3 parts"):
        made[2]


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize(("height", "width"), [(13, 9), (12, 10), (40, 3), (4000, 9)])
def test_a_mask_larger_than_its_picture_is_never_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, height: int, width: int
) -> None:
    images = files(tmp_path, 1)
    cv2.imwrite(str(tmp_path / f"m{suffix}"), np.zeros((height, width), np.uint8))
    made = FileMasks(tmp_path, Names([f"m{suffix}"]), images, 3, load_png_mask)

    def decoder(*_: object) -> None:
        raise AssertionError("it was given to the decoder")

    monkeypatch.setattr(cv2, "imdecode", decoder)
    with pytest.raises(ImageError, match=f"is {width}x{height} pixels, and its picture has 9x12"):
        made[0]


@pytest.mark.parametrize("suffix", [".png", ".webp", ".bmp", ".tiff", ".pgm"])
def test_masks_of_every_format_that_loses_nothing(tmp_path: Path, suffix: str) -> None:
    images = files(tmp_path, 1)
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else []
    cv2.imwrite(str(tmp_path / f"m{suffix}"), np.full((12, 9), 2, np.uint8), lossless)
    made = FileMasks(tmp_path, Names([f"m{suffix}"]), images, 3, load_png_mask)
    assert made[0].tolist() == [[2] * 9] * 12


def test_masks_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    with pytest.raises(ImageError, match="every picture needs a mask"):
        load_png_mask(str(path))
    path.write_bytes(b"")
    with pytest.raises(ImageError, match="cannot be decoded"):
        load_png_mask(str(path))
    for colour in ((1, 2, 3), (0, 0, 128), (7, 0, 0)):
        cv2.imwrite(str(path), np.dstack([np.full((12, 9), c, np.uint8) for c in colour]))
        with pytest.raises(ImageError, match="is a colour image"):
            load_png_mask(str(path))
    cv2.imwrite(str(path), np.full((12, 9, 3), 2, np.uint8))  # grey, in three equal channels
    assert load_png_mask(str(path)).tolist() == [[2] * 9] * 12


def test_a_folder_is_found_at_its_nearest(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "train_images").mkdir(parents=True)
    assert find_below(tmp_path, "train_images") == tmp_path / "a" / "b" / "train_images"
    assert find_below(tmp_path, "train_images", depth=1) is None
    (tmp_path / "z" / "train_images").mkdir(parents=True)
    assert find_below(tmp_path, "train_images") == tmp_path / "z" / "train_images"


def test_a_box_is_clipped_to_whole_pixels() -> None:
    assert whole_box((-2.0, 1.4, 5.0, 90.0), 20, 10, "x") == (0, 1, 5, 20)
    with pytest.raises(DataError, match="x"):
        whole_box((30.0, 1.0, 40.0, 5.0), 20, 10, "x")
