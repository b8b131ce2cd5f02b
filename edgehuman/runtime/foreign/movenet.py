"""MoveNet (Google, Apache-2.0) as ONNX: SinglePose Lightning and Thunder, and MultiPose.

    MoveNet("movenet_thunder.onnx").find(frame_HWC, box_4)      one person, in a square about a box
    MoveNet("movenet_multipose.onnx").find(frame_HWC)           up to six people of a frame

SinglePose takes int32 RGB (1, S, S, 3), S 192 or 256, and gives (1, 1, 17, 3): y, x, score in 0 to
1. MultiPose takes sides that are multiples of 32, and gives (1, 6, 56): 17 times y, x, score, then
the box as ymin, xmin, ymax, xmax, and its score. The joints are COCO's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.preprocess.image.pixels import clip_box
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.graph import Graph, opened
from edgehuman.runtime.foreign.picture import outputs_of
from edgehuman.runtime.foreign.square import around, box_of

LICENCE = "Apache-2.0"
_JOINTS, _MARGIN, _STEP = 17, 1.25, 32
_SURE = 0.3
# MultiPose was taught pictures in which people are at most so high; where one fills a portrait
# picture of 384 rows, it finds the upper and the lower half of them.
_HIGH = 0.75
_SINGLE, _MULTI = (1, 1, _JOINTS, 3), (1, 6, 56)


def is_movenet(graph: Graph) -> bool:
    """Whether a graph is one of MoveNet's, by its input and output."""
    shapes = tuple(graph.outputs.values())
    return graph.dtype == "tensor(int32)" and shapes in ((_SINGLE,), (_MULTI,))


class MoveNet:
    """Either of the two, told by its output.

    Args:
        side: the most columns of MultiPose's input, 256 to 512; it has three quarters as many rows.
            SinglePose has a size of its own.
        least: people of MultiPose below this score are left out.

    Raises:
        ArtefactError, EngineError: as `Graph`, or another network.
    """

    licence = LICENCE

    def __init__(
        self, path: Path | str | Graph, threads: int = 1, side: int = 384, least: float = 0.1
    ) -> None:
        graph = opened(path, threads)
        if not is_movenet(graph):
            raise ArtefactError(
                f"{graph.name} takes {graph.dtype} {graph.shape} and gives {dict(graph.outputs)}, "
                "which is not MoveNet: int32 (1, S, S, 3), and (1, 1, 17, 3) or (1, 6, 56)"
            )
        self.name = graph.name
        self.is_single = next(iter(graph.outputs.values())) == _SINGLE
        self._graph, self._side, self._least = graph, side, least

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`. SinglePose always gives one person, with the score that it has.

        Raises:
            DataError: an output that is not finite.
        """
        height, width = frame_HWC.shape[:2]
        if self.is_single:
            whole_4 = np.array((0, 0, width, height), np.float32)
            return [self._one(frame_HWC, *((whole_4, 1.0) if box_4 is None else (box_4, _MARGIN)))]
        if box_4 is None:
            return self._several(frame_HWC)
        x0, y0, x1, y1 = clip_box(box_4.tolist(), height, width)
        return [_moved(each, x0, y0) for each in self._several(frame_HWC[y0:y1, x0:x1])]

    def _one(self, frame_HWC: Uint8, box_4: Float32, margin: float) -> FoundPerson:
        square = around(box_4, margin)
        side = self._graph.shape[1] or 256
        input_HWC = square.cut(frame_HWC, side).astype(np.int32)
        yxs_J3 = outputs_of(self._graph, input_HWC[None])[0].reshape(_JOINTS, 3)
        joint_J3 = np.empty((_JOINTS, 3), np.float32)
        joint_J3[:, :2] = square.to_frame(yxs_J3[:, 1::-1])
        joint_J3[:, 2] = yxs_J3[:, 2]
        sure_J = joint_J3[:, 2] >= _SURE
        point_K2 = joint_J3[sure_J if sure_J.any() else slice(None), :2]
        return FoundPerson(box_of(point_K2), float(joint_J3[:, 2].mean()), joint_J3)

    def _several(self, frame_HWC: Uint8) -> list[FoundPerson]:
        rows, columns = frame_HWC.shape[:2]
        scale = min(self._side / columns, _HIGH * self._side / rows)
        height, width = (
            max(_STEP, -(-round(each * scale) // _STEP) * _STEP) for each in (rows, columns)
        )
        input_HWC, place = fit(frame_HWC, height, width)
        row_K56 = outputs_of(self._graph, input_HWC.astype(np.int32)[None])[0][0]
        size_2 = np.array((width, height), np.float32)
        people = []
        for row_56 in row_K56[np.argsort(-row_K56[:, 55], kind="stable")]:
            if row_56[55] < self._least:
                continue
            yxs_J3 = row_56[:51].reshape(_JOINTS, 3)
            joint_J3 = yxs_J3[:, [1, 0, 2]].astype(np.float32)
            joint_J3[:, :2] = place.to_frame(joint_J3[:, :2] * size_2)
            box_4 = place.to_frame(row_56[None, [52, 51, 54, 53]] * np.tile(size_2, 2))[0]
            people.append(FoundPerson(box_4, float(row_56[55]), joint_J3))
        return people


def _moved(person: FoundPerson, x: int, y: int) -> FoundPerson:
    """A person of a part of a frame, in pixels of the frame."""
    shift_2 = np.array((x, y), np.float32)
    joint_J3 = person.joint_J3
    if joint_J3 is not None:
        joint_J3 = np.concatenate((joint_J3[:, :2] + shift_2, joint_J3[:, 2:]), axis=1)
    return FoundPerson(person.box_4 + np.tile(shift_2, 2), person.score, joint_J3)
