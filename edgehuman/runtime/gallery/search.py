"""Exact search in a large gallery: a first pass in int8, and the scores of whoever may be nearest.

    search = Search(vector_GD, "cosine")
    index_K, score_K = search.near(vector_D, enough)

The first pass compares copies of 7 bits, which read an eighth of the memory, by onnxruntime's
product of integers. How far a copy is from its vector is known, so every walk's error has a bound:
whoever the bound cannot exclude is scored exactly. Nothing is approximate in the answer, and no
recall is mixed with a model's errors. The copies are of what is left after the gallery's mean,
which makes the bounds of vectors that are all alike tight.

All distances are the Euclidean one of these: of vectors of length 1, 1 - cosine is half its
square, and `centred` is a cosine too.

Axes: G walks, X numbers of a vector, K candidates, B walks of a block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.retrieval import Distance, Scorer, Sightings, directions
from edgehuman.records import Float32, Float64, Index

LEAST_VALUES = 4_000_000
"""Numbers in a gallery from which on the first pass is faster than scoring every walk."""
# Of 8 bits, 7: without VNNI, x86 sums pairs of products in 16 bits, and 2 x 255 x 63 fits there.
_MOST_GALLERY, _MOST_PROBE, _ZERO = 63, 127, 128
# A product sums in 32 bits.
_MOST_NUMBERS = (2**31 - 1) // (255 * _MOST_GALLERY)
# Walks of a product at most, and numbers: a model holds less than 2 GB.
_BLOCK, _BLOCK_VALUES = 65_536, 1 << 26
_FIRST = 64
# Beyond this share, scoring everybody is as fast.
_MOST_SHARE = 0.125
# Of float32, in which the first pass adds up, against the largest length.
_ROUNDING = 1e-5


def is_searchable(vector_GX: Float32, distance: Distance) -> bool:
    """Whether the first pass is worth its copies, and can bound the distance."""
    numbers = int(np.prod(vector_GX.shape[1:]))
    if vector_GX.size < LEAST_VALUES or numbers > _MOST_NUMBERS:
        return False
    # The mean of the parts' distances is no distance of the whole vectors.
    return distance != "euclidean" or vector_GX.ndim == 2 or vector_GX.shape[1] == 1


class Search:
    """The copies of a gallery's vectors.

    Args:
        vector_GX: float32 (G, D), or (G, P, D) of parts; `is_searchable`.
        centre: (P, D) that `centred` takes away (`metrics.retrieval.centre_of`).

    Raises:
        DataError: a vector of length 0 with the cosine.
        ImportError: onnxruntime is not installed.
    """

    def __init__(
        self, vector_GX: Float32, distance: Distance, centre: Float64 | None = None
    ) -> None:
        self._vector_GX, self._distance, self._centre = vector_GX, distance, centre
        self._block = max(1, min(_BLOCK, _BLOCK_VALUES // int(np.prod(vector_GX.shape[1:]))))
        starts = range(0, len(vector_GX), self._block)
        blocks = (vector_GX[self._of(start)] for start in starts)
        self._largest = max(
            float(np.einsum("nx,nx->n", x, x, dtype=np.float64).max())
            for x in (block.reshape(len(block), -1) for block in blocks)
        )
        total_X = sum(self._flat(vector_GX[self._of(start)]).sum(axis=0) for start in starts)
        self._mean_X = np.asarray(total_X / len(vector_GX))
        shape = len(vector_GX)
        self._scale_G, self._half_G = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._lost_G, self._length_G = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._products = [self._copied(start) for start in starts]
        self._longest = float(self._length_G.max())

    def near(
        self, vector_X: Float32, enough: Callable[[Index, Float64], float]
    ) -> tuple[Index, Float64] | None:
        """Indices and exact scores of all walks whose score may reach a floor.

        Args:
            vector_X: (D,) or (P, D).
            enough: of indices (K,) and scores (K,) of near walks, the floor.

        Returns:
            None if so many may reach it that all are to be scored.

        Raises:
            DataError: a vector of another shape, not finite, or of length 0 with the cosine.
        """
        if vector_X.shape != self._vector_GX.shape[1:]:
            raise DataError(
                f"found a vector of {vector_X.shape}; the gallery's are {self._vector_GX.shape[1:]}"
            )
        probe_X = self._flat(Sightings(vector_X[None], np.zeros(1, np.int64)).feature_NX)[0]
        probe_X = probe_X - self._mean_X
        length = float(np.linalg.norm(probe_X))
        about_G, error_G = self._first_pass(probe_X, length)
        first_K = np.argpartition(about_G, -min(_FIRST, len(about_G)))[-_FIRST:]
        first_K = np.sort(first_K).astype(np.int64)
        score_K = self.scores(first_K, vector_X)
        floor = self._product_of(enough(first_K, score_K), length)
        may_G = about_G + error_G >= floor
        may_G[first_K] = True
        found_K = np.flatnonzero(may_G)
        if len(found_K) > max(_FIRST, _MOST_SHARE * len(about_G)):
            return None
        return found_K, self.scores(found_K, vector_X)

    def scores(self, index_K: Index, vector_X: Float32) -> Float64:
        """The exact scores (K,) of some walks."""
        chosen = Sightings(self._vector_GX[index_K], np.zeros(len(index_K), np.int64))
        return Scorer(chosen, self._distance, self._largest, self._centre).scores(vector_X)

    def _of(self, start: int) -> slice:
        """The walks of a block."""
        return slice(start, start + self._block)

    def _flat(self, vector_NX: Any) -> Float64:
        """Vectors (N, X) whose Euclidean distance stands for the gallery's."""
        value_NX = np.asarray(vector_NX, np.float64)
        value_NPD = value_NX[:, None] if value_NX.ndim == 2 else value_NX
        flat_NX = directions(value_NPD, self._distance, self._centre).reshape(len(value_NX), -1)
        return flat_NX if self._distance == "euclidean" else flat_NX / value_NPD.shape[1] ** 0.5

    def _copied(self, start: int) -> Callable[[Any], Any]:
        """Copy a block; the product of integers with it."""
        here = self._of(start)
        rest_BX = self._flat(self._vector_GX[here]) - self._mean_X
        scale_B = np.abs(rest_BX).max(axis=1) / _MOST_GALLERY
        scale_B[scale_B == 0] = 1.0
        copy_BX = np.rint(rest_BX / scale_B[:, None]).astype(np.int8)
        lost_BX = rest_BX - copy_BX * scale_B[:, None]
        self._scale_G[here] = scale_B
        self._half_G[here] = np.einsum("bx,bx->b", rest_BX, rest_BX) / 2
        self._lost_G[here] = np.linalg.norm(lost_BX, axis=1)
        self._length_G[here] = np.linalg.norm(rest_BX, axis=1)
        return product_with(np.ascontiguousarray(copy_BX.T))

    def _first_pass(self, probe_X: Float64, length: float) -> tuple[Float32, Float32]:
        """Of each walk: its product with the probe less half its square, which is largest for the
        nearest; and how far that may be off.
        """
        scale = float(np.abs(probe_X).max()) / _MOST_PROBE or 1.0
        copy_X = np.rint(probe_X / scale)
        lost = float(np.linalg.norm(probe_X - copy_X * scale))
        asked_1X = (copy_X + _ZERO).astype(np.uint8)[None]
        about_G = np.concatenate([product(asked_1X) for product in self._products])
        about_G = about_G.astype(np.float32)
        about_G *= self._scale_G
        about_G *= np.float32(scale)
        about_G -= self._half_G
        # |q.x - q'.x'| <= |q| |x - x'| + |q - q'| |x'|, and |x'| <= |x| + |x - x'|.
        error_G = self._lost_G * np.float32(length + lost)
        error_G += self._length_G * np.float32(lost)
        error_G += np.float32(_ROUNDING * (length + self._longest) * self._longest)
        return about_G, error_G

    def _product_of(self, score: float, length: float) -> float:
        """What `_first_pass` would give for an exact score."""
        if score == -np.inf:
            return -np.inf
        distance = 1 / score - 1 if self._distance == "euclidean" else 0.0
        square = distance**2 if self._distance == "euclidean" else 2 * (1 - score)
        return (length**2 - square) / 2


def product_with(copy_XB: Any) -> Callable[[Any], Any]:
    """The products (B,), int32, of a probe (1, X) in uint8 around 128 with int8 columns (X, B).

    onnxruntime keeps the columns as its kernels want them, which a product of two inputs would
    arrange anew each time.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False
    session = onnxruntime.InferenceSession(
        _graph(copy_XB), options, providers=["CPUExecutionProvider"]
    )
    session._model_bytes = b""  # kept for a fallback alone, as large as the columns
    return lambda asked_1X: session.run(None, {"q": asked_1X})[0][0]


# ONNX's numbers for types, and the fields of its messages (onnx.proto of ONNX 1.19).
_UINT8, _INT8, _INT32 = 2, 3, 6


def _graph(copy_XB: Any) -> bytes:
    """An ONNX model of one MatMulInteger; ONNX's own library is not on a device."""
    numbers, walks = copy_XB.shape
    columns = _tensor("x", _INT8, (numbers, walks), copy_XB.tobytes())
    zero = _tensor("zero", _UINT8, (), bytes([_ZERO]))
    names = b"".join(_field(1, name) for name in (b"q", b"x", b"zero"))
    node = names + _field(2, b"y") + _field(4, b"MatMulInteger")
    graph = _field(1, node) + _field(2, b"g") + _field(5, columns) + _field(5, zero)
    graph += _field(11, _value("q", _UINT8, (1, numbers)))
    graph += _field(12, _value("y", _INT32, (1, walks)))
    opset = _number(2, 13)
    return _number(1, 8) + _field(7, graph) + _field(8, opset)


def _tensor(name: str, kind: int, shape: tuple[int, ...], content: bytes) -> bytes:
    dims = b"".join(_number(1, size) for size in shape)
    return dims + _number(2, kind) + _field(8, name.encode()) + _field(9, content)


def _value(name: str, kind: int, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_field(1, _number(1, size)) for size in shape)
    tensor = _number(1, kind) + _field(2, dims)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
