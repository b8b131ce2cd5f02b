"""Write frames of simulated people to files, with true labels in a published form.

--labels parts      OUT/{Training,Validation}/{Images,Category_ids,Human_ids}/NNNNN.*, CIHP's form:
                    a map of parts and one of people for each picture
--labels garments   OUT/instances_attributes_{train,val}.json beside train/ and val/, Fashionpedia's
                    form: people, garments and accessories with masks and attributes

OUT/simulated_frames.json says that nobody is real; `load_frames` reads it. Every fifth frame, of
other people and surroundings, is for testing. CIHP has no part for a bag: it is background there.

Axes: H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from edgehuman.data.image.frames.load import MARK
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.parsed.cihp import PARTS
from edgehuman.errors import DataError
from edgehuman.files import require_usable_folder, writing_tree
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.metrics.garments.answers import PERSON
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import progress_bar
from edgehuman.records import Uint8

# The simulator's names of parts that CIHP calls otherwise, or does not have.
_CALLED = {"trousers": "pants", "bag": "background"}
_QUALITY = 95
_MOST_PEOPLE = 255


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Write frames of simulated people with the parts of each, or with what they wear.

    Attributes:
        out: output folder; created if missing.
        kind: what to simulate.
        frames: number of frames.
        labels: parts, in CIHP's form, or garments with attributes, in Fashionpedia's.
        portraits: share of frames that show one to three people, who fill the picture, as in photos
            of clothes; the rest are crowds.
        seed: seed of the people and of their surroundings.
    """

    out: Path
    kind: Literal["frames"] = "frames"
    frames: int = 20
    labels: Literal["parts", "garments"] = "parts"
    portraits: float = 0.0
    seed: int = 0


def simulate(config: SimulateConfig) -> Outcome:
    """`edgehuman data simulate --kind frames`: all files or none.

    Raises:
        DataError: a file cannot be written.
        UsageError: fewer than two frames, a negative seed, or no share.
    """
    require_usable_folder(config.out, "--out", DataError)
    from edgehuman.data.image.frames.scenes import simulated_frames

    frames = simulated_frames(config.frames, config.seed, config.portraits)
    with writing_tree(config.out, "--out", DataError, replace=False) as partial:
        people = (_write_parts if config.labels == "parts" else _write_garments)(partial, frames)
        mark = {
            "simulated": True,
            "seed": config.seed,
            "labels": config.labels,
            "portraits": config.portraits,
        }
        (partial / MARK).write_text(to_json(mark), encoding="utf-8")
    form = "CIHP" if config.labels == "parts" else "Fashionpedia"
    data = {
        "frames": len(frames),
        "people": people,
        "labels": config.labels,
        "out": str(config.out),
        "simulated": True,
    }
    said = f"{config.out}: {len(frames)} frames of {people} SIMULATED people, in the form of {form}"
    return Outcome(data, said)


def _write_parts(out: Path, frames: FrameSet) -> int:
    """Write CIHP's form; return the number of people."""
    assert frames.parts is not None
    number_C = np.array(
        [PARTS.index(_CALLED.get(name, name)) for name in frames.parts.names], np.uint8
    )
    count = 0
    for index, role in _drawn(frames):
        folder = out / ("Training" if role == "train" else "Validation")
        image_HWC, found = frames.frames[index], frames.parts[index]
        part_HW, who_HW = (np.zeros(image_HWC.shape[:2], np.uint8) for _ in range(2))
        for number, person in enumerate(found.people[:_MOST_PEOPLE]):
            x0, y0, x1, y1 = person.box
            seen_HW = person.part_HW > 0
            part_HW[y0:y1, x0:x1][seen_HW] = number_C[person.part_HW[seen_HW]]
            who_HW[y0:y1, x0:x1][seen_HW] = number + 1
        who_HW[part_HW == 0] = 0
        name = f"{index:05d}"
        _write_photo(folder / "Images" / f"{name}.jpg", image_HWC)
        _write(folder / "Category_ids" / f"{name}.png", part_HW)
        _write(folder / "Human_ids" / f"{name}.png", who_HW)
        count += len(np.unique(who_HW)) - 1
    return count


def _write_garments(out: Path, frames: FrameSet) -> int:
    """Write Fashionpedia's form; return the number of people."""
    garments = frames.garments
    assert garments is not None
    names = (PERSON, *garments.categories)
    tables: dict[str, dict[str, list[dict[str, Any]]]] = {
        role: {
            "categories": [{"id": i, "name": name} for i, name in enumerate(names)],
            "attributes": [{"id": i, "name": name} for i, name in enumerate(garments.attributes)],
            "images": [],
            "annotations": [],
        }
        for role in ("train", "test")
    }
    count = 0
    for index, role in _drawn(frames):
        image_HWC, found = frames.frames[index], garments[index]
        table, (height, width) = tables[role], image_HWC.shape[:2]
        name = f"{index:05d}.jpg"
        _write_photo(out / _folder(role) / name, image_HWC)
        table["images"].append({"id": index, "file_name": name, "height": height, "width": width})
        for m, label in enumerate(found.label_M.tolist()):
            x0, y0, x1, y1 = (round(float(value), 2) for value in found.box_M4[m])
            table["annotations"].append(
                {
                    "id": len(table["annotations"]),
                    "image_id": index,
                    "category_id": label,
                    "bbox": [x0, y0, round(x1 - x0, 2), round(y1 - y0, 2)],
                    "segmentation": run_lengths(found.masks[m], height, width),
                    "iscrowd": int(found.ignore_M[m]),
                    "attribute_ids": np.flatnonzero(found.attribute_MA[m]).tolist(),
                }
            )
        count += int((found.label_M == 0).sum())
    for role, table in tables.items():
        path = out / f"instances_attributes_{_folder(role)}.json"
        path.write_text(to_json(table), encoding="utf-8")
    return count


def run_lengths(mask: PersonParts | None, height: int, width: int) -> Any:
    """A mask as COCO's run lengths, column by column, of zeros first; [] of none."""
    if mask is None or not mask.part_HW.any():
        return []
    x0, y0, x1, y1 = mask.box
    whole_HW = np.zeros((height, width), np.bool_)
    whole_HW[y0:y1, x0:x1] = mask.part_HW > 0
    flat = np.concatenate(([False], whole_HW.ravel(order="F"), [True]))
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate(([0], ends))).tolist()
    missing = height * width - sum(counts)
    return {"size": [height, width], "counts": [*counts, missing] if missing else counts}


def _folder(role: str) -> str:
    return "train" if role == "train" else "val"


def _drawn(frames: FrameSet) -> Iterator[tuple[int, str]]:
    numbers = progress_bar(range(len(frames)), "drawing frames", unit="frame", delay=2, leave=False)
    return ((index, str(frames.role_N[index])) for index in numbers)


def _write_photo(path: Path, image_HWC: Uint8) -> None:
    _write(path, image_HWC[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])


def _write(path: Path, picture: Uint8, flags: list[int] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, packed = cv2.imencode(path.suffix, np.ascontiguousarray(picture), flags or [])
    path.write_bytes(packed.tobytes())
