"""Skeleton augmentations: each kind, and that unseen joints stay unseen."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgehuman.bench.targets import skeleton_augment as per_sample
from edgehuman.errors import UsageError
from edgehuman.training.skeleton import augment as batched
from edgehuman.training.skeleton.augment import Draws, SkeletonAugment, augment

R_WRIST, L_WRIST = 4, 7
STILL = {"backwards": 0.0, "mirror": 0.0, "smooth": 0.0, "joint_shift": 0.0, "joint_noise": 0.0}


def walk(frames: int = 20, count: int = 1) -> torch.Tensor:
    """Every joint moves right by one pixel per frame; joint j is 10 j pixels below the first."""
    skeleton = torch.ones(count, frames, 18, 3)
    skeleton[..., 0] = torch.arange(frames)[:, None] + 100
    skeleton[..., 1] = 10 * torch.arange(18)
    return skeleton


def draws(position: torch.Tensor, **changes: torch.Tensor) -> Draws:
    """Return draws that only resample, unless overridden."""
    count, frames = position.shape
    still = {
        "mirrored_N": torch.zeros(count, dtype=torch.bool),
        "sigma_N": torch.zeros(count),
        "shift_2NJ": torch.zeros(2, count, 18),
        "noise_2NTJ": torch.zeros(2, count, frames, 18),
        "lost_NTJ": torch.zeros(count, 1, 18, dtype=torch.bool),
        "limit_N": torch.zeros(count),
    }
    return Draws(position, **{**still, **changes}, reach=2)


def test_reading_interpolates_between_frames() -> None:
    position_NT = torch.tensor([[0.0, 1.5, 19.0]])
    read = augment(walk(), draws(position_NT))
    assert read[0, :, 0, 0].tolist() == [100.0, 101.5, 119.0]
    assert read[0, :, 3, 1].tolist() == [30.0, 30.0, 30.0]


def test_the_nearer_frame_decides_whether_a_joint_was_seen() -> None:
    source = walk(4)
    source[0, 1, R_WRIST] = torch.tensor([777.0, 777.0, 0.0])
    read = augment(source, draws(torch.tensor([[0.25, 0.75, 1.25, 1.75]])))[0, :, R_WRIST]
    assert read.tolist() == [[100.0, 40.0, 1.0], [0.0] * 3, [0.0] * 3, [102.0, 40.0, 1.0]]


def test_mirroring_swaps_sides_about_the_middle_of_the_body() -> None:
    source = walk(2)
    source[..., 0] = 100.0
    source[..., R_WRIST, 0], source[..., L_WRIST, 0] = 82.0, 100.0
    # The mean x of 18 joints of which one is 18 px to the left: 99.
    yes = torch.tensor([True])
    mirrored = augment(source, draws(torch.tensor([[0.0, 1.0]]), mirrored_N=yes))
    assert mirrored[0, 0, L_WRIST, 0].item() == pytest.approx(2 * 99 - 82, abs=1e-4)
    assert mirrored[0, 0, L_WRIST, 1].item() == 10 * R_WRIST
    assert mirrored[0, 0, R_WRIST, 0].item() == pytest.approx(2 * 99 - 100, abs=1e-4)


def test_runs_of_joints_give_the_swap_of_the_geometry() -> None:
    joint_J = torch.arange(18)
    swapped = torch.cat([joint_J[run] for run in batched.swapped_runs()])
    assert swapped.tolist() == [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]


def test_noise_is_a_share_of_the_height() -> None:
    shift_2NJ = torch.zeros(2, 1, 18)
    shift_2NJ[:, 0, 5] = torch.tensor([0.1, -0.2])
    moved = augment(walk(2), draws(torch.tensor([[0.0, 1.0]]), shift_2NJ=shift_2NJ))
    # From joint 0 to joint 17 the skeleton is 170 px high.
    torch.testing.assert_close(moved[0, 0, 5, :2], torch.tensor([100 + 17.0, 50 - 34.0]))
    assert moved[0, 0, 6, 0].item() == 100.0


def test_smoothing_averages_seen_frames_only() -> None:
    source = walk(3)
    source[0, :, 0, 0] = torch.tensor([0.0, 999.0, 6.0])
    source[0, 1, 0, 2] = 0.0
    read = draws(torch.tensor([[0.0, 1.0, 2.0]]), sigma_N=torch.tensor([1.0]))
    smoothed = augment(source, read)[0, :, 0]
    weight = float(np.exp(-2.0))  # of a frame two away, at a standard deviation of one frame
    assert smoothed[0, 0].item() == pytest.approx(6 * weight / (1 + weight), rel=1e-5)
    assert smoothed[1].tolist() == [0.0, 0.0, 0.0]
    assert smoothed[2, 2].item() == 1.0


def test_crop_and_pace_stay_inside_and_can_reverse() -> None:
    torch.manual_seed(0)
    maker = SkeletonAugment(frames=10, pace=2.0, **{**STILL, "backwards": 0.5})
    position_NT = maker.draw(torch.full((500,), 30), 18).position_NT
    speed_N = (position_NT[:, 1] - position_NT[:, 0]).abs()
    assert position_NT.min() >= 0
    assert position_NT.max() <= 29
    assert speed_N.min() == pytest.approx(0.5, abs=0.02)
    assert speed_N.max() == pytest.approx(2.0, abs=0.06)
    assert 0.4 < (position_NT[:, 1] < position_NT[:, 0]).float().mean() < 0.6
    assert maker.source_frames == 19


def test_a_short_sequence_is_read_more_slowly() -> None:
    maker = SkeletonAugment(frames=10, pace=2.0, **STILL)
    position_NT = maker.draw(torch.full((50,), 4), 18).position_NT
    assert position_NT.max() <= 3
    assert maker(walk(4), torch.tensor([4])).shape == (1, 10, 18, 3)


def test_frames_beyond_the_length_are_never_read() -> None:
    source = walk(12, count=40)
    source[:, 6:] = float("nan")
    # Most of these would go beyond the end, and are slowed down to end in the last frame.
    made = SkeletonAugment(frames=5, pace=4.0)(source, torch.full((40,), 6))
    assert made.isfinite().all()


@pytest.mark.parametrize("seen", ["some", "none"])
def test_unseen_joints_stay_unseen_with_any_coordinates(seen: str) -> None:
    torch.manual_seed(0)
    source = 100 + 50 * torch.rand(8, 30, 18, 3)
    source[..., 2] = torch.rand(8, 30, 18) > (0.3 if seen == "some" else 2.0)
    nonsense = torch.where(source[..., 2:] > 0, source[..., :2], -5000.0)
    made = SkeletonAugment(frames=16)(
        torch.cat([nonsense, source[..., 2:]], dim=3), torch.full((8,), 30)
    )
    dropped = made[..., 2] == 0
    assert dropped.any()
    assert (made[dropped] == 0).all()
    assert (made[~dropped][:, :2] > 0).all()


def test_batched_and_per_sample_agree_on_the_same_draws() -> None:
    torch.manual_seed(1)
    source = 300 * torch.rand(12, 40, 18, 3)
    source[..., 2] = (torch.rand(12, 40, 18) > 0.2) * torch.rand(12, 40, 18)
    drawn = SkeletonAugment(frames=24).draw(torch.full((12,), 40), 18)
    assert drawn.mirrored_N.any()
    assert (drawn.sigma_N > 0).any()
    made = augment(source, drawn)
    for i in range(12):
        one = per_sample.augment_one(
            source[i].numpy(),
            per_sample.Drawn(
                drawn.position_NT[i].numpy(),
                bool(drawn.mirrored_N[i]),
                float(drawn.sigma_N[i]),
                drawn.shift_2NJ[:, i].permute(1, 0).numpy(),
                drawn.noise_2NTJ[:, i].permute(1, 2, 0).numpy(),
                drawn.reach,
            ),
        )
        np.testing.assert_allclose(made[i].numpy(), one, rtol=1e-4, atol=2e-3)


def test_splitting_a_batch_changes_nothing() -> None:
    count = 2 * batched.PART + 5
    source = 300 * torch.rand(count, 20, 18, 3)
    maker, length_N = SkeletonAugment(frames=12), torch.full((count,), 20)
    torch.manual_seed(3)
    made = maker(source, length_N)
    torch.manual_seed(3)
    torch.testing.assert_close(made, augment(source, maker.draw(length_N, 18)), rtol=0, atol=0)


def test_wrong_strengths_name_the_flag_and_the_rule() -> None:
    with pytest.raises(UsageError, match=r"--pace is 0.5; it must be 1 or more"):
        SkeletonAugment(pace=0.5)
    with pytest.raises(UsageError, match=r"--mirror is 1.5; it must be a share from 0 to 1"):
        SkeletonAugment(mirror=1.5)


def test_lost_and_unsure_joints_become_unseen() -> None:
    source, lost_NTJ = walk(4), torch.zeros(1, 4, 18, dtype=torch.bool)
    lost_NTJ[0, 2, R_WRIST] = True
    source[..., L_WRIST, 2] = torch.tensor([0.2, 0.49, 0.5, 0.9])
    given = augment(
        source,
        draws(torch.arange(4.0)[None], lost_NTJ=lost_NTJ, limit_N=torch.tensor([0.5])),
    )
    assert given[0, 2, R_WRIST].tolist() == [0, 0, 0]
    assert (given[0, [0, 1, 3], R_WRIST, 2] == 1).all()
    assert (given[0, :, L_WRIST] > 0).any(dim=1).tolist() == [False, False, True, True]


def test_the_share_that_loses_joints_and_how() -> None:
    """Every kind of loss occurs; the trunk is never lost throughout, other sequences lose none."""
    torch.manual_seed(0)
    maker = SkeletonAugment(frames=40, pace=1.0, **STILL, lost=0.5)
    given = maker(
        0.2 + 0.7 * torch.rand(400, 40, 18, 1).expand(-1, -1, -1, 3), torch.full((400,), 40)
    )
    seen_NTJ = given[..., 2] > 0
    whole_N = seen_NTJ.all(dim=2).all(dim=1)
    assert 0.4 < whole_N.float().mean() < 0.6
    never_NJ = ~seen_NTJ.any(dim=1)
    trunk = [1, 2, 5, 8, 11]
    assert not never_NJ[:, trunk].any()
    assert never_NJ[:, [0, 14, 15, 16, 17]].all(dim=1).sum() > 10
    assert never_NJ[:, R_WRIST].sum() > 5
    assert not given[~whole_N][~seen_NTJ[~whole_N]].any()


def test_nothing_is_lost_where_none_is_asked_for() -> None:
    maker = SkeletonAugment(frames=12, lost=0.0)
    assert (maker(walk(20, 30), torch.full((30,), 20))[..., 2] > 0).all()
