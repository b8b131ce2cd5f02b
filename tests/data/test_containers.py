"""Files of arrays and of JSON: what is in them, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.data.containers import arrays, bounds, field_names, fields, read_json
from edgehuman.errors import DataError


def test_fields_are_named_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(6), rate_hz=np.array(50))
    assert field_names(path) == {"x", "rate_hz"}
    assert field_names(tmp_path) == set()
    assert field_names(path.rename(tmp_path / "a.bin")) == set()


def test_only_the_named_arrays_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(6), y=np.array([{}], dtype=object))
    assert arrays(path, ["x"])["x"].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(DataError, match=r"a\.npz: cannot be read"):
        arrays(path, ["x", "y"])


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match=r"a\.npz: not a readable \.npz file"):
        field_names(path)


def test_sequences_begin_where_the_one_before_ends() -> None:
    assert bounds(Path("a.npz"), np.array([2, 3, 1]), 6).tolist() == [0, 2, 5, 6]
    with pytest.raises(DataError, match="adds up to 6 rows, but the file holds 7"):
        bounds(Path("a.npz"), np.array([2, 3, 1]), 7)


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_what_is_no_json_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": [1, 2]}')
    assert read_json(path) == {"a": [1, 2]}
    path.write_text(text)
    with pytest.raises(DataError, match=r"a\.json: not JSON"):
        read_json(path)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.json: No such file"):
        read_json(path)


WANTED = {"x": "f T6", "label": "i T", "name": "s N", "rate_hz": "f"}
RIGHT = {
    "x": np.zeros((4, 6), np.float32),
    "label": np.zeros(4, np.int8),
    "name": np.array(["a", "b"]),
    "rate_hz": np.array(50),
}


def test_fields_of_the_wanted_types_and_axes_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **RIGHT)  # type: ignore[arg-type]
    assert set(fields(tmp_path / "a.npz", WANTED)) == set(WANTED)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": np.zeros((4, 5))}, r"x is float64 \(4, 5\); it must be numbers \(4, 6\)"),
        ({"x": np.zeros(24)}, r"x is float64 \(24,\)"),
        ({"x": np.array([["a"] * 6] * 4)}, "x is <U1"),
        ({"label": np.zeros(3, np.int8)}, r"label is int8 \(3,\); it must be integers \(4\)"),
        ({"label": np.zeros(4)}, "it must be integers"),
        ({"name": np.zeros(2)}, "it must be texts"),
        ({"rate_hz": np.array(0)}, "rate_hz is 0; it must be 1 to 5000"),
        ({"rate_hz": np.array(np.nan)}, "rate_hz is nan"),
        ({"rate_hz": np.array(1e9)}, "rate_hz is 1e"),
    ],
)
def test_a_field_of_another_type_or_size_is_named(
    changes: dict[str, NDArray[Any]], words: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **{**RIGHT, **changes})  # type: ignore[arg-type]
    with pytest.raises(DataError, match=words):
        fields(tmp_path / "a.npz", WANTED)


def test_a_negative_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a `length` is -1"):
        bounds(tmp_path, np.array([3, -1]), 2)
