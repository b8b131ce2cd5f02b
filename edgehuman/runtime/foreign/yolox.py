"""YOLOX (Megvii, Apache-2.0), and RTMDet and YOLO-NAS-pose, which are as simple to read.

YOLOX        raw (1, anchors, 5 + classes): centre, size, objectness, classes, in cells of the grid,
             or decoded, in pixels; or after NMS (1, N, 5), x1, y1, x2, y2, score. BGR 0 to 255.
RTMDet       dets (1, N, 5), labels (1, N); BGR, normalised.
YOLO-NAS     (people, 57): number of the picture, x1, y1, x2, y2, score, 17 times x, y, score.

All with the frame at the top left corner. Sources: YOLOX demo/ONNXRuntime; rtmlib (Tau-J/rtmlib);
the flat format of super-gradients' exports (whose order of colours was not checked: RGB here).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.picture import Colours, outputs_of, picture_of, require_columns
from edgehuman.runtime.foreign.suppress import kept

LEAST, OVERLAP = 0.05, 0.45
STRIDES = (8, 16, 32)
_FLAT = 57
_NAS_LEVEL = 127
_BGR_MEAN: Colours = (103.53, 116.28, 123.675)
_BGR_DEVIATION: Colours = (57.375, 57.12, 58.395)


class YoloX:
    """YOLOX that detects people: its class 0, as in COCO."""

    def __init__(self, graph: Graph) -> None:
        self.name = graph.name
        self._graph, self._picture = graph, picture_of(graph)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; the box is not used.

        Raises:
            DataError: an output that is not finite. ArtefactError: rows of no known number.
        """
        picture = self._picture
        input_HWC, place = fit(frame_HWC, picture.height, picture.width, centred=False)
        answers = outputs_of(self._graph, picture.array(input_HWC, "bgr"))
        row_KC = answers[0][0]
        if row_KC.shape[1] == 5:
            box_M4, score_M = _of_people(row_KC, answers[1][0] if len(answers) > 1 else None)
        else:
            box_M4, score_M = self._decoded(row_KC)
        return _people(place.to_frame(box_M4), score_M)

    def _decoded(self, row_AC: Float32) -> tuple[Float32, Float32]:
        """Boxes and scores of people of raw or decoded rows."""
        cell_A2, stride_A1 = grid(self._picture.height, self._picture.width)
        if len(row_AC) != len(cell_A2):
            raise ArtefactError(
                f"{self.name} gives {len(row_AC)} rows for {self._picture.width}x"
                f"{self._picture.height} pixels; YOLOX has one for each of {len(cell_A2)} cells at "
                "strides 8, 16 and 32. Export it at that size"
            )
        centre_A2, size_A2 = row_AC[:, :2], row_AC[:, 2:4]
        pixel_A2 = (cell_A2 + 0.5) * stride_A1
        # A box's centre lies near its cell: in pixels if decoded, else within few cells of 0.
        if np.median(np.abs(centre_A2)) < np.median(np.abs(centre_A2 - pixel_A2)):
            centre_A2 = (centre_A2 + cell_A2) * stride_A1
            size_A2 = np.exp(np.minimum(size_A2, 20)) * stride_A1
        class_AK = row_AC[:, 5:]
        score_A = row_AC[:, 4] * class_AK[:, 0]
        is_person_A = (class_AK[:, 0] >= class_AK.max(axis=1)) & (score_A >= LEAST)
        half_M2 = size_A2[is_person_A] / 2
        centre_M2 = centre_A2[is_person_A]
        box_M4 = np.concatenate([centre_M2 - half_M2, centre_M2 + half_M2], axis=1)
        keep = kept(box_M4, score_A[is_person_A], OVERLAP)
        return box_M4[keep], score_A[is_person_A][keep]


class RtmDet:
    """RTMDet that detects people, after NMS."""

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
        array = picture.array(input_HWC, "bgr", _BGR_MEAN, _BGR_DEVIATION)
        answers = outputs_of(self._graph, array)
        require_columns(self._graph, answers[0], (5,))
        box_M4, score_M = _of_people(answers[0][0], answers[1][0] if len(answers) > 1 else None)
        return _people(place.to_frame(box_M4), score_M)


class YoloNasPose:
    """YOLO-NAS-pose in the flat format."""

    def __init__(self, graph: Graph) -> None:
        self.name = graph.name
        self._graph, self._picture = graph, picture_of(graph)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; the box is not used.

        Raises:
            DataError: an output that is not finite.
        """
        picture = self._picture
        input_HWC, place = fit(
            frame_HWC, picture.height, picture.width, centred=False, level=_NAS_LEVEL
        )
        (row_M57,) = outputs_of(self._graph, picture.array(input_HWC))
        require_columns(self._graph, row_M57, (_FLAT,))
        joint_MJ3 = row_M57[:, 6:].reshape(len(row_M57), 17, 3).copy()
        joint_MJ3[..., :2] = place.to_frame(joint_MJ3[..., :2])
        return _people(place.to_frame(row_M57[:, 1:5]), row_M57[:, 5], joint_MJ3)


def grid(height: int, width: int) -> tuple[Float32, Float32]:
    """Columns and rows of all cells (A, 2), stride by stride, and their strides (A, 1)."""
    cells, strides = [], []
    for stride in STRIDES:
        y_HW, x_HW = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([x_HW.ravel(), y_HW.ravel()], axis=1))
        strides.append(np.full((y_HW.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def is_yolox(graph: Graph) -> Literal["", "yolox", "either"]:
    """Whether a graph is YOLOX's by its shapes; "either": after NMS, where RTMDet's are alike."""
    shapes = [*graph.outputs.values()]
    if graph.dtype == "tensor(uint8)" or not _is_picture(graph):
        return ""
    if [len(shape) for shape in shapes] == [3, 2] and shapes[0][2] == 5:
        return "either"
    if len(shapes) != 1 or len(shapes[0]) != 3:
        return ""
    _, rows, columns = shapes[0]
    if columns == 5:
        return "yolox"
    height, width = graph.shape[2:]
    anchors = len(grid(height, width)[0]) if height and width else None
    is_raw = columns is not None and columns > 5 and rows in (anchors, None)
    return "yolox" if is_raw and (anchors is not None or columns == 85) else ""


def is_yolo_nas(graph: Graph) -> bool:
    """Whether a graph is YOLO-NAS-pose's by its shapes."""
    shapes = [*graph.outputs.values()]
    return graph.dtype == "tensor(uint8)" and len(shapes) == 1 and shapes[0][1:] == (_FLAT,)


def _is_picture(graph: Graph) -> bool:
    return len(graph.shape) == 4 and graph.shape[1] == 3


def _of_people(row_K5: Float32, label_K: Float32 | None) -> tuple[Float32, Float32]:
    if label_K is not None:
        row_K5 = row_K5[np.rint(label_K) == 0]
    return row_K5[:, :4], row_K5[:, 4]


def _people(
    box_M4: Float32, score_M: Float32, joint_MJ3: Float32 | None = None
) -> list[FoundPerson]:
    """People of enough score, the best first; rows of score 0 are padding."""
    return [
        FoundPerson(
            box_M4[place],
            float(np.clip(score_M[place], 0, 1)),
            None if joint_MJ3 is None else joint_MJ3[place],
        )
        for place in np.argsort(-score_M, kind="stable")
        if score_M[place] >= LEAST
    ]
