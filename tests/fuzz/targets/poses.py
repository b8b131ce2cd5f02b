"""Readers of poses: lines live and from files, every estimator's files, datasets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.published import densegait, tables
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.preprocess.skeleton.formats.read import lines_of, read_content, read_poses
from edgehuman.runtime.skeleton.lines import PoseParser
from edgehuman.runtime.skeleton.rows import PoseRows
from edgehuman.runtime.skeleton.source import open_poses
from tests.fuzz.target import Target, written

_DECLARED = declare(30.0, "1920x1080")


def _joints(count: int, at: float = 0.0) -> list[list[float]]:
    return [[100.0 + 10 * (i % 5) + at, 50.0 + 12 * i, 0.9] for i in range(count)]


def _flat(count: int) -> list[float]:
    return [value for joint in _joints(count) for value in joint]


def _lines() -> Sequence[bytes]:
    lines = [
        {"t": 0.04 * i, "id": 7, "joints": _joints(18, 3.0 * i), "width": 1920, "height": 1080}
        for i in range(4)
    ]
    return [b"\n".join(json.dumps(line).encode() for line in lines)]


def _objects() -> Sequence[bytes]:
    """One small file in the form of each estimator."""
    return [
        json.dumps(each).encode()
        for each in (
            {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": _flat(25)}]},
            [
                {"image_id": f"{i}.jpg", "category_id": 1, "keypoints": _flat(17), "score": 2.9,
                 "box": [1, 2, 3, 4], "idx": 1}
                for i in range(3)
            ],
            {"0.jpg": {"people": [{"pose_keypoints_2d": _flat(18)}]}},
            [{"frame": i, "instances": [{"keypoints": _joints(17), "track_id": 1}]}
             for i in range(3)],
            {"meta_info": {}, "instance_info": [{"frame_id": 1, "instances": [
                {"keypoints": [j[:2] for j in _joints(17)], "keypoint_scores": [0.9] * 17}]}]},
            {"annotations": [{"image_id": 1, "keypoints": _flat(17), "id": 1}],
             "images": [{"id": 1, "file_name": "1.jpg", "width": 640, "height": 480}]},
            [[_joints(17)], [_joints(17)]],
            [{"name": "person", "class": 0, "track_id": 1, "keypoints": {
                "x": [1.0] * 17, "y": [2.0] * 17, "visible": [1.0] * 17}}],
        )
    ]  # fmt: skip


def _file(name: str, format: str | None = None) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> None:
        path = written(content, folder, name)
        lines_of(read_poses(path, _DECLARED, format))

    return read


def _content(content: bytes, folder: Path) -> None:
    read_content(content, "standard input", _DECLARED)


def _frames(name: str, inside: str) -> Callable[[bytes, Path], object]:
    """A folder with a file per frame, of which one is the input."""

    def read(content: bytes, folder: Path) -> None:
        place = folder / name
        place.mkdir(exist_ok=True)
        for number in (0, 1):
            written(content, place, inside % number)
        lines_of(read_poses(place, _DECLARED))

    return read


def _live(content: bytes, folder: Path) -> None:
    for numbered in (True, False):
        parser = PoseParser(numbered)
        text = content.decode("utf-8", errors="replace")
        lines = text.split("\n") if numbered else text.splitlines()
        parser.parse(lines[:-1])
        parser.parse_last(lines[-1] if lines else "")
        parser.report()


def _rows(content: bytes, folder: Path) -> None:
    try:
        items = json.loads(content)
    except (ValueError, RecursionError):
        return
    reader = PoseRows()
    for item in items if isinstance(items, list) else [items]:
        reader.read([item])
    reader.report()


def _source(content: bytes, folder: Path) -> None:
    with open_poses(str(written(content, folder, "poses.jsonl")), declared=_DECLARED) as source:
        for _ in source:
            pass
        source.report()


def _dataset(content: bytes, folder: Path) -> None:
    place = folder / "set"
    place.mkdir(exist_ok=True)
    written(_lines()[0], place, "a.jsonl")
    written(content, place, "walks.jsonl")
    load_skeletons(place, check=False)


def _labels() -> Sequence[bytes]:
    row = {"file": "a.jsonl", "person": "p", "sequence": "s", "view": "0", "condition": "nm",
           "role": "probe", "rate_hz": 25.0}  # fmt: skip
    return [json.dumps(row).encode()]


def _csv() -> Sequence[bytes]:
    names = ",".join(f"x{i},y{i},v{i}" for i in range(33))
    row = ",".join(f"0.{i + 1},0.{i + 2},0.9" for i in range(33))
    long = "".join(f"{f},{j},0.{j + 1},0.{j + 2},0.9\n" for f in range(2) for j in range(33))
    return [
        f"frame,{names}\n0,{row}\n1,{row}\n".encode(),
        f"frame,landmark,x,y,visibility\n{long}".encode(),
    ]


def _yolo() -> Sequence[bytes]:
    joints = " ".join("0.5 0.4 0.9" for _ in range(17))
    return [f"0 0.5 0.5 0.2 0.4 {joints} 0.8 1\n".encode()]


def _published(content: bytes, folder: Path) -> None:
    path = written(content, folder, "train.csv")
    for holds, read in (
        (tables.is_casia_b, tables.read_casia_b),
        (tables.is_gait3d, tables.read_gait3d),
        (tables.is_grew, tables.read_grew),
    ):
        try:
            for _ in read(path) if holds(path) else ():
                pass
        except DataError:
            continue
    place = folder / "densegait"
    place.mkdir(exist_ok=True)
    written(content, place, "annotations.csv")
    if densegait.DENSEGAIT.recognise(place):
        for _ in densegait.DENSEGAIT.read.walks(place):
            pass


def _published_seeds() -> Sequence[bytes]:
    names = ",".join(f"{axis}_{i}" for i in range(17) for axis in ("x", "y", "c"))
    row = ",".join("1.5" for _ in range(51))
    sized = f"image_name,identity,image_width,image_height,{names}\n"
    return [
        f"image_name,{names}\na/001-nm-01-000/000001.jpg,{row}\n".encode(),
        f"{sized}a/0001/camid0_videoid1/seq0/1.jpg,1,640,480,{row}\n".encode(),
        f"{sized}train/1/2/00001_2d_pose.txt,1,640,480,{row}\n".encode(),
        b"file_name,track_id\na.npy,7\n",
    ]


TARGETS: Mapping[str, Target] = {
    "pose-live": Target(_live, _lines, "json"),
    "pose-rows": Target(_rows, lambda: [b"[" + _lines()[0].replace(b"\n", b",") + b"]"], "json"),
    "pose-source": Target(_source, lambda: [*_lines(), *_objects()], "json"),
    "pose-content": Target(_content, lambda: [*_objects(), *_lines()], "json"),
    "alphapose": Target(_file("alphapose-results.json"), _objects, "json"),
    "openpose": Target(_frames("openpose", "v_%012d_keypoints.json"), _objects, "json"),
    "yolo": Target(_frames("labels", "v_%d.txt"), _yolo, "lines"),
    "pose-table": Target(_file("poses.csv"), _csv, "lines"),
    "pose-labels": Target(_dataset, _labels, "json"),
    "pose-published": Target(_published, _published_seeds, "lines"),
}
