"""Raw poses of one source to records: layout, picture units and confidences.

What the numbers mean is decided once per source, from its first lines or, for a file that is known
whole, from all of them. Each decision is one remark.

Axes: J joint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS
from edgehuman.preprocess.skeleton.confidence import Confidences
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.layouts import (
    BY_COUNT,
    FACELESS,
    Y_FIRST,
    layout_named,
    looks_like_kinect,
)
from edgehuman.preprocess.skeleton.units import (
    draw_metres,
    metres_drawn,
    metres_said,
    rises,
    shares_said,
    unit_of,
)
from edgehuman.preprocess.skeleton.walk import NUM_JOINTS, to_record
from edgehuman.records import Float32, Float64

_FEWEST_SEEN = 4
_MOST_REMARKS = 20  # a source that names another size in each line makes no more
_KINECT = len(LAYOUTS["kinect25"])
_BEFORE_HIPS = 0.1
# People stand over a metre from the sensor: such third numbers are no confidences.
_FAR_AWAY = 0.9


@dataclass(frozen=True, slots=True)
class RawPose:
    """One person in one frame, in the units of the file.

    Attributes:
        joints_J3: x, y, confidence; all NaN where not seen, confidence NaN where there is none;
            (0, 3) where nobody was seen.
        t_s: time in seconds; NaN where the source has frame numbers.
        frame: number of the frame; -1 where the source has times.
        track: id of the person; None where there is none.
        layout: as the source names it; None where it does not.
        width_px, height_px: of the picture; 0 where unknown.
        where: file and place, for messages.
    """

    joints_J3: Float64
    t_s: float = float("nan")
    frame: int = -1
    track: str | None = None
    layout: str | None = None
    width_px: int = 0
    height_px: int = 0
    where: str = "a pose"


def track_name(track: Any) -> str:
    """The name of a track as a tool writes it: 7, 7.0 and "7" are one."""
    is_whole = isinstance(track, float) and track.is_integer()
    return str(int(track)) if is_whole else str(track)


class Reading:
    """How the poses of one source are read.

    Args:
        declared: what the user states; it counts before what the source says.
        largest: the largest confidence of a tool that is known to write more than 1; 0: unknown.
        signed: coordinates may be -1 to 1 across the picture (OpenPose's keypoint_scale 4).

    Attributes:
        remarks: what was decided or assumed, in words.
    """

    def __init__(
        self, declared: Declared = UNDECLARED, largest: float = 0.0, signed: bool = False
    ) -> None:
        self.declared = declared
        self._sure = Confidences(largest)
        self._signed = signed
        self._units = ""
        self._kinect: bool | None = None
        self._depth: bool | None = None
        self._y_up: bool | None = None
        self._remarks: list[str] = []

    @property
    def remarks(self) -> list[str]:
        return [*self._remarks, *self._sure.remarks]

    def decide(self, poses: Sequence[RawPose]) -> None:
        """Decide from all poses of a file.

        Raises:
            DataError: coordinates that cannot be brought into pixels.
        """
        if not poses:
            return
        frames = [pose.joints_J3 for pose in poses]
        xy_K2 = _seen(frames)
        units = self._units_of(xy_K2)
        if units:
            self._units = units
        self._depth = self._has_depth(frames)
        if not self._depth:
            self._sure.decide(pose.joints_J3[:, 2] for pose in poses)
        self._decide_kinect(poses)
        sized = self.declared.width_px or all(pose.width_px and pose.height_px for pose in poses)
        if units in ("shares", "signed") and not sized:
            raise DataError(f"{poses[0].where}: {shares_said(xy_K2)}")

    def record(self, pose: RawPose) -> Float32:
        """The joints (18, 3) of a pose (see `records`)."""
        joints_J3: Float32 = self.records([pose])[0]
        return joints_J3

    def records(self, poses: Sequence[RawPose]) -> Float32:
        """The joints (T, 18, 3) of poses: OpenPose-18, in pixels where they can be brought there;
        all zero for a pose without joints.

        Raises:
            DataError: an unknown layout, another number of joints than it has, or small numbers
                around a point that are no body in metres.
        """
        alike: dict[tuple[str, int, tuple[int, int]], list[int]] = defaultdict(list)
        for place, pose in enumerate(poses):
            count = len(pose.joints_J3)
            if count:
                alike[self.layout_of(pose), count, self.size_of(pose)].append(place)
        made_TJ3 = np.zeros((len(poses), NUM_JOINTS, 3), np.float32)
        for (layout, _, size), places in alike.items():
            joints_TJ3 = np.stack([poses[place].joints_J3 for place in places])
            made_TJ3[places] = self._read(joints_TJ3, layout, size, poses[places[0]].where)
        return made_TJ3

    def _read(self, joints_TJ3: Float64, layout: str, size: tuple[int, int], where: str) -> Float32:
        """The records (T, 18, 3) of poses in one layout and of one picture size."""
        if layout in Y_FIRST:
            joints_TJ3[..., :2] = joints_TJ3[..., 1::-1]
        lost_TJ = np.isnan(joints_TJ3[..., 0])
        self._units = self._units or self._units_of(_seen([*joints_TJ3]))
        if self._depth is None and not lost_TJ.all():
            self._depth = self._has_depth([*joints_TJ3])
        if self._depth:
            joints_TJ3[..., 2] = np.nan
            self._say("the third number of a joint is its depth (z), no confidence")
        sure_TJ = joints_TJ3[..., 2]
        bare_T = ~lost_TJ.all(axis=1) & (np.isnan(sure_TJ) | lost_TJ).all(axis=1)
        joints_TJ3[..., 2] = np.where(bare_T[:, None], 1.0, self._sure.read(sure_TJ))
        if bare_T.any():
            self._say("joints have no confidence; 1 is assumed")
        if self._units == "metres":
            self._draw_metres(joints_TJ3, layout, where)
        else:
            self._to_pixels(joints_TJ3, *size)
        joints_TJ3[lost_TJ] = 0.0
        return to_record(joints_TJ3, where, layout)

    def layout_of(self, pose: RawPose) -> str:
        """The layout of a pose: as stated by the user or the source, or by the number of joints.

        Raises:
            DataError: unknown, or of another number of joints.
        """
        count, said = len(pose.joints_J3), pose.layout
        named = self.declared.layout or (None if said is None else layout_named(said))
        if named is None and said is not None:
            raise DataError(
                f"{pose.where}: unknown layout {said[:40]!r}; valid: {', '.join(LAYOUTS)}"
            )
        kinect = count == _KINECT and self._is_kinect(pose.joints_J3)
        if named == "body25" and kinect:
            raise DataError(
                f"{pose.where}: the joints are called body25, but are in the order of kinect25; "
                'give --layout kinect25, or write "layout": "kinect25"'
            )
        layout = named or ("kinect25" if kinect else BY_COUNT.get(count))
        if layout in FACELESS:
            self._say(
                f"{layout} has no nose, eyes and ears; they count as not seen, and people are "
                "known less well than with a pose estimator"
            )
        if layout is not None:
            return layout
        known = ", ".join(f"{number} ({each})" for number, each in BY_COUNT.items())
        raise DataError(f"{pose.where}: found {count} joints; valid: {known}")

    def _decide_kinect(self, poses: Sequence[RawPose]) -> None:
        """Decide by most of the frames that show it."""
        found = [looks_like_kinect(p.joints_J3) for p in poses if len(p.joints_J3) == _KINECT]
        told = [each for each in found if each is not None]
        if told:
            self._kinect = 2 * sum(told) > len(told)

    def _is_kinect(self, joints_J3: Float64) -> bool:
        """Decided by the first frame that shows it."""
        if self._kinect is None:
            self._kinect = looks_like_kinect(joints_J3)
        return bool(self._kinect)

    def size_of(self, pose: RawPose) -> tuple[int, int]:
        """Width and height of a pose's picture in pixels, 0 where unknown."""
        if self.declared.width_px:
            return self.declared.width_px, self.declared.height_px
        return pose.width_px, pose.height_px

    def _draw_metres(self, joints_TJ3: Float64, layout: str, where: str) -> None:
        """Bring metres into pixels; which way y points is decided by the first body that stands."""
        if self._y_up is None:
            self._y_up = rises(joints_TJ3, layout)
        if self._y_up is None:
            raise DataError(f"{where}: {metres_said(_seen([*joints_TJ3]))}")
        draw_metres(joints_TJ3, self._y_up, layout)
        self._say(metres_drawn(self._y_up))

    def _to_pixels(self, joints_TJ3: Float64, width_px: int, height_px: int) -> None:
        if self._units not in ("shares", "signed") or not (width_px and height_px):
            return
        if self._units == "signed":
            joints_TJ3[..., :2] = (joints_TJ3[..., :2] + 1.0) / 2.0
        joints_TJ3[..., :2] *= (width_px, height_px)
        scale = "-1 to 1" if self._units == "signed" else "0 to 1"
        self._say(
            f"coordinates are {scale} across the picture; multiplied by its size of "
            f"{width_px}x{height_px} pixels"
        )

    def _has_depth(self, frames: Sequence[Float64]) -> bool:
        """Whether the third number of a joint is no confidence."""
        third = np.concatenate(frames)[:, 2]
        third = third[np.isfinite(third) & (third != -1.0)]
        if not len(third):
            return False
        if self._units == "metres" and float((third > 1.0).mean()) >= _FAR_AWAY:
            return True
        # About half of the z of MediaPipe lie before the hips.
        is_mediapipe = len(frames[0]) == len(LAYOUTS["mediapipe33"])
        return is_mediapipe and float((third < 0.0).mean()) > _BEFORE_HIPS

    def _units_of(self, xy_K2: Float64) -> str:
        """As `unit_of`; "" if too few joints were seen to tell."""
        return unit_of(xy_K2, self._signed) if len(xy_K2) >= _FEWEST_SEEN else ""

    def _say(self, remark: str) -> None:
        if len(self._remarks) < _MOST_REMARKS and remark not in self._remarks:
            self._remarks.append(remark)


def _seen(frames: Sequence[Float64]) -> Float64:
    """x, y (K, 2) of the joints that were seen."""
    joints_K3 = np.concatenate(frames)
    return joints_K3[np.isfinite(joints_K3[:, 0]), :2]
