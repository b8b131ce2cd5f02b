"""Open-set thresholds, on vectors in a plane."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait.protocols import PROTOCOLS, GaitVectors
from edgehuman.metrics.gait.strangers import open_set_scores, stranger_threshold
from edgehuman.metrics.retrieval import Distance
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Gallery

GENERIC = PROTOCOLS["gallery-probe"]


def test_the_threshold_accepts_few_strangers() -> None:
    # In a plane: ann along x, bob along y; a probe of each, 0.6 and 0.8 like the other.
    feature_ND = np.array([[1, 0], [0, 1], [0.8, 0.6], [0.8, 0.6]], np.float32)
    names, roles = np.array(["ann", "bob", "ann", "bob"]), np.array(["gallery"] * 2 + ["probe"] * 2)
    blank = np.full(4, "")
    vectors = GaitVectors(feature_ND, names, blank, blank, roles)
    # Ann's probe is 0.6 like bob, bob's 0.8 like ann: half of them under 0.7.
    assert stranger_threshold(vectors, "cosine", accepted=0.5) == pytest.approx(0.7, abs=1e-6)
    assert stranger_threshold(vectors, "cosine", accepted=0.0) == pytest.approx(0.8, abs=1e-6)
    alone = GaitVectors(feature_ND[[0, 2]], names[[0, 2]], blank[:2], blank[:2], roles[[0, 2]])
    with pytest.raises(DataError, match="1 people in the gallery and 1 probes"):
        stranger_threshold(alone, "cosine")


def at(*degrees: float) -> Float32:
    """Return vectors (N, 2) at angles."""
    angle_N = np.deg2rad(degrees)
    return np.asarray(np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1), np.float32)


def at_the_door() -> GaitVectors:
    """Ann at 0 degrees, bob at 90; probes of ann at 10, 80 and 40, of bob at 85, of cem at 95."""
    names = np.array(["ann", "bob", "ann", "ann", "ann", "bob", "cem"])
    roles = np.array(["gallery"] * 2 + ["probe"] * 5)
    blank = np.full(7, "")
    return GaitVectors(at(0, 90, 10, 80, 40, 85, 95), names, blank, blank, roles)


def test_open_set_shares_by_hand() -> None:
    # cos(20 degrees): ann at 10 is right, at 80 she is 10 from bob, at 40 far from both; bob right.
    found = open_set_scores(at_the_door(), GENERIC, "cosine", np.cos(np.deg2rad(20)))
    assert (found.known_probes, found.stranger_probes) == (4, 5)
    assert (found.accepted_right, found.accepted_wrong, found.refused) == (0.5, 0.25, 0.25)
    # Without their own walks: ann at 80 and cem at 95 are near bob, and nobody else is near.
    assert found.strangers_accepted == 0.4


def test_the_chosen_threshold_accepts_the_given_share_of_strangers() -> None:
    vectors = at_the_door()
    for accepted in (0.2, 0.6, 1.0):
        threshold = stranger_threshold(vectors, "cosine", accepted)
        found = open_set_scores(vectors, GENERIC, "cosine", threshold - 1e-9)
        assert found.strangers_accepted == pytest.approx(accepted, abs=0.2)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("threshold", [0.3, 0.7, 0.9])
def test_a_gallery_on_the_device_gives_the_same_answers(
    distance: Distance, threshold: float
) -> None:
    rng = np.random.default_rng(0)
    who = np.array([f"p{k % 6}" for k in range(60)])
    place_NX = rng.standard_normal((60, 3)) * 0.4 + np.eye(6, 3)[np.arange(60) % 6]
    roles = np.array(["gallery"] * 20 + ["probe"] * 40)
    blank = np.full(60, "")
    vectors = GaitVectors(place_NX.astype(np.float32), who, blank, blank, roles)
    found = open_set_scores(vectors, GENERIC, distance, threshold)
    gallery = Gallery(
        "a",
        "m",
        distance,
        vectors.feature_NX[:20],
        tuple(who[:20]),
        tuple(map(str, range(20))),
    )
    said = [gallery.identify(vectors.feature_NX[k], threshold).person for k in range(20, 60)]
    alone = [
        gallery.forget(person=who[k]).identify(vectors.feature_NX[k], threshold).person
        for k in range(20, 60)
    ]
    assert found.accepted_right == np.mean([a == b for a, b in zip(said, who[20:], strict=True)])
    assert found.refused == np.mean([person == "unknown" for person in said])
    assert found.accepted_right + found.accepted_wrong + found.refused == pytest.approx(1)
    assert found.strangers_accepted == np.mean([person != "unknown" for person in alone])


def test_a_constant_network_is_never_right() -> None:
    vectors = dataclasses.replace(at_the_door(), feature_NX=np.ones((7, 2), np.float32))
    found = open_set_scores(vectors, GENERIC, "cosine", 0.9)
    assert (found.accepted_right, found.accepted_wrong, found.strangers_accepted) == (0, 1, 1)


def test_only_strangers_or_one_person_is_an_error() -> None:
    vectors = at_the_door()
    strangers = dataclasses.replace(vectors, person_N=np.array(["a", "b", *["c"] * 5]))
    with pytest.raises(DataError, match="found 5 probes, none of a person in the gallery"):
        open_set_scores(strangers, GENERIC, "cosine", 0.9)
    alone = dataclasses.replace(vectors, person_N=np.full(7, "ann"))
    with pytest.raises(DataError, match="one person in the gallery, ann"):
        open_set_scores(alone, GENERIC, "cosine", 0.9)
