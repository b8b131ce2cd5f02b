"""Which layout a path has, and what is said where it has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.data.image.frames.load import layouts, load_frames
from edgehuman.errors import DataError
from tests.data import frame_trees, garment_trees

TREES = {
    "crowdhuman": frame_trees.crowdhuman,
    "coco_keypoints": frame_trees.coco_official,
    "cihp": frame_trees.cihp,
    "lv_mhp_v2": frame_trees.lv_mhp_v2,
    "fashionpedia": garment_trees.fashionpedia,
    "penn_fudan": frame_trees.penn_fudan,
    "mot": frame_trees.mot_sequence,
    "labelled_frames": frame_trees.labelled,
}


@pytest.mark.parametrize("name", TREES)
def test_one_layout_recognises_a_tree(name: str, tmp_path: Path) -> None:
    make: Callable[[Path], Path] = TREES[name]
    tmp_path.mkdir(exist_ok=True)
    root = make(tmp_path)
    assert [each.dataset for each in layouts() if each.recognise(root)] == [name]
    assert len(load_frames(root)) > 0


def test_every_layout_has_a_tree_here_or_composes() -> None:
    assert {each.dataset for each in layouts() if not each.read.composed} == set(TREES)


def test_a_folder_of_photos_is_refused_with_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(DataError, match="no dataset of frames with boxes has this layout") as error:
        load_frames(tmp_path)
    assert all(each.looks_like in str(error.value) for each in layouts())
    with pytest.raises(DataError, match="no such file or folder"):
        load_frames(tmp_path / "nowhere")


def test_wrong_boxes_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = [0, 0, 9, 9]
    frame_trees.labelled(tmp_path, {"image": "a.png", "boxes": [box, box, [5, 5, 5, 8]]})
    assert load_frames(tmp_path).people[0].box_M4.tolist() == [box]
    said = capsys.readouterr().err
    assert "left out 1 boxes without area and 1 repeated ones; `edgehuman data check` names" in said


def test_simulated_frames_need_no_folder() -> None:
    frames = load_frames("simulated", count=5)
    assert (frames.simulated, frames.role_N.tolist()) == (True, ["train"] * 4 + ["test"])
    assert all((each.box_M4.shape[1:] == (4,)) for each in frames.people)
