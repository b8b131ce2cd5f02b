"""A random rotation of a gallery's vectors: angles and distances stay, the coordinates are its own.

    turned = Rotation(secret)
    turned(vector_D)            what is stored and compared
    turned.undone(vector_D)     the model's own coordinates again

Vectors of one person in two galleries have nothing in common, and a new secret gives new ones. It
hides nothing from somebody who knows the secret.

Axes: D dimensions, B of a block, X any axes before D.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from edgehuman.records import Float32, Float64, Index

_ROWS = 8192  # vectors at a time: their copies in float64 are larger than they are
# A larger rotation turns blocks of so many coordinates, which it chooses at random.
_MOST_DIM = 512


class Rotation:
    """The rotation that a secret stands for, the same on every machine up to rounding.

    Source: Mezzadri, "How to generate random matrices from the classical compact groups" (2007):
    the orthogonal factor of a Gaussian matrix, with the signs of its triangular factor.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._made: dict[int, tuple[Index, list[Float64]]] = {}

    def __call__(self, vector_XD: Float32) -> Float32:
        """The vectors (..., D), rotated; each part of a person is rotated alike."""
        return _by_rows(self._turned, vector_XD)

    def undone(self, vector_XD: Float32) -> Float32:
        """The vectors (..., D) before the rotation, up to rounding."""
        return _by_rows(self._undone, vector_XD)

    def _turned(self, vector_XD: Float32) -> Float32:
        order_D, blocks = self._of(vector_XD.shape[-1])
        rest_XD, turned_XD = vector_XD[..., order_D].astype(np.float64), []
        for block_BB in blocks:
            part_XB, rest_XD = np.split(rest_XD, [len(block_BB)], axis=-1)
            turned_XD.append(part_XB @ block_BB.T)
        return np.concatenate(turned_XD, axis=-1).astype(np.float32)

    def _undone(self, vector_XD: Float32) -> Float32:
        order_D, blocks = self._of(vector_XD.shape[-1])
        rest_XD, back_XD = vector_XD.astype(np.float64), []
        for block_BB in blocks:
            part_XB, rest_XD = np.split(rest_XD, [len(block_BB)], axis=-1)
            back_XD.append(part_XB @ block_BB)
        found_XD = np.empty(vector_XD.shape, np.float32)
        found_XD[..., order_D] = np.concatenate(back_XD, axis=-1)
        return found_XD

    def _of(self, dim: int) -> tuple[Index, list[Float64]]:
        """The order of the coordinates and the orthogonal matrices (B, B) of its blocks."""
        if dim not in self._made:
            self._made[dim] = _rotation(self._secret, dim)
        return self._made[dim]


def _by_rows(turn: Callable[[Float32], Float32], vector_XD: Float32) -> Float32:
    """Many vectors, some at a time."""
    if vector_XD.ndim < 2 or len(vector_XD) <= _ROWS:
        return turn(vector_XD)
    turned_XD = np.empty(vector_XD.shape, np.float32)
    for start in range(0, len(vector_XD), _ROWS):
        turned_XD[start : start + _ROWS] = turn(vector_XD[start : start + _ROWS])
    return turned_XD


def _rotation(secret: bytes, dim: int) -> tuple[Index, list[Float64]]:
    blocks = []
    for number, start in enumerate(range(0, dim, _MOST_DIM)):
        size = min(_MOST_DIM, dim - start)
        normal_BB = _normals(secret + b" block %d" % number, size * size).reshape(size, size)
        block_BB, upper_BB = np.linalg.qr(normal_BB)
        blocks.append(block_BB * np.sign(np.diag(upper_BB)))
    order_D = np.argsort(_uniforms(secret + b" order", dim), kind="stable")
    return order_D.astype(np.int64), blocks


def _uniforms(secret: bytes, count: int) -> Float64:
    """Numbers above 0 and below 1, of SHAKE-256: NumPy's own streams differ between versions."""
    drawn = np.frombuffer(hashlib.shake_256(secret).digest(8 * count), "<u8")
    return ((drawn >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def _normals(secret: bytes, count: int) -> Float64:
    """Normal numbers by Box and Muller."""
    first, second = _uniforms(secret, 2 * count).reshape(2, count)
    return np.asarray(np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second))
