"""MATLAB files: read as scipy reads them, and no changed file ends the process."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data import mat_file
from edgehuman.data.mat_file import read_variables
from edgehuman.errors import DataError

scipy_io = pytest.importorskip("scipy.io")


def saved(squeeze: bool = False, **variables: Any) -> bytes:
    file = io.BytesIO()
    scipy_io.savemat(file, variables, do_compression=squeeze)
    return file.getvalue()


def write(content: bytes, folder: Path) -> Path:
    path = folder / "x.mat"
    path.write_bytes(content)
    return path


RIGHT: dict[str, Any] = {
    "numbers": np.arange(6, dtype=np.int16).reshape(2, 3),
    "complex": np.array([[1 + 2j]]),
    "text": "a name",
    "rows": np.array(["one", "two"]),
    "none": "",
    "nothing": np.zeros((0, 3)),
    "cells": np.array([["a"], ["bc"], [np.eye(2)]], dtype=object),
    "table": {"x": 1.5, "inner": {"y": np.ones(3, np.float32)}},
    "long": np.float64(3.0),
}


def same(one: Any, other: Any) -> bool:
    """Whether two arrays of loadmat are alike, at any depth."""
    if one.dtype.names or other.dtype.names:
        return one.dtype.names == other.dtype.names and all(
            same(one[name], other[name]) for name in one.dtype.names
        )
    if one.dtype == object:
        pairs = zip(one.ravel(), other.ravel(), strict=True)
        return one.shape == other.shape and all(same(a, b) for a, b in pairs)
    return one.shape == other.shape and bool((one == other).all())


@pytest.mark.parametrize("squeeze", [False, True])
def test_it_is_what_scipy_reads(squeeze: bool, tmp_path: Path) -> None:
    path = write(saved(squeeze, **RIGHT), tmp_path)
    table, expected = read_variables(path), scipy_io.loadmat(path)
    for name in RIGHT:
        assert same(table[name], expected[name]), name


@pytest.mark.parametrize("squeeze", [False, True])
def test_whatever_savemat_writes_is_read(squeeze: bool, tmp_path: Path) -> None:
    table = read_variables(write(saved(squeeze, **RIGHT), tmp_path))
    assert table["numbers"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert table["cells"][1, 0][0] == "bc"
    assert table["table"]["inner"][0, 0]["y"][0, 0].tolist() == [[1.0, 1.0, 1.0]]
    assert table["text"][0] == "a name"


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (128, 4097, "type 4097 as a variable"),  # of the first element
        (176, 4097, "numbers of type 4097"),
        (176, 8, "numbers of type 8"),  # reserved
        (144, 0x99, "an array of class 153"),
        (160, 0xFFFFFFFF, "a size of -1"),
        (160, 1 << 30, "96 bytes of 34359738368"),
        (180, 1 << 30, "an element is longer than the file"),
    ],
)
def test_what_scipy_would_look_up_elsewhere_is_refused(
    at: int, value: int, words: str, tmp_path: Path
) -> None:
    content = bytearray(saved(x=np.arange(12.0).reshape(3, 4)))
    content[at : at + 4] = struct.pack("<I", value)
    with pytest.raises(DataError, match=words):
        read_variables(write(bytes(content), tmp_path))


def test_a_text_of_more_letters_than_bytes_is_refused(tmp_path: Path) -> None:
    content = bytearray(saved(x="abc"))
    at = content.index(struct.pack("<ii", 1, 3))
    content[at : at + 8] = struct.pack("<ii", 1 << 15, 1 << 15)
    with pytest.raises(DataError, match="a text of another size"):
        read_variables(write(bytes(content), tmp_path))


def packed(content: bytes) -> bytes:
    """Elements as a file in which they are compressed."""
    data = zlib.compress(content, 1)
    return saved()[:128] + struct.pack("<II", 15, len(data)) + data


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(kind: int, shape: tuple[int, ...], *rest: bytes, flag: int = 0) -> bytes:
    """An array of a class with the elements after its name."""
    sizes = struct.pack(f"<{len(shape)}i", *shape)
    head = element(6, struct.pack("<II", kind | flag, 0)) + element(5, sizes) + element(1, b"x")
    return element(14, head + b"".join(rest))


LARGE, NOTHING = 1 << 25, struct.pack("<II", 14, 0)
GROWING: dict[str, tuple[Callable[[], bytes], str]] = {
    # what is unpacked, over 256 MB
    "packed": (lambda: element(1, bytes(300 << 20)), "unpack to over"),
    # an array of an object for every eight bytes
    "cells": (lambda: matrix(1, (LARGE >> 3, 1), NOTHING * (LARGE >> 3)), "over 20,000 elements"),
    "deep cells": (
        lambda: matrix(1, (64, 1), *[matrix(1, (1 << 10, 1), NOTHING * (1 << 10))] * 64),
        "over 20,000 elements",
    ),
    # more than the size states is not looked at
    "more cells": (lambda: matrix(1, (2, 1), NOTHING * (LARGE >> 3)), "over 2 cells"),
    "more numbers": (
        lambda: matrix(9, (1, 1), element(1, b"a"), bytes(LARGE)), "numbers in another form"
    ),
    "more letters": (lambda: matrix(4, (1, 1), bytes(LARGE)), "a text without letters"),
    # a text of one letter for every byte
    "rows": (lambda: matrix(4, (LARGE, 1), element(16, bytes(LARGE))), "values take over"),
    # 16 bytes for two
    "complex": (
        lambda: matrix(9, (3 * LARGE, 1), *[element(1, bytes(3 * LARGE))] * 2, flag=0x800),
        "values take over",
    ),
    # a type of a million fields
    "fields": (
        lambda: matrix(
            2, (0, 1), element(5, struct.pack("<i", 4)),
            element(1, b"".join(b"%04x" % i for i in range(1 << 16))),
        ),
        "over 4096 fields",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", GROWING)
def test_what_grows_is_refused_before_it_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed into some kB, of which 256 MB may become."""
    monkeypatch.setattr(mat_file, "MOST_ELEMENTS", 20_000)
    make, words = GROWING[name]
    path = write(packed(make()), tmp_path)
    assert path.stat().st_size < 1 << 21
    with pytest.raises(DataError, match=words):
        read_variables(path)


def test_complex_numbers_are_made_once(tmp_path: Path) -> None:
    """16 bytes for each, and no second array of them."""
    count = 1 << 20
    part = element(2, bytes([3]) * count)
    path = write(packed(matrix(9, (count, 1), part, part, flag=0x800)), tmp_path)
    tracemalloc.start()
    value = read_variables(path)["x"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (value.dtype, value.sum()) == (np.complex128, count * (3 + 3j))
    assert peak < 26 * count


def test_a_file_that_memory_does_not_hold_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(mat_file, "_unpacked", full)
    with pytest.raises(DataError, match="takes more memory than is free"):
        read_variables(write(packed(b""), tmp_path))


def test_after_all_that_may_be_unpacked_comes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first element takes the limit to its last byte, and the second ten times that."""
    make: Callable[[int], bytes] = lambda count: matrix(9, (count, 1), element(2, bytes(count)))  # noqa: E731
    size = 1 << 16
    first = make(2 * size - len(make(size)))
    assert len(first) == size
    data = [zlib.compress(first), zlib.compress(bytes(10 * size))]
    content = saved()[:128] + b"".join(struct.pack("<II", 15, len(each)) + each for each in data)
    monkeypatch.setattr(mat_file, "FREE_BYTES", size)
    monkeypatch.setattr(mat_file, "MOST_RATIO", 1)
    with pytest.raises(DataError, match="unpack to over 0 MB"):
        read_variables(write(content, tmp_path))


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0", b"\0" * 200, b"\x89HDF\r\n\x1a\n" * 40])
def test_what_is_no_matlab_file_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not a readable \.mat file"):
        read_variables(write(content, tmp_path))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_variables(tmp_path / "none.mat")


@pytest.mark.parametrize("squeeze", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_no_changed_file_ends_the_process(squeeze: bool, tmp_path: Path) -> None:
    """Each tag, and random bytes; this process is still here afterwards."""
    whole, rng = saved(False, **RIGHT), random.Random(5)
    for at in (*range(128, len(whole), 4), *(rng.randrange(128, len(whole)) for _ in range(400))):
        content = bytearray(whole)
        content[at : at + 4] = struct.pack(
            "<I", rng.choice((0, 8, 14, 255, 4097, 1 << 31, 1 << 20))
        )
        made = bytes(content[: len(whole)])
        if squeeze:
            packed = zlib.compress(made[128:])
            made = made[:128] + struct.pack("<II", 15, len(packed)) + packed
        try:
            read_variables(write(made, tmp_path))
        except DataError:
            continue
