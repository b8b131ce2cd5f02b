"""One of everybody's own recordings, and what is wrong with some: too short to learn from, no
window of one activity, or the same rows as somebody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.data.imu.layout import Stretch, to_recordings, window_labels
from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.documents import stem_of
from edgehuman.preprocess.imu.text.whole import Recording
from edgehuman.records import IMU_RATE_HZ, IMU_WINDOW

OWN = "recordings"
WINDOW_S = IMU_WINDOW / IMU_RATE_HZ
_HOP = IMU_WINDOW // 2


@dataclass(frozen=True, slots=True)
class Own:
    """One person's recording.

    Attributes:
        path: the file or folder.
        recording: its rows, in the units of `format`.
        label_T: the activity of each row, "" where there is none.
    """

    path: Path
    person: str
    recording: Recording
    format: ImuFormat
    label_T: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file, and the person unless the file says who it is."""
        return str(self.path) + (f" ({self.person})" if self.person != stem_of(self.path) else "")

    @property
    def seconds(self) -> float:
        """How long the rows last."""
        stamp_s_T = self.recording.rows.stamp_T
        return float(stamp_s_T[-1] - stamp_s_T[0]) if len(stamp_s_T) else 0.0

    def stretch(self, labels: tuple[str, ...], is_test: bool = False) -> Stretch:
        """The recording with its labels as indices into `labels`."""
        place = {name: i for i, name in enumerate(labels)}
        label_T = np.array([place.get(name, -1) for name in self.label_T], np.int16)
        return Stretch(
            self.recording.rows.imu_TC,
            self.format,
            f"{OWN}:{self.person}",
            stamp_s_T=self.recording.rows.stamp_T,
            label_T=label_T if labels else np.empty(0, np.int16),
            labels=labels,
            source=f"{self.path.name} {self.person}",
            is_test=is_test,
        )


def spelled_twice(own: Sequence[Own]) -> list[str]:
    """People whose names differ by case only: is it one person, who would be taught and tested?"""
    spelled: dict[str, str] = {}
    lines = []
    for name in sorted({one.person for one in own}):
        other = spelled.setdefault(name.casefold(), name)
        if other != name:
            lines.append(
                f"are {other!r} and {name!r} one person? Write the name in one way, so that nobody "
                "is both taught and tested"
            )
    return lines


def copies(own: Sequence[Own]) -> list[str]:
    """Recordings of several people with the same rows, which would be both taught and tested."""
    first: dict[bytes, Own] = {}
    lines = []
    for one in own:
        rows = one.recording.rows
        other = first.setdefault(hashlib.sha256(rows.imu_TC.tobytes()).digest(), one)
        if other.person != one.person:
            lines.append(
                f"{one.name} holds the same {len(rows.imu_TC)} rows as {other.name}; keep one of "
                "them, so that nothing is both taught and tested"
            )
    return lines


def why_unused(one: Own) -> str:
    """Why nothing is learnt from a recording; empty if it has a window of one activity."""
    names = tuple(sorted({*one.label_T} - {""}))
    try:
        parts = to_recordings(one.stretch(names))
    except DataError as error:
        return f"{one.name}: {error}"
    longest = max((len(part.imu_TC) for part in parts), default=0)
    if longest < IMU_WINDOW:
        return (
            f"{one.name}: {longest / IMU_RATE_HZ:.3g} s at most without a gap, and a window is "
            f"{WINDOW_S:.3g} s; record longer"
        )
    if not names:
        return f"{one.name}: no labels; add a label column or an interval file"
    for part in parts:
        count = max(0, (len(part.imu_TC) - IMU_WINDOW) // _HOP + 1)
        if count and (window_labels(part.label_T, count, _HOP) >= 0).any():
            return ""
    return (
        f"{one.name}: no window of {WINDOW_S:.3g} s has one label all through; a label must hold "
        "that long to be learnt or tested"
    )
