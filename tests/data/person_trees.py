"""Small trees in the published layouts of labelled people: the right names, a few pictures each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from edgehuman.records import Uint8
from tests.data.pictures import photos, picture, write

PA_ATTRIBUTES = ("Female", "AgeOver60", "Hat")
PETA_ATTRIBUTES = tuple(f"attribute{number}" for number in range(105))


def market(root: Path) -> Path:
    """Two people to learn from, two to find, a distractor and junk."""
    for name in (
        "bounding_box_train/0002_c1s1_000451_03.jpg",
        "bounding_box_train/0002_c3s1_000551_01.jpg",
        "bounding_box_train/0007_c3s3_077419_03.jpg",
        "bounding_box_train/0007_c2s3_070952_02.jpg",
        "query/0001_c1s1_001051_00.jpg",
        "query/0003_c6s1_001051_00.jpg",
        "bounding_box_test/0001_c2s1_001051_01.jpg",
        "bounding_box_test/0003_c1s2_001051_01.jpg",
        "bounding_box_test/0000_c4s2_001051_01.jpg",
        "bounding_box_test/-1_c5s2_001051_01.jpg",
    ):
        write(root / name, picture(len(name), 128, 64))
    (root / "bounding_box_test" / "Thumbs.db").write_bytes(b"Windows")
    return root


def msmt(root: Path, folders: tuple[str, str] = ("train", "test")) -> Path:
    """Two people to learn from, one of them in the validation list; one to find."""
    lists = {
        "train": (
            "0000/0000_000_01_0303morning_0008_0.jpg 0",
            "0000/0000_001_05_0303noon_1_1.jpg 0",
        ),
        "val": ("0001/0001_000_02_0303morning_0008_0.jpg 1", "0001/0001_001_03_0303noon_1_1.jpg 1"),
        "query": ("0000/0000_000_07_0113afternoon_0008_0.jpg 0",),
        "gallery": ("0000/0000_003_14_0113afternoon_0008_0.jpg 0",),
    }
    for part, lines in lists.items():
        folder = folders[part in ("query", "gallery")]
        root.mkdir(parents=True, exist_ok=True)
        (root / f"list_{part}.txt").write_text("\n".join(lines) + "\n")
        for line in lines:
            write(root / folder / line.split()[0], picture(len(line), 96, 48))
    return root


def pa100k(root: Path, folder: str = "release_data/release_data") -> Path:
    """Four pictures: two to learn from, one to validate, one to test."""
    photos(root / folder, 4)
    parts = {"train": ([0, 1], [[1, 0, 0], [0, 1, 1]]), "val": ([2], [[0, 0, 1]])}
    table: dict[str, Any] = {"attributes": cells(PA_ATTRIBUTES)}
    for part, (numbers, labels) in {**parts, "test": ([3], [[1, 1, 1]])}.items():
        table[f"{part}_images_name"] = cells([f"{number:03d}.jpg" for number in numbers])
        table[f"{part}_label"] = np.array(labels, np.uint8)
    savemat(root / "annotation.mat", table)
    return root


def cells(texts: Any) -> NDArray[Any]:
    """A MATLAB column of texts."""
    column = np.empty((len(texts), 1), object)
    for row, text in enumerate(texts):
        column[row, 0] = text
    return column


def peta(root: Path) -> Path:
    """Five pictures: 1 and 4 to learn from, 2 to validate, 3 to test, 5 in no part."""
    for number in range(1, 6):
        write(root / "images" / f"{number:05d}.png", picture(number))
    data = np.zeros((5, 4 + 105), np.uint16)
    data[:, 0] = range(1, 6)
    data[3, 4], data[2, 5] = 1, 1
    splits = np.empty((5, 1), object)
    for row in range(5):
        parts = {"train": [[1], [4]], "val": [[2]], "test": [[3]]}
        splits[row, 0] = {name: np.array(rows, np.uint16) for name, rows in parts.items()}
    fields = {
        "data": data,
        "attributes": cells(PETA_ATTRIBUTES),
        "selected_attribute": np.arange(1, 36, dtype=np.uint8)[:, None],
        "partion": splits,
    }
    savemat(root / "PETA.mat", {"peta": fields})
    return root


def coco(root: Path, whole: bool = False) -> Path:
    """One photo to learn from with two people, a crowd and one without joints; one to test."""
    body = [[0, 0, 0]] * 17
    body[0], body[16] = [30, 20, 2], [34, 80, 1]
    row: dict[str, Any] = {"image_id": 9, "iscrowd": 0, "num_keypoints": 2, "area": 900.5}
    row |= {"bbox": [20.5, 15, 20, 70], "keypoints": np.ravel(body).tolist()}
    if whole:
        row |= _further()
    rows = [
        {**row, "id": 1},
        {**row, "id": 2, "bbox": [90, 10, 30, 60]},
        {**row, "id": 3, "iscrowd": 1},
        {**row, "id": 4, "num_keypoints": 0},
    ]
    for part, people in (("train2017", rows), ("val2017", rows[:1])):
        write(root / part / "000000000009.jpg", picture(9, 100, 120))
        table = {
            "images": [{"id": 9, "file_name": "000000000009.jpg", "height": 100, "width": 120}],
            "annotations": people,
        }
        word = part.removesuffix("2017")
        name = f"coco_wholebody_{word}_v1.0" if whole else f"person_keypoints_{part}"
        (root / "annotations").mkdir(exist_ok=True)
        (root / "annotations" / f"{name}.json").write_text(json.dumps(table))
    return root


def _further() -> dict[str, Any]:
    """Feet, face and hands, each with its first point labelled."""
    counts = {"foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21, "righthand_kpts": 21}
    return {
        name: [float(first), 50.0, 2.0] + [0.0] * 3 * (count - 1)
        for first, (name, count) in enumerate(counts.items(), start=25)
    }


def edit_coco(root: Path, **changes: Any) -> None:
    """Change the first person to learn from."""
    [file] = (root / "annotations").glob("*train*.json")
    table = json.loads(file.read_text())
    table["annotations"][0] |= changes
    file.write_text(json.dumps(table))


def halves(upper: int, lower: int, height: int = 96, width: int = 64) -> Uint8:
    """A mask of two numbers."""
    mask_HW = np.full((height, width), upper, np.uint8)
    mask_HW[height // 2 :] = lower
    return mask_HW


def write_mask(path: Path, mask_HW: Uint8) -> None:
    """A grey picture of class numbers."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), mask_HW)


def lip(root: Path, deep: bool = True) -> Path:
    """Three pictures to learn from, one to test; as the archives unpack, or side by side."""
    images = root / "TrainVal_images" / "TrainVal_images" if deep else root
    masks = root / "TrainVal_parsing_annotations" if deep else root
    for part, count in (("train", 3), ("val", 1)):
        photos(images / f"{part}_images", count)
        for number in range(count):
            write_mask(masks / f"{part}_segmentations" / f"{number:03d}.png", halves(5, 9))
    return root


def ccp(root: Path, count: int = 10) -> Path:
    """Photos 0001 …, of which the last has no mask."""
    for number in range(1, count + 1):
        write(root / "photos" / f"{number:04d}.jpg", picture(number))
        if number < count:
            write_mask(root / "masks" / f"{number:04d}.png", halves(0, 41))
    names = ["null", *(f"class{number}" for number in range(1, 59))]
    (root / "labels.txt").write_text("\n".join(names) + "\n")
    return root


Make = Callable[[Path], Path]

TREES: dict[str, tuple[Make, str]] = {
    "market1501": (market, "reid"),
    "msmt17": (msmt, "reid"),
    "pa100k": (pa100k, "attributes"),
    "peta": (peta, "attributes"),
    "coco_keypoints": (coco, "pose"),
    "coco_wholebody": (lambda root: coco(root, whole=True), "landmarks"),
    "lip": (lip, "parsing"),
    "ccp": (ccp, "parsing"),
}
