"""Sequence normalisation: by hand, invariant to place and size, robust to missing joints."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman.geometry import OPENPOSE_18, TRUNK_5
from edgehuman.nets.skeleton.normalise import SequenceNorm, extent

TRUNK = [OPENPOSE_18.index(name) for name in TRUNK_5]
NORMALISE = SequenceNorm()


def walk(frames: int = 9, people: int = 2) -> Tensor:
    """A person in pixels who moves to the right, every joint seen."""
    random = torch.Generator().manual_seed(0)
    skeleton_NTJ3 = torch.rand(people, frames, 18, 3, generator=random)
    skeleton_NTJ3[..., :2] = skeleton_NTJ3[..., :2] * 200 + 300
    skeleton_NTJ3[..., 0] += 4 * torch.arange(frames)[:, None]
    skeleton_NTJ3[..., 2] = 0.8
    return skeleton_NTJ3


def test_the_trunk_of_the_middle_frame_is_the_origin_and_the_unit() -> None:
    given = NORMALISE(walk())[:, 4, TRUNK]
    torch.testing.assert_close(given.mean(dim=1), torch.zeros(2, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(given.square().sum(dim=2).mean(dim=1), torch.ones(2))


def test_the_whole_walk_moves_with_its_middle_frame() -> None:
    skeleton_NTJ3 = walk()
    given = NORMALISE(skeleton_NTJ3)
    # A joint that moves 4 pixels per frame moves the same number of units in every frame.
    step = (skeleton_NTJ3[:, 1:, 3, :2] - skeleton_NTJ3[:, :-1, 3, :2]) / (
        given[:, 1:, 3] - given[:, :-1, 3]
    )
    torch.testing.assert_close(step, step[:, :1, :1].expand_as(step), rtol=1e-3, atol=0)


@pytest.mark.parametrize(("factor", "x", "y"), [(1.0, 900.0, -40.0), (0.1, 0.0, 0.0), (7, 3, 5)])
def test_normalisation_is_invariant_to_place_and_size(factor: float, x: float, y: float) -> None:
    skeleton_NTJ3 = walk()
    skeleton_NTJ3[0, 2, 5] = 0
    moved_NTJ3 = skeleton_NTJ3.clone()
    moved_NTJ3[..., :2] = moved_NTJ3[..., :2] * factor + torch.tensor([x, y])
    moved_NTJ3[0, 2, 5] = 0
    torch.testing.assert_close(
        NORMALISE(moved_NTJ3), NORMALISE(skeleton_NTJ3), atol=2e-4, rtol=1e-3
    )


@pytest.mark.parametrize(
    "unseen",
    [(1e6, float("nan"), 0.0), (0.0, 0.0, 0.9), (float("nan"), 300.0, 0.9), (5.0, 5.0, 0.0)],
)
def test_an_unseen_joint_says_nothing(unseen: tuple[float, float, float]) -> None:
    """However a detector says that it did not find a joint."""
    skeleton_NTJ3 = walk()
    skeleton_NTJ3[0, 2, 7] = 0.0
    expected = NORMALISE(skeleton_NTJ3)
    skeleton_NTJ3[0, 2, 7] = torch.tensor(unseen)
    torch.testing.assert_close(NORMALISE(skeleton_NTJ3), expected, atol=0, rtol=0)


def test_a_joint_that_nothing_is_known_of_is_the_origin() -> None:
    skeleton_NTJ3 = walk()
    for name in ("r_hip", "l_hip", "r_knee", "l_knee", "r_ankle", "l_ankle"):
        skeleton_NTJ3[0, :, OPENPOSE_18.index(name)] = 0.0
    legs = [j for j, name in enumerate(OPENPOSE_18) if name[2:] in ("hip", "knee", "ankle")]
    given = NORMALISE(skeleton_NTJ3)
    assert given[0, :, legs].abs().max() == 0
    assert given[0, :, 0].abs().min() > 0


def test_a_trunk_joint_lost_in_the_middle_frame_is_filled_in() -> None:
    skeleton_NTJ3 = walk(people=1)
    still = skeleton_NTJ3.clone()
    still[..., :2] = still[:, 4:5, :, :2]
    lost = still.clone()
    lost[0, 4, TRUNK[0]] = 0
    torch.testing.assert_close(NORMALISE(lost), NORMALISE(still), atol=1e-5, rtol=0)


def test_mean_and_distance_of_two_joints_by_hand() -> None:
    xy_NJ2 = torch.tensor([[[0.0, 0.0], [6.0, 8.0], [99.0, 99.0]]])
    centre_N2, unit_N = extent(xy_NJ2, torch.tensor([[1.0, 1.0, 0.0]]))
    assert centre_N2.tolist() == [[3, 4]]
    assert unit_N.tolist() == [5]


def test_without_a_trunk_all_joints_are_used() -> None:
    skeleton_NTJ3 = walk()
    skeleton_NTJ3[:, :, TRUNK] = 0
    given = NORMALISE(skeleton_NTJ3)[:, 4]
    rest = [j for j in range(18) if j not in TRUNK]
    torch.testing.assert_close(given.mean(dim=1), torch.zeros(2, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(given[:, rest].square().sum(dim=2).mean(dim=1), torch.ones(2))


def test_empty_and_single_point_skeletons_give_zeros() -> None:
    nobody_NTJ3 = torch.zeros(1, 8, 18, 3)
    assert NORMALISE(nobody_NTJ3).abs().max() == 0
    point_NTJ3 = nobody_NTJ3.clone()
    point_NTJ3[0, 3, 4] = torch.tensor([700.0, 300.0, 0.9])
    assert NORMALISE(point_NTJ3).abs().max() == 0


def test_a_far_joint_is_clamped_to_the_limit() -> None:
    skeleton_NTJ3 = walk()
    skeleton_NTJ3[0, 1, 2, 0] = 1e9
    assert NORMALISE(skeleton_NTJ3).max() == 32
    skeleton_NTJ3[0, 1, 2, 0] = -1e9
    assert NORMALISE(skeleton_NTJ3).min() == -32


def test_one_frame_is_its_own_middle() -> None:
    assert NORMALISE(walk(frames=1)).isfinite().all()
