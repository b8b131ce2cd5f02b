"""Open zip archives and NumPy files without believing what they say of themselves.

    with opened_zip(path, DataError) as archive:
        content = member(archive, "a.csv", MOST_TEXT, DataError)
    fields = read_npz(path, ["imu_TC"])
    array = read_npy(content)

Sizes that a file states are compared with what it has before an array is made; what is unpacked is
cut off at the stated size; and a list of members is bounded before it is read. Sources: APPNOTE.TXT
of PKWARE (end of central directory, also of zip64), and the NEP 1 of NumPy (the .npy format).
"""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, EdgehumanError
from edgehuman.limits.sizes import FREE_BYTES, MOST_RATIO
from edgehuman.reading.parsers import foreign

MOST_UNPACKED = 1 << 33
"""Of the arrays that one file gives, bytes."""
MOST_MEMBERS = 20_000

_MOST_DIRECTORY = 1 << 22
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE = 1 << 20
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_TAIL = (1 << 16) + 22 + 20 + 56
_NPY_HEAD = 12_000  # NumPy takes a header of up to 10,000


@contextlib.contextmanager
def opened_zip(source: Path | BinaryIO, error: type[EdgehumanError]) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose list of members is of a usual size.

    Raises:
        EdgehumanError: `error`: over 20,000 members.
        OSError, ValueError: not readable, or not a zip.
    """
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
        where = str(source) if isinstance(source, Path) else getattr(source, "name", "the archive")
        if _directory_bytes(stream) > _MOST_DIRECTORY:
            raise error(_too_many(where))
        with foreign():
            archive = stack.enter_context(zipfile.ZipFile(stream))
        if len(archive.infolist()) > MOST_MEMBERS:
            raise error(_too_many(where))
        yield archive


def _too_many(where: str) -> str:
    return f"{where}: an archive of over {MOST_MEMBERS:,} members; unpack it, or split it"


def _directory_bytes(stream: BinaryIO) -> int:
    """The size of a zip's list of members, as its end states it; 0 where there is no end."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    stream.seek(0)
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        return 0
    stated = int(struct.unpack_from("<I", tail, at + 12)[0])
    start = at - 20 - 56
    if start >= 0 and tail[at - 20 :].startswith(_LOCATOR64) and tail[start:].startswith(_END64):
        stated = max(stated % 0xFFFFFFFF, int(struct.unpack_from("<Q", tail, start + 40)[0]))
    return min(stated, size)


def member(
    archive: zipfile.ZipFile,
    name: str,
    most: int,
    error: type[EdgehumanError],
    free: int | None = None,
) -> bytearray:
    """Unpack a member of at most so many bytes.

    Args:
        free: so many are taken however tightly they are packed; None: 256 MB.

    Raises:
        EdgehumanError: `error`: larger by what it states, or packed beyond reason, or in a way that
            is not taken.
        KeyError: there is none of that name.
        OSError, ValueError: damaged, or encrypted.
    """
    info = archive.getinfo(name)
    where = f"{archive.filename or 'the archive'}: {name}"
    if info.compress_type not in _KINDS:
        raise error(f"{where}: packed in a way that is not taken; pack it with deflate")
    if info.file_size > most:
        raise error(f"{where}: unpacks to {info.file_size:,} bytes; at most {most:,} are taken")
    free = FREE_BYTES if free is None else free
    if info.file_size > max(free, MOST_RATIO * info.compress_size):
        raise error(
            f"{where}: {info.compress_size:,} bytes unpack to {info.file_size:,}, over "
            f"{MOST_RATIO} times as many; save it without compression"
        )
    content = bytearray()
    with foreign(), archive.open(info) as stream:
        # Without a count, all that unpacks would be made before it is cut to the stated size.
        while piece := stream.read(_PIECE):
            content += piece
    if len(content) != info.file_size:
        raise ValueError(f"{name} has {len(content)} of {info.file_size} bytes")
    return content


def field_names(path: Path, error: type[EdgehumanError] = DataError) -> set[str]:
    """Names of the arrays in an .npz, without reading them.

    Raises:
        EdgehumanError, OSError, ValueError: see `opened_zip`.
    """
    with opened_zip(path, error) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def read_npz(
    source: Path | BinaryIO,
    names: Iterable[str],
    error: type[EdgehumanError] = DataError,
    most: int = MOST_UNPACKED,
) -> dict[str, NDArray[Any]]:
    """Read arrays of an .npz: numbers, truth values and text; no objects and no records.

    Args:
        most: bytes of all of them together.

    Raises:
        EdgehumanError: `error`: larger than `most`; see `member`.
        KeyError: there is none of a name.
        OSError, ValueError: damaged, or encrypted.
    """
    found: dict[str, NDArray[Any]] = {}
    free = FREE_BYTES  # of all of them together, beyond what they may make by their packed size
    with opened_zip(source, error) as archive:
        listed = set(archive.namelist())
        for name in names:
            file = f"{name}.npy" if f"{name}.npy" in listed else name
            content = member(archive, file, most, error, free)
            most -= len(content)
            free -= max(0, len(content) - MOST_RATIO * archive.getinfo(file).compress_size)
            found[name] = read_npy(content)
    return found


def read_npy(content: bytearray | bytes) -> NDArray[Any]:
    """The array of a .npy file's bytes; it uses them, and may be written where they may.

    Raises:
        ValueError: no such file; objects or records; or a shape that the bytes do not fill.
    """
    head = io.BytesIO(bytes(content[:_NPY_HEAD]))
    with foreign():
        version = np.lib.format.read_magic(head)  # type: ignore[no-untyped-call]
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"a .npy file of version {version}")
    read = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
    try:
        with foreign():  # NumPy calls Python's own parsers
            shape, fortran, kind = read(head)
    except ValueError:
        raise ValueError("the header of an array is damaged") from None
    if kind.hasobject or kind.kind not in "biufcSUmM" or not kind.itemsize:
        raise ValueError(f"an array of {kind}, which holds no plain numbers or text")
    if any(side < 0 for side in shape):
        raise ValueError("an array has an impossible shape")
    start, need = head.tell(), prod(shape) * kind.itemsize
    if need != len(content) - start:
        raise ValueError(f"an array of {shape} needs {need} bytes, and has {len(content) - start}")
    if kind.kind == "b":
        flat: NDArray[Any] = np.frombuffer(content, np.uint8, offset=start) != 0
    else:
        flat = np.frombuffer(content, kind, offset=start) if need else np.empty(0, kind)
    array = flat.reshape(shape, order="F" if fortran else "C")
    return array if array.flags.aligned else array.copy()
