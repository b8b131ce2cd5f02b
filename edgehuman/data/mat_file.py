"""MATLAB files of versions 5 to 7: numbers, texts, cells and structures.

    table = read_variables(path)                {"name": array, ...}, as scipy.io.loadmat gives it

scipy's own reader looks types up in C tables by the number that the file states, without comparing
it with their length: one changed byte ends the process, or reads memory that is not the file's.
Here every type, size, class and count is held against the bytes that are there, arrays are views of
these bytes, and what cells, texts and packed data become is bounded before it is made.
Left out: sparse arrays, functions, objects. Format: MathWorks, "MAT-File
Format", 2023b, chapter 1 (level 5).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.limits.sizes import FREE_BYTES, MOST_RATIO, read_bounded
from edgehuman.reading.parsers import foreign

MOST_BYTES = 1 << 30
"""Of the file, of what is compressed in it, and of the texts and complex numbers made of it."""
MOST_ELEMENTS = 2_000_000
"""Cells, fields and their parts; PA-100K's names have half a million."""
_MOST_FIELDS = 4096
_ROW_BYTES, _LETTER_BYTES = 64, 4
_HEAD, _DEEPEST = 128, 32
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_NUMBERS: Mapping[int, str] = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_CELL, _STRUCT, _CHAR = 1, 2, 4
_NUMERIC = range(6, 16)
_COMPLEX = 0x800
Array = NDArray[Any]
_Element = tuple[int, memoryview]


@dataclass(slots=True)
class _File:
    """Attributes:
    order: of its bytes, as `struct` calls it.
    packed, made, elements: how much of each may still come.
    """

    order: str
    packed: int
    made: int
    elements: int

    def make(self, size: int) -> None:
        """Raises ValueError if this file may not take so many bytes more."""
        self.made -= size
        _require(self.made >= 0, f"its values take over {MOST_BYTES >> 20} MB")

    def add_element(self) -> None:
        """Raises ValueError if this file may have no more elements."""
        self.elements -= 1
        _require(self.elements >= 0, f"has over {MOST_ELEMENTS:,} elements")


def read_variables(path: Path) -> dict[str, Any]:
    """Read the variables of a MATLAB file.

    Returns:
        name -> array of two axes or more, in the type in which it was saved; a text is an array of
        its rows, cells an array of objects, and structures one with a field for each of theirs.

    Raises:
        DataError: missing, not of versions 5 to 7, damaged, or with what is left out here.
    """
    try:
        return dict(_variables(read_bounded(path, MOST_BYTES, DataError, "MATLAB file")))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; unpack the whole archive") from None
    except MemoryError:
        raise DataError(f"{path}: takes more memory than is free here; split it") from None
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable .mat file ({error}); unpack it again") from None


def _variables(content: bytes) -> Iterator[tuple[str, Array]]:
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if len(content) < _HEAD or order is None or not all(content[:4]):
        raise ValueError("not of MATLAB 5 to 7; save it with -v7")
    if struct.unpack(f"{order}H", content[124:126])[0] != 0x0100:
        raise ValueError("of MATLAB 7.3, which is HDF5; save it with -v7")
    packed = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * len(content)))
    file = _File(order, packed, MOST_BYTES, MOST_ELEMENTS)
    for kind, data in _elements(memoryview(content)[_HEAD:], file):
        inside: Iterable[_Element] = [(kind, data)]
        if kind == _COMPRESSED:
            inside = _elements(memoryview(_unpacked(data, file)), file)
        for each, matrix in inside:
            _require(each == _MATRIX, f"type {each} as a variable")
            yield _matrix(matrix, file)


def _unpacked(data: memoryview, file: _File) -> bytes:
    unpacker = zlib.decompressobj()
    with foreign():
        whole = unpacker.decompress(data, file.packed + 1)  # of 0 bytes would mean: of any number
    file.packed -= len(whole)
    _require(file.packed >= 0, f"{len(data):,} bytes unpack to over {len(whole) >> 20} MB")
    _require(unpacker.eof, "compressed data is cut short")
    return whole


def _elements(data: memoryview, file: _File) -> Iterator[_Element]:
    """Type and bytes of each element; those of up to four bytes stand in their tag."""
    at, tag = 0, struct.Struct(f"{file.order}II")
    while at < len(data):
        file.add_element()
        _require(len(data) - at >= 8, "an element is cut short")
        kind, size = tag.unpack_from(data, at)
        start = at + 8
        if kind >> 16:
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            _require(size <= 4, f"a small element of {size} bytes")
            at += 8
        else:
            # Elements begin at multiples of eight, except behind compressed ones.
            at = start + size + (0 if kind == _COMPRESSED else -size % 8)
        _require(start + size <= len(data), "an element is longer than the file")
        yield kind, data[start : start + size]


def _matrix(data: memoryview, file: _File, depth: int = 0) -> tuple[str, Array]:
    """Name and value of an array."""
    _require(depth < _DEEPEST, f"nested over {_DEEPEST} deep")
    if not len(data):  # an empty cell or field
        return "", np.zeros((0, 0))
    rest = _elements(data, file)
    head = list(islice(rest, 3))
    _require(len(head) == 3, "an array without flags, size and name")
    (flags_kind, flags), (size_kind, sizes), (name_kind, name) = head
    _require(flags_kind == _UINT32 and len(flags) == 8, "flags of another form")
    _require(size_kind == _INT32 and 8 <= len(sizes) <= 128 and not len(sizes) % 4, "a wrong size")
    _require(name_kind == _INT8, "a name of another type")
    shape = struct.unpack(f"{file.order}{len(sizes) // 4}i", sizes)
    _require(min(shape) >= 0, f"a size of {min(shape)}")
    flag = struct.unpack(f"{file.order}I", flags[:4])[0]
    kind = flag & 0xFF
    if kind == _CELL:
        value = _cells(rest, shape, file, depth)
    elif kind == _STRUCT:
        value = _structures(rest, shape, file, depth)
    elif kind == _CHAR:
        (letters,) = _parts(rest, 1, "a text without letters")
        value = _text(*letters, shape, file)
    else:
        _require(kind in _NUMERIC, f"an array of class {kind}")
        parts = _parts(rest, 2 if flag & _COMPLEX else 1, "numbers in another form")
        values = [_numbers(*part, shape, file) for part in parts]
        value = _complex(values[0], values[1], file) if flag & _COMPLEX else values[0]
    return bytes(name).decode("latin-1"), value


def _parts(rest: Iterator[_Element], count: int, otherwise: str) -> list[_Element]:
    """All that is left, of which there is so much; one more is looked at, and no others."""
    parts = list(islice(rest, count + 1))
    _require(len(parts) == count, otherwise)
    return parts


def _complex(real: Array, imaginary: Array, file: _File) -> Array:
    single = np.result_type(real.dtype, imaginary.dtype) == np.float32
    dtype = np.dtype(np.complex64 if single else np.complex128)
    file.make(dtype.itemsize * real.size)
    value = np.empty(real.shape, dtype, order="F")
    value.real, value.imag = real, imaginary
    return value


def _numbers(kind: int, data: memoryview, shape: tuple[int, ...], file: _File) -> Array:
    _require(kind in _NUMBERS, f"numbers of type {kind}")
    dtype = np.dtype(file.order + _NUMBERS[kind])
    needed = math.prod(shape) * dtype.itemsize
    _require(len(data) == needed, f"{len(data)} bytes of {needed}")
    return np.frombuffer(data, dtype).reshape(shape, order="F")


def _text(kind: int, data: memoryview, shape: tuple[int, ...], file: _File) -> Array:
    """The rows of a text as an array of them."""
    names = {1: "latin-1", 2: "latin-1", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
    _require(kind in names, f"a text of type {kind}")
    name = names[kind] + ("" if kind in (1, 2, 16) else "-le" if file.order == "<" else "-be")
    file.make(_LETTER_BYTES * len(data) + _ROW_BYTES * (shape[0] if len(data) else 0))
    letters = bytes(data).decode(name)
    _require(len(shape) == 2 and len(letters) == math.prod(shape), "a text of another size")
    if not letters:
        return np.zeros(0, "<U1")
    rows, columns = shape
    return np.array([letters[row::rows] for row in range(rows)], f"<U{columns}")


def _cells(rest: Iterator[_Element], shape: tuple[int, ...], file: _File, depth: int) -> Array:
    count = math.prod(shape)
    values: list[Array] = []
    for kind, data in islice(rest, count + 1):
        _require(kind == _MATRIX, f"type {kind} in a cell")
        _require(len(values) < count, f"over {count} cells or fields")
        values.append(_matrix(data, file, depth + 1)[1])
    _require(len(values) == count, f"{len(values)} of {count} cells or fields")
    flat = np.empty(count, object)
    for at, value in enumerate(values):  # at once, NumPy would look into each
        flat[at] = value
    return flat.reshape(shape, order="F")


def _structures(rest: Iterator[_Element], shape: tuple[int, ...], file: _File, depth: int) -> Array:
    head = list(islice(rest, 2))
    _require(len(head) == 2, "no names of fields")
    (size_kind, size), (text_kind, text) = head
    _require(size_kind == _INT32 and len(size) == 4, "no names of fields")
    length, texts = struct.unpack(f"{file.order}i", size)[0], bytes(text[: _MOST_FIELDS * 64 + 1])
    _require(text_kind == _INT8 and 0 < length <= 64, "names of fields of another form")
    _require(len(texts) <= _MOST_FIELDS * length, f"over {_MOST_FIELDS} fields")
    starts = range(0, len(texts) - len(texts) % length, length)
    names = [texts[at : at + length].split(b"\0")[0].decode("latin-1") for at in starts]
    _require(len(set(names)) == len(names) and all(names), "a field without a name of its own")
    values = _cells(rest, (len(names), *shape), file, depth)
    held = np.empty(shape, [(name, object) for name in names])
    for at, name in enumerate(names):
        held[name] = values[at]
    return held


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)
