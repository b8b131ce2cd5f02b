"""Any network that gives one mask of the people in a picture: matting, selfies, U-Nets.

It takes RGB 0 to 1 (1, 3, H, W) or (1, H, W, 3), and gives one plane, the person, or two, the
second the person: (1, C, h, w) or (1, h, w, C). Values within 0 and 1 are probabilities, others
logits.
"""

from __future__ import annotations

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.pixels import clip_box, resize
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.picture import outputs_of, picture_of
from edgehuman.runtime.foreign.square import box_of_mask

_FULL = (255.0, 255.0, 255.0)
_PLANES = (1, 2)
_SURE = 0.5


def is_mask(graph: Graph) -> bool:
    """Whether a graph gives one mask, by its shapes."""
    shapes = [*graph.outputs.values()]
    if graph.dtype == "tensor(int32)" or len(graph.shape) != 4 or 3 not in graph.shape:
        return False
    if len(shapes) != 1 or len(shapes[0]) != 4:
        return False
    _, first, _, last = shapes[0]
    return first in _PLANES or last in _PLANES


class MaskNetwork:
    """One mask of a frame, or of a box of it; who is in it is one person."""

    def __init__(self, graph: Graph) -> None:
        self.name = graph.name
        self._graph, self._picture = graph, picture_of(graph, 256, 256)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; nobody where no pixel is a person's. The score is the mean
        probability inside the mask.

        Raises:
            DataError: an output that is not finite. ArtefactError: no mask.
        """
        rows, columns = frame_HWC.shape[:2]
        x0, y0, x1, y1 = (0, 0, columns, rows)
        if box_4 is not None:
            x0, y0, x1, y1 = clip_box(box_4.tolist(), rows, columns)
        part_HWC = resize(frame_HWC[y0:y1, x0:x1], self._picture.height, self._picture.width)
        (answer,) = outputs_of(self._graph, self._picture.array(part_HWC, deviation=_FULL))
        probability_HW = _probability(answer, self.name)
        level_HW = resize((255 * probability_HW).round().astype(np.uint8), y1 - y0, x1 - x0)
        mask_HW = np.zeros((rows, columns), bool)
        mask_HW[y0:y1, x0:x1] = level_HW > 255 * _SURE
        if not mask_HW.any():
            return []
        score = float(level_HW[level_HW > 255 * _SURE].mean()) / 255
        return [FoundPerson(box_of_mask(mask_HW), score, None, mask_HW)]


def _probability(answer: Float32, name: str) -> Float32:
    if answer.ndim != 4 or not {answer.shape[1], answer.shape[3]} & set(_PLANES):
        raise ArtefactError(f"{name} gives {answer.shape}, which is no mask of one or two planes")
    plane_CHW = answer[0] if answer.shape[1] in _PLANES else answer[0].transpose(2, 0, 1)
    is_probability = plane_CHW.min() >= 0 and plane_CHW.max() <= 1
    if is_probability:
        return np.asarray(plane_CHW[-1], np.float32)
    logit_HW = plane_CHW[-1] - (plane_CHW[0] if len(plane_CHW) == 2 else 0)
    return np.asarray(0.5 * (1 + np.tanh(logit_HW / 2)), np.float32)
