"""MOTChallenge ground truth (MOT15: Leal-Taixé et al., arXiv 1504.01942; MOT16 and later: Milan et
al., arXiv 1603.00831): boxes of people in every frame of a video.

SEQUENCE/img1/*.jpg with SEQUENCE/gt/gt.txt, one sequence or folders of them; or a video beside a
text of the same name. A line is frame,id,x,y,width,height,confidence and more; frames and pixels
count from 1.

Who is who over the frames is kept as the lines state it, and times are those of the video, or of
the rate in seqinfo.ini. As in its evaluation, people of confidence 0 count neither for nor against
a detector. From MOT16 on a line has nine numbers, the eighth a class: 1 is a pedestrian; people on
vehicles (2), static people (7), distractors (8) and reflections (12) are ignored like those, and
other things left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.data.image.frames.layout import FrameReader, corners, people_of, texts
from edgehuman.data.image.frames.set import Frames, FrameSet, People
from edgehuman.data.image.frames.video import Joined, open_video
from edgehuman.data.image.set import FilePictures
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout, folders
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, MOST_TEXT, read_bounded
from edgehuman.metrics.tracking.mot import LIKE_PEOPLE, PEDESTRIAN, Truth
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES
from edgehuman.preprocess.video import SUFFIXES, Video

_LINE = "frame,id,x,y,width,height,confidence"
_LEAST, _OF_MOT16 = 7, 9
_MOST_FRAMES, _MOST_TRACKS, _MOST_HZ = 1 << 20, 1 << 40, 1000
_RATE = re.compile(rb"^\s*frameRate\s*=\s*(\d{1,4}(?:\.\d{1,6})?)\s*$", re.MULTILINE)
# Of a text, to tell whether it is ground truth.
_BEGINNING = 1 << 12


@dataclass(frozen=True, slots=True)
class _Sequence:
    """One video: its labels, and the folder of its frames or its file."""

    name: str
    truth: Path
    pictures: Path
    role: str


def _read(root: Path) -> FrameSet:
    parts: list[Frames] = []
    people: list[People] = []
    tracks: list[Truth] = []
    names: list[str] = []
    times: list[float] = []
    sequences = _sequences(root)
    for one in sequences:
        lines_of_frame = _lines(one.truth)
        frames, numbers = _frames(one, lines_of_frame)
        rate_hz = _rate_hz(one)
        parts.append(frames)
        for number in numbers:
            rows = lines_of_frame.get(number, [])
            where = f"{one.truth}, frame {number}"
            people.append(
                people_of([row.box for row in rows], [row.ignored for row in rows], where)
            )
            tracks.append(_truth(rows, where))
            names.append(f"{one.name} frame {number}")
            times.append((number - 1) / rate_hz if rate_hz else math.nan)
    count = [len(part) for part in parts]
    return FrameSet(
        Joined(parts),
        people,
        names,
        np.repeat(texts(one.role for one in sequences), count),
        np.repeat(texts(one.name for one in sequences), count),
        dataset="mot",
        tracks=tracks if all(map(_is_told, tracks)) else None,
        t_s_N=np.array(times) if np.isfinite(times).all() else None,
    )


def _sequences(root: Path) -> list[_Sequence]:
    """Sequences in a folder: itself, those up to two levels below, or videos with their texts."""
    if not root.is_dir():
        return []
    below = folders(root)
    found = []
    for place in (root, *below, *(deeper for folder in below for deeper in folders(folder))):
        truth = place / "gt" / "gt.txt"
        if truth.is_file() and (place / "img1").is_dir():
            role = "train" if "train" in (place.parent.name, root.name) else "test"
            found.append(_Sequence(place.name, truth, place / "img1", role))
    for text in sorted(root.glob("*.txt")):
        video = next((path for end in SUFFIXES if (path := text.with_suffix(end)).is_file()), None)
        if video is not None and _is_truth(text):
            found.append(_Sequence(text.stem, text, video, "test"))
    return found


def _is_truth(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            first = stream.read(_BEGINNING).partition(b"\n")[0].decode("ascii")
        return len(_numbers(first)) >= _LEAST
    except (OSError, ValueError):
        return False


def _numbers(line: str) -> list[float]:
    return [float(word) for word in line.split(",")]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of truth: who, x, y, width and height from 0, the class, and whether it counts."""

    track: int
    box: list[float]
    kind: int
    is_marked: bool

    @property
    def ignored(self) -> bool:
        """Whether it counts neither for nor against a detector."""
        return self.kind != PEDESTRIAN or not self.is_marked


def _lines(path: Path) -> Mapping[int, list[_Line]]:
    """The lines of each frame, by its number, of people and what is like them."""
    try:
        lines = read_bounded(path, MOST_TEXT, DataError).decode("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); copy it again") from None
    found: dict[int, list[_Line]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _numbers(line)
            frame, track = int(row[0]), int(row[1])
            if len(row) < _LEAST or frame != row[0] or not 1 <= frame <= _MOST_FRAMES:
                raise ValueError
            if abs(track) > _MOST_TRACKS:
                raise ValueError
        except (ValueError, OverflowError, IndexError):
            raise DataError(
                f"{path}, line {number}: not {_LINE}, with frames from 1; copy the file again"
            ) from None
        kind = row[7] if len(row) == _OF_MOT16 else PEDESTRIAN
        if kind == PEDESTRIAN or kind in LIKE_PEOPLE:
            # A number that is no whole one names nobody.
            track = track if track == row[1] else 0
            box = [row[2] - 1, row[3] - 1, row[4], row[5]]
            found.setdefault(frame, []).append(_Line(track, box, int(kind), row[6] != 0))
    return found


def _truth(rows: Sequence[_Line], where: str) -> Truth:
    """Who is in a frame, as trackers are scored."""
    return Truth(
        np.array([row.track for row in rows], np.int64),
        corners([row.box for row in rows], where).astype(np.float64),
        np.array([row.kind for row in rows], np.int64),
        np.array([row.is_marked for row in rows], np.bool_),
    )


def _is_told(truth: Truth) -> bool:
    """Whether everybody who counts has a number; those of detections are -1."""
    is_person_G = truth.is_marked_G & (truth.kind_G == PEDESTRIAN)
    return bool((truth.track_G[is_person_G] > 0).all())


def _rate_hz(one: _Sequence) -> float | None:
    """Frames per second of a sequence; None: not stated."""
    if one.pictures.is_file():
        with Video(one.pictures) as video:
            return video.fps
    try:
        text = read_bounded(one.truth.parents[1] / "seqinfo.ini", MOST_NOTE, DataError)
    except OSError:
        return None
    stated = _RATE.search(text)
    return float(stated[1]) if stated and 0 < float(stated[1]) <= _MOST_HZ else None


def _frames(one: _Sequence, labelled: Collection[int]) -> tuple[Frames, list[int]]:
    """The frames of a sequence, and their numbers.

    Args:
        labelled: numbers of frames that must be there.
    """
    if one.pictures.is_file():
        last = max(labelled, default=0)
        video = open_video(one.pictures, last)
        if len(video) < last:
            raise DataError(
                f"{one.pictures}: has {len(video)} frames, but {one.truth} labels frame {last}; "
                "give the video that was labelled"
            )
        return video, list(range(1, len(video) + 1))
    names = sorted(
        path.name for path in one.pictures.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES
    )
    try:
        numbers = [int(Path(name).stem) for name in names]
    except ValueError:
        raise DataError(
            f"{one.pictures}: pictures must be named by their number, such as 000001.jpg"
        ) from None
    missing = min(set(labelled).difference(numbers), default=None)
    if missing is not None:
        raise DataError(f"{one.pictures}: frame {missing} is labelled, but missing; copy it again")
    return FilePictures(one.pictures, Names(names)), numbers


MOT = Layout(
    dataset="mot",
    looks_like="SEQUENCE/img1/*.jpg with SEQUENCE/gt/gt.txt, or videos each beside a text of the "
    f"same name, {_LINE}",
    recognise=lambda root: bool(_sequences(root)),
    read=FrameReader(_read),
)
