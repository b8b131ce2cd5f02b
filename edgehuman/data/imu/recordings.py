"""Everybody's own recordings: a folder, or one table, read as `edgehuman run` reads a file.

    mine/anna.csv                 a file per person
    mine/anna/walking_01.csv      a folder per person; a phone's zip or folder per recording, too
    mine/anna_walking.csv         person and activity in the name
    mine/walking/anna.csv         a folder per activity
    table.csv                     a column `subject`, `user` or `person` tells people apart
    mine/anna.labels.csv          start,end,label: which activity, and when

The labels are the recording's own: of its label column, else of the interval file beside it, else
of its name. Every fifth person, at least one, is in the test split; nobody is in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from edgehuman.data.imu.layout import Reader, Stretch, WearableLayout
from edgehuman.data.imu.own import OWN, WINDOW_S, Own, copies, spelled_twice, why_unused
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import AccelUnit, GyroUnit, ImuFormat
from edgehuman.preprocess.imu.interleaved import require_one_sensor
from edgehuman.preprocess.imu.resample import median_rate_hz
from edgehuman.preprocess.imu.text.columns import label_name, plain
from edgehuman.preprocess.imu.text.documents import stem_of
from edgehuman.preprocess.imu.text.intervals import INTERVALS, intervals_of, labels_between
from edgehuman.preprocess.imu.text.stamps import require_order
from edgehuman.preprocess.imu.text.whole import (
    Recording,
    columns_of,
    is_prose,
    is_recording,
    looks_meant,
    read_people,
)
from edgehuman.preprocess.imu.units import judge_recording, require_gravity
from edgehuman.records import IMU_RATE_HZ

DATASET = OWN
AS_TOLD = ImuFormat()  # what the files themselves tell
_TEST_SHARE = 5
_TRIED = 20
_NONE = "no recording"
_ANY = re.compile("recording|rec|data|imu|log|session|trial|sensor|export")
# Activities by which a folder or a word of a name is known for one.
ACTIVITIES = frozenset([
    "walk", "walking", "run", "running", "jog", "jogging", "sit", "sitting", "stand", "standing",
    "lie", "lying", "laying", "sleep", "sleeping", "stairs", "upstairs", "downstairs",
    "walking_upstairs", "walking_downstairs", "cycling", "biking", "bike", "jumping", "jump",
    "rest", "resting", "still", "idle", "eating", "typing", "falling", "fall",
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A recording's place, and what its name says of it."""

    path: Path
    person: str
    activity: str


def found_in(place: Path, format: ImuFormat = AS_TOLD) -> list[Found]:
    """The recordings at a path, in order, with the person and the activity that its name says."""
    if place.is_file():
        return [Found(place, _person(place), "")]
    _require_told(place, format)
    found = []
    for child in sorted(place.iterdir()):
        if child.is_dir() and not child.name.startswith("."):
            found += _in_folder(child, format)
        elif _is_one(child):
            found.append(_named(child))
    return found


def _require_told(place: Path, format: ImuFormat) -> None:
    """Refuse folders that hold files of the same names, if neither says that it is an activity.

    `ironing/anna.csv` and `anna/ironing.csv` look alike; a label column or intervals tell.
    """
    folders = [one for one in place.iterdir() if one.is_dir() and not one.name.startswith(".")]
    inside = [[file for file in folder.iterdir() if _is_one(file)] for folder in folders]
    inside = [files for files in inside if files and not _lacks_a_sensor(files[0], format)]
    names = [{word for file in files for word in _words(stem_of(file))} for files in inside]
    known = {plain(folder.name) for folder in folders}.union(*names) & ACTIVITIES
    shared = set.intersection(*names) if len(names) > 1 else set()
    if known or not shared or any(_says_labels(files[0], format) for files in inside):
        return
    one = folders[0].name
    raise DataError(
        f"{place}: is {one!r} a person or an activity? Its files are named as those of the other "
        f"folders ({', '.join(sorted(shared))}). Name each file PERSON_ACTIVITY.csv with a known "
        "activity, give the files a label column, or write NAME.labels.csv beside each"
    )


def _words(stem: str) -> list[str]:
    """The words of a name, plain, without numbers and what any recording may be called."""
    words = re.split(r"[_\-. ]+", plain(stem))
    return [word for word in words if word and not word.isdigit() and not _ANY.fullmatch(word)]


def _says_labels(file: Path, format: ImuFormat) -> bool:
    """Whether a recording has labels of its own, or intervals beside it."""
    if intervals_of(file) is not None:
        return True
    try:
        return any(one.rows.label_T is not None for one in read_people(file, format).values())
    except DataError:
        return False


def _in_folder(folder: Path, format: ImuFormat) -> list[Found]:
    """Recordings of a person's or an activity's folder."""
    files = [file for file in sorted(folder.iterdir()) if _is_one(file)]
    parts = [file for file in sorted(folder.iterdir()) if file.is_dir()]
    if plain(folder.name) in ACTIVITIES:
        return [Found(file, _person(file), plain(folder.name)) for file in [*files, *parts]]
    if files and all(_lacks_a_sensor(file, format) for file in files):
        return [Found(folder, folder.name, "")]
    return [Found(one, folder.name, _activity(one, folder.name)) for one in [*files, *parts]]


def _is_one(file: Path) -> bool:
    return file.is_file() and is_recording(file) and not file.name.lower().endswith(INTERVALS)


def _lacks_a_sensor(file: Path, format: ImuFormat) -> bool:
    try:
        columns_of(file, format.rate_hz)
    except DataError:
        return True
    return False


def _named(file: Path) -> Found:
    """`anna_walking_2.csv`: a person and an activity; `anna.csv`: a person."""
    words = [word for word in re.split(r"[_\-. ]+", stem_of(file)) if word and not word.isdigit()]
    known = [word for word in words if plain(word) in ACTIVITIES]
    if not known or len(words) == len(known):
        return Found(file, stem_of(file), "")
    first = words.index(known[0])
    if first:
        return Found(file, "_".join(words[:first]), plain("_".join(words[first:])))
    people = [word for word in words if plain(word) not in ACTIVITIES]
    return Found(file, "_".join(people), plain("_".join(known)))


def _person(file: Path) -> str:
    return re.sub(r"[_\- ]*\d+$", "", stem_of(file)) or stem_of(file)


def _activity(file: Path, person: str) -> str:
    """The activity in the name of a person's recording, if it has one besides the person and a
    number.
    """
    who = _words(person)
    return "_".join(word for word in _words(stem_of(file)) if word not in who)


def stretches(place: Path, format: ImuFormat = AS_TOLD) -> Iterator[Stretch]:
    """The recordings, all with the same tuple of labels.

    Args:
        format: the declared units, axes and clock of the files.

    Raises:
        DataError: files that cannot be read, run backwards, or have no gravity or gyroscope; the
            message names all of them. Or two people, of files or of a table, whose names differ by
            case only, or who have the same rows.
    """
    read = _read(place, format)
    faults = [*read.faults, *spelled_twice(read.recordings), *copies(read.recordings)]
    if faults:
        raise DataError(faults[0] if len(faults) == 1 else "\n  ".join([f"{place}:", *faults]))
    yield from _stretches(read)


def readable(place: Path, format: ImuFormat = AS_TOLD) -> Iterator[Stretch]:
    """The recordings that can be read, whatever is wrong with the others."""
    yield from _stretches(_read(place, format))


def _stretches(read: Folder) -> Iterator[Stretch]:
    from edgehuman.progress import tell

    for file in read.passed_over:
        tell(f"{file}: no recording, passed over")
    labels = tuple(sorted({name for one in read.recordings for name in one.label_T if name}))
    people = sorted({one.person for one in read.recordings})
    tested = set(people[_TEST_SHARE - 1 :: _TEST_SHARE] or people[1:][-1:])
    for one in read.recordings:
        if one.seconds < WINDOW_S - 1 / IMU_RATE_HZ:  # from its first sample to its last
            tell(
                f"{one.name}: {one.seconds:.3g} s, shorter than a window of {WINDOW_S} s; not used"
            )
        yield one.stretch(labels, one.person in tested)


@dataclass(slots=True)
class Folder:
    """What was read of a path.

    Attributes:
        recordings: each person's.
        faults: why others cannot be read, a line each, with their names.
        passed_over: files that are none, as a README.txt.
    """

    recordings: list[Own] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)


def _read(place: Path, format: ImuFormat) -> Folder:
    from edgehuman.progress import progress_bar

    folder = Folder()
    for one in progress_bar(found_in(place, format), desc="recordings", unit="file", leave=False):
        try:
            folder.recordings += _own(one, format)
        except DataError as error:
            if place.is_dir() and one.path.is_file() and is_prose(one.path):
                folder.passed_over.append(one.path)
            else:
                folder.faults.append(str(error))
    return folder


def _own(found: Found, format: ImuFormat) -> list[Own]:
    """Each person's recording in a file."""
    own = []
    for person, recording in read_people(found.path, format).items():
        require_order(recording.rows.stamp_T, str(found.path))
        _require_one_sensor(found.path, recording)
        who = Found(found.path, person or found.person, found.activity)
        told = _format(found.path, recording, format)
        own.append(Own(found.path, who.person, recording, told, _labels(who, recording)))
    return own


def _require_one_sensor(path: Path, recording: Recording) -> None:
    """Raise DataError, with the file's name, for the rows of two sensors in turn."""
    try:
        require_one_sensor(recording.rows.imu_TC)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _labels(found: Found, recording: Recording) -> tuple[str, ...]:
    """The label of each row, "" where there is none."""
    rows = recording.rows
    if rows.label_T is not None:
        names = (*(label_name(name) for name in recording.labels), "")
        return tuple(names[index] for index in rows.label_T)
    spans = intervals_of(found.path)
    if spans is not None:
        return labels_between(spans, rows.stamp_T, found.path)
    return (found.activity,) * len(rows.stamp_T)


def _format(path: Path, recording: Recording, format: ImuFormat) -> ImuFormat:
    """The axes that are declared, and the units: declared, else of the header, else told from
    physics.
    """
    rows = recording.rows
    rate_hz = median_rate_hz(rows.stamp_T) or 50.0
    accel: AccelUnit = "g"
    gyro: GyroUnit = "rads" if recording.gyro_stated else format.gyro_unit
    if not (recording.accel_stated and recording.gyro_stated):
        try:
            found = require_gravity(rows.imu_TC, format.accel_unit)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        accel = accel if recording.accel_stated else found
    gyro = judge_recording(rows.imu_TC, rate_hz).unit if gyro == "auto" else gyro
    return ImuFormat(accel, gyro, format.axes, format.gyro_axes)


def _recognise(place: Path, format: ImuFormat) -> bool:
    return not _why_not(place, format)


def _why_not(place: Path, format: ImuFormat) -> str:
    """Why a path holds no recordings: the reason of the first file that is none; "" if it does."""
    if place.is_file():
        files = [place] if is_recording(place) else []
    else:
        inside = [*place.glob("*"), *place.glob("*/*")] if place.is_dir() else []
        files = sorted(file for file in inside if _is_one(file))
    why = _NONE
    for file in files[:_TRIED]:
        try:
            columns_of(file, format.rate_hz)
        except DataError as error:
            why = str(error) if looks_meant(file) else why
            continue
        return ""
    return "" if place.is_dir() and files and _is_joined(place, format) else why


def _is_joined(place: Path, format: ImuFormat) -> bool:
    """Whether a folder in it has a file per sensor."""
    for folder in [place, *(child for child in place.iterdir() if child.is_dir())]:
        try:
            read_people(folder, format)
        except DataError:
            continue
        return True
    return False


def _almost(place: Path, format: ImuFormat) -> str:
    why = _why_not(place, format)
    return "" if why == _NONE else why


def _missing(place: Path, format: ImuFormat) -> list[str]:
    """What a check says: what cannot be read or learnt from, and why."""
    try:
        read = _read(place, format)
    except DataError:
        return []  # the check says it when it reads
    own = read.recordings
    lines = [*read.faults, *spelled_twice(own), *copies(own), *map(why_unused, own)]
    people = {one.person for one in own}
    if len(people) == 1:
        lines.append(f"one person only ({people.pop()}): nobody is left to test on")
    return [line for line in lines if line]


@lru_cache(maxsize=4)
def layout(format: ImuFormat = AS_TOLD) -> WearableLayout:
    """The layout of own recordings with these units, axes and clock."""
    return Layout(
        DATASET,
        "a folder with a text file or a folder per person, as `edgehuman run` reads them, or one "
        "table with a person column",
        partial(_recognise, format=format),
        Reader(
            partial(stretches, format=format),
            missing=partial(_missing, format=format),
            has_gaps=True,
            readable=partial(readable, format=format),
        ),
        partial(_almost, format=format),
    )
