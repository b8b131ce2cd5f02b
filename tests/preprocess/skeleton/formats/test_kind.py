"""Which format a path has, and which have none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.preprocess.skeleton.formats.kind import (
    FORMATS,
    find_format,
    forms,
    is_document,
    subfolders,
    unknown_said,
)
from edgehuman.preprocess.skeleton.formats.read import read_poses
from tests.preprocess.skeleton.formats import written

WALK = written.walk()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"a": 1}'),
        ("a.json", "nothing"),
        ("a.json", ""),
        ("a.json", "[[1, 2, 3], [1, 2, 3]]"),
        ("a.json", '{"images": [], "annotations": [{"bbox": [1, 2, 3, 4]}]}'),
        ("a.txt", "nothing"),
        ("a.txt", "0 0.5 0.5 0.1 0.1"),
        ("a.csv", "t,ax,ay,az,gx,gy,gz\n0,1,2,3,4,5,6"),
        ("a.csv", "frame,x,y,z\n0,1,2,3"),
        ("a.png", '[{"keypoints": []}]'),
    ],
)
def test_what_is_no_format_is_none(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert find_format(path) is None


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "poses.json")
    assert find_format(tmp_path / "poses.json") is None
    assert find_format(tmp_path / "none.json") is None


def test_keypoints_far_into_a_large_file_are_found(tmp_path: Path) -> None:
    images = [{"id": k, "file_name": f"{k}.jpg"} for k in range(9000)]
    path = tmp_path / "coco.json"
    path.write_text(json.dumps({"images": images, "annotations": [{"keypoints": [1, 2, 2]}]}))
    assert path.stat().st_size > 300_000
    assert find_format(path) == "coco_keypoints"


def test_folders_are_known_by_their_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "walks" / name).mkdir(parents=True)
        written.openpose("body25", tmp_path / "walks" / name, WALK).rename(tmp_path / name)
    assert find_format(tmp_path / "one") == "openpose"
    (tmp_path / "walks" / "x").mkdir()
    assert find_format(tmp_path) == "openpose"
    assert [path.name for path in subfolders(tmp_path)] == ["one", "two", "walks"]
    yolo = tmp_path / "yolo"
    yolo.mkdir()
    written.yolo("id", yolo, WALK)
    assert find_format(yolo) == find_format(yolo / "labels") == "yolo"


def test_a_folder_with_coco_annotations_is_left_to_images(tmp_path: Path) -> None:
    written.coco_annotations(tmp_path, WALK)
    assert find_format(tmp_path) is None


def test_messages_name_every_format() -> None:
    assert all(name in forms() for name in FORMATS)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json.gz", b"\x1f\x8b\x08\x00", "it is gzip; unpack it first"),
        ("a.npy", b"\x93NUMPY\x01\x00", "it is an array of NumPy; write its joints"),
        ("a.npz", b"PK\x03\x04", "npz of NumPy; unpack it, or write its joints"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "it is HDF5, as DeepLabCut and SLEAP write it; export"),
        ("a.pkl", b"\x80\x04\x95", "it is a pickle of Python; write its joints"),
        ("a.csv", b"scorer,net,net\nbodyparts,nose,nose\n", "it is a table of DeepLabCut, whose"),
        ("a.csv", b"0," + b"0.5," * 99 + b"1\n", "its first line holds numbers; put a line of"),
        ("a.json", b'{"camera": 1}', "the form of these poses is not known"),
    ],
)
def test_a_file_that_is_not_read_says_why(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert find_format(path) is None
    assert said in unknown_said(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["alphapose", "coco", "mmpose", "movenet", "mediapipe csv"])
def test_windows_encodings_are_the_same_format(name: str, encoding: str, tmp_path: Path) -> None:
    names = [each for each in written.WRITERS if each.startswith(name)]
    format, write = written.WRITERS[names[0]]
    path = write(tmp_path, WALK)
    path.write_text(path.read_text(), encoding=encoding)
    assert find_format(path) == format
    [file] = read_poses(path, declare(30, "1920x1080"))
    [lines] = file.tracks.values()
    assert len(lines) == written.FRAMES


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ('{"t": 0, "id": "1", "joints": [[1, 2, 3]]}\n', False),
        ('{"t": 0, "joints": [[1, 2,\n{"t": 1, "joints": []}\n', False),
        ('{"t": 0}\n{"t": 1, "joints": []}\n', False),
        ("garbage\n", False),
        ("", False),
        ("[", True),
        ('{\n "meta_info": {},\n "instance_info": [', True),
        ('{"frame": 0, "keypoints": [[1, 2]], "scores": [1]}\n', True),
        ('{\n "t": 0,\n "joints": [\n', True),
        ('{"people": [\n {"pose_keypoints_2d": [', True),
    ],
)
def test_what_must_be_read_to_its_end(text: str, yes: bool) -> None:
    assert is_document(text.encode()) == yes
    assert is_document(text.encode("utf-16")) == yes or not text
