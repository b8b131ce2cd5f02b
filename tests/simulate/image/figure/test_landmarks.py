"""Landmarks lie on what is drawn, left is the person's own left, and what is hidden is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.geometry import COCO_17
from edgehuman.simulate.image.character import character
from edgehuman.simulate.image.figure.landmarks import NUM_LANDMARKS, PIECES
from edgehuman.simulate.image.figure.parts import PART
from edgehuman.simulate.image.people import PersonImage, SimulatedImages, render_person
from edgehuman.simulate.image.scene.shot import Shot

K = {name: i for i, name in enumerate(COCO_17)}
PEOPLE = SimulatedImages(12, 5, 21)

_CLOTHES = {"upper_clothes", "bag"}
_LEGS = {"trousers", "skirt", "upper_clothes"}


def allowed(name: str) -> set[str]:
    """The parts in which a visible joint may lie."""
    side = {"l": "left", "r": "right"}.get(name[0], "")
    return {
        "nose": {"face"},
        "eye": {"face"},
        "ear": {"face", "hair"},
        "shoulder": {*_CLOTHES, f"{side}_arm", "torso_skin"},
        "elbow": {*_CLOTHES, f"{side}_arm"},
        "wrist": {*_CLOTHES, f"{side}_arm"},
        "hip": {*_CLOTHES, *_LEGS, f"{side}_leg"},
        "knee": {*_LEGS, f"{side}_leg", f"{side}_shoe"},
        "ankle": {*_LEGS, f"{side}_leg", f"{side}_shoe"},
    }[name.partition("_")[2] or name]


@pytest.fixture(scope="module")
def people() -> list[PersonImage]:
    return [PEOPLE.labelled(i) for i in range(len(PEOPLE))]


def test_a_visible_joint_lies_in_its_own_part(people: list[PersonImage]) -> None:
    seen = dict.fromkeys(COCO_17, 0)
    for one in people:
        for name, (x, y, visibility) in zip(COCO_17, one.keypoint_J3.tolist(), strict=True):
            if visibility == 2:
                part = one.part_HW[round(y), round(x)]
                assert part in {PART[other] for other in allowed(name)}, (name, part)
                seen[name] += 1
    assert min(seen.values()) > 5


def test_visible_hands_feet_and_faces_lie_in_theirs(people: list[PersonImage]) -> None:
    parts = {
        "l_toe": {"left_shoe"},
        "r_toe": {"right_shoe"},
        "l_heel": {"left_shoe", "trousers"},
        "r_heel": {"right_shoe", "trousers"},
        "nose": {"face", "hair"},
        "l_wrist": {"left_arm", "upper_clothes"},
        "r_wrist": {"right_arm", "upper_clothes"},
    }
    seen = dict.fromkeys(parts, 0)
    for one in people:
        rows = zip(PIECES[17:], one.landmark_J3[17:].tolist(), strict=True)
        for piece, (x, y, visibility) in rows:
            if visibility == 2:
                part = one.part_HW[round(y), round(x)]
                assert part in {PART[other] for other in parts[piece]}, (piece, part)
                seen[piece] += 1
    assert min(seen.values()) > 10


def test_outside_the_picture_is_nothing_and_inside_is_a_place(people: list[PersonImage]) -> None:
    points = np.concatenate([one.landmark_J3 for one in people])
    outside = points[:, 2] == 0
    assert outside.any()
    assert not points[outside].any()
    assert (points[~outside, :2] > -0.5).all()
    assert (points[~outside, :2] < (127.5, 255.5)).all()
    assert set(points[:, 2].tolist()) == {0.0, 1.0, 2.0}
    assert points.shape == (len(people) * NUM_LANDMARKS, 3)
    assert NUM_LANDMARKS == 133


def plain_shot(i: int, azimuth_deg: float) -> Shot:
    shot = replace(PEOPLE.shot(i), azimuth_deg=azimuth_deg, occluder="none", activity="standing")
    return replace(shot, scale=0.9, shift=(0.0, 0.0))


@pytest.mark.parametrize(("azimuth_deg", "sign"), [(0.0, 1), (180.0, -1)])
def test_left_is_the_person_s_own(azimuth_deg: float, sign: int) -> None:
    for i in range(0, 60, 5):
        one = render_person(PEOPLE.look_seed(i), plain_shot(i, azimuth_deg))
        points = one.landmark_J3
        for part in ("shoulder", "hip", "elbow", "ankle", "ear"):
            apart = points[K[f"l_{part}"], 0] - points[K[f"r_{part}"], 0]
            assert sign * apart > 0, part
        hands = points[91:112, 0].mean() - points[112:133, 0].mean()
        feet = points[17:20, 0].mean() - points[20:23, 0].mean()
        assert sign * hands > 0
        assert sign * feet > 0
        columns = np.arange(128)
        for part in ("arm", "shoe"):
            left, right = (one.part_HW == PART[f"{s}_{part}"] for s in ("left", "right"))
            if left.any() and right.any():
                middle = [(m.sum(axis=0) * columns).sum() / m.sum() for m in (left, right)]
                assert sign * (middle[0] - middle[1]) > 0, part


def test_the_face_is_seen_from_the_front_only() -> None:
    for i in range(0, 60, 5):
        if character(PEOPLE.look_seed(i)).look.hat in ("cap", "brim"):
            continue  # from above it hides the eyes
        front, back = (render_person(PEOPLE.look_seed(i), plain_shot(i, a)) for a in (0.0, 180.0))
        for name in ("nose", "l_eye", "r_eye"):
            assert front.keypoint_J3[K[name], 2] == 2
            assert back.keypoint_J3[K[name], 2] == 1
        assert (front.landmark_J3[23:91, 2] == 2).mean() > 0.6
        assert (back.landmark_J3[23:91, 2] == 2).sum() == 0


def test_the_68_points_are_in_their_order() -> None:
    one = render_person(PEOPLE.look_seed(0), plain_shot(0, 0.0), 512, 256)
    x, y = one.landmark_J3[23:91, :2].T
    assert x[0] < x[8] < x[16]  # the jaw, from the person's right ear over the chin
    assert y[8] > max(y[0], y[16])
    assert x[36] < x[39] < x[42] < x[45]  # the right eye, then the left, from the picture's left
    assert y[27] < y[30] < y[33]  # the bridge, the tip and the base of the nose
    assert y[51] < y[57]  # upper and lower lip
    assert x[48] < x[54]  # corners of the mouth
    eyes = [np.mean(x[a:b]) for a, b in ((42, 48), (36, 42))]
    assert one.keypoint_J3[[K["l_eye"], K["r_eye"]], 0] == pytest.approx(eyes, abs=0.6)


def test_from_the_side_the_far_limbs_are_hidden_more_often() -> None:
    hidden = {"l": 0, "r": 0}
    for i in range(0, 60, 5):
        one = render_person(PEOPLE.look_seed(i), plain_shot(i, 90.0))
        for side in hidden:
            names = [K[f"{side}_{part}"] for part in ("ear", "shoulder", "elbow", "hip", "knee")]
            hidden[side] += int((one.keypoint_J3[names, 2] == 1).sum())
    assert hidden["r"] > 3 * hidden["l"]
