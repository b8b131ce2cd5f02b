"""Poses from any file or folder that pose estimators write, as lines of people by track.

    files = read_poses(Path("json"), Declared(rate_hz=30))
    files[0].tracks["0"][5].joints_J3                     (18, 3) in pixels

Frames become seconds by the stated frame rate, shares of the picture become pixels by its size.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_TEXT, lines_within, read_bounded
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.formats.arrays import read_array
from edgehuman.preprocess.skeleton.formats.content import DamagedError, encoding_of, parse_objects
from edgehuman.preprocess.skeleton.formats.doubles import are_few, without_doubles
from edgehuman.preprocess.skeleton.formats.kind import (
    FORMATS,
    LINES,
    OPENPOSE,
    find_format,
    format_of,
    subfolders,
    unknown_said,
    visible,
)
from edgehuman.preprocess.skeleton.formats.people import Person, people
from edgehuman.preprocess.skeleton.formats.place import frame_number
from edgehuman.preprocess.skeleton.formats.table import is_table, read_table
from edgehuman.preprocess.skeleton.formats.times import timed
from edgehuman.preprocess.skeleton.formats.yolo import has_confidences, holds_words, read_yolo
from edgehuman.preprocess.skeleton.line import (
    LONGEST_ID,
    PoseLine,
    parsed_line,
    raw_line,
    settled,
)
from edgehuman.preprocess.skeleton.reading import Reading
from edgehuman.preprocess.skeleton.walk import SLOWEST_ROUNDED_HZ

_LARGEST = {"alphapose": 6.0}
_UNTRACKED = {
    "openpose": "run a tracker, or put each person's frames into a folder of their own",
    "alphapose": "turn tracking on (AlphaPose: --pose_track), so that `idx` distinguishes them",
    "yolo": "track them (`yolo track ... save_txt=True`), so that a line ends in an id",
    "ultralytics": "track them (`model.track`), so that each has a track_id",
}
_TRACK = "run a tracker, and give each person an id"
# This share of the files of a folder with a file per frame may be damaged.
_FEW_DAMAGED = 0.1
_FILES_TO_TELL = 200


@dataclass(frozen=True, slots=True)
class PoseFile:
    """The people of one file, or of one folder with a file per frame.

    Attributes:
        name: of the file or folder.
        tracks: lines of each track, sorted by time.
        rate_hz: frames per second that made the times of frame numbers; 0: the file has times.
        remarks: what was decided and assumed, in words.
    """

    name: str
    tracks: dict[str, list[PoseLine]]
    rate_hz: float
    remarks: tuple[str, ...]


def read_poses(
    path: Path, declared: Declared = UNDECLARED, format: str | None = None
) -> list[PoseFile]:
    """Everybody in a file or folder, one `PoseFile` for each file or folder of frames.

    Args:
        declared: what the user states; it counts before what the files say.
        format: what `find_format` gave, if it was asked before.

    Raises:
        DataError: no known format, unreadable content, several people without ids, or coordinates
            that cannot be brought into pixels.
    """
    if not path.exists():
        raise DataError(f"{path}: cannot be read (No such file or folder); check the path")
    format = format or find_format(path)
    if format is None:
        raise DataError(f"{path}: {unknown_said(path)}")
    made = []
    for source in _sources(path, format):
        file = _settled(source.people, source.name, source.where, format, declared)
        made.append(replace(file, remarks=(*source.remarks, *file.remarks)))
    if not any(file.tracks for file in made):
        raise DataError(f"{path}: it shows nobody; check the pose estimator's output")
    return made


def read_content(content: bytes, where: str, declared: Declared = UNDECLARED) -> PoseFile:
    """Everybody in JSON from a pipe.

    Raises:
        DataError: see `read_poses`.
    """
    objects = parse_objects(content, where)
    found = list(_people_of(objects, where))
    format = format_of(content)
    file = _settled(found, where, where, format if format in FORMATS else "joints", declared)
    if not file.tracks:
        raise DataError(f"{where}: it shows nobody; check the pose estimator's output")
    return file


def lines_of(files: Sequence[PoseFile]) -> list[PoseLine]:
    """The lines of all files in the order of time; with several files, tracks carry their names.

    Raises:
        DataError: the name of a file and an id are too long together.
    """
    if len(files) == 1:
        lines = [line for track in files[0].tracks.values() for line in track]
        return sorted(lines, key=lambda line: line.t_s)
    lines = []
    for file in files:
        for name, track in file.tracks.items():
            whole = f"{file.name}:{name}"
            if len(whole) > LONGEST_ID:
                raise DataError(
                    f"{file.name}: id {name[:40]!r} and the file's name are {len(whole)} "
                    f"characters together; give the file a name that leaves {LONGEST_ID}"
                )
            lines += [replace(line, track=whole) for line in track]
    return sorted(lines, key=lambda line: line.t_s)


def remarks_of(files: Sequence[PoseFile]) -> list[str]:
    """What was decided and assumed of all files, each once."""
    return list(dict.fromkeys(remark for file in files for remark in file.remarks))


def _people_of(objects: list[object], where: str) -> Iterator[Person]:
    first = next((each for each in objects if each), None)
    numbers = isinstance(first, list)
    while isinstance(first, list) and first:
        first = first[0]
    if numbers and isinstance(first, (int, float)):
        return read_array(objects, where)
    return people(objects, where)


@dataclass(frozen=True, slots=True)
class _Source:
    """Name, place and people of a file, or of a folder with a file per frame."""

    name: str
    where: str
    people: list[Person]
    remarks: tuple[str, ...] = ()


def _sources(path: Path, format: str) -> Iterator[_Source]:
    """What is read of a path: each file, or each folder with a file per frame."""
    if format == "openpose" and path.is_dir():
        own = next(path.glob(OPENPOSE), None) is not None
        inside = [place for place in subfolders(path) if next(place.glob(OPENPOSE), None)]
        for place in [path] if own or not inside else inside:
            files = sorted(visible(place.glob(OPENPOSE if own or inside else "*.json")))
            yield _Source(place.name, str(place), *_frames(files, _of_frame))
    elif format == "yolo":
        place = path if path.is_file() or next(path.glob("*.txt"), None) else path / "labels"
        files = [place] if place.is_file() else sorted(visible(place.glob("*.txt")))
        files = [file for file in files if not holds_words(file)]
        sure = any(has_confidences(file) for file in files[:_FILES_TO_TELL])
        yield _Source(path.stem, str(path), *_frames(files, lambda file: read_yolo(file, not sure)))
    elif format == LINES:
        yield _Source(path.stem, str(path), list(_lines(path)))
    elif path.is_dir():
        yield from _of_files(path, sorted(visible(path.glob("*.json"))))
    elif is_table(path):
        yield _Source(path.stem, str(path), list(read_table(path)))
    else:
        yield _Source(path.stem, str(path), list(_of_file(path)))


def _lines(path: Path) -> Iterator[Person]:
    """The people of lines of our own."""
    try:
        with path.open("rb") as file:
            encoding = encoding_of(file.read(4))
        with path.open(encoding=encoding) as file:
            for number, text in enumerate(lines_within(file, str(path), DataError), start=1):
                if text.strip():
                    where = f"{path}: line {number}"
                    pose = raw_line(parsed_line(text, where), where)
                    if len(pose.joints_J3):
                        yield Person(pose, math.nan, number - 1)
    except (OSError, UnicodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); copy it again") from None


def _of_file(path: Path) -> Iterator[Person]:
    try:
        content = read_bounded(path, MOST_TEXT, DataError, "file of poses")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    return _people_of(parse_objects(content, str(path)), str(path))


def _of_files(path: Path, files: Sequence[Path]) -> Iterator[_Source]:
    """A folder of JSON: each file is a frame if nothing inside has a frame or a time, else one or
    more whole walks.
    """
    if len(files) > 1:
        first = next((found for file in files[:20] if (found := list(_of_file(file)))), [])
        if first and all(_is_timeless(person) for person in first):
            yield _Source(path.name, str(path), *_frames(files, _of_frame))
            return
    for file in files:
        yield _Source(file.stem, str(file), list(_of_file(file)))


def _is_timeless(person: Person) -> bool:
    known = person.pose.frame >= 0 or math.isfinite(person.pose.t_s)
    return not known and not math.isfinite(person.clock)


def _frames(
    files: Sequence[Path], read: Callable[[Path], Iterable[Person]]
) -> tuple[list[Person], tuple[str, ...]]:
    """The people of a folder with one file per frame, and a remark on those that are damaged.

    Raises:
        DataError: over a tenth of the files are damaged, or the only one.
    """
    found: list[Person] = []
    errors: list[DamagedError] = []
    for file in files:
        try:
            found += list(read(file))
        except DamagedError as error:
            errors.append(error)
        if len(errors) > _FEW_DAMAGED * len(files):
            raise errors[0]
    if not errors:
        return found, ()
    return found, (f"{len(errors)} of {len(files)} files are left out, such as {errors[0]}",)


def _of_frame(file: Path) -> Iterator[Person]:
    """The people of one frame; the file's name is the frame."""
    frame = frame_number(file.name, str(file), "the file's name")
    for person in _of_file(file):
        yield replace(person, pose=replace(person.pose, frame=frame, where=str(file)))


def _settled(
    found: Sequence[Person], name: str, where: str, format: str, declared: Declared
) -> PoseFile:
    """The people of one file as lines, by track."""
    people_at, rate_hz, remarks = timed(_seen(found), declared)
    tracked, left_out = _tracked(people_at, format)
    reading = Reading(declared, _LARGEST.get(format, 0.0), signed=format == "openpose")
    reading.decide([person.pose for person in tracked])
    tracks: dict[str, list[PoseLine]] = defaultdict(list)
    for line in settled([person.pose for person in tracked], reading):
        tracks[line.track].append(line)
    doubles = []
    for track, lines in tracks.items():
        tracks[track], remark = _once(track, lines, rate_hz, where, format)
        doubles += [remark] if remark else []
    return PoseFile(name, dict(tracks), rate_hz, (*remarks, *left_out, *doubles, *reading.remarks))


def _seen(found: Sequence[Person]) -> Sequence[Person]:
    """The people without those of whom nothing was seen; everybody if nobody was."""
    seen = [each for each in found if np.isfinite(each.pose.joints_J3[:, 0]).any()]
    return seen or found


def _once(
    track: str, lines: list[PoseLine], rate_hz: float, where: str, format: str
) -> tuple[list[PoseLine], str]:
    """The lines of a track by time, one for each, and a remark if some were left out.

    Raises:
        DataError: two poses at over a tenth of the times.
    """
    lines.sort(key=lambda line: line.t_s)
    kept, doubled, apart = without_doubles(lines)
    if not doubled:
        return kept, ""
    if are_few(doubled, len(kept)):
        return kept, (
            f"{doubled} of {len(kept)} frames hold several poses of track {track!r}; the one "
            "nearest to the frame before is used"
        )
    is_rounded = not rate_hz and 2 * apart < doubled
    if is_rounded and len(kept) >= SLOWEST_ROUNDED_HZ * (kept[-1].t_s - kept[0].t_s):
        return kept, "times are rounded: of frames that share one, the first is used"
    if is_rounded:
        raise DataError(
            f"{where}: {doubled} of {len(kept)} times of track {track!r} have several frames, and "
            "the body is in one place, so the times are rounded; write t in seconds with three or "
            "more decimals"
        )
    t_s = next(a.t_s for a, b in pairwise(lines) if a.t_s == b.t_s)
    at = f"in frame {t_s * rate_hz:.0f}" if rate_hz else f"at {t_s:g} s"
    raise DataError(
        f"{where}: track {track!r} occurs twice {at}; two people need two ids: "
        f"{_UNTRACKED.get(format, _TRACK)}"
    )


def _tracked(found: Sequence[Person], format: str) -> tuple[list[Person], tuple[str, ...]]:
    """The people that have a track; everybody if there is one person without."""
    without = [person for person in found if person.pose.track is None]
    if without and len(without) < len(found):
        kept = [person for person in found if person.pose.track is not None]
        said = f"{len(without)} of {len(found)} poses have no track id and are left out"
        return kept, (said,)
    counts = Counter(person.pose.t_s for person in without)
    doubled = sum(count > 1 for count in counts.values())
    if not are_few(doubled, len(counts)):
        twice = next(person.pose for person in without if counts[person.pose.t_s] > 1)
        raise DataError(
            f"{twice.where}: found {counts[twice.t_s]} people in one frame without tracks; "
            f"{_UNTRACKED.get(format, _TRACK)}"
        )
    return list(found), ()
