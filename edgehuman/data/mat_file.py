"""MATLAB files of versions 5 to 7: numbers, texts, cells and structures.

    table = read_variables(path)                {"name": array, ...}, as scipy.io.loadmat gives it

scipy's own reader looks types up in C tables by the number that the file states, without comparing
it with their length: one changed byte ends the process, or reads memory that is not the file's.
Here every type, size, class and count is held against the bytes that are there, and arrays are
views of these bytes. Left out: sparse arrays, functions, objects. Format: MathWorks, "MAT-File
Format", 2023b, chapter 1 (level 5).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.limits.sizes import read_bounded

MOST_BYTES = 1 << 30
"""Of the file, and of what is compressed in it."""
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
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable .mat file ({error}); unpack it again") from None


def _variables(content: bytes) -> Iterator[tuple[str, Array]]:
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if len(content) < _HEAD or order is None or not all(content[:4]):
        raise ValueError("not of MATLAB 5 to 7; save it with -v7")
    if struct.unpack(f"{order}H", content[124:126])[0] != 0x0100:
        raise ValueError("of MATLAB 7.3, which is HDF5; save it with -v7")
    left = MOST_BYTES
    for kind, data in _elements(memoryview(content)[_HEAD:], order):
        inside = [(kind, data)]
        if kind == _COMPRESSED:
            whole = _unpacked(data, left)
            left -= len(whole)
            inside = list(_elements(memoryview(whole), order))
        for each, matrix in inside:
            _require(each == _MATRIX, f"type {each} as a variable")
            yield _matrix(matrix, order)


def _unpacked(data: memoryview, most: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        whole = unpacker.decompress(data, most)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    _require(not unpacker.unconsumed_tail, f"over {MOST_BYTES >> 20} MB when unpacked")
    _require(unpacker.eof, "compressed data is cut short")
    return whole


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """Type and bytes of each element; those of up to four bytes stand in their tag."""
    at, tag = 0, struct.Struct(f"{order}II")
    while at < len(data):
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


def _matrix(data: memoryview, order: str, depth: int = 0) -> tuple[str, Array]:
    """Name and value of an array."""
    _require(depth < _DEEPEST, f"nested over {_DEEPEST} deep")
    if not len(data):  # an empty cell or field
        return "", np.zeros((0, 0))
    parts = list(_elements(data, order))
    _require(len(parts) >= 3, "an array without flags, size and name")
    (flags_kind, flags), (size_kind, sizes), (name_kind, name), *rest = parts
    _require(flags_kind == _UINT32 and len(flags) == 8, "flags of another form")
    _require(size_kind == _INT32 and 8 <= len(sizes) <= 128 and not len(sizes) % 4, "a wrong size")
    _require(name_kind == _INT8, "a name of another type")
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    _require(min(shape) >= 0, f"a size of {min(shape)}")
    flag = struct.unpack(f"{order}I", flags[:4])[0]
    kind = flag & 0xFF
    if kind == _CELL:
        value = _cells(rest, shape, order, depth)
    elif kind == _STRUCT:
        value = _structures(rest, shape, order, depth)
    elif kind == _CHAR:
        _require(len(rest) == 1, "a text without letters")
        value = _text(*rest[0], shape, order)
    else:
        _require(kind in _NUMERIC, f"an array of class {kind}")
        _require(len(rest) == (2 if flag & _COMPLEX else 1), "numbers in another form")
        value = _numbers(*rest[0], shape, order)
        if flag & _COMPLEX:
            value = value + 1j * _numbers(*rest[1], shape, order)
    return bytes(name).decode("latin-1"), value


def _numbers(kind: int, data: memoryview, shape: tuple[int, ...], order: str) -> Array:
    _require(kind in _NUMBERS, f"numbers of type {kind}")
    dtype = np.dtype(order + _NUMBERS[kind])
    needed = math.prod(shape) * dtype.itemsize
    _require(len(data) == needed, f"{len(data)} bytes of {needed}")
    return np.frombuffer(data, dtype).reshape(shape, order="F")


def _text(kind: int, data: memoryview, shape: tuple[int, ...], order: str) -> Array:
    """The rows of a text as an array of them."""
    names = {1: "latin-1", 2: "latin-1", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
    _require(kind in names, f"a text of type {kind}")
    name = names[kind] + ("" if kind in (1, 2, 16) else "-le" if order == "<" else "-be")
    letters = bytes(data).decode(name)
    _require(len(shape) == 2 and len(letters) == math.prod(shape), "a text of another size")
    if not letters:
        return np.zeros(0, "<U1")
    rows, columns = shape
    return np.array([letters[row::rows] for row in range(rows)], f"<U{columns}")


def _cells(rest: list[_Element], shape: tuple[int, ...], order: str, depth: int) -> Array:
    _require(math.prod(shape) == len(rest), f"{len(rest)} of {math.prod(shape)} cells or fields")
    flat = np.empty(len(rest), object)
    for at, (kind, data) in enumerate(rest):
        _require(kind == _MATRIX, f"type {kind} in a cell")
        flat[at] = _matrix(data, order, depth + 1)[1]
    return flat.reshape(shape, order="F")


def _structures(rest: list[_Element], shape: tuple[int, ...], order: str, depth: int) -> Array:
    _require(len(rest) >= 2 and rest[0][0] == _INT32 and len(rest[0][1]) == 4, "no names of fields")
    length, texts = struct.unpack(f"{order}i", rest[0][1])[0], bytes(rest[1][1])
    _require(rest[1][0] == _INT8 and 0 < length <= 64, "names of fields of another form")
    starts = range(0, len(texts) - len(texts) % length, length)
    names = [texts[at : at + length].split(b"\0")[0].decode("latin-1") for at in starts]
    _require(len(set(names)) == len(names) and all(names), "a field without a name of its own")
    values = _cells(rest[2:], (len(names), *shape), order, depth)
    held = np.empty(shape, [(name, object) for name in names])
    for at, name in enumerate(names):
        held[name] = values[at]
    return held


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)
