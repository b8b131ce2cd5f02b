"""`edgehuman data check` for frames: find missing or wrong data in a folder with boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.image.check import extent
from edgehuman.data.image.frames.layout import empty_M, repeated_M
from edgehuman.data.image.frames.load import MARK, layouts
from edgehuman.data.image.frames.set import FrameSet, GarmentLabels, People
from edgehuman.data.image.set import turned_by_exif
from edgehuman.data.layout import found_here
from edgehuman.data.verdict import verdict
from edgehuman.errors import DataError, ImageError
from edgehuman.outcome import Outcome

__all__ = ["check", "extent"]

# Frames read from each set: enough to detect a bad copy, and quick.
_READ = 200


def check(path: Path, dataset: str | None = None) -> Outcome | None:
    """Read the boxes and some of the frames; exit code 1 if anything is wrong, None for another
    record.

    Raises:
        DataError: the path does not have the layout of the expected dataset.
    """
    known = [each for each in layouts() if not each.read.composed]
    found = found_here(path, known, dataset)
    if found is None:
        return None
    layout, place = found
    problems: list[str] = []
    data: dict[str, Any] = {"dataset": layout.dataset, "path": str(place), "ok": False}
    data |= {"simulated": True} if (place / MARK).is_file() else {}
    try:
        frames = layout.read.frames(place)
    except DataError as error:
        problems.append(str(error))
    else:
        read = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), _READ)).astype(int))
        of_maps = layout.read.of_maps  # as slow to read as their pictures
        chosen = read.tolist() if of_maps else range(len(frames))
        data |= _counts(frames, [frames.people[index] for index in chosen]) | {"read": len(read)}
        data["turned"] = turned_by_exif(frames.frames, read.tolist())
        if frames.garments is not None and layout.read.of_garments:
            boxes: Iterable[str] = _wrong_garments(frames, frames.garments, read.tolist())
            data["garments"] = _garments(frames.garments, len(frames))
        else:
            boxes = () if of_maps else _wrong_boxes(frames)
        problems += [*boxes, *_wrong_frames(frames, read.tolist())]
    data |= {"ok": not problems, "problems": problems}
    return Outcome(data, _text(place, data), exit_code=int(bool(problems)))


def _garments(garments: GarmentLabels, count: int) -> dict[str, Any]:
    together_CA = garments.together_CA(np.arange(count))
    return {
        "categories": len(garments.categories),
        "attributes": len(garments.attributes),
        "described": sum(garments.described),
        "attributes_used": int(together_CA.any(axis=0).sum()),
    }


def _wrong_garments(frames: FrameSet, garments: GarmentLabels, chosen: list[int]) -> Iterator[str]:
    """Annotations that were left out, and masks of the frames chosen that cannot be read."""
    yield from garments.wrong
    for index in chosen:
        try:
            garments[index]
        except ImageError as error:
            yield f"{frames.names[index]}: {error}"


def _counts(frames: FrameSet, people: Sequence[People]) -> dict[str, Any]:
    ignored = sum(int(each.ignore_M.sum()) for each in people)
    return {
        "frames": len(frames),
        "sequences": len(np.unique(frames.sequence_N)),
        "roles": dict(Counter(frames.role_N.tolist())),
        "people": sum(len(each.box_M4) for each in people) - ignored,
        "ignored": ignored,
        "empty": sum(not len(each.box_M4) for each in people),
        "counted": len(people),
    }


def _wrong_boxes(frames: FrameSet) -> Iterator[str]:
    """Boxes without area and repeated ones, one line each."""
    for name, people in zip(frames.names, frames.people, strict=True):
        is_empty_M = empty_M(people)
        for wrong_M, said in (
            (is_empty_M, "has no area"),
            (repeated_M(people) & ~is_empty_M, "is stated twice"),
        ):
            for box_4 in people.box_M4[wrong_M]:
                yield f"{name}: the box {_shown(box_4)} {said}"


def _wrong_frames(frames: FrameSet, chosen: list[int]) -> Iterator[str]:
    """Frames that cannot be read, and boxes outside those that can, one line each."""
    for index in chosen:
        try:
            height, width = frames.frames[index].shape[:2]
        except DataError as error:
            yield str(error)
            continue
        people = frames.people[index]
        for box_4 in people.box_M4[_outside_M(people, height, width) & ~empty_M(people)]:
            yield (
                f"{frames.names[index]}: the box {_shown(box_4)} lies outside the picture of "
                f"{width}x{height} pixels"
            )


def _outside_M(people: People, height: int, width: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    x1_M, y1_M, x2_M, y2_M = people.box_M4.T
    return np.asarray((x2_M <= 0) | (y2_M <= 0) | (x1_M >= width) | (y1_M >= height))


def _shown(box_4: Any) -> str:
    return f"({', '.join(f'{value:g}' for value in box_4.tolist())})"


def _text(place: Path, data: dict[str, Any]) -> str:
    made = ", SIMULATED people" if data.get("simulated") else ""
    head = f"{place} is {data['dataset']}{made}"
    if "frames" in data:
        roles = ", ".join(f"{count} {role}" for role, count in data["roles"].items())
        some = "" if data["counted"] == data["frames"] else f", in the {data['counted']} read"
        head += (
            f": {data['frames']} frames ({roles}) of {data['sequences']} sequences with "
            f"{data['people']} people{some}, {data['ignored']} boxes to ignore, {data['empty']} "
            f"frames empty; {data['read']} of them read"
        )
    if "garments" in data:
        worn = data["garments"]
        head += (
            f"; {worn['categories']} categories, {worn['described']} of them with "
            f"attributes, of which {worn['attributes_used']} of {worn['attributes']} occur"
        )
    turned = [data["turned"]] if data.get("turned") else []
    return "\n".join([head, *turned, *verdict(data["problems"])])
