"""What a detector makes of a walk: by hand, with and without each kind of mistake."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Bool, Float32, Index
from edgehuman.simulate.gait.pinhole import Seen
from edgehuman.simulate.skeleton.detector import Detector, Kind, detect, hidden, num_normals

J = {name: i for i, name in enumerate(OPENPOSE_18)}
FRAMES, RATE_HZ = 48, 24.0
EXACT = Detector(noise=0, bias=0, spread=0, dropped=0, swapped=0)
NO_COAT = np.zeros(1, np.bool_)


def seen(facing: float = 1.0, left: float = 0.0, behind_m: float = 0.0) -> Seen:
    """Somebody 200 pixels tall who stands still; the right side is `behind_m` behind the hips."""
    pixel = np.zeros((2, 1, 18, FRAMES))
    pixel[0] = (10.0 * np.arange(18))[:, None]
    pixel[1] = (5.0 * np.arange(18))[:, None]
    depth = np.zeros((1, 18, FRAMES))
    depth[:, [i for name, i in J.items() if name.startswith("r_")]] = behind_m
    full = np.ones((1, FRAMES))
    return Seen(pixel, facing * full, left * full, depth, np.array([200.0]), np.array([900.0]))


def normals(seed: int | None = None) -> Float32:
    count = num_normals(FRAMES, RATE_HZ)
    if seed is None:
        return np.zeros((1, count), np.float32)
    return np.random.default_rng(seed).standard_normal((1, count)).astype(np.float32)


def detected(
    watched: Seen, detector: Detector, seed: int | None = 0, coat_N: Bool = NO_COAT
) -> Float32:
    [made] = detect(watched, coat_N, normals(seed), RATE_HZ, detector)
    return np.asarray(made, np.float32)


def test_an_exact_detector_sees_what_is_there() -> None:
    made = detected(seen(), EXACT)
    assert made.shape == (FRAMES, 18, 3)
    rest = [i for name, i in J.items() if name != "neck"]
    assert made[:, rest, 0] == pytest.approx(np.tile(10.0 * np.array(rest), (FRAMES, 1)))
    assert made[:, rest, 1] == pytest.approx(np.tile(5.0 * np.array(rest), (FRAMES, 1)))
    middle = 0.5 * (made[:, J["r_shoulder"]] + made[:, J["l_shoulder"]])
    assert made[:, J["neck"], :2] == pytest.approx(middle[:, :2])


def test_confidence_is_that_of_a_good_detector_less_what_is_hidden() -> None:
    sure = detected(seen(), EXACT, seed=None)[0, :, 2]
    assert sure[J["nose"]] == pytest.approx(0.93, abs=0.01)
    assert sure[J["r_knee"]] == pytest.approx(0.93 - 0.35 * 0.0, abs=0.05)
    away = detected(seen(facing=-1.0), EXACT, seed=None)[0, :, 2]
    assert away[J["nose"]] == pytest.approx(0.93 - 0.35, abs=0.01)
    assert away[J["l_hip"]] == pytest.approx(sure[J["l_hip"]])


def test_the_far_side_is_hidden_in_side_views_only() -> None:
    from_left = hidden(seen(facing=0.0, left=1.0, behind_m=0.4))[0, :, 0]
    assert from_left[J["r_wrist"]] == pytest.approx(0.9, abs=0.01)
    assert from_left[J["r_hip"]] == pytest.approx(0.5, abs=0.01)
    assert from_left[J["l_wrist"]] < 0.1
    assert from_left[J["neck"]] == 0.0
    assert from_left[J["l_ear"]] < 0.01 < 0.9 < from_left[J["r_ear"]]
    from_front = hidden(seen(behind_m=0.4))[0, :, 0]
    assert from_front[J["r_wrist"]] == 0.0


def test_noise_is_a_fraction_of_the_person_and_wrists_have_most() -> None:
    exact = detected(seen(), EXACT)[..., :2]
    many = np.stack(
        [
            detected(seen(), replace(EXACT, noise=1.0), seed=seed)[..., :2] - exact
            for seed in range(40)
        ]
    )
    std = many.std(axis=(0, 1, 3))
    # 200 pixels x 0.007 and half a pixel, times what moves (0.8 slow, 0.35 at once).
    assert std[J["r_wrist"]] == pytest.approx(1.9 * np.hypot(0.8, 0.35), rel=0.15)
    assert std[J["nose"]] == pytest.approx(1.12 * np.hypot(0.8, 0.35), rel=0.15)
    assert std[J["r_wrist"]] > std[J["r_shoulder"]] > std[J["nose"]]


def test_a_bias_stays_for_the_whole_walk() -> None:
    off = (detected(seen(), replace(EXACT, bias=1.0)) - detected(seen(), EXACT))[..., :2]
    assert off.std(axis=0).max() < 1e-3
    assert 0.05 < np.abs(off[0]).mean() < 1.0


def test_a_coat_widens_shoulders_and_lowers_hips() -> None:
    bare, coat = (detected(seen(), EXACT, None, np.array([worn])) for worn in (False, True))
    neck = (10.0 * J["neck"], 5.0 * J["neck"])
    shoulder = bare[0, J["l_shoulder"], :2]
    assert coat[0, J["l_shoulder"], :2] == pytest.approx(shoulder + 0.07 * (shoulder - neck))
    hip, knee = bare[0, J["r_hip"], :2], bare[0, J["r_knee"], :2]
    assert coat[0, J["r_hip"], :2] == pytest.approx(hip + 0.04 * (knee - hip))
    assert coat[0, J["r_elbow"]] == pytest.approx(bare[0, J["r_elbow"]] - [0, 0, 0.03], abs=1e-5)


def test_lost_joints_are_all_zero_and_take_the_neck_with_them() -> None:
    made = np.concatenate([detected(seen(), replace(EXACT, dropped=3.0), seed=s) for s in range(5)])
    lost = made[..., 2] == 0
    assert 0.001 < lost.mean() < 0.5
    assert not made[lost].any()
    shoulders = lost[:, J["r_shoulder"]] | lost[:, J["l_shoulder"]]
    assert (lost[:, J["neck"]] == shoulders).all()
    assert not (detected(seen(), EXACT)[..., 2] == 0).any()


def test_swapped_sides_are_whole_legs_or_arms_in_side_views() -> None:
    watched = seen(facing=0.0, left=1.0)
    exact = detected(watched, EXACT, None)
    both = [J[f"{side}_{name}"] for side in "rl" for name in ("knee", "ankle")]
    changed_frames = 0
    for seed in range(40):
        made = detected(watched, replace(EXACT, swapped=10.0), seed)
        changed = (np.abs(made - exact)[..., :2] > 1e-3).any(axis=-1)
        legs = changed[:, both]
        assert (legs.all(axis=1) | ~legs.any(axis=1)).all()
        assert not changed[:, J["nose"]].any()
        changed_frames += int(legs.any(axis=1).sum())
    assert changed_frames > 0


def test_a_poor_walk_is_less_sure() -> None:
    values = normals()
    values[0, 0] = 2.0  # its quality: exp(spread x 2)
    poor = detect(seen(), NO_COAT, values, RATE_HZ, replace(EXACT, spread=0.35))[0]
    assert poor[0, J["nose"], 2] == pytest.approx(0.93 - 0.10 * (np.exp(0.7) - 1.0), abs=0.01)


@pytest.mark.parametrize("name", ["noise", "bias", "spread", "dropped", "swapped"])
def test_a_detector_that_is_none(name: str) -> None:
    for value in (-0.1, 10.1, float("nan")):
        changes: dict[str, Any] = {name: value}
        with pytest.raises(UsageError, match=f"{name} is"):
            Detector(**changes)


def test_the_students_errors_are_the_measured_ones() -> None:
    student = Detector(bias=0, spread=0, dropped=0, swapped=0, kind="student")
    off = np.concatenate([
        detect(seen(), NO_COAT, normals(seed), RATE_HZ, student)[0, :, :, :2]
        - detect(seen(), NO_COAT, normals(seed), RATE_HZ, EXACT)[0, :, :, :2]
        for seed in range(40)
    ])  # fmt: skip
    # In percent of 200 pixels, but for half a pixel of rounding: those of docs/gait.md.
    spread_J = 100 * off.std(axis=(0, 2)) / 200
    for name, expected in (("nose", 1.0), ("l_shoulder", 1.55), ("l_hip", 1.8), ("l_knee", 1.6)):
        assert spread_J[J[name]] == pytest.approx(expected + 0.22, rel=0.1)


def test_a_detector_of_no_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="kind is 'best'; a detector's kind is one of teacher"):
        Detector(kind="best")  # type: ignore[arg-type]


def test_both_kinds_take_turns_by_the_number_of_the_walk() -> None:
    two = [normals(seed)[0] for seed in (0, 1)]
    pair = Seen(*(np.repeat(each, 2, axis=axis) for each, axis in zip(_fields(seen()),
                (1, 0, 0, 0, 0, 0), strict=True)))  # fmt: skip
    coats = np.zeros(2, np.bool_)

    def made(kind: Kind, walk_N: Index | None = None) -> Float32:
        return detect(pair, coats, np.stack(two), RATE_HZ, Detector(kind=kind), walk_N)

    teacher, student = made("teacher"), made("student")
    assert not np.allclose(teacher, student)
    even_then_odd = np.stack([teacher[0], student[1]])
    assert np.array_equal(made("both"), even_then_odd)
    assert np.array_equal(made("both", np.array([4, 7])), even_then_odd)
    assert np.array_equal(made("both", np.array([3, 2])), np.stack([student[0], teacher[1]]))


def _fields(made: Seen) -> list[np.ndarray[Any, Any]]:
    return [getattr(made, each.name) for each in fields(made)]
