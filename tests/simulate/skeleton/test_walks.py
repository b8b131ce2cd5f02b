"""Simulated skeletons: who they are, what a camera makes of them, and what never changes."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.records import Float32, Float64
from edgehuman.simulate.body.crowd import BONES, pose_walks
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.gait.strollers import (
    NUM_DAY_NORMALS,
    NUM_DAY_UNIFORMS,
    num_knots,
    plan_walks,
    sample_stroller,
)
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import SimulatedSkeletons, simulate_skeletons

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_EXACT = Detector(noise=0, bias=0, dropped=0, swapped=0)
_SIDE = Cameras(views_deg=(90.0,), view_spread_deg=0.0)


@pytest.fixture(scope="module")
def walks() -> SimulatedSkeletons:
    return simulate_skeletons(6, 4, seed=1)


def test_walks_are_records_inside_the_picture(walks: SimulatedSkeletons) -> None:
    assert walks.skeleton_NTJ3.shape == (24, 96, 18, 3)
    assert walks.skeleton_NTJ3.dtype == np.float32
    assert walks.person_N.tolist() == [who for who in range(6) for _ in range(4)]
    assert walks.condition_N.tolist()[:4] == ["nm", "nm", "bg", "cl"]
    assert len(set(walks.view_deg_N[:4].tolist())) == 4
    sure = walks.skeleton_NTJ3[..., 2]
    assert 0.6 < sure.mean() < 0.9
    assert sure.max() <= 1.0
    seen = walks.skeleton_NTJ3[sure > 0]
    # Noise may push a joint a little over the edge; walks themselves stay inside.
    assert ((seen[:, 0] > -20) & (seen[:, 0] < 1940)).all()
    assert ((seen[:, 1] > -20) & (seen[:, 1] < 1100)).all()


def test_a_walk_depends_on_seed_person_and_number_alone(walks: SimulatedSkeletons) -> None:
    alone = simulate_skeletons(1, 2, seed=1, first_person=4)
    np.testing.assert_array_equal(alone.skeleton_NTJ3, walks.skeleton_NTJ3[16:18])
    other = simulate_skeletons(1, 2, seed=2, first_person=4)
    assert np.abs(other.skeleton_NTJ3 - alone.skeleton_NTJ3).max() > 10.0


def test_y_is_downwards_and_sides_are_the_persons_own() -> None:
    front = simulate_skeletons(
        8, 1, 0, cameras=Cameras(views_deg=(0.0,), view_spread_deg=0.0), detector=_EXACT
    ).skeleton_NTJ3
    nose, ankle = front[:, :, _JOINT["nose"]], front[:, :, _JOINT["l_ankle"]]
    assert (nose[..., 1] < ankle[..., 1]).all()
    # In front of the camera, the person's left is on the right of the picture.
    assert (front[:, :, _JOINT["l_shoulder"], 0] > front[:, :, _JOINT["r_shoulder"], 0]).all()
    # Someone who walks towards the camera grows.
    tall = ankle[..., 1] - nose[..., 1]
    assert (np.median(tall[:, -32:], axis=1) > 1.1 * np.median(tall[:, :32], axis=1)).all()
    behind = simulate_skeletons(
        8, 1, 0, cameras=Cameras(views_deg=(180.0,), view_spread_deg=0.0), detector=_EXACT
    ).skeleton_NTJ3
    assert (behind[:, :, _JOINT["l_shoulder"], 0] < behind[:, :, _JOINT["r_shoulder"], 0]).all()
    assert behind[..., _JOINT["nose"], 2].mean() < front[..., _JOINT["nose"], 2].mean() - 0.2


def test_the_neck_is_the_mean_of_the_shoulders(walks: SimulatedSkeletons) -> None:
    frame = walks.skeleton_NTJ3.reshape(-1, 18, 3)
    right, left, neck = (frame[:, _JOINT[name]] for name in ("r_shoulder", "l_shoulder", "neck"))
    found = neck[:, 2] > 0
    np.testing.assert_allclose(neck[found, :2], 0.5 * (right + left)[found, :2], atol=1e-3)
    assert ((right[:, 2] == 0) | (left[:, 2] == 0))[~found].all()


def test_confidence_falls_with_noise_and_lost_joints_are_zero() -> None:
    poor = simulate_skeletons(4, 2, 0, detector=Detector(noise=3, dropped=1.5)).skeleton_NTJ3
    good = simulate_skeletons(4, 2, 0, detector=Detector(noise=0.3, dropped=0)).skeleton_NTJ3
    assert poor[..., 2].mean() < good[..., 2].mean() - 0.1
    assert (good[..., 2] > 0).all()
    lost = poor[..., 2] == 0
    assert 0.01 < lost.mean() < 0.3
    assert not poor[lost].any()


def test_noise_is_correlated_in_time() -> None:
    exact = simulate_skeletons(4, 2, 0, cameras=_SIDE, detector=_EXACT).skeleton_NTJ3
    noisy = simulate_skeletons(
        4, 2, 0, cameras=_SIDE, detector=Detector(bias=0, dropped=0, swapped=0)
    ).skeleton_NTJ3
    error = (noisy - exact)[..., :2]
    neighbours = (error[:, 1:] * error[:, :-1]).mean() / (error**2).mean()
    apart = (error[:, 24:] * error[:, :-24]).mean() / (error**2).mean()
    assert 0.5 < neighbours < 0.95
    assert abs(apart) < 0.1


def test_sides_are_swapped_now_and_then_in_side_views() -> None:
    exact = simulate_skeletons(8, 4, 0, cameras=_SIDE, detector=_EXACT).skeleton_NTJ3
    swapped = simulate_skeletons(
        8, 4, 0, cameras=_SIDE, detector=Detector(noise=0, bias=0, dropped=0)
    ).skeleton_NTJ3
    changed = (exact != swapped).any(axis=(2, 3))
    assert 0.001 < changed.mean() < 0.2
    legs = [_JOINT[f"{side}_{name}"] for side in "rl" for name in ("knee", "ankle")]
    flipped = exact[:, :, flip_indices("openpose18")]
    back = (swapped[:, :, legs, :2] == flipped[:, :, legs, :2]).all(axis=(2, 3))
    assert back.any()


def test_bones_keep_their_length_and_feet_their_ground() -> None:
    strollers = [sample_stroller(0, i) for i in range(5)]
    rng = np.random.default_rng(0)
    plan = plan_walks(
        strollers,
        np.array([0, 1, 1, 2, 0]),
        rng.standard_normal((5, NUM_DAY_NORMALS)),
        rng.random((5, NUM_DAY_UNIFORMS)),
        rng.standard_normal((5, num_knots(96, 24.0))),
        96,
        24.0,
    )
    joints, ahead = pose_walks(plan)
    thigh_m = np.linalg.norm(joints[_JOINT["r_hip"]] - joints[_JOINT["r_knee"]], axis=0)
    wanted = np.array([one.bone_m_B[BONES.index("thigh")] for one in strollers])
    np.testing.assert_allclose(thigh_m, np.repeat(wanted[:, None], 96, axis=1), rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(ahead, axis=0), 1.0, rtol=1e-9)
    # A foot that stands does not move: over the walk, each foot stands still half of the time.
    still = np.abs(np.diff(joints[_JOINT["l_ankle"], 0], axis=-1)) < 0.004
    assert 0.3 < still.mean() < 0.7
    assert (joints[_JOINT["l_ankle"], 2] > 0.0).all()


def _bone_lengths(skeleton_NTJ3: Float32) -> Float64:
    pairs = (("neck", "nose"), ("r_shoulder", "l_shoulder"), ("r_hip", "r_knee"),
             ("r_knee", "r_ankle"), ("l_hip", "l_knee"), ("l_knee", "l_ankle"),
             ("r_shoulder", "r_elbow"), ("l_shoulder", "l_elbow"))  # fmt: skip
    ends = [skeleton_NTJ3[:, :, [_JOINT[a], _JOINT[b]], :2] for a, b in (*pairs, ("neck", "l_hip"))]
    lengths = np.stack([np.linalg.norm(e[:, :, 0] - e[:, :, 1], axis=-1) for e in ends], -1)
    middle = np.median(lengths.astype(np.float64), axis=1)
    made: Float64 = middle[:, :-1] / middle[:, -1:]
    return made


def test_who_walks_shows_but_bones_alone_do_not_tell() -> None:
    """Within one view bone lengths name a few of 60 people, over chance and far from all."""
    made = simulate_skeletons(60, 2, 0, conditions=("nm",), cameras=_SIDE).skeleton_NTJ3
    bone = _bone_lengths(made)
    gallery, probe = bone[0::2], bone[1::2]
    apart = (((probe[:, None] - gallery[None]) / gallery.std(axis=0)) ** 2).sum(-1)
    rank1 = float((apart.argmin(axis=1) == np.arange(60)).mean())
    assert 3 / 60 <= rank1 <= 0.5


def test_rate_and_length_are_as_asked() -> None:
    slow = simulate_skeletons(2, 1, 0, frames=50, rate_hz=12.5, detector=_EXACT, cameras=_SIDE)
    assert slow.skeleton_NTJ3.shape[1] == 50
    assert slow.rate_hz == 12.5
    # 4 s of walking: some 3.5 strides, so a knee angle's strongest wave is near that.
    ankle = slow.skeleton_NTJ3[..., _JOINT["l_ankle"], 1].astype(np.float64)
    hip = slow.skeleton_NTJ3[..., _JOINT["l_hip"], 1]
    power = np.abs(np.fft.rfft(ankle - hip - (ankle - hip).mean(axis=1, keepdims=True), axis=1))
    assert set(power[:, 1:].argmax(axis=1) + 1) <= {3, 4}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_people": 0}, "num_people is 0"),
        ({"each": 1.5}, "each is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"frames": 1}, "frames is 1"),
        ({"rate_hz": 2.0}, "rate_hz is 2.0"),
        ({"conditions": ("nm", "hat")}, "hat"),
    ],
)
def test_wrong_numbers_are_named(change: dict[str, object], said: str) -> None:
    words: dict[str, object] = {"num_people": 1, "each": 1, "seed": 0, **change}
    with pytest.raises(UsageError, match=said):
        simulate_skeletons(**words)  # type: ignore[arg-type]


def test_wrong_cameras_and_detectors_are_named() -> None:
    with pytest.raises(UsageError, match="views_deg"):
        Cameras(views_deg=())
    with pytest.raises(UsageError, match="distance_m"):
        Cameras(distance_m=(1.0, 5.0))
    with pytest.raises(UsageError, match="noise is -1"):
        Detector(noise=-1)
