"""LV-MHP-v2 in its published layout: a map a person, its part in red."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.parsed.mhp import PARTS
from edgehuman.errors import DataError, ImageError
from edgehuman.geometry import mirror_order
from tests.data.frame_trees import ANNE, BOB, lv_mhp_v2
from tests.data.pictures import write


def test_people_have_boxes_and_parts(tmp_path: Path) -> None:
    frames = load_frames(lv_mhp_v2(tmp_path))
    assert frames.role_N.tolist() == ["train", "test"]
    assert frames.people[0].box_M4.tolist() == [list(ANNE), list(BOB)]
    assert frames.people[1].box_M4.tolist() == [list(BOB)]
    assert frames.parts is not None
    assert np.unique(frames.parts[0].part_HW).tolist() == [0, 2, 7, 9]
    assert np.unique(frames.parts[0].people[0].part_HW).tolist() == [2, 9]


def test_there_are_58_parts_of_which_sixteen_have_a_side() -> None:
    assert len(PARTS) == 59
    assert (PARTS[16], PARTS[34], PARTS[58]) == ("torso_skin", "coat", "other_lower_body_clothes")
    mirrored = mirror_order(PARTS)
    assert sum(place != other for place, other in enumerate(mirrored)) == 16
    assert mirrored[5] == 6


def test_people_without_any_part_are_left_out(tmp_path: Path) -> None:
    root = lv_mhp_v2(tmp_path)
    write(root / "train" / "parsing_annos" / "7_02_01.png", np.zeros((60, 80, 3), np.uint8))
    assert load_frames(root).people[0].box_M4.tolist() == [list(BOB)]


def test_a_missing_map_or_one_of_another_size_is_named(tmp_path: Path) -> None:
    root = lv_mhp_v2(tmp_path)
    folder = root / "train" / "parsing_annos"
    write(folder / "7_02_01.png", np.zeros((60, 81, 3), np.uint8))
    with pytest.raises(ImageError, match=r"7_02_01\.png is 81x60 pixels"):
        load_frames(root).frames[0]
    write(folder / "7_02_01.png", np.full((60, 80, 3), 59, np.uint8))
    with pytest.raises(ImageError, match="holds the part 59 in red"):
        load_frames(root).frames[0]
    (folder / "7_02_01.png").unlink()
    with pytest.raises(DataError, match="7 has 1 maps, and their names say 2"):
        load_frames(root)
    (folder / "7_02_02.png").unlink()
    with pytest.raises(DataError, match=r"1 of 1 pictures of .* have no map, e\.g\. 7"):
        load_frames(root)


def test_a_map_without_a_number_is_named(tmp_path: Path) -> None:
    root = lv_mhp_v2(tmp_path)
    write(root / "train" / "parsing_annos" / "odd.png", np.zeros((60, 80, 3), np.uint8))
    with pytest.raises(DataError, match=r"odd\.png: the map of a person is named"):
        load_frames(root)


def test_counts_that_names_do_not_agree_on_are_told(tmp_path: Path) -> None:
    folder = lv_mhp_v2(tmp_path) / "train" / "parsing_annos"
    (folder / "7_02_02.png").rename(folder / "7_03_02.png")
    with pytest.raises(DataError, match="7 has 2 maps, and their names say 3"):
        load_frames(tmp_path)


def test_files_of_the_system_are_no_maps(tmp_path: Path) -> None:
    folder = lv_mhp_v2(tmp_path) / "train" / "parsing_annos"
    (folder / "._7_02_01.png").write_bytes(b"\x00\x05\x16\x07")
    assert load_frames(tmp_path).people[0].box_M4.tolist() == [list(ANNE), list(BOB)]
