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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.imu.intervals import INTERVALS, intervals_of, labels_between
from edgehuman.data.imu.layout import Reader, Stretch, WearableLayout
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import AccelUnit, GyroUnit, ImuFormat
from edgehuman.preprocess.imu.resample import median_rate_hz
from edgehuman.preprocess.imu.text.columns import plain
from edgehuman.preprocess.imu.text.whole import (
    Recording,
    columns_of,
    is_recording,
    looks_meant,
    read_people,
)
from edgehuman.preprocess.imu.units import detect_units
from edgehuman.records import Float64

DATASET = "recordings"
_TEST_SHARE = 5
_TRIED = 20
_NONE = "no recording"
_ANY = frozenset(["recording", "rec", "data", "log", "session", "trial", "sensor", "export"])
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


def found_in(place: Path) -> list[Found]:
    """The recordings at a path, in order, with the person and the activity that its name says."""
    if place.is_file():
        return [Found(place, _person(place), "")]
    _require_told(place)
    found = []
    for child in sorted(place.iterdir()):
        if child.is_dir() and not child.name.startswith("."):
            found += _in_folder(child)
        elif _is_one(child):
            found.append(_named(child))
    return found


def _require_told(place: Path) -> None:
    """Refuse folders that hold files of the same names, if neither says that it is an activity.

    `ironing/anna.csv` and `anna/ironing.csv` look alike; a label column or intervals tell.
    """
    folders = [one for one in place.iterdir() if one.is_dir() and not one.name.startswith(".")]
    inside = [[file for file in folder.iterdir() if _is_one(file)] for folder in folders]
    inside = [files for files in inside if files and not _lacks_a_sensor(files[0])]
    names = [{word for file in files for word in _words(file.stem)} for files in inside]
    known = {plain(folder.name) for folder in folders}.union(*names) & ACTIVITIES
    shared = set.intersection(*names) if len(names) > 1 else set()
    if known or not shared or any(_says_labels(files[0]) for files in inside):
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
    return [word for word in words if word and not word.isdigit() and word not in _ANY]


def _says_labels(file: Path) -> bool:
    """Whether a recording has labels of its own, or intervals beside it."""
    if intervals_of(file) is not None:
        return True
    try:
        return any(one.rows.label_T is not None for one in read_people(file).values())
    except DataError:
        return False


def _in_folder(folder: Path) -> list[Found]:
    """Recordings of a person's or an activity's folder."""
    files = [file for file in sorted(folder.iterdir()) if _is_one(file)]
    parts = [file for file in sorted(folder.iterdir()) if file.is_dir()]
    if plain(folder.name) in ACTIVITIES:
        return [Found(file, _person(file), plain(folder.name)) for file in [*files, *parts]]
    if files and all(_lacks_a_sensor(file) for file in files):
        return [Found(folder, folder.name, "")]
    return [Found(one, folder.name, _activity(one, folder.name)) for one in [*files, *parts]]


def _is_one(file: Path) -> bool:
    return file.is_file() and is_recording(file) and not file.name.lower().endswith(INTERVALS)


def _lacks_a_sensor(file: Path) -> bool:
    try:
        columns_of(file)
    except DataError:
        return True
    return False


def _named(file: Path) -> Found:
    """`anna_walking_2.csv`: a person and an activity; `anna.csv`: a person."""
    words = [word for word in re.split(r"[_\-. ]+", file.stem) if word and not word.isdigit()]
    known = [word for word in words if plain(word) in ACTIVITIES]
    if not known or len(words) == len(known):
        return Found(file, file.stem, "")
    first = words.index(known[0])
    if first:
        return Found(file, "_".join(words[:first]), plain("_".join(words[first:])))
    people = [word for word in words if plain(word) not in ACTIVITIES]
    return Found(file, "_".join(people), plain("_".join(known)))


def _person(file: Path) -> str:
    return re.sub(r"[_\- ]*\d+$", "", file.stem) or file.stem


def _activity(file: Path, person: str) -> str:
    """The activity in the name of a person's recording, if it has one besides the person and a
    number.
    """
    who = _words(person)
    return "_".join(word for word in _words(file.stem) if word not in who)


def _require_apart(people: Sequence[str], place: Path) -> None:
    spelled: dict[str, str] = {}
    for name in people:
        other = spelled.setdefault(name.casefold(), name)
        if other != name:
            raise DataError(
                f"{place}: are {other!r} and {name!r} one person? Write the name in one way, so "
                "that nobody is both taught and tested"
            )


def stretches(place: Path) -> Iterator[Stretch]:
    """The recordings, all with the same tuple of labels.

    Raises:
        DataError: a file that cannot be read, or has no gravity or gyroscope; the message names it.
            Or two people, of files or of a table, whose names differ by case only.
    """
    read = list(_read(place))
    names = sorted({name for _, _, label_names in read for name in label_names if name})
    labels = tuple(names)
    people = sorted({found.person for found, _, _ in read})
    _require_apart(people, place)
    tested = set(people[_TEST_SHARE - 1 :: _TEST_SHARE] or people[1:][-1:])
    for found, recording, label_names in read:
        yield _stretch(found, recording, label_names, labels, found.person in tested)


def _read(place: Path) -> Iterator[tuple[Found, Recording, tuple[str, ...]]]:
    """Each person's recordings, and the label of each row in words."""
    from edgehuman.progress import progress_bar

    found = found_in(place)
    for one in progress_bar(found, desc="recordings", unit="file", leave=False):
        for person, recording in read_people(one.path).items():
            who = Found(one.path, person or one.person, one.activity)
            yield who, recording, _labels(who, recording)


def _labels(found: Found, recording: Recording) -> tuple[str, ...]:
    """The label of each row, "" where there is none."""
    rows = recording.rows
    if rows.label_T is not None:
        names = (*(plain(name) for name in recording.labels), "")
        return tuple(names[index] for index in rows.label_T)
    spans = intervals_of(found.path)
    if spans is not None:
        return labels_between(spans, rows.stamp_T, found.path)
    return (found.activity,) * len(rows.stamp_T)


def _stretch(
    found: Found,
    recording: Recording,
    named: tuple[str, ...],
    labels: tuple[str, ...],
    is_test: bool,
) -> Stretch:
    place: Mapping[str, int] = {name: i for i, name in enumerate(labels)}
    label_T: NDArray[np.int16] = np.array([place.get(name, -1) for name in named], np.int16)
    stamp_s_T: Float64 = recording.rows.stamp_T
    return Stretch(
        recording.rows.imu_TC,
        _format(found.path, recording),
        f"{DATASET}:{found.person}",
        stamp_s_T=stamp_s_T,
        label_T=label_T if labels else np.empty(0, np.int16),
        labels=labels,
        source=f"{found.path.name} {found.person}",
        is_test=is_test,
    )


def _format(path: Path, recording: Recording) -> ImuFormat:
    """The units: those of the header, else told from physics."""
    rows = recording.rows
    rate_hz = median_rate_hz(rows.stamp_T) or 50.0
    accel: AccelUnit = "g"
    gyro: GyroUnit = "rads"
    if not (recording.accel_stated and recording.gyro_stated):
        try:
            accel, gyro = detect_units(rows.imu_TC, rate_hz)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
    accel = "g" if recording.accel_stated else accel
    return ImuFormat(accel, "rads" if recording.gyro_stated else gyro)


def _recognise(place: Path) -> bool:
    return not _why_not(place)


def _why_not(place: Path) -> str:
    """Why a path holds no recordings: the reason of the first file that is none; "" if it does."""
    if place.is_file():
        files = [place] if is_recording(place) else []
    else:
        inside = [*place.glob("*"), *place.glob("*/*")] if place.is_dir() else []
        files = sorted(file for file in inside if _is_one(file))
    why = _NONE
    for file in files[:_TRIED]:
        try:
            columns_of(file)
        except DataError as error:
            why = str(error) if looks_meant(file) else why
            continue
        return ""
    return "" if place.is_dir() and files and _is_joined(place) else why


def _is_joined(place: Path) -> bool:
    """Whether a folder in it has a file per sensor."""
    for folder in [place, *(child for child in place.iterdir() if child.is_dir())]:
        try:
            read_people(folder)
        except DataError:
            continue
        return True
    return False


def _almost(place: Path) -> str:
    why = _why_not(place)
    return "" if why == _NONE else why


def _missing(place: Path) -> list[str]:
    """What a check says: people without labels, and what was not read."""
    lines = []
    try:
        read = list(_read(place))
    except DataError:
        return []  # the check says it when it reads
    for found, _, names in read:
        if not any(names):
            lines.append(f"{found.path.name}: no labels; add a label column or an interval file")
    people = {found.person for found, _, _ in read}
    if len(people) == 1:
        lines.append(f"one person only ({people.pop()}): nobody is left to test on")
    return lines


LAYOUT: WearableLayout = Layout(
    DATASET,
    "a folder with a text file or a folder per person, as `edgehuman run` reads them, or one table "
    "with a person column",
    _recognise,
    Reader(stretches, missing=_missing, has_gaps=True),
    _almost,
)
