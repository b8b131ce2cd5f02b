"""Write simulated people to files: pictures by person, part masks, and one line of labels each.

OUT/images/PERSON/PERSON_cCAMERA_NUMBER.png    RGB
OUT/parts/...                                  same names; one byte per pixel: line of parts.txt
OUT/labels.jsonl                               one object per picture, read by `data.image.labels`

Every fifth person is in the test split, as for people simulated in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from edgehuman.data.image.simulated import roles
from edgehuman.errors import DataError
from edgehuman.files import writing_tree
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import progress_bar
from edgehuman.records import Uint8
from edgehuman.simulate.image.people import ATTRIBUTES, PARTS, PersonImage, SimulatedImages


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Write pictures of simulated people, with labels.

    Attributes:
        out: output folder; created if missing.
        kind: what to simulate.
        people: number of people.
        each: pictures per person.
        seed: seed of the people and of their pictures.
    """

    out: Path
    kind: Literal["people"] = "people"
    people: int = 1
    each: int = 4
    seed: int = 0


def simulate(config: SimulateConfig) -> Outcome:
    """`edgehuman data simulate --kind people`.

    Raises:
        DataError: a file cannot be written.
        UsageError: no people, no pictures, or a negative seed.
    """
    return simulate_people_folder(config.out, config.people, config.each, config.seed)


def simulate_people_folder(out: Path, people: int, each: int, seed: int) -> Outcome:
    """Write pictures, masks and labels, all or none; see `simulate`."""
    images = SimulatedImages(people, each, seed)
    with writing_tree(out, "--out", DataError, replace=False) as partial:
        (partial / "parts.txt").write_text("\n".join(PARTS) + "\n", encoding="utf-8")
        with (partial / "labels.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(to_json(row) + "\n" for row in _written(partial, images))
    data = {
        "images": str(out / "images"),
        "labels": str(out / "labels.jsonl"),
        "people": people,
        "pictures": len(images),
        "simulated": True,
    }
    text = f"{out}: {len(images)} pictures of {people} SIMULATED people; labels in labels.jsonl"
    return Outcome(data, text)


def _written(out: Path, images: SimulatedImages) -> Iterator[dict[str, Any]]:
    """Write the files of each picture, and yield its labels."""
    role_N = roles("reid", images.num_people, images.each)
    numbers = progress_bar(
        range(len(images)), "drawing people", unit="picture", delay=2, leave=False
    )
    for i in numbers:
        one = images.labelled(i)
        name = images.name(i).partition("/")[2]
        inside = f"{name.partition('_')[0]}/{name}.png"
        row = {"image": f"images/{inside}", "mask": f"parts/{inside}"}
        told = {
            "role": str(role_N[i]),
            "simulated": True,
            "area": max(int(np.count_nonzero(one.part_HW)), 1),
        }
        _write_png(out / row["image"], cv2.cvtColor(one.image_HWC, cv2.COLOR_RGB2BGR))
        _write_png(out / row["mask"], one.part_HW)
        who = {"person": images.person(i), "camera": images.camera(i)}
        captions = {"captions": list(images.captions(i, one))}
        yield {**row, **who, **told, **captions, **_labels(one)}


def _write_png(path: Path, picture: Uint8 | cv2.typing.MatLike) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, packed = cv2.imencode(".png", picture)
    path.write_bytes(packed.tobytes())


def _labels(one: PersonImage) -> dict[str, Any]:
    """Labels as plain JSON values; coordinates rounded to a hundredth of a pixel."""
    return {
        "keypoints": one.keypoint_J3.astype(float).round(2).tolist(),
        "landmarks": one.landmark_J3.astype(float).round(2).tolist(),
        "attributes": dict(zip(ATTRIBUTES, one.attribute_A.tolist(), strict=True)),
    }
