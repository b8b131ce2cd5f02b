"""RTMO and RTMPose (OpenMMLab, Apache-2.0).

RTMO       dets (1, N, 5): x1, y1, x2, y2, score; keypoints (1, N, 17, 3). BGR 0 to 255, the frame
           at the top left corner. Its NMS is in the graph.
RTMPose    of one person's crop, 1.25 times the box: simcc_x (1, J, 2 W), simcc_y (1, J, 2 H), a
           score for each half pixel. The joint is where both are largest, its score their mean; 0
           or less: not seen. RGB, normalised.

Of more joints than COCO's 17 (26, 133) the first are these. Source: rtmlib (Tau-J/rtmlib), which
gives a row of zeros where nobody is: dropped here.
"""

from __future__ import annotations

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.picture import Colours, outputs_of, picture_of, require_columns
from edgehuman.runtime.foreign.square import box_of

LEAST = 0.05
_MARGIN, _SPLIT, _JOINTS = 1.25, 2.0, 17
_MORE = (17, 26, 133)
_MEAN: Colours = (123.675, 116.28, 103.53)
_DEVIATION: Colours = (58.395, 57.12, 57.375)


def is_rtmo(graph: Graph) -> bool:
    """Whether a graph is RTMO's by its shapes."""
    shapes = [*graph.outputs.values()]
    return (
        [len(shape) for shape in shapes] == [3, 4]
        and shapes[0][2] == 5
        and shapes[1][2] in (_JOINTS, None)
        and shapes[1][3] in (3, None)
    )


def is_simcc(graph: Graph) -> bool:
    """Whether a graph gives SimCC by its shapes, or by the names of its outputs."""
    shapes = [*graph.outputs.values()]
    if [len(shape) for shape in shapes] != [3, 3] or len(graph.shape) != 4:
        return False
    if list(graph.outputs) == ["simcc_x", "simcc_y"]:
        return True
    (_, joints, x), (_, others, y) = shapes
    height, width = graph.shape[2:]
    if joints not in _MORE or joints != others or not height or not width:
        return False
    return (x, y) == (_SPLIT * width, _SPLIT * height)


class Rtmo:
    """RTMO: all people of a frame with their joints."""

    def __init__(self, graph: Graph) -> None:
        self.name = graph.name
        self._graph, self._picture = graph, picture_of(graph)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; the box is not used.

        Raises:
            DataError: an output that is not finite.
        """
        picture = self._picture
        input_HWC, place = fit(frame_HWC, picture.height, picture.width, centred=False)
        row_1N5, joint_1NJ3 = outputs_of(self._graph, picture.array(input_HWC, "bgr"))
        require_columns(self._graph, row_1N5, (5,))
        require_columns(self._graph, joint_1NJ3, (3,))
        joint_NJ3 = joint_1NJ3[0].copy()
        joint_NJ3[..., :2] = place.to_frame(joint_NJ3[..., :2])
        joint_NJ3[..., 2] = np.clip(joint_NJ3[..., 2], 0, 1)
        box_N4, score_N = place.to_frame(row_1N5[0, :, :4]), row_1N5[0, :, 4]
        return [
            FoundPerson(box_N4[n], float(min(score_N[n], 1)), joint_NJ3[n])
            for n in np.argsort(-score_N, kind="stable")
            if score_N[n] >= LEAST
        ]


class RtmPose:
    """RTMPose, or another network with SimCC: one person in a box."""

    def __init__(self, graph: Graph) -> None:
        self.name = graph.name
        self._graph, self._picture = graph, picture_of(graph, 256, 192)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`. The score is the mean over the joints that were seen.

        Raises:
            DataError: an output that is not finite.
            ArtefactError: fewer joints than COCO's.
        """
        rows, columns = frame_HWC.shape[:2]
        whole_4 = np.array((0, 0, columns, rows), np.float32)
        height, width = self._picture.height, self._picture.width
        cut_4 = _grown(whole_4 if box_4 is None else box_4, width / height)
        crop_HWC = _cut(frame_HWC, cut_4, height, width)
        array = self._picture.array(crop_HWC, "rgb", _MEAN, _DEVIATION)
        simcc_x, simcc_y = outputs_of(self._graph, array)
        joint_J3 = decoded(simcc_x[0], simcc_y[0])
        if len(joint_J3) < _JOINTS:
            raise ArtefactError(
                f"{self.name} gives {len(joint_J3)} joints; COCO's 17 come first in those of 17, "
                "26 and 133"
            )
        size_2 = (cut_4[2:] - cut_4[:2]) / np.array((width, height), np.float32)
        joint_J3 = joint_J3[:_JOINTS]
        joint_J3[:, :2] = joint_J3[:, :2] * size_2 + cut_4[:2]
        seen_J = joint_J3[:, 2] > 0
        if not seen_J.any():
            return []
        score = float(joint_J3[seen_J, 2].mean())
        box = box_of(joint_J3[seen_J, :2]) if box_4 is None else box_4
        return [FoundPerson(box, score, joint_J3)]


def decoded(x_JX: Float32, y_JY: Float32) -> Float32:
    """Joints (J, 3), x and y in pixels of the crop, of SimCC's two outputs; score 0: not seen."""
    score_J = (x_JX.max(axis=1) + y_JY.max(axis=1)) / 2
    place_J2 = np.stack([x_JX.argmax(axis=1), y_JY.argmax(axis=1)], axis=1) / _SPLIT
    joint_J3 = np.concatenate([place_J2, np.clip(score_J, 0, 1)[:, None]], axis=1)
    return np.asarray(joint_J3, np.float32)


def _grown(box_4: Float32, shape: float) -> Float32:
    """The box with its margin, at a shape (width over height); it may leave the frame."""
    centre_2, (wide, high) = (box_4[:2] + box_4[2:]) / 2, np.maximum(box_4[2:] - box_4[:2], 1)
    half_2 = _MARGIN / 2 * np.array((max(wide, high * shape), max(high, wide / shape)), np.float32)
    return np.asarray(np.concatenate([centre_2 - half_2, centre_2 + half_2]), np.float32)


def _cut(frame_HWC: Uint8, cut_4: Float32, height: int, width: int) -> Uint8:
    """A part of the frame at a size; black where it leaves the frame."""
    import cv2

    x0, y0, x1, y1 = (float(value) for value in cut_4)
    x, y = width / (x1 - x0), height / (y1 - y0)
    # OpenCV counts from the first pixel's centre.
    matrix_23 = np.array(((x, 0, x * (0.5 - x0) - 0.5), (0, y, y * (0.5 - y0) - 0.5)), np.float64)
    return np.asarray(cv2.warpAffine(frame_HWC, matrix_23, (width, height)), np.uint8)
