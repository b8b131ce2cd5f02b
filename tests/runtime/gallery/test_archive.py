"""The .npz form of a gallery: what is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError, EdgehumanError, UsageError
from edgehuman.runtime.gallery import (
    Gallery,
    empty_gallery,
    read_gallery,
    require_same_model,
    write_gallery,
)
from tests.runtime.gallery.made import gait_card, known, vector


@pytest.fixture
def gallery() -> Gallery:
    return known()


def test_it_comes_back_as_it_was_written(gallery: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "new" / "g.npz"
    write_gallery(path, gallery)
    again = read_gallery(path)
    assert again.people() == {"ANNA": 2, "BOB": 1}
    assert (again.weights_sha256, again.distance, again.walk_G) == (
        "a" * 64,
        "cosine",
        ("a1", "b1", "a2"),
    )
    assert np.array_equal(again.vector_GD, gallery.vector_GD)
    assert [each.name for each in path.parent.iterdir()] == ["g.npz"]
    require_same_model(again, gait_card())


def test_a_write_that_fails_leaves_the_old_file(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "g.npz"
    write_gallery(path, gallery)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_gallery(path, gallery.forget("ANNA"))
    assert read_gallery(path).people() == {"ANNA": 2, "BOB": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["g.npz"]


def write(path: Path, header: Any, vector_GD: Any) -> None:
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, header=text, vector_GD=vector_GD)


HEADER = {
    "format": "edgehuman gallery",
    "version": 1,
    "weights_sha256": "a",
    "model": "m",
    "distance": "cosine",
    "walks": [{"person": "A", "walk": "1"}, {"person": "B", "walk": "2"}],
}


TWO = np.ones((2, 2), np.float32)


@pytest.mark.parametrize(
    ("header", "vector_GD", "said"),
    [
        ({**HEADER, "format": "x"}, TWO, "is not a gallery"),
        ([], TWO, "is not a gallery"),
        ({**HEADER, "version": 2}, TWO, "version 2"),
        ({**HEADER, "distance": "x"}, TWO, "unknown distance"),
        ({**HEADER, "walks": HEADER["walks"][:1]}, TWO, "give one of each"),  # type: ignore[index]
        ({**HEADER, "walks": [{"person": "A", "walk": "1"}] * 2}, TWO, "'1' twice"),
        ({**HEADER, "walks": [{}, {}]}, TWO, "'person'"),
        (HEADER, TWO.astype(np.float64), "float32"),
        (HEADER, TWO * np.nan, "not finite"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(
    header: Any, vector_GD: Any, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "g.npz"
    write(path, header, vector_GD)
    with pytest.raises(ArtefactError, match=said):
        read_gallery(path)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken"])
def test_what_is_no_archive_is_an_error_of_ours(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="not a readable gallery"):
        read_gallery(path)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    np.savez(path, header=np.array([{}], object), vector_GD=TWO)
    with pytest.raises(EdgehumanError, match="not a readable gallery"):
        read_gallery(path)


def test_nobody_is_told_to_load_a_file_unsafely(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    path.write_text("some other text")
    with pytest.raises(ArtefactError, match=r"File is not a zip file\)") as caught:
        read_gallery(path)
    assert "pickle" not in str(caught.value)


def test_vectors_of_parts_are_compared_part_by_part(tmp_path: Path) -> None:
    parts: dict[str, Any] = {"dim": 2, "parts": 3}
    anna = vector(1, 0, 1, 0, 1, 0).reshape(3, 2)
    # One part of three is turned by a right angle: the mean of the cosines is 2/3, whatever the
    # lengths of the parts; the cosine of the joined vectors would be another.
    probe = vector(5, 0, 1, 0, 0, 3).reshape(3, 2)
    gallery = empty_gallery(gait_card(**parts)).enrol("ANNA", "a1", anna)
    assert gallery.identify(probe, 0.5).score == pytest.approx(2 / 3)
    path = tmp_path / "g.npz"
    write_gallery(path, gallery)
    assert read_gallery(path).vector_GD.shape == (1, 3, 2)
    with pytest.raises(DataError, match=r"vector of \(2,\)"):
        gallery.enrol("BOB", "b1", vector(1, 0))
    with pytest.raises(DataError, match="no direction"):
        gallery.enrol("BOB", "b1", vector(1, 0, 0, 0, 1, 0).reshape(3, 2))
    far = empty_gallery(gait_card(distance="euclidean", **parts)).enrol("ANNA", "a1", anna)
    moved = anna + vector(0, 3, 0, 0, 0, 0).reshape(3, 2)
    assert far.identify(moved, 0.1).score == pytest.approx(1 / (1 + 3 / 3))


def test_spellings_of_a_name_are_one_person(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    gallery = empty_gallery(gait_card())
    for walk, name in enumerate(("ZO\u00c9", "ZO\u00c9 ", " ZO\u00c9", "ZOE\u0301")):
        gallery = gallery.enrol(name, f"w{walk}", vector(1, walk))
    assert gallery.people() == {"ZO\u00c9": 4}
    assert gallery.same_walk("ZOE\u0301 ", vector(1, 0)) is None
    with pytest.raises(DataError, match="'w1' is in the gallery already"):
        gallery.enrol("EVE", "w1 ", vector(0, 1))
    with pytest.raises(DataError, match="strangers"):
        gallery.enrol("unknown ", "w9", vector(0, 1))
    write_gallery(path, gallery)
    assert not len(read_gallery(path).forget("ZOE\u0301"))
    # A file of an edgehuman that took them for two people.
    header = {"format": "edgehuman gallery", "version": 1, "weights_sha256": "a", "model": "m"}
    walks = [{"person": "A", "walk": "1"}, {"person": "A ", "walk": "2"}]
    write(path, {**header, "distance": "cosine", "walks": walks}, np.eye(2, dtype=np.float32))
    assert read_gallery(path).people() == {"A": 2}
