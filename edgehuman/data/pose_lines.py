"""Poses as lines of JSON (`preprocess.pose_line`): one file, or a folder of them with labels.

poses.jsonl                one or several tracks; each is a walk, and a person of its own
FOLDER/walks.jsonl        {"file": "poses/007_3.jsonl", "sequence", "person", "view", "condition",
                           "role", "rate_hz"} a line; a file holds one walk
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgehuman.data.skeleton_layout import SkeletonLayout, Walk
from edgehuman.data.skeleton_set import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.pose_line import PoseLine, format_line, parse_line
from edgehuman.preprocess.skeleton import RATE_HZ

_LABELS = "walks.jsonl"
# A said rate may be off by this share; a walk's own may vary so manyfold, over so many frames.
_RATE_OFF = 0.1
_RATE_VARIES = 2.05
_STEPS_OF_A_RATE = 12
_WORDS = ("sequence", "person", "view", "condition", "role")


def _is_lines(path: Path) -> bool:
    if path.is_dir():
        if not (path / _LABELS).is_file():
            return False
        first = _first_file(path)
        # A file that is named and missing is found, and said, where it is read.
        return first is not None and (not first.exists() or _is_lines(first))
    if path.suffix != ".jsonl" or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return '"joints"' in file.readline(65536)


def _first_file(folder: Path) -> Path | None:
    with (folder / _LABELS).open(encoding="utf-8", errors="replace") as file:
        start = file.readline(65536)
    try:
        return folder / str(json.loads(start)["file"])
    except (ValueError, KeyError, TypeError):
        return None


def read_tracks(path: Path) -> dict[str, list[PoseLine]]:
    """The lines of every track, in the order of time.

    Raises:
        DataError: a line that cannot be read, or a track that is twice in one frame.
    """
    made: dict[str, list[PoseLine]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    line = parse_line(text, f"{path}: line {number}")
                    made[line.track].append(line)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); copy it again") from None
    for track, lines in made.items():
        lines.sort(key=lambda line: line.t_s)
        for before, after in pairwise(lines):
            if before.t_s == after.t_s:
                raise DataError(
                    f"{path}: track {track!r} is twice at {after.t_s:g} s; two people at once have "
                    "two ids"
                )
    return made


def _walk(lines: list[PoseLine], name: str, where: str, row: dict[str, Any]) -> Walk:
    """One track as a walk; a walk's rate is that of its usual distance between frames.

    Raises:
        DataError: another rate is said, or the rate changes on the way.
    """
    stamps = np.array([line.t_s for line in lines])
    usual_hz = float(1.0 / np.median(np.diff(stamps))) if len(lines) > 1 else 0.0
    rate_hz = float(row.get("rate_hz") or 0.0)
    if rate_hz and usual_hz and abs(rate_hz / usual_hz - 1.0) > _RATE_OFF:
        raise DataError(
            f"{where}: rate_hz is {rate_hz:g} and the stamps `t` are those of {usual_hz:.4g} "
            "frames a second; leave rate_hz out where the stamps are right, or write t as the "
            f"frame's number / {rate_hz:g}"
        )
    _require_one_rate(stamps, where)
    words = {word: str(row[word]) for word in _WORDS if word in row}
    return Walk(
        np.stack([line.joints_J3 for line in lines]),
        stamp_s_T=stamps,
        rate_hz=rate_hz or round(usual_hz, 2) or RATE_HZ,
        width_px=lines[0].width_px,
        height_px=lines[0].height_px,
        layout="openpose18",
        **{"person": name, "sequence": name, **words},
    )


def _require_one_rate(stamp_s_T: NDArray[np.float64], where: str) -> None:
    """Raise DataError where a stretch has over twice the rate of another; single gaps are none."""
    step_s = np.diff(stamp_s_T)
    if len(step_s) < 2 * _STEPS_OF_A_RATE:
        return
    windows = sliding_window_view(step_s, _STEPS_OF_A_RATE)
    usual_s = np.median(windows, axis=1).round(4).clip(1e-4)
    slow, fast = int(np.argmax(usual_s)), int(np.argmin(usual_s))
    if usual_s[slow] <= _RATE_VARIES * usual_s[fast]:
        return
    slow_hz, fast_hz = 1.0 / usual_s[slow], 1.0 / usual_s[fast]
    raise DataError(
        f"{where}: found {fast_hz:.3g} frames a second about t = {stamp_s_T[fast]:.2f} s and "
        f"{slow_hz:.3g} about t = {stamp_s_T[slow]:.2f} s; a walk has one rate. Give each stretch "
        "an id of its own, or leave the slow one out"
    )


def _read(path: Path) -> Iterator[Walk]:
    if path.is_file():
        for track, lines in read_tracks(path).items():
            yield _walk(lines, f"{path.stem}:{track}", f"{path}: track {track!r}", {})
        return
    with (path / _LABELS).open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, start=1):
            where = f"{path / _LABELS}: line {number}"
            try:
                row = json.loads(text)
                inside = path / row["file"]
            except (ValueError, KeyError, TypeError):
                raise DataError(f"{where}: found no object with `file`; write it again") from None
            if path.resolve() not in inside.resolve().parents:
                raise DataError(f"{where}: found file {row['file']!r}, outside the folder")
            tracks = read_tracks(inside)
            if len(tracks) != 1:
                raise DataError(
                    f"{inside}: found {len(tracks)} tracks; beside {_LABELS} a file holds one walk"
                )
            [lines] = tracks.values()
            rate_hz = row.get("rate_hz") or 0.0
            if isinstance(rate_hz, bool) or not isinstance(rate_hz, (int, float)):
                raise DataError(
                    f"{where}: found rate_hz {rate_hz!r}; give frames a second as a number, or "
                    "leave it out"
                )
            yield _walk(lines, inside.stem, str(inside), row)


def write_lines(walks: SkeletonSet, out: Path) -> Outcome:
    """A set as files: OUT/poses/NAME.jsonl and OUT/walks.jsonl, which load as the same set.

    Raises:
        DataError: a file cannot be written.
    """
    try:
        (out / "poses").mkdir(parents=True, exist_ok=True)
        with (out / _LABELS).open("w", encoding="utf-8") as labels:
            for i in range(len(walks)):
                labels.write(json.dumps(_written(walks, i, out)) + "\n")
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error}); give another --out") from None
    people = len(np.unique(walks.person_N))
    data = {
        "poses": str(out / "poses"),
        "labels": str(out / _LABELS),
        "people": people,
        "walks": len(walks),
        "frames": len(walks.skeleton_SJ3),
        "simulated": walks.simulated,
    }
    who = "SIMULATED people" if walks.simulated else "people"
    return Outcome(data, f"{out}: {len(walks)} walks of {people} {who}; labels in {_LABELS}")


def _written(walks: SkeletonSet, i: int, out: Path) -> dict[str, Any]:
    """The labels of a walk, once its file is written."""
    name = str(walks.sequence_N[i])
    file = f"poses/{i:06d}.jsonl"
    rate_hz = float(walks.rate_hz_N[i])
    height_px, width_px = walks.image_size_N2[i].tolist()
    lines = (
        format_line(PoseLine(t / rate_hz, name, joints_J3, width_px, height_px))
        for t, joints_J3 in enumerate(walks.sequence(i))
    )
    (out / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "file": file,
        "sequence": name,
        "person": str(walks.person_N[i]),
        "view": str(walks.view_N[i]),
        "condition": str(walks.condition_N[i]),
        "role": str(walks.role_N[i]),
        "rate_hz": rate_hz,
    }


POSE_LINES = SkeletonLayout(
    "pose_lines",
    'poses.jsonl, a line {"t", "id", "joints", "width", "height"} per person and frame; or a '
    "folder of such files with walks.jsonl (see `edgehuman data simulate --kind skeletons`)",
    _is_lines,
    _read,
)
