"""An archive takes no more memory than it is allowed, whatever it says of itself."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError
from edgehuman.limits import archives
from edgehuman.limits.archives import field_names, member, opened_zip, read_npy, read_npz
from edgehuman.runtime.gallery import read_gallery
from tests.limits.bounding import bounding


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    with bounding(100_000_000):
        yield


def npy(shape: str, kind: str = "<f4", data: bytes = b"", version: int = 1) -> bytes:
    """A .npy file that states any shape."""
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def zipped(path: Path, *members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(3.5),
        np.array(["a", "bcd"]),
        np.array([b"a", b"bcd"]),
        np.array([True, False]),
        np.zeros((0, 4), np.uint8),
        np.arange(3, dtype=">i2"),
        np.array([1 + 2j]),
        np.array(["2026-01-01"], "M8[s]"),
    ],
)
def test_arrays_come_back_as_numpy_reads_them(tmp_path: Path, array: np.ndarray) -> None:  # type: ignore[type-arg]
    np.savez_compressed(tmp_path / "a.npz", x=array, y=np.zeros(2))
    found = read_npz(tmp_path / "a.npz", ["x"])["x"]
    assert (found.dtype, found.shape, found.flags.writeable) == (array.dtype, array.shape, True)
    assert np.array_equal(found, array)
    assert field_names(tmp_path / "a.npz") == {"x", "y"}


@pytest.mark.parametrize(
    "content",
    [
        npy("(1000000000, 1000000000)"),
        npy("(4000000000,)", data=bytes(8)),
        npy("(-1, -2)", data=bytes(8)),
        npy("(2,)", "|O", bytes(16)),
        npy("(2,)", "<V8", bytes(16)),
        npy("(1000000000000,)", "<U0"),
        npy("(" + "(" * 5000, data=bytes(8)),
        npy("(2,)" + " " * 60_000, data=bytes(8)),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
        b"\x93NUMPY\x03\x00\x00\x00\x00\x00",
        b"\x93NUMPY\x09\x00",
        npy("(1,) if True else ()", data=bytes(4)),
        npy("(True,)", data=bytes(4))[:-2],
        b"",
        b"PK",
    ],
)
def test_an_array_that_is_not_what_it_states_is_damage(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_npy(content)


def test_truth_values_of_a_file_are_zero_or_one() -> None:
    """NumPy trusts that they are."""
    found = read_npy(npy("(3,)", "|b1", b"\x00\x02\xff"))
    assert found.view(np.uint8).tolist() == [0, 1, 1]


def test_a_member_is_bounded_by_what_it_states(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("x", bytes(300_000)))
    with opened_zip(path, DataError) as archive:
        assert len(member(archive, "x", 300_000, DataError)) == 300_000
        with pytest.raises(
            DataError, match=r"a\.zip: x: unpacks to 300,000 bytes; at most 299,999"
        ):
            member(archive, "x", 299_999, DataError)


def test_what_is_packed_beyond_reason_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 20)
    zeros = zipped(tmp_path / "a.zip", ("x", bytes(2 << 20)))
    noise = np.random.default_rng(0).bytes(2 << 20)
    for path, refused in ((zeros, True), (zipped(tmp_path / "b.zip", ("x", noise)), False)):
        with opened_zip(path, DataError) as archive:
            if refused:
                with pytest.raises(DataError, match="over 200 times as many; save it without"):
                    member(archive, "x", 1 << 30, DataError)
            else:
                assert member(archive, "x", 1 << 30, DataError) == noise


def test_many_members_share_what_may_be_packed_tightly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 20)
    names = [f"x{n}" for n in range(4)]
    held = dict.fromkeys(names, np.zeros(400_000, np.uint8))
    np.savez_compressed(tmp_path / "a.npz", **held)  # type: ignore[arg-type]
    assert len(read_npz(tmp_path / "a.npz", names[:2])) == 2
    with pytest.raises(DataError, match="over 200 times as many"):
        read_npz(tmp_path / "a.npz", names)


@pytest.mark.slow
def test_a_member_that_states_less_than_it_has_is_cut_off(tmp_path: Path) -> None:
    """Its real 150 MB are not made: the bound of the fixture."""
    blown = io.BytesIO()
    with (
        zipfile.ZipFile(blown, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x", "w") as file,
    ):
        for _ in range(150):
            file.write(bytes(1 << 20))
    content = bytearray(blown.getvalue())
    directory = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, 1000)
    (tmp_path / "a.zip").write_bytes(content)
    with opened_zip(tmp_path / "a.zip", DataError) as archive, pytest.raises((ValueError, OSError)):
        member(archive, "x", 1 << 30, DataError)


@pytest.mark.slow
def test_a_list_of_members_beyond_reason_is_not_read(tmp_path: Path) -> None:
    many = tmp_path / "many.zip"
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, *[0] * 15)
    assert len(entry) == 46
    listed = 46 * 20_001
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 20_001, 20_001, listed, 0, 0)
    many.write_bytes(entry * 20_001 + end)
    with pytest.raises(DataError, match=r"many\.zip: an archive of over 20,000 members"):
        field_names(many)
    # 5 MB of a list, which Python would make 110,000 objects of.
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 5_000_000, 0, 0)
    many.write_bytes(entry * 110_000 + end)
    with pytest.raises(DataError, match="20,000 members"):
        field_names(many)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 9, 9, 5_000_000, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 5_060_000, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    many.write_bytes(entry * 110_000 + end64 + locator + end)
    with pytest.raises(DataError, match="20,000 members"):
        field_names(many)


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_with_large_dictionaries_are_not_taken(tmp_path: Path, how: int) -> None:
    path = zipped(tmp_path / "a.npz", ("x.npy", npy("(2,)", data=bytes(8))), how=how)
    with pytest.raises(DataError, match="packed in a way that is not taken"):
        read_npz(path, ["x"])


def test_all_arrays_together_are_bounded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(1000), y=np.zeros(1000))
    assert len(read_npz(tmp_path / "a.npz", ["x", "y"], most=17_000)) == 2
    with pytest.raises(DataError, match=r"y\.npy: unpacks to 8,128 bytes; at most 1,872"):
        read_npz(tmp_path / "a.npz", ["x", "y"], most=10_000)


@pytest.mark.slow
def test_mutated_archives_are_damage_and_nothing_else(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, x=np.arange(20, dtype=np.float32).reshape(4, 5), t=np.array("abc"))
    valid = np.frombuffer(stream.getvalue(), np.uint8)
    random = np.random.default_rng(0)
    for _ in range(1500):
        content = valid.copy()
        places = random.integers(len(content), size=random.integers(1, 5))
        content[places] = random.integers(256, size=len(places))
        try:
            read_npz(io.BytesIO(content.tobytes()), ["x", "t"])
        except (ValueError, OSError, KeyError):
            continue


def test_a_small_gallery_takes_no_gigabytes(tmp_path: Path) -> None:
    """Compressed, 20 MB of zeros have 20 kB; of a whole gallery every byte is in the file."""
    path = tmp_path / "g.npz"
    np.savez_compressed(path, header=np.zeros(1, np.uint8), vector_GD=np.zeros((20_000, 256), "f4"))
    assert path.stat().st_size < 100_000
    with pytest.raises(ArtefactError, match=r"vector_GD.npy: unpacks to 20,480,128 bytes; at most"):
        read_gallery(path)
