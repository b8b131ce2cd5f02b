"""MediaPipe's selfie segmentation (Google, Apache-2.0) as ONNX: a mask of whoever is near.

    Selfie("selfie_segmentation.onnx").find(frame_HWC, box_4)

It takes RGB, 0 to 1, at 256 x 256 or 144 x 256, and gives the probability of "person" of each
pixel. It does not tell people apart: give a box for one of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.graph import Graph, opened
from edgehuman.runtime.foreign.picture import outputs_of
from edgehuman.runtime.foreign.square import box_of_mask

LICENCE = "Apache-2.0"
_MARGIN = 0.125
_LEAST_SHARE = 0.01
_SIZES = ((256, 256), (144, 256))


def is_selfie(graph: Graph) -> bool:
    """Whether a graph is one of the two networks, by its input and output."""
    return any(
        graph.shape == (1, *size, 3) and tuple(graph.outputs.values()) == ((1, *size, 1),)
        for size in _SIZES
    )


class Selfie:
    """Either of the two, told by its input.

    Raises:
        ArtefactError, EngineError: as `Graph`, or another network.
    """

    licence = LICENCE

    def __init__(self, path: Path | str | Graph, threads: int = 1) -> None:
        graph = opened(path, threads)
        if not is_selfie(graph):
            raise ArtefactError(
                f"{graph.name} takes {graph.dtype} {graph.shape} and gives {dict(graph.outputs)}, "
                "which is not selfie segmentation: float (1, 256, 256, 3) or (1, 144, 256, 3), and "
                "a mask"
            )
        self.name, self._graph = graph.name, graph

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`: at most one, the pixels of people in the box and an eighth around it,
        or in the frame; nobody if they are less than a hundredth of it. The score is the mean
        probability of its pixels.

        Raises:
            DataError: an output that is not finite.
        """
        height, width = frame_HWC.shape[:2]
        x0, y0, x1, y1 = 0, 0, width, height
        if box_4 is not None:
            grow_2 = _MARGIN * (box_4[2:] - box_4[:2])
            low_2, high_2 = np.floor(box_4[:2] - grow_2), np.ceil(box_4[2:] + grow_2)
            x0, y0 = (int(each) for each in np.maximum(low_2, 0))
            x1, y1 = (int(each) for each in np.minimum(high_2, (width, height)))
        if x1 <= x0 or y1 <= y0:
            return []
        part_HW = self._mask(frame_HWC[y0:y1, x0:x1])
        sure_HW = part_HW >= 0.5
        if np.count_nonzero(sure_HW) < max(1.0, _LEAST_SHARE * sure_HW.size):
            return []
        mask_HW = np.zeros((height, width), bool)
        mask_HW[y0:y1, x0:x1] = sure_HW
        score = float(part_HW[sure_HW].mean())
        return [FoundPerson(box_of_mask(mask_HW), score, mask_HW=mask_HW)]

    def _mask(self, frame_HWC: Uint8) -> Float32:
        import cv2

        height, width = frame_HWC.shape[:2]
        rows, columns = self._graph.shape[1:3]
        assert rows is not None
        assert columns is not None
        input_HWC = resize(frame_HWC, rows, columns).astype(np.float32) / np.float32(255)
        made_HW = outputs_of(self._graph, input_HWC[None])[0].reshape(rows, columns)
        sized_HW = cv2.resize(made_HW, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(sized_HW, np.float32)
