"""Label photos, or frames of a video, with what several teachers agree on.

    label(LabelConfig(Path("photos"), teachers, Path("labelled")))

writes three folders in edgehuman's own layouts, whose labels.jsonl name the teachers and their
licences on every line, so that the card of whoever learns from them does:

    labelled/frames   pictures with boxes of people; what one teacher alone finds is ignored
    labelled/people   one picture a person, with the joints and the mask that two teachers agree on
    labelled/outlines of those the ones with a mask, which parsing needs of everybody

Every picture is finished before the next begins; the same command goes on where it was stopped.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgehuman.card import sha256_of_file
from edgehuman.data.image.frames.video import VideoFrames, open_video
from edgehuman.data.image.published.parsing import CCP, ccp_role
from edgehuman.data.layout import require_there
from edgehuman.distill.labels.agreement import Agreed, agree
from edgehuman.errors import DataError, ImageError, UsageError
from edgehuman.files import write_together
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.outcome import Outcome, to_json
from edgehuman.preprocess.image.folder import ImageWalk
from edgehuman.preprocess.image.pixels import read_image
from edgehuman.preprocess.video import SUFFIXES
from edgehuman.progress import progress_bar
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import is_name
from edgehuman.records import Uint8
from edgehuman.runtime.foreign.families import licence_said, open_finder
from edgehuman.runtime.foreign.found import PersonFinder
from edgehuman.runtime.foreign.graph import Graph

FEWEST_TEACHERS = 2
_MARGIN = 0.15
_LEAST_SIDE_PX = 24
_PARTS = "background\nperson\n"
_DONE = "done"
_MOST_BYTES = 250


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """Label photos or a video with what several teachers agree on.

    Attributes:
        source: folder of photos, or a video.
        teacher: two or more networks that find people, their joints or their masks (ONNX).
        out: output folder; the same command continues where it was stopped.
        every: of a video, one frame in so many.
        most: at most so many pictures; 0: all.
        threads: of each teacher.
    """

    source: Path
    teacher: tuple[Path, ...]
    out: Path
    every: int = 1
    most: int = 0
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """Attributes:
    name: without suffix, unique.
    role: "train" or "test"; sequence: what it is of.
    """

    name: str
    role: str
    sequence: str
    index: int


def label(config: LabelConfig) -> Outcome:
    """Label what `config` names.

    Raises:
        UsageError: fewer than two teachers, one of them twice, or numbers out of range.
        DataError: no pictures, or `out` has labels of other teachers or pictures.
        ArtefactError, EngineError: a teacher cannot be opened.
    """
    if len(config.teacher) < FEWEST_TEACHERS:
        raise UsageError(
            f"--teacher names {len(config.teacher)}; labels are what teachers agree on, so give at "
            f"least {FEWEST_TEACHERS}"
        )
    if config.every < 1 or config.most < 0:
        raise UsageError(
            f"--every is {config.every} and --most {config.most}; they must be at least 1 and 0"
        )
    teachers = [open_finder(path, config.threads) for path in config.teacher]
    told = [_told(*each) for each in zip(config.teacher, teachers, strict=True)]
    _require_different(told)
    source = _Source(config)
    _require_same(config, told, source)
    unread = 0
    for picture in progress_bar(source.pictures, "labelling", unit="picture", delay=2):
        done = config.out / _DONE / f"{picture.name}.json"
        if not done.is_file():
            unread += not _label_one(config.out, picture, source, teachers, told)
    return _finish(config, source.pictures, unread)


class _Source:
    """Photos of a folder, or frames of a video.

    Attributes:
        pictures: what is labelled.
        dataset: of the catalogue, of which they all are; "": of none.
    """

    dataset = ""

    def __init__(self, config: LabelConfig) -> None:
        require_there(config.source)
        self._video: VideoFrames | None = None
        self._names: list[str] = []
        if config.source.is_file() and config.source.suffix.lower() in SUFFIXES:
            self._video = open_video(config.source)
            numbers = list(range(0, len(self._video), config.every))
            stem = config.source.stem
            self.pictures = [Picture(f"{stem}-{n:06d}", "train", stem, n) for n in numbers]
        else:
            root = config.source
            self._names = [str(Path(root, name)) for name in ImageWalk(root).names()]
            folders = {os.path.dirname(name) for name in self._names}
            is_ccp = {each: _is_of_ccp(Path(each)) for each in folders}
            if all(is_ccp.values()):
                self.dataset = CCP.dataset
            self.pictures = [
                _picture(Path(name).relative_to(root), index, is_ccp[os.path.dirname(name)])
                for index, name in enumerate(self._names)
            ]
        if config.most:
            self.pictures = self.pictures[: config.most]
        if not self.pictures:
            raise DataError(f"{config.source}: no pictures; give a folder of photos, or a video")

    def read(self, picture: Picture) -> Uint8:
        """One picture; raise ImageError if it cannot be read."""
        if self._video is not None:
            return self._video[picture.index]
        return read_image(self._names[picture.index])


def _is_of_ccp(folder: Path) -> bool:
    """Whether a folder, or where its link leads, is the photos of Clothing Co-Parsing."""
    return any(CCP.recognise(each.parent) for each in (folder.absolute(), folder.resolve()))


def _picture(path: Path, index: int, is_ccp: bool) -> Picture:
    """A photo, named by its path below the folder."""
    name = "_".join(path.with_suffix("").parts)
    if len(name) > 80:
        name = hashlib.sha256(str(path).encode()).hexdigest()[:32]
    role = ccp_role(int(path.stem)) if is_ccp and path.stem.isdigit() else "train"
    return Picture(f"{name}-{index:06d}", role, name, index)


def _told(path: Path, teacher: PersonFinder) -> dict[str, str]:
    """A teacher's name, content and licence, for each line."""
    graph, published = Graph(path), str(getattr(teacher, "licence", ""))
    digest = sha256_of_file(path)
    return {"name": path.name, "sha256": digest, "licence": licence_said(graph, published)}


def _maker(teacher: Mapping[str, str]) -> str:
    """A teacher with its terms, no longer than `data.image.labels` takes."""
    said = f"{teacher['name']} ({teacher['licence']})"
    return (
        said
        if is_name(said)
        else said.encode(errors="replace")[:_MOST_BYTES].decode(errors="ignore")
    )


def _require_different(told: Sequence[Mapping[str, str]]) -> None:
    """Refuse a teacher that is given twice: it would agree with itself."""
    first: dict[str, str] = {}
    for each in told:
        if each["sha256"] in first:
            raise UsageError(
                f"--teacher names the same network twice, as {first[each['sha256']]} and "
                f"{each['name']}; it would agree with itself, so give another"
            )
        first[each["sha256"]] = each["name"]


def _require_same(config: LabelConfig, told: Sequence[Any], source: _Source) -> None:
    """Begin an output folder, or check that it was begun with the same words."""
    words = {"source": str(config.source.resolve()), "every": config.every, "teachers": told}
    place = config.out / _DONE / "words"
    if not place.is_file():
        write_together({place: to_json(words).encode()}, DataError, config.out)
        return
    if json_of(read_bounded(place, MOST_NOTE, DataError).decode()) != words:
        raise DataError(
            f"{config.out} was begun with another source, --every or teachers; choose another "
            "folder for the labels with --targets, or remove this one"
        )


def _label_one(
    out: Path,
    picture: Picture,
    source: _Source,
    teachers: Sequence[PersonFinder],
    told: Sequence[Mapping[str, str]],
) -> bool:
    """Write a picture, its people and last its own note; whether it could be read."""
    try:
        frame_HWC = source.read(picture)
    except ImageError:
        return False
    people = agree(teachers, frame_HWC)
    files: dict[Path, bytes] = {out / "frames" / "images" / f"{picture.name}.png": _png(frame_HWC)}
    origin: dict[str, Any] = {"labelled_by": [_maker(each) for each in told], "teachers": told}
    if source.dataset:
        origin["dataset"] = source.dataset
    rows = []
    for number, person in enumerate(people):
        made = _person(frame_HWC, person, f"{picture.name}-{number:02d}")
        if made is not None:
            files |= {out / "people" / name: content for name, content in made[1].items()}
            own = {"role": picture.role, "sequence": picture.sequence}
            rows.append({**made[0], **own, **origin})
    frame = {
        "image": f"images/{picture.name}.png",
        "boxes": [_rounded(each.box_4) for each in people if each.is_sure],
        "ignore": [_rounded(each.box_4) for each in people if not each.is_sure],
        "role": picture.role,
        "sequence": picture.sequence,
        **origin,
    }
    note = to_json({"frame": frame, "people": rows}).encode()
    write_together({**files, out / _DONE / f"{picture.name}.json": note}, DataError, out)
    return True


def _person(
    frame_HWC: Uint8, person: Agreed, name: str
) -> tuple[dict[str, Any], dict[str, bytes]] | None:
    """A line of one person and the files that it names; None: too small, or nothing is agreed."""
    height, width = frame_HWC.shape[:2]
    grow_2 = _MARGIN * (person.box_4[2:] - person.box_4[:2])
    x0, y0 = (int(each) for each in np.maximum(np.floor(person.box_4[:2] - grow_2), 0))
    x1, y1 = (int(e) for e in np.minimum(np.ceil(person.box_4[2:] + grow_2), (width, height)))
    labelled_J = person.joint_J3[:, 2] > 0
    if not person.is_sure or min(x1 - x0, y1 - y0) < _LEAST_SIDE_PX:
        return None
    if person.mask_HW is None and not labelled_J.any():
        return None
    row: dict[str, Any] = {"image": f"images/{name}.png"}
    files = {row["image"]: _png(np.ascontiguousarray(frame_HWC[y0:y1, x0:x1]))}
    # COCO's joints count from the middle of the first pixel.
    joint_J3 = person.joint_J3 - (x0 + 0.5, y0 + 0.5, 0.0)
    joint_J3[~labelled_J] = 0.0
    row["keypoints"] = [_rounded(each) for each in joint_J3]
    if person.mask_HW is not None:
        row["mask"] = f"masks/{name}.png"
        files[row["mask"]] = _png(person.mask_HW[y0:y1, x0:x1].astype(np.uint8))
        row["area"] = max(1, int(np.count_nonzero(person.mask_HW[y0:y1, x0:x1])))
    return row, files


def _finish(config: LabelConfig, pictures: Sequence[Picture], unread: int) -> Outcome:
    """Write each labels.jsonl of all pictures that are done."""
    notes = list(_notes(config.out, pictures))
    frames = [note["frame"] for note in notes]
    people = [row for note in notes for row in note["people"]]
    outlines = [
        {**row, **{key: f"../people/{row[key]}" for key in ("image", "mask")}}
        for row in people
        if "mask" in row
    ]
    files = {config.out / each / "parts.txt": _PARTS.encode() for each in ("people", "outlines")}
    for folder, rows in (("frames", frames), ("people", people), ("outlines", outlines)):
        lines = "".join(to_json(row) + "\n" for row in rows)
        if rows:
            files[config.out / folder / "labels.jsonl"] = lines.encode()
    write_together(files, DataError, config.out)
    num_boxes = sum(len(row["boxes"]) for row in frames)
    num_masks = len(outlines)
    data = {
        "frames": len(frames),
        "people": num_boxes,
        "ignored": sum(len(row["ignore"]) for row in frames),
        "labelled_people": len(people),
        "masks": num_masks,
        "joints": sum(joint[2] > 0 for row in people for joint in row["keypoints"]),
        "unreadable": unread,
        "test_pictures": sum(row["role"] == "test" for row in frames),
    }
    text = (
        f"{config.out}: {num_boxes} people in {len(frames)} pictures; {len(people)} with joints or "
        f"masks, {num_masks} of them with a mask; {unread} pictures could not be read"
    )
    return Outcome(data, text)


def _notes(out: Path, pictures: Sequence[Picture]) -> Iterator[dict[str, Any]]:
    for picture in pictures:
        place = out / _DONE / f"{picture.name}.json"
        if place.is_file():
            yield json_of(read_bounded(place, MOST_NOTE, DataError).decode())


def _rounded(value_K: Any) -> list[float]:
    return [round(float(each), 2) for each in value_K]


def _png(picture: Uint8) -> bytes:
    shown = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".png", shown)
    return packed.tobytes()
