"""Our own layout of frames: what a line may say, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.load import load_persons
from edgehuman.errors import DataError
from tests.data.frame_trees import ANNE, BOB, labelled


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    frames = load_frames(labelled(tmp_path))
    assert (frames.dataset, len(frames), frames.num_people) == (tmp_path.name, 2, 2)
    assert frames.people[0].box_M4.tolist() == [list(ANNE), list(BOB), [0, 0, 5, 60]]
    assert frames.people[0].ignore_M.tolist() == [False, False, True]
    assert frames.role_N.tolist() == ["train", "test"]
    assert frames.sequence_N.tolist() == ["door", "b.png"]
    assert frames.people[1].box_M4.shape == (0, 4)
    assert not frames.simulated
    with pytest.raises(DataError, match="no dataset for reid has this layout"):
        load_persons(tmp_path, "reid")


def test_lines_say_where_pictures_are_from_and_what_labelled_them(tmp_path: Path) -> None:
    row = {"image": "a.png", "boxes": [ANNE], "dataset": "ccp"}
    frames = load_frames(labelled(tmp_path, row | {"labelled_by": ["A (MIT)"]}))
    assert frames.dataset == "ccp"
    assert frames.licence.startswith("Apache-2.0")
    assert frames.licence.endswith("labels: A (MIT)")
    assert "clothing-co-parsing" in frames.url


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"boxes": [[1, 2, 3]]}, r"a.png: \[\[1, 2, 3\]\] are no boxes; each must be \[x1, y1, "),
        ({"ignore": 7}, "a.png: 7 are no boxes"),
        ({"role": "gallery"}, "a.png: role 'gallery'; of frames valid: train, test"),
        ({"labelled_by": "me"}, 'a.png: "labelled_by" is "me"; it must be a list of names'),
        ({"sequence": 7}, 'a.png: "sequence" is 7; it must be text of at most 255 bytes'),
        ({"sequence": 300 * "a"}, "it must be text of at most 255 bytes"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    labelled(tmp_path, {"image": "a.png", "boxes": [ANNE]})
    labelled(tmp_path, {"image": "a.png", "boxes": [ANNE], **change})
    with pytest.raises(DataError, match=said):
        load_frames(tmp_path)


def test_a_line_without_boxes_is_named(tmp_path: Path) -> None:
    labelled(tmp_path, {"image": "a.png", "boxes": [ANNE]}, {"image": "b.png"})
    with pytest.raises(DataError, match=r'b\.png: no "boxes"; write'):
        load_frames(tmp_path)
