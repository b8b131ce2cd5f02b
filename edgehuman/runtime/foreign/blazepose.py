"""BlazePose (Google's MediaPipe, Apache-2.0) as ONNX: one person's joints and mask.

    BlazePose("blazepose_full.onnx").find(frame_HWC, box_4)
    BlazePose("blazepose_full.onnx", detector="blazepose_detector.onnx").find(frame_HWC)

The detector (RGB 224, -1 to 1, letterboxed) gives 2254 anchors of a face box and four points; the
first two, the middle of the hips and a point above them, span the turned square that the landmark
network sees. That (RGB 256, 0 to 1) gives 39 landmarks x, y, z, visibility, presence; whether there
is a person; and a mask. Landmarks 33 and 34 span the square again: a second look is taken from
there, as MediaPipe does from frame to frame. After its public graphs (pose_detection,
pose_landmark_by_roi); left out: refining by heat maps, the depth, and the world's joints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.graph import Graph, opened
from edgehuman.runtime.foreign.picture import outputs_of
from edgehuman.runtime.foreign.square import Square, around, box_of, box_of_mask

LICENCE = "Apache-2.0"
COCO_OF_33 = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""BlazePose's landmark of each of COCO's joints."""
_HIPS, _ABOVE = 33, 34
_MARGIN = 1.25
_DETECTED, _PRESENT, _OVERLAP = 0.5, 0.5, 0.3
_SIDE, _MASK = 256, (1, 256, 256, 1)
_DETECTOR_SIDE, _ANCHORS = 224, 2254
# Cells a side of the detector's grids, and anchors in each.
_GRIDS = ((28, 2), (14, 2), (7, 6))


def is_blazepose(graph: Graph) -> bool:
    """Whether a graph is a landmark network of BlazePose, by its outputs."""
    shapes = list(graph.outputs.values())
    return shapes[:3] == [(1, 195), (1, 1), _MASK]


def is_blazepose_detector(graph: Graph) -> bool:
    """Whether a graph is BlazePose's detector, by its outputs."""
    return list(graph.outputs.values()) == [(1, _ANCHORS, 12), (1, _ANCHORS, 1)]


class BlazePose:
    """The landmark network, with its detector or with boxes of another.

    Args:
        path: blazepose_lite, _full or _heavy.
        detector: blazepose_detector; None: boxes are given, or the whole frame is one person's.
        most: people that the detector finds in a frame.

    Raises:
        ArtefactError, EngineError: as `Graph`, or another network.
    """

    licence = LICENCE

    def __init__(
        self,
        path: Path | str | Graph,
        threads: int = 1,
        detector: Path | str | None = None,
        most: int = 10,
    ) -> None:
        self._graph, self._most = opened(path, threads), most
        self.name = self._graph.name
        self._detector = None if detector is None else Graph(detector, threads)
        _require(is_blazepose(self._graph), self._graph, "a landmark network of BlazePose")
        if self._detector is not None:
            right = is_blazepose_detector(self._detector)
            _require(right, self._detector, "BlazePose's detector")

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`: people who are there with a probability of at least a half.

        Raises:
            DataError: an output that is not finite.
        """
        height, width = frame_HWC.shape[:2]
        if box_4 is not None:
            squares = [around(box_4, _MARGIN)]
        elif self._detector is None:
            squares = [around((0.0, 0.0, width, height), 1.0)]
        else:
            squares = detected(self._detector, frame_HWC)[: self._most]
        found = (self._look(frame_HWC, square) for square in squares)
        people = [each for each in found if each is not None]
        return sorted(people, key=lambda each: -each.score)

    def _look(self, frame_HWC: Uint8, square: Square) -> FoundPerson | None:
        """Look twice, the second time where the first look saw the hips."""
        first = self._landmarks(frame_HWC, square)
        if first is None:
            return None
        closer = spanned(*first.point_K2[[_HIPS, _ABOVE]])
        second = self._landmarks(frame_HWC, closer)
        return (second or first).person(*frame_HWC.shape[:2])

    def _landmarks(self, frame_HWC: Uint8, square: Square) -> _Look | None:
        input_HWC = square.cut(frame_HWC, _SIDE).astype(np.float32) / np.float32(255)
        landmark, presence, mask = outputs_of(self._graph, input_HWC[None])[:3]
        score = float(presence.reshape(-1)[0])
        if score < _PRESENT:
            return None
        row_K5 = landmark.reshape(-1, 5)
        return _Look(
            square,
            score,
            square.to_frame(row_K5[:, :2] / _SIDE),
            np.minimum(_sigmoid(row_K5[:, 3]), _sigmoid(row_K5[:, 4])),
            _sigmoid(mask.reshape(_SIDE, _SIDE)),
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """What the network saw in a square; points in pixels of the frame."""

    square: Square
    score: float
    point_K2: Float32
    score_K: Float32
    mask_SS: Float32

    def person(self, height: int, width: int) -> FoundPerson:
        index = list(COCO_OF_33)
        joint_J3 = np.concatenate((self.point_K2[index], self.score_K[index, None]), axis=1)
        mask_HW = self.square.paste(self.mask_SS, height, width) >= 0.5
        box_4 = box_of_mask(mask_HW) if mask_HW.any() else box_of(joint_J3[:, :2])
        return FoundPerson(box_4, self.score, joint_J3.astype(np.float32), mask_HW)


def spanned(hips_2: Float32, above_2: Float32) -> Square:
    """The square about the hips, turned so that the point above them is up."""
    x, y = (float(each) for each in above_2 - hips_2)
    # Clockwise from straight up; y points down.
    angle_rad = math.atan2(x, -y)
    side = max(1.0, 2.0 * _MARGIN * math.hypot(x, y))
    return Square(float(hips_2[0]), float(hips_2[1]), side, angle_rad)


def detected(detector: Graph, frame_HWC: Uint8) -> list[Square]:
    """Squares of the people that the detector finds, best first."""
    height, width = frame_HWC.shape[:2]
    whole = around((0.0, 0.0, width, height), 1.0)
    input_HWC = whole.cut(frame_HWC, _DETECTOR_SIDE).astype(np.float32) / np.float32(127.5) - 1
    row_N12, score_N1 = (each[0] for each in outputs_of(detector, input_HWC[None])[:2])
    score_N = _sigmoid(score_N1.reshape(-1))
    kept_N = np.flatnonzero(score_N >= _DETECTED)
    kept_N = kept_N[np.argsort(-score_N[kept_N], kind="stable")]
    value_N62 = row_N12[kept_N].reshape(-1, 6, 2) / np.float32(_DETECTOR_SIDE)
    middle_N2, size_N2 = value_N62[:, 0] + _anchors()[kept_N], value_N62[:, 1]
    box_N4 = np.concatenate((middle_N2 - size_N2 / 2, middle_N2 + size_N2 / 2), axis=1)
    point_N42 = value_N62[:, 2:] + _anchors()[kept_N][:, None]
    squares = []
    left = list(range(len(kept_N)))
    while left:
        overlap_K = _overlap(box_N4[left[0]], box_N4[left])
        same = [index for index, over in zip(left, overlap_K, strict=True) if over > _OVERLAP]
        same = same or left[:1]
        # MediaPipe's own suppression: the mean of those that overlap, by their scores.
        share_K = score_N[kept_N[same]] / score_N[kept_N[same]].sum()
        point_42 = np.tensordot(share_K, point_N42[same], axes=1)
        place_42 = whole.to_frame(point_42)
        squares.append(spanned(place_42[0], place_42[1]))
        left = [index for index in left if index not in same]
    return squares


@lru_cache(maxsize=1)
def _anchors() -> Float32:
    """Middles of the anchors (2254, 2): x, y in 0 to 1, row by row, the finest grid first."""
    grids = []
    for cells, each in _GRIDS:
        step_K = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x_KK, y_KK = np.meshgrid(step_K, step_K)
        grids.append(np.repeat(np.stack((x_KK, y_KK), axis=-1).reshape(-1, 2), each, axis=0))
    return np.concatenate(grids)


def _overlap(box_4: Float32, box_N4: Float32) -> Float32:
    """Intersection over union of a box with others."""
    low_N2 = np.maximum(box_4[:2], box_N4[:, :2])
    high_N2 = np.minimum(box_4[2:], box_N4[:, 2:])
    both_N = np.maximum(high_N2 - low_N2, 0.0).prod(axis=1)
    area_N = np.maximum(box_N4[:, 2:] - box_N4[:, :2], 0.0).prod(axis=1)
    own = float(np.maximum(box_4[2:] - box_4[:2], 0.0).prod())
    return np.asarray(both_N / np.maximum(own + area_N - both_N, 1e-9), np.float32)


def _sigmoid(value: NDArray[np.float32]) -> Float32:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -80.0, 80.0))), np.float32)


def _require(ok: bool, graph: Graph, what: str) -> None:
    if not ok:
        raise ArtefactError(
            f"{graph.name} takes {graph.dtype} {graph.shape} and gives {dict(graph.outputs)}, "
            f"which is not {what}; give the ONNX file of it"
        )
