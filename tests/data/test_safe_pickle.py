"""Pickles of arrays are read; pickles that name anything else are refused, and run nothing."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data import safe_pickle
from edgehuman.data.safe_pickle import arrays_in, load_arrays
from edgehuman.errors import DataError

_RAN: list[str] = []


class _Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return _RAN.append, ("ran",)


class _Shell:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_arrays_of_every_protocol_come_back(
    tmp_path: Path, protocol: int, dtype: type[np.generic]
) -> None:
    array = np.arange(12).astype(dtype).reshape(2, 2, 3)
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(array, protocol))
    back = load_arrays(path)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_array_mapped_from_a_file_comes_back_as_an_array(tmp_path: Path, protocol: int) -> None:
    array = np.arange(12, dtype=np.uint8)
    (tmp_path / "raw").write_bytes(array.tobytes())
    mapped = np.memmap(tmp_path / "raw", np.uint8, mode="r")
    back = arrays_in(pickle.dumps(mapped[2:7], protocol), "a")
    assert type(back) is np.ndarray
    np.testing.assert_array_equal(back, array[2:7])


def test_plain_containers_of_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(OrderedDict(a=[np.float64(1.5), {"b": (np.ones(2), "c")}])))
    assert load_arrays(path)["a"][0] == 1.5


@pytest.mark.parametrize("harmful", [_Harmful(), _Shell(), Path("a"), np.random.default_rng(0)])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_anything_else_is_refused(tmp_path: Path, harmful: object, protocol: int) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps([np.ones(2), harmful], protocol))
    with pytest.raises(
        DataError, match=r"a\.pkl: not a pickle of arrays \(it names .*numpy\.asarray"
    ):
        load_arrays(path)
    assert not _RAN


def test_an_array_of_objects_hides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(np.array([_Shell()], object)))
    with pytest.raises(DataError, match="not a pickle of arrays"):
        load_arrays(path)


def test_names_in_modules_of_numpy_lead_no_further(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    # GLOBAL numpy.core.multiarray os.system
    path.write_bytes(b"cnumpy.core.multiarray\nos.system\n(S'true'\ntR.")
    with pytest.raises(DataError, match=r"it names numpy\.core\.multiarray\.os\.system"):
        load_arrays(path)


@pytest.mark.parametrize("content", [b"", b"junk", b"\x80\x04", b"garbage\x00" * 9])
def test_a_damaged_pickle_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.pkl: "):
        load_arrays(path)


def test_a_missing_pickle_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        load_arrays(tmp_path / "none.pkl")


_CRAFTED = {
    "eval": b"cbuiltins\neval\n(S'1'\ntR.",
    "getattr": b"cbuiltins\ngetattr\n(S'a'\ntR.",
    "system by name": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
    "an instance": b"(S'true'\nios\nsystem\n.",
    "an object": b"(cos\nsystem\nS'true'\no.",
    "a new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "a new object with keywords": b"\x80\x04cnumpy\nndarray\n)}\x92.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"P0\n.",
    "a buffer from outside": b"\x80\x05\x97.",
    "a set": b"\x80\x04\x8f.",
    "numpy's ndarray called": b"cnumpy\nndarray\n((I99999999\nttR.",
    "a type of objects": b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.",
    "a type of records": b"cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR.",
    "a type of a million letters": b"cnumpy\ndtype\n(S'U9999999'\nI0\nI1\ntR.",
    "a type with fields": (
        b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'<'\nN(S'a'\nt}I-1\nI-1\nI0\ntb."
    ),
    "a made type": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\n(I0\ntS'b'\ntR.",
    "an array without values": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nNNtR.",
    "a name alone": b"cnumpy\nndarray\n.",
    "a value that is called": b"I1\n(tR.",
    "a state of a list": b"](tb.",
    "a list that holds itself": b"]q\x00h\x00a.",
    "a deep tuple": b")" + b"\x85" * 200_000 + b".",
    "a deep tuple as a key": b"}" + b")" + b"\x85" * 200_000 + b"Ns.",
    "a place far away in the memo": b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff)\x81.",
    "bytes longer than the file": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "text longer than the file": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "a number of many digits": b"L" + b"9" * 100_000 + b"L\n.",
    "nothing on the stack": b"0.",
    "a pair of one": b"I1\n\x86.",
    "a mark that is missing": b"t.",
    "a memo that is missing": b"h\x09.",
}  # fmt: skip


@pytest.mark.parametrize("name", _CRAFTED)
def test_a_crafted_pickle_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="crafted: "):
        arrays_in(_CRAFTED[name], "crafted")


def _array_state(shape: bytes, kind: bytes = b"u1", data: bytes = b"abcd") -> bytes:
    """An array as protocol 0 writes it, with any shape, type and data."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n" + shape + b"cnumpy\ndtype\n(S'" + kind + b"'\nI0\nI1\ntRI00\nS'" + data + b"'\ntb."
    )


def test_the_state_of_an_array_is_read() -> None:
    np.testing.assert_array_equal(
        arrays_in(_array_state(b"(I2\nI2\nt"), "a"), np.array([[97, 98], [99, 100]], np.uint8)
    )


@pytest.mark.parametrize(
    "shape",
    [
        b"(I5\nt",
        b"(I-4\nI-1\nt",
        b"(I3\nt",
        b"(I4294967296\nI4294967296\nI0\nt",
        b"(L99999999999999999999L\nt",
        b"(" + b"I1\n" * 40 + b"I4\nt",
        b"N",
        b"(S'4'\nt",
        b"(F4.0\nt",
        b"((I4\ntt",
    ],
)
def test_a_shape_that_does_not_fit_its_bytes_is_refused(shape: bytes) -> None:
    with pytest.raises(DataError):
        arrays_in(_array_state(shape), "a")


def test_a_truth_value_is_0_or_1() -> None:
    found = arrays_in(_array_state(b"(I4\nt", b"b1", b"\\x00\\x01\\x02\\x7f"), "a")
    assert found.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_lists_that_share_parts_do_not_grow_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thirty lists, each with ten times the one before: 10^30 parts from 1 kB."""
    monkeypatch.setattr(safe_pickle, "MAX_STEPS", 5000)
    crafted = b"]q\x00" + b"".join(
        b"](" + (b"h" + bytes([level])) * 10 + b"eq" + bytes([level + 1]) for level in range(30)
    )
    with pytest.raises(DataError, match="parts"):
        arrays_in(crafted + b".", "a")


def test_more_instructions_than_any_walk_has_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(safe_pickle, "MAX_STEPS", 5000)
    with pytest.raises(DataError, match="instructions"):
        arrays_in(b"}0" * 2600 + b"N.", "a")


def test_a_file_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    with path.open("wb") as stream:
        stream.truncate(safe_pickle.MAX_BYTES + 1)
    with pytest.raises(DataError, match="a pickle may have"):
        load_arrays(path)


def _goods() -> list[bytes]:
    made = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)
    held = [
        made,
        {"a": (np.array([1.5, 2.5], np.float32), 3)},
        np.asfortranarray(np.ones((2, 3), np.int16)),
    ]
    return [pickle.dumps(held, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_cut_anywhere_a_pickle_is_refused(protocol: int) -> None:
    good = _goods()[protocol]
    for length in range(len(good)):
        with pytest.raises(DataError):
            arrays_in(good[:length], "a")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_with_any_bytes_changed_a_pickle_is_read_or_refused(protocol: int) -> None:
    good = _goods()[protocol]
    random = np.random.default_rng(protocol)
    refused = 0
    for _ in range(400):
        changed = bytearray(good)
        for at in random.integers(len(good), size=random.integers(1, 4)).tolist():
            changed[at] = int(random.integers(256))
        try:
            arrays_in(bytes(changed), "a")
        except DataError:
            refused += 1
    assert refused


def _calls(count: int, call: bytes) -> bytes:
    """A pickle of a list of so many calls, of a function and arguments that are in memory."""
    return b"](" + count * call + b"e."


def _texts(count: int) -> bytes:
    """One text of 1,000 letters, turned into bytes so many times."""
    text = b"X" + (1000).to_bytes(4, "little") + b"a" * 1000
    setup = b"\x80\x02c_codecs\nencode\nq\x000" + text + b"X\x06\0\0\0latin1\x86q\x010"
    return setup + _calls(count, b"h\x00h\x01R")


def _dicts(count: int) -> bytes:
    """One list of 20 pairs, turned into a dict so many times."""
    pairs = b"](" + b"".join(b"K" + bytes([key]) + b"N\x86" for key in range(20)) + b"e"
    setup = b"\x80\x02ccollections\nOrderedDict\nq\x000" + pairs + b"\x85q\x010"
    return setup + _calls(count, b"h\x00h\x01R")


def _arrays(count: int) -> bytes:
    """So many arrays of one text, whose bytes have to be made for each."""
    text = b"X" + (1000).to_bytes(4, "little") + b"a" * 1000
    setup = b"\x80\x02" + text + b"q\x000cnumpy\ndtype\nX\x02\0\0\0u1\x85Rq\x010"
    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
    return setup + _calls(count, empty + b"(K\x01M\xe8\x03\x85h\x01\x89h\x00tb")


@pytest.mark.parametrize("made", [_texts, _dicts, _arrays])
def test_short_calls_that_copy_a_long_value_are_bounded(
    made: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_pickle, "MAX_BYTES", 30_000)
    assert len(arrays_in(made(20), "a.pkl")) == 20
    with pytest.raises(DataError, match=r"its values take over 0 MB when they are built"):
        arrays_in(made(40), "a.pkl")
