"""Walks judged by a network that a person can compute."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.gait.score import halved, judged_walks, protocol_of, score_walks
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float32


def figure(arm: float, leg: float, x: float = 0.0) -> Float32:
    """A matchstick man: all of one confidence."""
    joint_J3 = np.zeros((18, 3), np.float32)
    joint_J3[:, 2] = 0.9
    places = {
        "nose": (0, -10), "neck": (0, 0), "r_shoulder": (-10, 0), "l_shoulder": (10, 0),
        "r_elbow": (-10, arm), "l_elbow": (10, arm), "r_wrist": (-10, 2 * arm),
        "l_wrist": (10, 2 * arm), "r_hip": (-5, 30), "l_hip": (5, 30), "r_knee": (-5, 30 + leg),
        "l_knee": (5, 30 + leg), "r_ankle": (-5, 30 + 2 * leg), "l_ankle": (5, 30 + 2 * leg),
    }  # fmt: skip
    for name, place in places.items():
        joint_J3[OPENPOSE_18.index(name), :2] = place
    joint_J3[:, 0] += x
    return joint_J3


def walks_of(
    people: dict[str, tuple[float, float]], each: int, frames: int = 8, name: str = "made"
) -> SkeletonSet:
    """Walks whose arms and legs are the person's own; the first walk is the gallery."""
    rng = np.random.default_rng(0)
    skeletons, rows = [], []
    for person, (arm, leg) in people.items():
        for walk in range(each):
            made = np.stack([figure(arm, leg, x=3.0 * t) for t in range(frames)])
            made[..., :2] += 0.05 * rng.standard_normal(made[..., :2].shape).astype(np.float32)
            skeletons.append(made)
            role = "gallery" if walk == 0 else "probe"
            rows.append((person, f"{person}-{walk}", f"nm-{walk + 1:02d}", role))
    person_N, sequence_N, condition_N, role_N = (np.array(c) for c in zip(*rows, strict=True))
    count = len(rows)
    return SkeletonSet(
        name=name,
        skeleton_SJ3=np.concatenate(skeletons).astype(np.float32),
        length_N=np.full(count, frames),
        person_N=person_N,
        sequence_N=sequence_N,
        view_N=np.full(count, "000"),
        condition_N=condition_N,
        role_N=role_N,
        rate_hz_N=np.full(count, 24.0),
        image_size_N2=np.zeros((count, 2), np.int64),
    )


PEOPLE = {"ann": (10.0, 20.0), "bob": (14.0, 20.0), "cem": (10.0, 28.0)}


def arm_and_leg(window_NTJ3: Float32) -> Float32:
    """Lengths of the right upper arm and of the right thigh."""
    ends = [OPENPOSE_18.index(name) for name in ("r_shoulder", "r_elbow", "r_hip", "r_knee")]
    place = window_NTJ3[:, :, ends, :2].mean(axis=1)
    return np.asarray(np.linalg.norm(place[:, 1::2] - place[:, ::2], axis=2), np.float32)


def test_a_network_that_sees_the_difference_finds_everybody() -> None:
    found = score_walks(walks_of(PEOPLE, 3), arm_and_leg, 4, "euclidean")
    assert (found.protocol, found.too_short) == ("gallery-probe", 0)
    assert found.scores.metrics["rank1"] == 1.0
    assert found.scores.metrics["map"] == 1.0
    assert (found.scores.gallery, found.scores.probes, found.scores.people) == (3, 6, 3)
    assert "made: 6 probes in a gallery of 3 walks of 3 people" in found.said


def test_a_constant_network_is_worth_nothing() -> None:
    def constant(window_NTJ3: Float32) -> Float32:
        return np.ones((len(window_NTJ3), 2), np.float32)

    assert score_walks(walks_of(PEOPLE, 2), constant, 4).scores.metrics["rank1"] == 0.0


def test_short_walks_are_left_out_and_counted() -> None:
    walks = walks_of(PEOPLE, 3)
    short = dataclasses.replace(
        walks,
        skeleton_SJ3=walks.skeleton_SJ3[:-6],
        length_N=np.array([*walks.length_N[:-1], walks.length_N[-1] - 6]),
    )
    found = score_walks(short, arm_and_leg, 4, "euclidean")
    assert (found.too_short, found.scores.probes) == (1, 5)


def test_a_datasets_own_protocol_is_taken_and_a_copy_with_roles_alone_is_judged_by_them() -> None:
    own = walks_of(PEOPLE, 6, name="CASIA-B")
    assert protocol_of(own) == "casia-b"
    assert len(judged_walks(own, "casia-b")) == 18
    bare = dataclasses.replace(own, condition_N=np.full(len(own), ""))
    assert protocol_of(bare) == "gallery-probe"
    assert protocol_of(walks_of(PEOPLE, 2, name="gait3d")) == "gait3d"
    assert protocol_of(own, "cross-view") == "cross-view"
    with pytest.raises(UsageError, match="unknown protocol 'best'; valid: casia-b"):
        protocol_of(own, "best")


def test_halves_leave_out_who_walks_once() -> None:
    walks = walks_of(PEOPLE, 3).subset([0, 1, 2, 3, 4, 6])
    assert halved(walks).role_N.tolist() == ["gallery", "gallery", "probe", "gallery", "probe", ""]


def test_one_person_alone_is_no_test() -> None:
    alone = walks_of({"ann": PEOPLE["ann"]}, 3)
    with pytest.raises(DataError, match=r"one person in the gallery, ann: .* at least two people"):
        score_walks(alone, arm_and_leg, 4)
    with pytest.raises(DataError, match="one person in the gallery, ann"):
        judged_walks(alone, "gallery-probe")


def test_an_identity_with_one_walk_cannot_be_found() -> None:
    with pytest.raises(DataError, match="no probes"):
        score_walks(walks_of(PEOPLE, 1), arm_and_leg, 4)
