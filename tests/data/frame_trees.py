"""Small trees of frames with boxes, in the layouts that are read; drawn people are dark bars."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.view.indexed_png import indexed_png
from tests.data.pictures import write

HEIGHT, WIDTH = 60, 80
ANNE, BOB = (10, 10, 30, 50), (50, 20, 62, 44)


def frame(*boxes: Sequence[float], height: int = HEIGHT, width: int = WIDTH) -> Uint8:
    """A grey frame (H, W, 3) with a dark bar in each box."""
    image_HWC = np.full((height, width, 3), 180, np.uint8)
    for x1, y1, x2, y2 in np.array(boxes, np.int64).reshape(-1, 4):
        image_HWC[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = 40
    return image_HWC


def people(*boxes: Sequence[float], ignore: Sequence[int] = ()) -> People:
    """People in boxes x1, y1, x2, y2."""
    box_M4 = np.array(boxes, np.float32).reshape(-1, 4)
    return People(box_M4, np.isin(np.arange(len(box_M4)), ignore))


def made_frames(count: int = 4, role: str = "test") -> FrameSet:
    """Frames in memory: Anne in all, Bob in every second; the last is empty."""
    each = [people(ANNE, BOB) if i % 2 else people(ANNE) for i in range(count - 1)] + [people()]
    names = [f"frame {i}" for i in range(count)]
    return FrameSet(
        [frame(*one.box_M4) for one in each],
        each,
        names,
        np.array([role] * count),
        np.array(names),
        dataset="made frames",
    )


def rows_of(truth: Sequence[People], rows: int = 6) -> Float32:
    """A perfect detector's output (N, rows, 5) for frames that need no letterbox."""
    output_NK5 = np.zeros((len(truth), rows, 5), np.float32)
    for output_K5, each in zip(output_NK5, truth, strict=True):
        count = len(each.box_M4)
        output_K5[:count, :4] = each.box_M4
        output_K5[:count, 4] = np.linspace(0.9, 0.8, count)
    return output_NK5


def sized(box: Sequence[float]) -> list[float]:
    """x1, y1, x2, y2 as x, y, width, height."""
    x1, y1, x2, y2 = box
    return [x1, y1, x2 - x1, y2 - y1]


def odgt_line(name: str, *boxes: Sequence[float], **more: Any) -> str:
    """A line of CrowdHuman's annotations."""
    found = [{"tag": "person", "fbox": sized(box), "extra": {"ignore": 0}} for box in boxes]
    return json.dumps({"ID": name, "gtboxes": [*found, *more.get("others", ())]})


def crowdhuman(root: Path) -> Path:
    """Two training pictures, one of them PNG, and one to test with."""
    write(root / "Images" / "a.jpg", frame(ANNE, BOB))
    write(root / "Images" / "b.png", frame(ANNE))
    write(root / "Images" / "c.jpg", frame())
    mask = {"tag": "mask", "fbox": [0, 0, 5, 60], "extra": {"ignore": 1}}
    far = {"tag": "person", "fbox": [70, 0, 20, 60], "extra": {"ignore": 1, "occ": 1}}
    lines = [odgt_line("a", ANNE, BOB, others=[mask, far]), "", odgt_line("b", ANNE)]
    (root / "annotation_train.odgt").write_text("\n".join(lines))
    (root / "annotation_val.odgt").write_text(odgt_line("c") + "\n")
    return root


def _maps(height: int = HEIGHT, width: int = WIDTH) -> tuple[Uint8, Uint8]:
    """Parts and people: Anne, number 1, has hair (2) above pants (9); Bob, 3, is all coat (7)."""
    part_HW, who_HW = np.zeros((2, height, width), np.uint8)
    for number, (x1, y1, x2, y2), upper, lower in ((1, ANNE, 2, 9), (3, BOB, 7, 7)):
        middle = (y1 + y2) // 2
        part_HW[y1:middle, x1:x2], part_HW[middle:y2, x1:x2] = upper, lower
        who_HW[y1:y2, x1:x2] = number
    return part_HW, who_HW


def cihp(root: Path) -> Path:
    """Two training pictures, one without people, and one to test with; maps have a palette."""
    part_HW, who_HW = _maps()
    of = {"a": ("Training", 1), "b": ("Training", 0), "c": ("Validation", 1)}
    red = [(200, 0, 0)] * 256
    for stem, (split, there) in of.items():
        folder = root / split
        write(folder / "Images" / f"{stem}.jpg", frame(*([ANNE, BOB] if there else [])))
        for name, map_HW in (("Category_ids", part_HW), ("Human_ids", who_HW)):
            path = folder / name / f"{stem}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(indexed_png(there * map_HW, red))
    (root / "Training" / "train_id.txt").write_text("a\nb\n")
    return root


def lv_mhp_v2(root: Path) -> Path:
    """One training picture of Anne and Bob, and one of Bob to test with; green means nothing."""
    part_HW, who_HW = _maps()
    for split, stem, people in (("train", "7", (1, 3)), ("val", "9", (3,))):
        write(root / split / "images" / f"{stem}.jpg", frame(ANNE, BOB))
        for number, person in enumerate(people, 1):
            own_HW = np.where(who_HW == person, part_HW, 0).astype(np.uint8)
            name = f"{stem}_{len(people):02d}_{number:02d}.png"
            write(root / split / "parsing_annos" / name, np.dstack([own_HW, own_HW // 2, own_HW]))
    (root / "list").mkdir()
    (root / "list" / "train.txt").write_text("7\n")
    return root


def coco_table(pictures: dict[int, str], boxes: dict[int, list[Any]]) -> dict[str, Any]:
    """An annotation file; the last person of each picture is a crowd, and each has a dog."""
    annotations = []
    for image, each in boxes.items():
        for place, box in enumerate(each):
            crowd = int(place == len(each) - 1 and len(each) > 1)
            annotations.append(
                {"image_id": image, "category_id": 1, "bbox": sized(box), "iscrowd": crowd}
            )
        annotations.append({"image_id": image, "category_id": 18, "bbox": [0, 0, 9, 9]})
    images = [{"id": number, "file_name": name} for number, name in pictures.items()]
    names = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}]
    return {"images": images, "annotations": annotations, "categories": names}


def coco_single(root: Path) -> Path:
    """One file beside its two pictures, one without people."""
    write(root / "1.jpg", frame(ANNE, BOB))
    write(root / "2.jpg", frame())
    table = coco_table({1: "1.jpg", 2: "2.jpg"}, {1: [ANNE, BOB]})
    (root / "person_keypoints.json").write_text(json.dumps(table))
    return root


def coco_official(root: Path) -> Path:
    """train2017 and val2017, a picture each."""
    for part in ("train2017", "val2017"):
        write(root / part / "1.jpg", frame(ANNE))
        path = root / "annotations" / f"instances_{part}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(coco_table({1: "1.jpg"}, {1: [ANNE]})))
    return root


PENN_FUDAN = """\
# Compatible with PASCAL Annotation Version 1.00
Image filename : "PennFudanPed/PNGImages/FudanPed00001.png"
Image size (X x Y x C) : 80 x 60 x 3
Database : "The Penn-Fudan-Pedestrian Database"
Objects with ground truth : 2 {{ "PASpersonWalking" "PASpersonWalking" }}
# Note there may be some objects not included in the ground truth list for they are severe-occluded

# Top left pixel co-ordinates : (1, 1)
# Details for pedestrian 1 ("PASpersonWalking")
Original label for object 1 "PASpersonWalking" : "PennFudanPed"
Bounding box for object 1 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : ({}, {}) - ({}, {})
Pixel mask for object 1 "PASpersonWalking" : "PennFudanPed/PedMasks/FudanPed00001_mask.png"

# Details for pedestrian 2 ("PASpersonWalking")
Bounding box for object 2 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : ({}, {}) - ({}, {})
"""


def penn_fudan(root: Path) -> Path:
    """One picture of Anne and Bob."""
    write(root / "PNGImages" / "FudanPed00001.png", frame(ANNE, BOB))
    counted = [value for x1, y1, x2, y2 in (ANNE, BOB) for value in (x1 + 1, y1 + 1, x2, y2)]
    (root / "Annotation").mkdir()
    (root / "Annotation" / "FudanPed00001.txt").write_text(PENN_FUDAN.format(*counted))
    return root


def mot_line(number: int, track: int, box: Sequence[float], *more: float) -> str:
    """A line of MOT's ground truth, whose pixels count from 1."""
    x, y, wide, high = sized(box)
    return ",".join(map(str, (number, track, x + 1, y + 1, wide, high, *more)))


def mot_video(root: Path, frames: int = 5) -> Path:
    """A video beside its text: Anne always, Bob from the third frame, ignored in the fourth."""
    root.mkdir(parents=True, exist_ok=True)
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    video = cv2.VideoWriter(str(root / "door.avi"), fourcc, 10, (WIDTH, HEIGHT))
    lines = []
    for number in range(1, frames + 1):
        there = [ANNE] if number < 3 else [ANNE, BOB]
        image_HWC = frame(*there)
        image_HWC[:, :4, 0] = min(40 * number, 240)  # red counts
        video.write(image_HWC[..., ::-1].copy())
        lines += [
            mot_line(number, track, box, int(track == 1 or number != 4))
            for track, box in enumerate(there, 1)
        ]
    video.release()
    (root / "door.txt").write_text("\n".join(lines) + "\n")
    return root


def mot_sequence(root: Path) -> Path:
    """train/STREET/ of two frames, with classes: a person, a car and a person on a bicycle."""
    place = root / "train" / "STREET"
    for number in (1, 2):
        write(place / "img1" / f"{number:06d}.jpg", frame(ANNE))
    lines = [
        mot_line(1, 1, ANNE, 1, 1, 1.0),
        mot_line(1, 2, BOB, 0, 3, 1.0),
        mot_line(1, 3, BOB, 0, 2, 0.5),
    ]
    (place / "gt").mkdir()
    (place / "gt" / "gt.txt").write_text("\n".join(lines))
    return root


def labelled(root: Path, *rows: dict[str, Any]) -> Path:
    """Our own layout; by default Anne and Bob in one picture, and nobody in another."""
    rows = rows or (
        {"image": "a.png", "boxes": [ANNE, BOB], "ignore": [[0, 0, 5, 60]], "sequence": "door"},
        {"image": "b.png", "boxes": [], "role": "test"},
    )
    for row in rows:
        if not (root / row["image"]).exists():
            write(root / row["image"], frame(*row.get("boxes", ())))
    (root / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root
