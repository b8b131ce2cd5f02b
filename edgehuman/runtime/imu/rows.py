"""Samples in the caller's own Python to blocks: rows of numbers, mappings, arrays of rows.

    (t, ax, ay, az, gx, gy, gz)                     a row of seven numbers
    {"t": 0.02, "ax": 0.0, ..., "label": "walk"}    names as in a CSV header, in any order
    array (T, 7)                                    rows, such as the samples of one BLE packet
    SampleBlock

The unit of `t` is inferred from its steps, as in a file, unless the stream's format declares it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text import columns
from edgehuman.preprocess.imu.text.columns import Columns
from edgehuman.preprocess.imu.text.lines import Rows, join_rows
from edgehuman.preprocess.imu.text.stamps import StampReader
from edgehuman.records import Float32, Float64
from edgehuman.runtime.imu.ring import SampleBlock

Samples: TypeAlias = Sequence[float] | Float32 | Float64 | Mapping[str, Any] | SampleBlock

_WANTED = "(t, ax, ay, az, gx, gy, gz), a mapping of these names, or an array (T, 7) of such rows"
_NONE = np.empty((0, 7))


class SampleRows:
    """A `loop.records.Reader` of samples.

    Args:
        format: only the unit of the stamps is used here.
    """

    def __init__(self, format: ImuFormat | None = None) -> None:
        self._stamps = StampReader((format or ImuFormat()).stamp_unit)
        self._rows = 0
        self._items = 0
        self._keys: Columns | None = None
        self._labels = columns.LabelNames()

    def read(self, items: Sequence[object]) -> SampleBlock:
        """The block of some samples; empty while the unit of their stamps is not known.

        Raises:
            DataError: not numbers, not seven of them, or a name missing.
        """
        read = [self._read(item) for item in items]
        number_T7 = np.concatenate([number_T7 for number_T7, _ in read]) if read else _NONE
        labels = [label for _, labels in read for label in labels]
        self._rows += len(number_T7)
        with np.errstate(over="ignore"):  # too large for float32: inf, and dropped as such
            imu_TC = number_T7[:, 1:].astype(np.float32)
        label_T = self._labels.numbers(labels)
        rows = Rows(number_T7[:, 0].copy(), imu_TC, label_T if self._labels.names else None)
        return self._block(self._stamps.push(rows))

    def last(self) -> SampleBlock:
        """The samples held back."""
        return self._block(
            self._stamps.push(Rows(np.empty(0), np.empty((0, 6), np.float32), None), last=True)
        )

    def report(self) -> dict[str, Any]:
        """Samples read so far."""
        return {"rows": self._rows, "stamp_unit": self._stamps.unit}

    def _read(self, item: object) -> tuple[Float64, Sequence[str]]:
        """Rows (T, 7) and the label of each, "" where unknown."""
        self._items += 1
        if isinstance(item, SampleBlock):
            number_T7 = np.column_stack([item.stamp_s_T, item.imu_TC.astype(np.float64)])
            if item.label_T is None:
                return number_T7, [""] * len(item)
            names = (*item.labels, "")
            return number_T7, [names[index] for index in item.label_T]
        if isinstance(item, Mapping):
            row, label = self._mapped(item)
            return self._numbers(row, item), [label]
        number_T7 = self._numbers(item, item)
        return number_T7, [""] * len(number_T7)

    def _numbers(self, values: object, item: object) -> Float64:
        try:
            array = np.asarray(values, np.float64)
        except (TypeError, ValueError, OverflowError):
            array = np.empty(0)
        if array.ndim not in (1, 2) or array.shape[-1] != 7 or isinstance(item, str):
            raise DataError(f"sample {self._items} is {_short(item)}; give {_WANTED}")
        return array.reshape(-1, 7)

    def _mapped(self, item: Mapping[str, Any]) -> tuple[list[Any], str]:
        keys = self._keys
        if keys is None or any(name not in item for name in keys.names):
            keys = self._keys = columns.match(list(item), f"sample {self._items}")
        label = item.get(keys.label_name) if keys.label_name is not None else None
        row = [np.nan if item[name] is None else item[name] for name in keys.names]
        return row, "" if label is None else str(label)

    def _block(self, ready: Sequence[Rows]) -> SampleBlock:
        """The rows joined, arrived now."""
        rows = join_rows(ready)
        arrival_ns_T = np.full(len(rows.stamp_T), time.monotonic_ns(), np.int64)
        return SampleBlock(
            rows.stamp_T, rows.imu_TC, arrival_ns_T, rows.label_T, self._labels.names
        )


def _short(item: object) -> str:
    if isinstance(item, np.ndarray):
        return f"an array {item.shape} of {item.dtype}"
    if isinstance(item, (list, tuple)) and len(item) != 7:
        return f"{len(item)} values ({str(item)[:40]})"
    return f"{type(item).__name__} {str(item)[:40]!r}"
