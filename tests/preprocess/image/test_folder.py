"""Which pictures of a folder tree are photos, and what is said of those left out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.image.folder import ImageWalk, is_simulated


def put(root: Path, *names: str) -> None:
    """Files of these names; what is in them does not matter to a walk."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def label(root: Path, *rows: dict[str, Any]) -> None:
    (root / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))


def walked(root: Path) -> tuple[list[str], ImageWalk]:
    walk = ImageWalk(root)
    return list(walk.names()), walk


def test_pictures_however_deep_in_the_order_of_their_paths(tmp_path: Path) -> None:
    put(tmp_path, "b/2.PNG", "b/1.jpg", "a.webp", "c/d/e.jpeg", "notes.txt", "README")
    names, walk = walked(tmp_path)
    assert names == ["a.webp", "b/1.jpg", "b/2.PNG", "c/d/e.jpeg"]
    assert walk.suffixes[".txt"] == walk.suffixes["without a suffix"] == walk.suffixes[".png"] == 1
    assert bytes(walk.simulated) == bytes(4)
    assert walk.left_out() == ""


def test_hidden_files_and_folders_are_no_photos(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "._a.jpg", ".thumbs/b.jpg")
    assert walked(tmp_path)[0] == ["a.jpg"]


def test_a_folder_is_entered_once_though_links_lead_back(tmp_path: Path) -> None:
    put(tmp_path, "a/1.jpg")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert walked(tmp_path)[0] == ["a/1.jpg"]


def test_of_a_labelled_folder_the_pictures_that_its_lines_name(tmp_path: Path) -> None:
    put(tmp_path, "images/0.png", "images/1.png", "images/2.png", "parts/0.png", "parts/9.png")
    label(
        tmp_path,
        {"image": "images/1.png", "mask": "parts/9.png", "simulated": True},
        {"image": "images/0.png", "mask": "parts/0.png"},
    )
    names, walk = walked(tmp_path)
    assert names == ["images/0.png", "images/1.png"]
    assert bytes(walk.simulated) == bytes([0, 1])
    assert (walk.num_maps, walk.num_unnamed) == (2, 1)
    assert walk.left_out().startswith("2 label maps (masks) left out; 1 images left out that labe")


def test_labels_above_the_folder_name_its_maps_and_leave_its_other_pictures(
    tmp_path: Path,
) -> None:
    put(tmp_path, "images/0.png", "images/m.png", "images/2.png")
    label(tmp_path, {"image": "images/0.png", "mask": "images/m.png", "simulated": True})
    names, walk = walked(tmp_path / "images")
    assert names == ["0.png", "2.png"]
    assert bytes(walk.simulated) == bytes([1, 0])
    assert (walk.num_maps, walk.num_unnamed) == (1, 0)


def test_maps_of_published_datasets_are_known_by_their_folders(tmp_path: Path) -> None:
    put(tmp_path, "lip/train_images/1.jpg", "lip/train_segmentations/1.png")
    put(tmp_path, "ccp/photos/1.jpg", "ccp/masks/1.png", "fancy/masks/venice.jpg")
    names, walk = walked(tmp_path)
    assert names == ["ccp/photos/1.jpg", "fancy/masks/venice.jpg", "lip/train_images/1.jpg"]
    assert walk.num_maps == 2


def test_lines_that_are_none_are_an_error_where_their_folder_was_asked_for(tmp_path: Path) -> None:
    put(tmp_path, "images/0.png")
    (tmp_path / "labels.jsonl").write_text("{")
    with pytest.raises(DataError, match=r"labels\.jsonl, line 1: .*give the folder that holds"):
        walked(tmp_path)
    assert walked(tmp_path / "images")[0] == ["0.png"]


def test_one_picture_is_simulated_as_its_folder_says(tmp_path: Path) -> None:
    put(tmp_path, "images/7/0.png", "images/7/1.png", "x/y/z/2.png")
    label(tmp_path, {"image": "images/7/0.png", "simulated": True}, {"image": "images/7/1.png"},
          {"image": "x/y/z/2.png", "simulated": True})  # fmt: skip
    assert is_simulated(tmp_path / "images" / "7" / "0.png")
    assert not is_simulated(tmp_path / "images" / "7" / "1.png")
    # Three folders down nobody looks up as far as the labels.
    assert not is_simulated(tmp_path / "x" / "y" / "z" / "2.png")


def test_other_files_are_kept_for_those_who_ask(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b/c.heic", "b/d.txt", "README", ".hidden.heic", "e.jfif")
    assert walked(tmp_path)[1].others is None
    walk = ImageWalk(tmp_path, keep_others=True)
    assert list(walk.names()) == ["a.jpg", "e.jfif"]
    assert walk.others == ["README", "b/c.heic", "b/d.txt"]


def test_of_a_labelled_folder_no_other_files_are_kept(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.heic")
    label(tmp_path, {"image": "a.jpg"})
    walk = ImageWalk(tmp_path, keep_others=True)
    assert (list(walk.names()), walk.others) == (["a.jpg"], [])


def test_pictures_that_are_not_read_are_said_to_be_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.heic", "c/d.HEIC", "e.dng", "f.txt", "README")
    walk = walked(tmp_path)[1]
    assert walk.left_out() == (
        "1 .dng left out (a camera's raw picture is not read; develop it, e.g. with "
        "`darktable-cli PHOTO.dng PHOTO.jpg`); 2 .heic left out (a HEIC picture is not read; "
        "convert it with `heif-convert PHOTO.heic PHOTO.jpg`, or set the phone's camera to JPEG)"
    )
    walk = ImageWalk(tmp_path, keep_others=True)
    assert len(list(walk.names())) == 1
    assert walk.left_out() == ""


def test_a_pipe_named_as_a_picture_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes(b"x")
    (tmp_path / "c.jpg").symlink_to(tmp_path / "nowhere")
    walk = ImageWalk(tmp_path, keep_others=True)
    assert list(walk.names()) == ["b.jpg", "c.jpg"]
    assert walk.others == ["a.jpg"]
