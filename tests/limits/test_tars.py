"""A tar's list is read in bounded memory and time, whatever its headers state."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.limits import tars
from edgehuman.limits.tars import content_of, members
from tests.limits.bounding import bounding


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    with bounding(50_000_000):
        yield


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def names_of(path: Path) -> list[str]:
    return [member.name for _, member in members(path, DataError)]


def test_files_come_in_order_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("a.jpg", "x" * 300 + "é.jpg", "a.json"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
        archive.addfile(tarfile.TarInfo("folder/"))
    content = path.read_bytes()
    found = list(members(path, DataError))
    assert [member.name for _, member in found][:3] == ["a.jpg", "x" * 300 + "é.jpg", "a.json"]
    assert all(content[m.offset_data :][:3] == b"abc" for _, m in found[:3])
    for archive, member in members(path, DataError):
        if member.name == "a.json":
            assert (content_of(archive, member, 3), content_of(archive, member, 2)) == (b"abc", b"")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME,
                                  tarfile.GNUTYPE_LONGLINK])  # fmt: skip
@pytest.mark.parametrize("size", [6 << 30, (1 << 20) + 512, -512])
def test_a_header_that_states_gigabytes_is_damage(kind: bytes, size: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(header("a.jpg", 0) + header("x", size, kind))
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # sparse: the bytes are there
    with pytest.raises((DataError, ValueError), match=r"damaged: a header states|header"):
        names_of(path)


def pax(*records: str) -> bytes:
    body = b""
    for record in records:
        size = len(record) + 3
        while len(f"{size} {record}\n") != size:
            size += 1
        body += f"{size} {record}\n".encode()
    return header("p", len(body), tarfile.XHDTYPE) + body.ljust(-(-len(body) // 512) * 512, b"\0")


@pytest.mark.parametrize("size", ["-1024", "-1", "99999999999999999999999999", "x"])
def test_a_size_that_leads_back_or_nowhere_ends(size: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    row = header("a", 0) + pax(f"size={size}") + header("b.jpg", 0)
    path.write_bytes(row * 3 + bytes(1024))
    with contextlib.suppress(DataError, ValueError):
        assert len(names_of(path)) <= 6


def test_a_negative_size_in_base_256_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    info = bytearray(header("a.jpg", 0))
    info[124:136] = b"\xff" * 10 + b"\xfc\x00"  # -1024
    info[148:156] = b" " * 8
    info[148:156] = b"%06o\0 " % sum(info[:512])
    path.write_bytes(bytes(info) * 2 + bytes(1024))
    with pytest.raises((DataError, ValueError)):
        names_of(path)


def test_chains_of_headers_and_sparse_maps_without_an_end_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(pax("a=b") * 2000)
    with pytest.raises((DataError, ValueError)):
        names_of(path)
    sparse = pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=a.jpg")
    path.write_bytes(sparse + header("a.jpg", 512) + b"9999999999\n".ljust(512, b"1"))
    with pytest.raises((DataError, ValueError)):
        names_of(path)


def test_sparse_files_and_what_is_no_file_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    sparse = pax("GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.name=s.jpg",
                 "GNU.sparse.size=9999999999", "GNU.sparse.map=0,1")  # fmt: skip
    path.write_bytes(
        sparse + header("s.jpg", 0) + header("l", 0, tarfile.SYMTYPE) + header("a.jpg", 0)
        + bytes(1024)
    )  # fmt: skip
    assert names_of(path) == ["a.jpg"]


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tars, "MOST_MEMBERS", 3)
    path = tmp_path / "a.tar"
    path.write_bytes(header("a.jpg", 0) * 4 + bytes(1024))
    with pytest.raises(DataError, match="over 3 files"):
        names_of(path)


@pytest.mark.slow
def test_mutated_tars_end_in_one_of_two_ways(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    valid = np.frombuffer(
        header("a.jpg", 3) + b"abc".ljust(512, b"\0") + pax("path=b.jpg", "size=3")
        + header("b.jpg", 3) + b"abc".ljust(512, b"\0") + bytes(1024), np.uint8
    )  # fmt: skip
    random = np.random.default_rng(0)
    for _ in range(1000):
        content = valid.copy()
        places = random.integers(len(content), size=random.integers(1, 9))
        content[places] = random.choice(
            np.frombuffer(b"\x00\x80\xff07 =-xSLgK", np.uint8), len(places)
        )
        path.write_bytes(content.tobytes())
        try:
            names_of(path)
        except (DataError, ValueError):
            continue
