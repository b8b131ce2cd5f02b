"""Poses as lines of JSON (`preprocess.skeleton.line`): one file, or a folder of them with labels.

poses.jsonl                one or several tracks; each is one walk of a separate person
FOLDER/walks.jsonl        {"file": "poses/007_3.jsonl", "sequence", "person", "view", "condition",
                           "role", "rate_hz"} per line; each file holds one walk, in any format of
                           `preprocess.skeleton.formats`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError
from edgehuman.limits.sizes import lines_within
from edgehuman.preprocess.skeleton.declared import RATES_HZ, UNDECLARED, Declared
from edgehuman.preprocess.skeleton.formats.content import beginning
from edgehuman.preprocess.skeleton.formats.kind import LINES, find_format
from edgehuman.preprocess.skeleton.formats.read import read_poses
from edgehuman.preprocess.skeleton.line import PoseLine
from edgehuman.preprocess.skeleton.screen import unit_said
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import is_name, shown
from edgehuman.records import Float64

LABELS = "walks.jsonl"
# A stated rate may differ from the stamps by this share, or by this fraction of their rounding:
# rounded to hundredths, one step at 60 Hz looks like two at 100. With 0.5, 100 Hz would fit 200.
_RATE_OFF = 0.1
_ROUNDING_OFF = 0.4
# At least this share of all steps is between consecutive frames; of those rounded to one or two
# hundredths, for example, at least this share is rounded down.
_SMALL, _SMALL_ROUNDED = 0.2, 0.05
_ROUNDS = 10
# Plausible steps of a camera, seconds.
_SHORTEST_S, _SLOWEST_S, _LONGEST_S = 1e-9, 2.0, 1e9
# The rate has changed if nearly all of this many steps are this many times the usual one; a person
# found in every third frame for two seconds, or in a third of all frames, does not count.
_RATE_VARIES = 1.6
_STEPS_OF_A_RATE = 36
_STRETCH_OF_ANOTHER = 0.9
_WORDS = ("sequence", "person", "view", "condition", "role")


def _is_lines(path: Path) -> bool:
    if path.is_dir():
        if not (path / LABELS).is_file():
            return False
        first = _first_file(path)
        # A missing file is reported when it is read.
        return first is not None and (not first.exists() or find_format(first) is not None)
    return find_format(path) == LINES


def _almost(path: Path) -> str:
    """What is missing from a file of lines, or a folder of them."""
    if path.is_dir():
        return f"{LABELS} names no file of poses in its first line" * (path / LABELS).is_file()
    if path.suffix != ".jsonl" or not path.is_file():
        return ""
    if path.name == LABELS:
        return "this file lists a folder's walks; give the folder"
    if not beginning(path):
        return "it is empty"
    return 'its first line has no "joints"'


def _first_file(folder: Path) -> Path | None:
    with (folder / LABELS).open(encoding="utf-8", errors="replace") as file:
        start = file.readline(65536)
    try:
        return folder / str(json_of(start)["file"])
    except (ValueError, KeyError, TypeError):
        return None


class _StampsError(DataError):
    """Bad stamps in one track; the other tracks of the set remain usable."""


def to_walk(
    lines: list[PoseLine],
    name: str,
    where: str,
    row: dict[str, Any],
    remarks: tuple[str, ...] = (),
) -> Walk:
    """Convert one track to a walk; its rate is the stated one, or that of its stamps.

    Raises:
        DataError: the stated rate is invalid, or contradicts the stamps.
        _StampsError: the stamps have no plausible rate, or it changes during the walk.
    """
    said_hz = _said_rate(row, where)
    stamps = np.array([line.t_s for line in lines])
    usual_hz = 0.0
    if len(stamps) > 1:
        usual_hz = _require_rate(stamps, where)
        _require_one_rate(stamps, where)
    if said_hz and usual_hz and not _fits(said_hz, stamps):
        raise DataError(
            f"{where}: rate_hz is {said_hz:g}, but the stamps `t` have {usual_hz:.4g} frames per "
            "second; remove rate_hz if the stamps are right, or set t to frame number / "
            f"{said_hz:g}"
        )
    words = {word: str(row[word]) for word in _WORDS if word in row}
    return Walk(
        np.stack([line.joints_J3 for line in lines]),
        stamp_s_T=stamps,
        rate_hz=said_hz or usual_hz or RATE_HZ,
        width_px=lines[0].width_px,
        height_px=lines[0].height_px,
        layout="openpose18",
        remarks=remarks,
        **{"person": name, "sequence": name, **words},
    )


def _said_rate(row: dict[str, Any], where: str) -> float:
    """Frames per second stated in the labels; 0 if not stated."""
    said = row.get("rate_hz")
    if said is None:
        return 0.0
    is_number = isinstance(said, (int, float)) and not isinstance(said, bool)
    if not is_number or not (said == 0 or RATES_HZ[0] <= said <= RATES_HZ[1]):
        raise DataError(
            f"{where}: rate_hz is {repr(said)[:40]}; it must be a number of frames per second, "
            f"{RATES_HZ[0]:g} to {RATES_HZ[1]:g}, or left out"
        )
    return float(said)


def _fits(said_hz: float, stamp_s_T: Float64) -> bool:
    """Whether the stamps fit a rate, by their usual step or on average."""
    usual_s = _usual_step(stamp_s_T)
    off_s = max(_RATE_OFF * usual_s, _ROUNDING_OFF * _rounding(stamp_s_T))
    mean_s = float(stamp_s_T[-1] - stamp_s_T[0]) / (len(stamp_s_T) - 1)
    said_s = 1.0 / said_hz
    return abs(said_s - usual_s) <= off_s or abs(said_s - mean_s) <= _RATE_OFF * mean_s


def _rounding(stamp_s_T: Float64) -> float:
    """Rounding of the stamps in seconds; 0 if finer than a tenth of a millisecond."""
    with np.errstate(over="ignore"):
        to = (n for n in (2, 3, 4) if np.array_equal(np.round(stamp_s_T, n), stamp_s_T))
        return 10.0 ** -next(to, np.inf)


def _usual_step(stamp_s_T: Float64) -> float:
    """Seconds between frames: the mean of the small steps, as larger ones skip frames. Rounded to
    hundredths, 30 Hz gives steps of 0.03 and 0.04 s, whose mean is right.
    """
    with np.errstate(over="ignore"):
        step_s = np.diff(stamp_s_T)
    small_s = float(np.quantile(step_s, _SMALL, method="lower"))
    if not _SHORTEST_S < small_s < _LONGEST_S:
        return small_s
    rounding_s = _rounding(stamp_s_T)
    if small_s < 2.5 * rounding_s:
        small_s = float(np.quantile(step_s, _SMALL_ROUNDED, method="lower"))
    next_s = small_s + 1.1 * rounding_s
    usual_s = float(step_s[(step_s >= small_s) & (step_s <= next_s)].mean())
    for _ in range(_ROUNDS):
        below_s = max(1.5 * usual_s, next_s)
        usual_s = float(step_s[(step_s > 0.5 * usual_s) & (step_s < below_s)].mean())
    return usual_s


def _require_rate(stamp_s_T: Float64, where: str) -> float:
    """Frames per second of the stamps, by the usual step.

    Raises:
        _StampsError: not a plausible frame rate, or frame numbers.
    """
    usual_s = _usual_step(stamp_s_T)
    usual_hz = round(1.0 / max(usual_s, _SHORTEST_S), 2)
    if 1.0 <= usual_s < _LONGEST_S and (
        usual_s > _SLOWEST_S or np.array_equal(stamp_s_T, stamp_s_T.round())
    ):
        raise _StampsError(
            f"{where}: its stamps `t` are {usual_s:.3g} s apart; {unit_said(usual_s)}"
        )
    if not RATES_HZ[0] <= usual_hz <= RATES_HZ[1]:
        raise _StampsError(
            f"{where}: its stamps `t` are {usual_s:.3g} s apart; the frame rate must be "
            f"{RATES_HZ[0]:g} to {RATES_HZ[1]:g} Hz: give t in seconds"
        )
    return usual_hz


def _require_one_rate(stamp_s_T: Float64, where: str) -> None:
    """Raise _StampsError if hardly any step of a long stretch is near the usual one; a stretch with
    single frames missing, even half of them, still has enough.
    """
    step_s = np.diff(stamp_s_T)
    if len(step_s) <= _STEPS_OF_A_RATE:
        return
    usual_s = _usual_step(stamp_s_T)
    slow_W, fast_W = (
        sliding_window_view(is_other, _STEPS_OF_A_RATE).mean(axis=1)
        for is_other in (step_s > _RATE_VARIES * usual_s, step_s < usual_s / _RATE_VARIES)
    )
    other_W = np.maximum(slow_W, fast_W)
    own, other = int(np.argmin(other_W)), int(np.argmax(other_W))
    if other_W[other] < _STRETCH_OF_ANOTHER:
        return
    other_hz = 1.0 / float(np.median(step_s[other : other + _STEPS_OF_A_RATE]))
    raise _StampsError(
        f"{where}: found {1.0 / usual_s:.3g} frames per second near t = {stamp_s_T[own]:.2f} s and "
        f"{other_hz:.3g} for at least {_STEPS_OF_A_RATE} frames from t = {stamp_s_T[other]:.2f} s "
        "on; a walk must have one rate. Give each stretch its own id, or remove the slow one"
    )


def _read(path: Path, declared: Declared = UNDECLARED) -> Iterator[Walk | LeftOut]:
    """Read the walks; those with bad stamps are skipped.

    Raises:
        DataError: unreadable lines, or wrong labels.
    """
    if path.is_file():
        [file] = read_poses(path, declared, LINES)
        row = {"rate_hz": declared.rate_hz} if declared.rate_hz else {}
        for track, lines in file.tracks.items():
            name, where = f"{file.name}:{track}", f"{path}: track {track!r}"
            yield _one(lines, name, where, row, file.remarks)
        return
    for inside, where, labels in _labelled(path):
        where = f"{where}: {labels['file']}"
        stated = replace(declared, rate_hz=_said_rate(labels, where) or declared.rate_hz)
        files = read_poses(inside, stated)
        tracks = [lines for file in files for lines in file.tracks.values()]
        if len(tracks) != 1:
            raise DataError(
                f"{inside}: found {len(tracks)} tracks; with {LABELS} a file must hold one walk"
            )
        row = labels | ({"rate_hz": stated.rate_hz} if stated.rate_hz else {})
        if files[0].rate_hz:
            row["rate_hz"] = files[0].rate_hz
        yield _one(tracks[0], inside.stem, where, row, files[0].remarks)


def _one(
    lines: list[PoseLine], name: str, where: str, row: dict[str, Any], remarks: tuple[str, ...]
) -> Walk | LeftOut:
    try:
        return to_walk(lines, name, where, row, remarks)
    except _StampsError as error:
        return LeftOut(str(row.get("sequence", name)), str(error))


def _labelled(path: Path) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """File or folder, location and labels of every walk of a folder."""
    with (path / LABELS).open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(lines_within(file, str(path / LABELS), DataError), start=1):
            where = f"{path / LABELS}: line {number}"
            try:
                row = json_of(text)
                if not is_name(row["file"]):
                    raise ValueError(f"{shown(row['file'])} is no name of a file")
                inside = path / row["file"]
            except (ValueError, KeyError, TypeError):
                raise DataError(f"{where}: not an object with `file`; write it again") from None
            if path.resolve() not in inside.resolve().parents:
                raise DataError(
                    f"{where}: file {row['file']!r} is outside the folder; move it inside"
                )
            yield inside, where, row


POSE_LINES = Layout(
    "pose_lines",
    'poses.jsonl, one line {"t", "id", "joints", "width", "height"} per person and frame; or a '
    "folder of pose files with walks.jsonl (see `edgehuman data simulate --kind skeletons`)",
    _is_lines,
    WalkReader(_read, takes=True),
    _almost,
)
