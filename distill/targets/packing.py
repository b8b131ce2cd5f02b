"""How the answers of a row are kept: float16, and of many classes the most likely ones alone.

    packing = Packing.of(answers, is_classes=True)
    columns = packing.pack(answers)          {"embedding": float16 (N, D), ...}
    answers = packing.unpack(columns)        float32

From 64 classes on, logits are kept as the 16 highest log-probabilities with their ids, and the mean
of all others; read back, they are a dense log-probability with the rest spread evenly. The idea is
that of TinyViT (arXiv 2207.10666, section 3.1), which keeps no mean but takes the rest to 1.

Axes: N rows, K classes, S classes that are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.distill.kinds import LOGITS
from edgehuman.records import Float32

KEPT_CLASSES = 16
SPARSE_FROM = 64
_MOST_CLASSES = 1 << 16  # ids are uint16
_IDS = f"{LOGITS}_ids"
_LEAST_SHARE = 1e-30  # of a class among the others: its logarithm is finite, in float16 too
LARGEST = float(np.finfo(np.float16).max)

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a shard: its name, dtype (little endian) and shape without the rows."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return np.dtype(self.dtype).itemsize * prod(self.shape)


@dataclass(frozen=True, slots=True)
class Packing:
    """Attributes:
    shapes: kind -> shape of one row's answer.
    sparse: whether the logits are kept as their highest.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sparse: bool

    @classmethod
    def of(cls, answers: Mapping[str, Float32], is_classes: bool) -> Packing:
        """Return the packing of such answers.

        Args:
            is_classes: whether the logits are those of classes, of which one is true.
        """
        shapes = {kind: tuple(answer.shape[1:]) for kind, answer in answers.items()}
        classes = prod(shapes.get(LOGITS, (0,)))
        return cls(shapes, is_classes and SPARSE_FROM <= classes <= _MOST_CLASSES)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The arrays of a shard, in their order in the file."""
        columns = []
        for kind, shape in self.shapes.items():
            if kind == LOGITS and self.sparse:
                columns.append(Column(kind, "<f2", (KEPT_CLASSES + 1,)))
                columns.append(Column(_IDS, "<u2", (KEPT_CLASSES,)))
            else:
                columns.append(Column(kind, "<f2", shape))
        return tuple(columns)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return sum(column.row_bytes for column in self.columns)

    def empty(self, rows: int) -> dict[str, NDArray[Any]]:
        """Return columns of this many rows, to be filled."""
        return {each.name: np.empty((rows, *each.shape), each.dtype) for each in self.columns}

    def pack(self, answers: Mapping[str, Float32]) -> dict[str, NDArray[Any]]:
        """Return the columns of answers, which are finite and at most `LARGEST`."""
        packed: dict[str, NDArray[Any]] = {}
        for kind in self.shapes:
            if kind == LOGITS and self.sparse:
                packed[kind], packed[_IDS] = _highest(answers[kind])
            else:
                packed[kind] = answers[kind].astype("<f2")
        return packed

    def unpack(self, columns: Columns) -> dict[str, Float32]:
        """Return the answers, float32, of columns."""
        answers = {kind: columns[kind].astype(np.float32) for kind in self.shapes}
        if self.sparse:
            answers[LOGITS] = _dense(answers[LOGITS], columns[_IDS], self.shapes[LOGITS][0])
        return answers


def log_softmax(logits: NDArray[Any], axis: int = -1) -> NDArray[np.float64]:
    """Return log-probabilities of logits along an axis, without overflow."""
    shifted = logits.astype(np.float64) - logits.max(axis=axis, keepdims=True)
    total = np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return np.asarray(shifted - total)


def _highest(logits_NK: Float32) -> tuple[NDArray[Any], NDArray[Any]]:
    """The highest log-probabilities and the log of the others' mean (N, S + 1), and ids (N, S)."""
    log_NK = log_softmax(logits_NK)
    id_NS = np.argpartition(-log_NK, KEPT_CLASSES, axis=1)[:, :KEPT_CLASSES]
    other_NK = np.exp(log_NK)
    np.put_along_axis(other_NK, id_NS, 0.0, axis=1)
    others = logits_NK.shape[1] - KEPT_CLASSES
    mean_N1 = np.maximum(other_NK.sum(axis=1, keepdims=True) / others, _LEAST_SHARE)
    value_NS = np.maximum(np.take_along_axis(log_NK, id_NS, axis=1), -LARGEST)
    return np.concatenate([value_NS, np.log(mean_N1)], axis=1).astype("<f2"), id_NS.astype("<u2")


def _dense(value_NS: Float32, id_NS: NDArray[Any], classes: int) -> Float32:
    dense_NK = np.repeat(value_NS[:, -1:], classes, axis=1)
    np.put_along_axis(dense_NK, id_NS.astype(np.int64), value_NS[:, :-1], axis=1)
    return dense_NK
