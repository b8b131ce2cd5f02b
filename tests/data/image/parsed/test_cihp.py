"""CIHP in its published layout: people and parts by number, whatever the colours."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.data.commands import CheckConfig
from edgehuman.data.commands import check as check_data
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.parsed.cihp import PARTS
from edgehuman.data.image.published.parsing import LIP_PARTS
from edgehuman.errors import DataError, ImageError
from tests.data.frame_trees import ANNE, BOB, cihp


def test_people_have_boxes_and_parts(tmp_path: Path) -> None:
    cihp(tmp_path / "instance-level_human_parsing")
    frames = load_frames(tmp_path)
    assert (frames.dataset, frames.role_N.tolist()) == ("cihp", ["train", "train", "test"])
    assert frames.frames[0].shape == (60, 80, 3)
    assert frames.people[0].box_M4.tolist() == [list(ANNE), list(BOB)]
    assert frames.parts is not None
    assert frames.parts.names == PARTS
    found = frames.parts[0]
    anne, bob = found.people
    assert (anne.left, anne.top, anne.part_HW.shape) == (10, 10, (40, 20))
    assert anne.part_HW[:, 0].tolist() == [2] * 20 + [9] * 20
    assert np.unique(bob.part_HW).tolist() == [7]
    assert np.unique(found.part_HW).tolist() == [0, 2, 7, 9]


def test_a_picture_without_people_has_none(tmp_path: Path) -> None:
    frames = load_frames(cihp(tmp_path))
    assert frames.people[1].box_M4.shape == (0, 4)
    assert frames.parts is not None
    assert len(frames.parts[1].people) == 0
    assert frames.people[1:][-1].box_M4.shape == (2, 4)


def test_the_tenth_part_is_not_that_of_lip() -> None:
    assert [a for a, b in zip(PARTS, LIP_PARTS, strict=True) if a != b] == ["torso_skin"]
    assert PARTS[10] == "torso_skin"


def replaced(root: Path, folder: str, map_HWC: object) -> Path:
    path = root / "Training" / folder / "a.png"
    cv2.imwrite(str(path), np.asarray(map_HWC, np.uint8))
    return path


@pytest.mark.parametrize("folder", ["Category_ids", "Human_ids"])
def test_a_map_of_colours_is_no_map(tmp_path: Path, folder: str) -> None:
    root = cihp(tmp_path)
    replaced(root, folder, np.random.default_rng(0).integers(0, 19, (60, 80, 3)))
    frames = load_frames(root)
    assert len(frames.people[0].box_M4) == 0
    with pytest.raises(ImageError, match=f"{folder}/a.png is a colour image; a mask is a grey"):
        frames.frames[0]


def test_maps_of_other_sizes_or_parts_and_missing_ones_are_named(tmp_path: Path) -> None:
    root = cihp(tmp_path)
    path = replaced(root, "Category_ids", np.zeros((30, 80)))
    with pytest.raises(ImageError, match=r"a\.png is 80x30 pixels, and its picture has 80x60"):
        load_frames(root).frames[0]
    replaced(root, "Category_ids", np.full((60, 80), 20))
    with pytest.raises(ImageError, match=r"a\.png holds the part 20; CIHP's are 0 to 19"):
        load_frames(root).frames[0]
    path.unlink()
    with pytest.raises(ImageError, match="every picture needs a mask"):
        load_frames(root).frames[0]


def test_unlabelled_pixels_are_nobodys(tmp_path: Path) -> None:
    root = cihp(tmp_path)
    replaced(root, "Category_ids", np.full((60, 80), 255))
    frames = load_frames(root)
    assert frames.parts is not None
    assert (frames.parts[0].part_HW == 255).all()
    assert not frames.parts[0].people


def test_check_counts_the_people_and_names_what_is_wrong(tmp_path: Path) -> None:
    outcome = check_data(CheckConfig(cihp(tmp_path)))
    assert isinstance(outcome.data, dict)
    assert (outcome.exit_code, outcome.data["people"], outcome.data["empty"]) == (0, 4, 1)
    replaced(tmp_path, "Human_ids", np.full((60, 80, 3), (1, 2, 3)))
    outcome = check_data(CheckConfig(tmp_path))
    assert outcome.exit_code == 1
    assert "Human_ids/a.png is a colour image" in str(outcome.text)


def test_half_a_copy_says_what_is_missing(tmp_path: Path) -> None:
    root = cihp(tmp_path)
    for split in ("Training", "Validation"):
        (root / split / "Human_ids").rename(root / split / "elsewhere")
    with pytest.raises(DataError, match="Category_ids/ or Human_ids/ is missing beside Images/"):
        load_frames(root)


def test_a_list_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    root = cihp(tmp_path)
    listed = root / "Training" / "train_id.txt"
    listed.write_text("../../secret\n")
    with pytest.raises(DataError, match=r"names \.\./\.\./secret, which is no picture"):
        load_frames(root)
