"""Raw poses of one source to records: layout, picture units and confidences.

What the numbers mean is decided once per source, from its first lines or, for a file that is known
whole, from all of them. Each decision is one remark.

Axes: J joint.
"""

from __future__ import annotations

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
    lies_along_x,
    looks_like_kinect,
)
from edgehuman.preprocess.skeleton.walk import NUM_JOINTS, to_record
from edgehuman.records import Float32, Float64

# Coordinates within this are no pixels: shares of the picture, or metres.
_LARGEST_SHARE = 2.0
# Shares of a picture go a little below 0 at its edge; metres around a point do so everywhere.
_NEGATIVE = 0.2
_FEWEST_SEEN = 4
_BEFORE_HIPS = 0.1
_FRAMES_TO_TELL = 24
_NEARLY_ALL = 0.9


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
        self._depth = _has_depth([pose.joints_J3 for pose in poses])
        if not self._depth:
            self._sure.decide(pose.joints_J3[:, 2] for pose in poses)
        units = self._units_of([pose.joints_J3 for pose in poses])
        if units:
            self._units = units
        first = poses[0]
        if units == "metres":
            raise DataError(f"{first.where}: {_metres_said([pose.joints_J3 for pose in poses])}")
        self._require_upright(poses)
        sized = self.declared.width_px or all(pose.width_px and pose.height_px for pose in poses)
        if units in ("shares", "signed") and not sized:
            raise DataError(
                f"{first.where}: coordinates are shares of the picture, at most "
                f"{_extent([pose.joints_J3 for pose in poses]):.3g}, and the file does not state "
                "its size; give it, such as --size 1920x1080"
            )

    def _require_upright(self, poses: Sequence[RawPose]) -> None:
        """Raises DataError if people lie along x in nearly all frames that show it."""
        layouts = [self.layout_of(pose) for pose in poses]
        seen = zip(poses, layouts, strict=True)
        lies = [lies_along_x(pose.joints_J3, name) for pose, name in seen if name not in Y_FIRST]
        told = [each for each in lies if each is not None]
        if len(told) >= _FRAMES_TO_TELL and sum(told) >= _NEARLY_ALL * len(told):
            raise DataError(
                f"{poses[0].where}: people lie along x in {sum(told)} of {len(told)} frames, so x "
                "and y are swapped, or the picture is turned; if the tool writes y first, as "
                "MoveNet does, give --layout movenet17"
            )

    def record(self, pose: RawPose) -> Float32:
        """The joints (18, 3) of a pose: OpenPose-18, in pixels where they can be brought there; all
        zero for a pose without joints.

        Raises:
            DataError: an unknown layout, another number of joints than it has, or metres.
        """
        if not len(pose.joints_J3):
            return np.zeros((NUM_JOINTS, 3), np.float32)
        layout = self.layout_of(pose)
        joints_J3 = pose.joints_J3.copy()
        if layout in Y_FIRST:
            joints_J3[:, :2] = joints_J3[:, 1::-1]
        lost_J = np.isnan(joints_J3[:, 0])
        if self._depth is None and not lost_J.all():
            self._depth = _has_depth([joints_J3])
        if self._depth:
            joints_J3[:, 2] = np.nan
            self._say("the third number of a joint is its depth (z), no confidence")
        sure_J = joints_J3[:, 2]
        if not lost_J.all() and np.isnan(sure_J[~lost_J]).all():
            sure_J = np.ones(len(sure_J))
            self._say("joints have no confidence; 1 is assumed")
        else:
            sure_J = self._sure.read(sure_J)
        joints_J3[:, 2] = sure_J
        self._to_pixels(joints_J3, *self.size_of(pose), pose.where)
        joints_J3[lost_J] = 0.0
        frame: Float32 = to_record(joints_J3[None], pose.where, layout)[0]
        return frame

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
        kinect = count == len(LAYOUTS["kinect25"]) and self._is_kinect(pose.joints_J3)
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

    def _to_pixels(self, joints_J3: Float64, width_px: int, height_px: int, where: str) -> None:
        if not self._units:
            self._units = self._units_of([joints_J3])
        if self._units == "metres":
            raise DataError(f"{where}: {_metres_said([joints_J3])}")
        if self._units not in ("shares", "signed") or not (width_px and height_px):
            return
        if self._units == "signed":
            joints_J3[:, :2] = (joints_J3[:, :2] + 1.0) / 2.0
        joints_J3[:, :2] *= (width_px, height_px)
        scale = "-1 to 1" if self._units == "signed" else "0 to 1"
        self._say(
            f"coordinates are {scale} across the picture; multiplied by its size of "
            f"{width_px}x{height_px} pixels"
        )

    def _units_of(self, frames: Sequence[Float64]) -> str:
        """Pixels, shares, signed or metres; "" if too few joints were seen to tell."""
        seen_K3 = np.concatenate(frames)
        seen_K2 = seen_K3[np.isfinite(seen_K3[:, 0]), :2]
        if len(seen_K2) < _FEWEST_SEEN:
            return ""
        negative = float((seen_K2 < 0.0).mean())
        small = float((np.abs(seen_K2) <= _LARGEST_SHARE).mean()) >= 0.99
        if small and negative > _NEGATIVE:
            return "signed" if self._signed else "metres"
        metres = negative > _NEGATIVE and float(np.quantile(np.abs(seen_K2), 0.99)) <= 8.0
        return "shares" if small else "metres" if metres else "pixels"

    def _say(self, remark: str) -> None:
        if remark not in self._remarks:
            self._remarks.append(remark)


def _has_depth(frames: Sequence[Float64]) -> bool:
    """Whether the third numbers are the z of MediaPipe: about half of them lie before the hips."""
    if len(frames[0]) != len(LAYOUTS["mediapipe33"]):
        return False
    third = np.concatenate(frames)[:, 2]
    third = third[np.isfinite(third) & (third != -1.0)]
    return bool(len(third)) and float((third < 0.0).mean()) > _BEFORE_HIPS


def _extent(frames: Sequence[Float64]) -> float:
    values = np.abs(np.concatenate(frames)[:, :2])
    return float(np.quantile(values[np.isfinite(values)], 0.99))


def _metres_said(frames: Sequence[Float64]) -> str:
    values = np.concatenate(frames)[:, :2]
    low, high = np.nanmin(values), np.nanmax(values)
    return (
        f"coordinates are {low:.3g} to {high:.3g}, metres around a point; joints must be in pixels "
        "of the picture with y down: write the 2-D joints (MediaPipe: pose_landmarks, Kinect: "
        "MapCameraPointToColorSpace)"
    )
