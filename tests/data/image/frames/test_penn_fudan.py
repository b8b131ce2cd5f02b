from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.errors import DataError
from tests.data.frame_trees import ANNE, BOB, penn_fudan


def test_pixels_count_from_one_with_both_corners(tmp_path: Path) -> None:
    frames = load_frames(penn_fudan(tmp_path))
    assert (frames.dataset, len(frames), frames.role_N.tolist()) == ("penn_fudan", 1, ["test"])
    assert frames.people[0].box_M4.tolist() == [list(ANNE), list(BOB)]
    assert frames.frames[0].shape == (60, 80, 3)


def test_a_damaged_text_is_named(tmp_path: Path) -> None:
    root = penn_fudan(tmp_path)
    path = root / "Annotation" / "FudanPed00001.txt"
    whole = path.read_text()
    for text in ("", whole.replace("Image filename", "Picture"), whole[: whole.rindex("(") + 3]):
        path.write_text(text)
        with pytest.raises(DataError, match=r"FudanPed00001\.txt: no Penn-Fudan annotation"):
            load_frames(root)
    path.unlink()
    with pytest.raises(DataError, match="Annotation: holds no text"):
        load_frames(root)
