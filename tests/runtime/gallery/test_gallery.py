"""Known people in memory: whom a gallery takes, and whom it finds."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.gallery import (
    Gallery,
    empty_gallery,
    require_same_model,
)
from tests.runtime.gallery.made import gait_card, known, vector


@pytest.fixture
def gallery() -> Gallery:
    return known()


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
