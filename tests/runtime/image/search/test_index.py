"""The vectors of a folder come back as they were written, or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.records import Float32
from edgehuman.runtime.image.search.index import Index, index_path, read_index, write_index

WHOLE = np.full((1, 4), np.nan, np.float32)


def seen(*numbers: float) -> tuple[Float32, Float32, str]:
    return WHOLE, np.array([numbers], np.float32), ""


def made(folder: Path) -> tuple[Index, Path]:
    path = folder / "a.jpg"
    path.write_bytes(b"a photo")
    index = Index()
    index.add("a.jpg", path, lambda: seen(0.6, 0.8))
    return index, path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    index, path = made(tmp_path)
    nobody = np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32), "not a photo"
    (tmp_path / "b.jpg").write_bytes(b"broken")
    index.add("б.jpg", tmp_path / "b.jpg", lambda: nobody)
    write_index(tmp_path / "cache" / "x.npz", index, 2)
    again = read_index(tmp_path / "cache" / "x.npz", 2)
    assert again.photos.keys() == index.photos.keys()
    found = again.known(path, "a.jpg")
    assert found is not None
    np.testing.assert_array_equal(found.vector_MD, [[np.float32(0.6), np.float32(0.8)]])
    assert np.isnan(found.box_M4).all()
    assert again.photos["б.jpg"].reason == "not a photo"


def test_a_changed_file_is_not_known_and_a_copy_is(tmp_path: Path) -> None:
    index, path = made(tmp_path)
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(path.read_bytes())
    assert index.known(copy, "copy.jpg") is not None
    path.write_bytes(b"another photo")
    assert index.known(path, "a.jpg") is None
    with pytest.raises(OSError):
        index.known(tmp_path / "gone.jpg", "gone.jpg")


def test_another_model_or_folder_has_another_file(tmp_path: Path) -> None:
    first = index_path(tmp_path, "photos", {"model": "a"})
    assert first == index_path(tmp_path, "./photos/", {"model": "a"})
    assert first != index_path(tmp_path, "photos", {"model": "b"})
    assert first != index_path(tmp_path, "photos", {"model": "a", "detector": "d"})
    assert first != index_path(tmp_path, "other", {"model": "a"})


@pytest.mark.parametrize(
    "broken",
    [
        {"vector_PD": np.zeros((1, 3), np.float32)},
        {"vector_PD": np.full((1, 2), np.nan, np.float32)},
        {"vector_PD": np.zeros((1, 2))},
        {"box_P4": np.zeros((1, 5), np.float32)},
        {"photos": np.frombuffer(b'{"form": "edgehuman search 0"}', np.uint8)},
        {"photos": np.frombuffer(b"[", np.uint8)},
        {"photos": np.array([{}], object)},
    ],
)
def test_a_damaged_index_is_left_out(
    broken: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index, _ = made(tmp_path)
    path = tmp_path / "x.npz"
    write_index(path, index, 2)
    with np.load(path) as table:
        arrays = {**table, **broken}
    content = io.BytesIO()
    np.savez(content, **arrays)
    path.write_bytes(content.getvalue())
    assert read_index(path, 2).photos == {}
    assert "not used" in capsys.readouterr().err


def test_nothing_is_an_empty_index(tmp_path: Path) -> None:
    assert read_index(tmp_path / "x.npz", 2).photos == {}
    write_index(tmp_path / "x.npz", Index(), 2)
    assert read_index(tmp_path / "x.npz", 2).photos == {}
