"""Files of arrays and of JSON: what is in them, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.containers import arrays, bounds, field_names, read_json
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
