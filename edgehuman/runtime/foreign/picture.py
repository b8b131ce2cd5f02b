"""A frame as the input of a network of others, and its outputs, checked.

Axes: H height, W width, C colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.graph import Graph

BROKEN = "the network's output is not finite; export it again"
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(uint8)": np.dtype(np.uint8),
}
_MOST_SIDE = 4096
_ONES = (1.0, 1.0, 1.0)
Colours = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a graph takes: (1, 3, H, W) or (1, H, W, 3).

    Attributes:
        height, width: pixels.
        first: whether the colours come before the rows.
        dtype: of the array.
    """

    height: int
    width: int
    first: bool
    dtype: np.dtype[Any]

    def array(
        self,
        picture_HWC: Uint8,
        order: Literal["rgb", "bgr"] = "rgb",
        mean: Colours = (0.0, 0.0, 0.0),
        deviation: Colours = _ONES,
    ) -> NDArray[Any]:
        """A picture of this size, uint8 RGB, as the graph's input; values (level - mean) /
        deviation, unless the graph takes uint8.
        """
        colour_HWC: NDArray[Any] = picture_HWC if order == "rgb" else picture_HWC[..., ::-1]
        if self.dtype != np.uint8:
            scale = np.array(deviation, np.float32)
            colour_HWC = (colour_HWC.astype(np.float32) - np.array(mean, np.float32)) / scale
        if self.first:
            colour_HWC = colour_HWC.transpose(2, 0, 1)
        return np.ascontiguousarray(colour_HWC[None], self.dtype)


def picture_of(graph: Graph, height: int = 640, width: int = 640) -> Picture:
    """What a graph takes.

    Args:
        height, width: of its input where the graph leaves them open.

    Raises:
        ArtefactError: no picture of three colours, or one of over 4096 pixels a side.
    """
    shape, dtype = graph.shape, _DTYPES.get(graph.dtype)
    if dtype is None or len(shape) != 4 or 3 not in (shape[1], shape[3]):
        raise ArtefactError(
            f"{graph.name} takes {graph.dtype} {shape}; a picture is float or uint8, (1, 3, H, W) "
            "or (1, H, W, 3). Export it so"
        )
    first = shape[1] == 3
    high, wide = (shape[2], shape[3]) if first else (shape[1], shape[2])
    found = Picture(high or height, wide or width, first, dtype)
    if not 1 <= min(found.height, found.width) <= max(found.height, found.width) <= _MOST_SIDE:
        raise ArtefactError(
            f"{graph.name} takes pictures of {found.width}x{found.height} pixels; at most "
            f"{_MOST_SIDE} each way are taken"
        )
    return found


def outputs_of(graph: Graph, array: NDArray[Any]) -> list[Float32]:
    """All outputs as float32.

    Raises:
        DataError: a value that is not finite.
        EngineError: onnxruntime fails.
    """
    answers = [np.asarray(answer, np.float32) for answer in graph.run(array)]
    if not all(np.isfinite(answer).all() for answer in answers):
        raise DataError(BROKEN)
    return answers


def require_columns(graph: Graph, answer: NDArray[Any], columns: tuple[int, ...]) -> None:
    """Raises ArtefactError for rows of other lengths than the family has: a graph need not state
    them before it runs.
    """
    if answer.ndim < 2 or answer.shape[-1] not in columns:
        wanted = " or ".join(map(str, columns))
        raise ArtefactError(
            f"{graph.name} gives {answer.shape}, but rows of {wanted} numbers were expected; name "
            "its family with --family"
        )
