from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.errors import DataError, ImageError
from tests.data.frame_trees import ANNE, BOB, crowdhuman, odgt_line


def test_people_and_regions_of_a_picture(tmp_path: Path) -> None:
    frames = load_frames(crowdhuman(tmp_path))
    assert (frames.dataset, len(frames), frames.num_people) == ("crowdhuman", 3, 3)
    assert frames.licence.startswith("non-commercial")
    assert frames.role_N.tolist() == ["train", "train", "test"]
    assert list(frames.names) == ["Images/a.jpg", "Images/b.png", "Images/c.jpg"]
    assert frames.people[0].box_M4.tolist() == [
        *(list(ANNE), list(BOB), [0, 0, 5, 60], [70, 0, 90, 60]),
    ]
    assert frames.people[0].ignore_M.tolist() == [False, False, True, True]
    assert frames.people[2].box_M4.shape == (0, 4)
    assert frames.frames[1].shape == (60, 80, 3)


def test_a_folder_above_is_taken_too(tmp_path: Path) -> None:
    crowdhuman(tmp_path / "downloads" / "CrowdHuman")
    assert len(load_frames(tmp_path)) == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[" * 5000, "line 2: not JSON"),
        ("7", "line 2: not an object with the ID"),
        ('{"ID": "../a", "gtboxes": []}', "line 2: not an object with the ID"),
        ('{"ID": "a"}', "line 2: gtboxes is None, not a list"),
        ('{"ID": "a", "gtboxes": [7]}', r"line 2: gtboxes is \[7\], not a list of objects"),
        ('{"ID": "a", "gtboxes": [{"tag": "person"}]}', "line 2: .* are no boxes"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    root = crowdhuman(tmp_path)
    (root / "annotation_val.odgt").write_text(f"{odgt_line('c')}\n{line}\n")
    with pytest.raises(DataError, match=f"annotation_val.odgt, {said}"):
        load_frames(root)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    root = crowdhuman(tmp_path)
    (root / "Images" / "c.jpg").unlink()
    with pytest.raises(ImageError, match=r"c\.jpg: No such file"):
        load_frames(root).frames[2]
    (root / "annotation_val.odgt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be read"):
        load_frames(root)
    for file in ("annotation_val.odgt", "annotation_train.odgt"):
        (root / file).write_text("\n")
    with pytest.raises(DataError, match="its annotations are empty"):
        load_frames(root)
    (root / "Images").rename(root / "pictures")
    with pytest.raises(DataError, match="Images: No such file or directory; unpack"):
        load_frames(root)
