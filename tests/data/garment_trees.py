"""Small trees in the form of Fashionpedia, in which anything can be made wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.data.frame_trees import ANNE, HEIGHT, WIDTH, frame, sized
from tests.data.pictures import write

CATEGORIES = ({"id": 4, "name": "coat"}, {"id": 31, "name": "sleeve"}, {"id": 23, "name": "shoe"})
ATTRIBUTES = ({"id": 2, "name": "check"}, {"id": 281, "name": "long"}, {"id": 0, "name": "zip-up"})
COAT, SLEEVE, SHOE = (10.0, 10.0, 30.0, 40.0), (10.0, 12.0, 16.0, 30.0), (12.0, 42.0, 20.0, 48.0)


def polygon(box: tuple[float, ...]) -> list[list[float]]:
    x1, y1, x2, y2 = box
    return [[x1, y1, x2, y1, x2, y2, x1, y2]]


def row(number: int, image: int, category: int, box: tuple[float, ...], *attributes: int,
        **more: Any) -> dict[str, Any]:  # fmt: skip
    return {
        "id": number, "image_id": image, "category_id": category, "bbox": sized(box),
        "attribute_ids": [*attributes], "segmentation": polygon(box), "iscrowd": 0, **more,
    }  # fmt: skip


def table(rows: list[dict[str, Any]], *names: str, **more: Any) -> dict[str, Any]:
    images = [
        {"id": i, "file_name": name, "height": HEIGHT, "width": WIDTH}
        for i, name in enumerate(names)
    ]
    return {
        "images": images, "annotations": rows, "categories": CATEGORIES, "attributes": ATTRIBUTES,
        **more,
    }  # fmt: skip


def rows_of() -> list[dict[str, Any]]:
    """A checked coat with a zip, its long sleeve, and a shoe, in the first picture."""
    return [
        row(1, 0, 4, COAT, 0, 2), row(2, 0, 31, SLEEVE, 281), row(3, 0, 23, SHOE),
    ]  # fmt: skip


def fashionpedia(root: Path, val: dict[str, Any] | None = None, **more: Any) -> Path:
    """Two training pictures, one of them without garments, and one to test with."""
    for name in ("train/a.png", "train/b.png", "test/c.png"):
        write(root / name, frame(ANNE))
    train = table(rows_of(), "a.png", "b.png", **more)
    (root / "instances_attributes_train2020.json").write_text(json.dumps(train))
    val = table([row(9, 0, 4, COAT, 0)], "c.png") if val is None else val
    (root / "instances_attributes_val2020.json").write_text(json.dumps(val))
    return root
