"""Pickles of arrays are read; pickles that name anything else are refused, and run nothing."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.skeleton.published.safe_pickle import load_arrays
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


def test_plain_containers_of_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(OrderedDict(a=[np.float64(1.5), {"b": (np.ones(2), "c")}])))
    assert load_arrays(path)["a"][0] == 1.5


@pytest.mark.parametrize("harmful", [_Harmful(), _Shell(), Path("a"), np.random.default_rng(0)])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_anything_else_is_refused(tmp_path: Path, harmful: object, protocol: int) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps([np.ones(2), harmful], protocol))
    with pytest.raises(DataError, match=r"a\.pkl: not a pickle of arrays \(it names .*numpy\.save"):
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
