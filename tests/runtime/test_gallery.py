"""The file of known people: what it takes, whom it finds, and what it refuses."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from edgehuman.card import Card, InputSpec, OutputSpec
from edgehuman.errors import ArtefactError, DataError, EdgehumanError, UsageError
from edgehuman.records import Float32
from edgehuman.runtime.gallery import (
    Gallery,
    empty_gallery,
    read_gallery,
    require_same_model,
    update_gallery,
    write_gallery,
)


def gait_card(sha: str = "a" * 64, **output: Any) -> Card:
    spec = InputSpec("SkeletonSequence", (4, 18, 3), "float32", "pixels", 24.0)
    given = {"kind": "embedding", "distance": "cosine", "dim": 2, **output}
    return Card("walker", "gait", "mean", 0, 0, spec, OutputSpec(**given), weights_sha256=sha)


def vector(*values: float) -> Float32:
    return np.array(values, np.float32)


@pytest.fixture
def gallery() -> Gallery:
    empty = empty_gallery(gait_card())
    return (
        empty.enrol("ANNA", "a1", vector(1, 0))
        .enrol("BOB", "b1", vector(0, 2))
        .enrol("ANNA", "a2", vector(3, 4))
    )


def test_a_person_is_found_by_their_nearest_walk(gallery: Gallery) -> None:
    found = gallery.identify(vector(0.6, 0.8), threshold=0.9)
    # ANNA's second walk points the same way; BOB's cosine is 0.8.
    assert (found.person, found.nearest) == ("ANNA", "ANNA")
    assert found.score == pytest.approx(1.0, abs=1e-6)
    assert found.others[0][0] == "BOB"
    assert found.others[0][1] == pytest.approx(0.8, abs=1e-6)


def test_under_the_threshold_it_is_a_stranger(gallery: Gallery) -> None:
    found = gallery.identify(vector(1, -1), threshold=0.9)
    assert (found.person, found.nearest) == ("unknown", "ANNA")
    assert found.score == pytest.approx(0.5**0.5)


def test_a_euclidean_score_is_one_over_one_and_the_distance() -> None:
    gallery = empty_gallery(gait_card(distance="euclidean")).enrol("ANNA", "a", vector(0, 0))
    assert gallery.identify(vector(3, 0), 0.2).score == pytest.approx(0.25)


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


def test_forgetting_takes_a_person_or_one_walk(gallery: Gallery) -> None:
    assert gallery.forget("ANNA").people() == {"BOB": 1}
    assert gallery.forget(walk="a1").walk_G == ("b1", "a2")
    with pytest.raises(UsageError, match="'EVE'; the gallery holds ANNA, BOB"):
        gallery.forget("EVE")
    with pytest.raises(UsageError, match="either a person or a walk"):
        gallery.forget()


def test_another_models_gallery_is_refused(gallery: Gallery) -> None:
    with pytest.raises(ArtefactError, match=r"weights aaaaaaaaaaaa\).*weights bbbbbbbbbbbb"):
        require_same_model(gallery, gait_card("b" * 64))
    with pytest.raises(ArtefactError, match="compares by cosine"):
        require_same_model(gallery, gait_card(distance="euclidean"))
    with pytest.raises(ArtefactError, match="does not say which weights"):
        empty_gallery(gait_card(""))
    with pytest.raises(ArtefactError, match="gives classes; a gallery holds embeddings"):
        empty_gallery(gait_card(kind="classes"))


def test_models_of_one_space_share_their_galleries(gallery: Gallery) -> None:
    student = gait_card().replace(weights_sha256="f" * 64, space=gallery.weights_sha256)
    require_same_model(gallery, student)
    assert empty_gallery(student).weights_sha256 == gallery.weights_sha256
    with pytest.raises(ArtefactError, match="vectors of different models"):
        require_same_model(gallery, student.replace(space=""))


@pytest.mark.parametrize(
    ("person", "walk", "values", "said"),
    [
        ("EVE", "b1", (1, 1), "'b1' is in the gallery already, as BOB"),
        ("EVE", "e1", (1, 1, 1), r"vector of \(3,\)"),
        ("EVE", "e1", (0, 0), "no direction"),
        ("EVE", "e1", (np.nan, 0), "not finite"),
        (" ", "e1", (1, 1), "printable"),
        ("E\nVE", "e1", (1, 1), "printable"),
        ("unknown", "e1", (1, 1), "strangers"),
        (" Unknown", "e1", (1, 1), "strangers"),
    ],
)
def test_what_cannot_be_enrolled(
    gallery: Gallery, person: str, walk: str, values: tuple[float, ...], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        gallery.enrol(person, walk, vector(*values))


def test_another_persons_walk_is_known_again(gallery: Gallery) -> None:
    assert gallery.same_walk("EVE", vector(0.6, 0.8)) == ("ANNA", "a2")
    assert gallery.same_walk("EVE", vector(0, 9)) == ("BOB", "b1")
    # Their own, and walks that are nearly the same: an angle of 0.01 has a cosine of 0.99995.
    assert gallery.same_walk("ANNA", vector(0.6, 0.8)) is None
    assert gallery.same_walk("EVE", vector(1, 0.01)) is None
    assert empty_gallery(gait_card()).same_walk("EVE", vector(1, 0)) is None


def test_nobody_is_found_in_an_empty_gallery() -> None:
    with pytest.raises(DataError, match="empty; enrol somebody"):
        empty_gallery(gait_card()).identify(vector(1, 0), 0.5)


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


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"is a folder; a gallery is one file"):
        read_gallery(tmp_path)


def test_a_pipe_and_a_file_of_somebody_else_are_told_apart_from_none(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(ArtefactError, match="is a device or a pipe"):
        read_gallery(tmp_path / "pipe.npz")
    write_gallery(tmp_path / "g.npz", gallery)

    # The super user reads any file.
    monkeypatch.setattr(Path, "open", Mock(side_effect=PermissionError(errno.EACCES, "no")))
    with pytest.raises(ArtefactError, match="no permission to read it"):
        read_gallery(tmp_path / "g.npz")


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        ArtefactError, match="no such gallery; create it with `edgehuman gallery enroll`"
    ):
        read_gallery(tmp_path / "g.npz")


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


def test_a_new_gallery_is_its_owners_alone_and_a_mode_is_kept(
    gallery: Gallery, tmp_path: Path
) -> None:
    path = tmp_path / "g.npz"
    update_gallery(path, lambda old: old.enrol("ANNA", "a", vector(1, 0)), gait_card())
    assert path.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o600):
        path.chmod(mode)
        update_gallery(path, lambda old: old.enrol("BOB", f"b{len(old)}", vector(0, 1)))
        assert path.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nothing_of_a_gallery_is_ever_for_others(
    umask: int, gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "folder" / "g.npz"
    seen: dict[str, int] = {}
    kept = os.fsync

    def look(opened: int) -> None:
        for each in tmp_path.rglob("*"):
            seen[each.name.rpartition(".")[2]] = seen.get(each.name, 0) | each.stat().st_mode & 0o77
        kept(opened)

    monkeypatch.setattr(os, "fsync", look)
    before = os.umask(umask)
    try:
        for walk in ("a", "b"):
            update_gallery(path, lambda old, w=walk: old.enrol("A", w, vector(1, 0)), gait_card())  # type: ignore[misc]
    finally:
        os.umask(before)
    assert seen == dict.fromkeys(("partial", "lock", "npz", "new", "folder"), 0)


def test_a_new_gallery_is_said_to_be_plain_and_only_then(gallery: Gallery, tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "g.npz"
    for walk in ("a", "b"):
        update_gallery(
            path, lambda old, w=walk: old.enrol("A", w, vector(1, 0)), gait_card(), said.append  # type: ignore[misc]
        )  # fmt: skip
    update_gallery(path, lambda old: old.forget(walk="a"), notify=said.append)
    assert len(said) == 1
    assert "g.npz is new and not encrypted" in said[0]


def test_a_gallery_behind_a_link_is_changed_there(gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "g.npz"
    link.symlink_to(tmp_path / "disk" / "real.npz")
    update_gallery(link, lambda old: old.enrol("ANNA", "a", vector(1, 0)), gait_card())
    update_gallery(link, lambda old: old.enrol("BOB", "b", vector(0, 1)))
    assert link.is_symlink()
    assert read_gallery(tmp_path / "disk" / "real.npz").people() == {"ANNA": 1, "BOB": 1}


def test_a_change_that_fails_leaves_the_file(gallery: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    write_gallery(path, gallery)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="'EVE'"):
        update_gallery(path, lambda old: old.forget("EVE"))
    assert path.read_bytes() == before
    with pytest.raises(ArtefactError, match="no such gallery"):
        update_gallery(tmp_path / "other.npz", lambda old: old)
    assert [each.name for each in tmp_path.iterdir()] == ["g.npz"]


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


def test_of_many_people_the_closest_names_are_given() -> None:
    names = tuple(f"P{i:04d}" for i in range(1000))
    vector_GD = np.ones((1000, 2), np.float32)
    gallery = Gallery("a" * 64, "m", "cosine", vector_GD, names, names)
    for name in ({"person": "P01234"}, {"walk": "P01234"}):
        with pytest.raises(
            UsageError,
            match=r"the gallery holds 1000 (people|walks), .*closest names are P\d+, P\d+, P\d+$",
        ):
            gallery.forget(**name)


def test_twenty_thousand_people_are_identified_in_a_few_milliseconds() -> None:
    vector_GD = np.random.default_rng(0).normal(size=(20_000, 64)).astype(np.float32)
    names = tuple(f"P{i}" for i in range(20_000))
    gallery = Gallery("a" * 64, "m", "cosine", vector_GD, names, names)
    gallery.identify(vector_GD[0], 0.5)
    times_s = []
    for vector_D in vector_GD[:15]:
        begin_s = time.perf_counter()
        gallery.identify(vector_D, 0.5)
        times_s.append(time.perf_counter() - begin_s)
    # 1 ms on an idle core; a loop over the people took 50 to 130.
    assert np.median(times_s) < 0.025
    found = gallery.identify(vector_GD[7], 0.5)
    cosine_G = vector_GD @ vector_GD[7] / np.linalg.norm(vector_GD, axis=1)
    order = np.argsort(-cosine_G)
    assert (found.person, found.others[0][0]) == ("P7", f"P{order[1]}")
    assert len(found.others) == 19_999
