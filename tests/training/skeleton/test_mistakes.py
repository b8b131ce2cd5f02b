"""Mistakes of pose detectors: who is moved, who is not, and by how much."""

from __future__ import annotations

import pytest
import torch

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from edgehuman.training.skeleton.augment import SkeletonAugment
from edgehuman.training.skeleton.mistakes import DetectorMistakes

AT = {name: place for place, name in enumerate(OPENPOSE_18)}


def walks(view_deg: float) -> torch.Tensor:
    cameras = Cameras(views_deg=(view_deg,), view_spread_deg=0.0)
    return torch.from_numpy(simulate_skeletons(12, 2, 5, 48, cameras=cameras).skeleton_NTJ3)


def apart(skeleton: torch.Tensor, name: str) -> torch.Tensor:
    """Mean distance between the two sides' joints (N,)."""
    right, left = (skeleton[:, :, AT[f"{side}_{name}"], :2] for side in "rl")
    distance_N: torch.Tensor = (right - left).norm(dim=2).mean(dim=1)
    return distance_N


def test_nothing_changes_without_strength() -> None:
    made = walks(90.0)
    assert DetectorMistakes()(made) is made


def test_a_dialect_moves_all_sequences_alike_and_no_confidence() -> None:
    torch.manual_seed(1)
    source = walks(0.0)
    source[0, :, AT["r_knee"]] = 0.0
    made = DetectorMistakes(dialect=1.0)(source)
    assert torch.equal(made[..., 2], source[..., 2])
    assert torch.equal(made[0, :, AT["r_knee"]], source[0, :, AT["r_knee"]])
    thigh, moved = (
        (each[1:, :, AT["l_knee"], :2] - each[1:, :, AT["l_hip"], :2]).norm(dim=2)
        for each in (source, made)
    )
    share = (moved / thigh)[(source[1:, :, [AT["l_knee"], AT["l_hip"]], 2] > 0).all(dim=2)]
    assert abs(float(share.mean()) - 1) > 0.01
    assert float(share.std()) < 0.05
    shoulders = [AT["r_shoulder"], AT["l_shoulder"]]
    seen = (made[:, :, shoulders, 2] > 0).all(dim=2)
    middle = made[:, :, shoulders, :2].mean(dim=2)
    torch.testing.assert_close(made[:, :, AT["neck"], :2][seen], middle[seen])


def test_two_calls_speak_two_dialects() -> None:
    source, mistakes = walks(90.0), DetectorMistakes(dialect=1.0)
    assert not torch.equal(mistakes(source), mistakes(source))


def test_the_arm_that_is_hidden_is_found_at_the_other_only_from_the_side() -> None:
    torch.manual_seed(2)
    mistakes = DetectorMistakes(doubled=1.0)
    side, front = walks(90.0), walks(0.0)
    assert torch.equal(mistakes(front), front)
    made = mistakes(side)
    nearer = apart(made, "wrist") / apart(side, "wrist")
    assert 0.2 < float(nearer.mean()) < 0.7
    # The left side is towards the camera: it stays.
    sure = side[:, :, AT["l_wrist"], 2].mean(dim=1) > side[:, :, AT["r_wrist"], 2].mean(dim=1)
    assert sure.float().mean() > 0.9
    assert torch.equal(made[sure][:, :, AT["l_wrist"]], side[sure][:, :, AT["l_wrist"]])


def test_exchanged_legs_are_exchanged_whole_and_for_a_while() -> None:
    torch.manual_seed(3)
    source = walks(90.0)
    made = DetectorMistakes(swapped=1.0)(source)
    swapped = (made[:, :, AT["r_ankle"]] == source[:, :, AT["l_ankle"]]).all(dim=2)
    kept = (made[:, :, AT["r_ankle"]] == source[:, :, AT["r_ankle"]]).all(dim=2)
    assert (swapped | kept).all()
    assert 0.05 < float(swapped.float().mean()) < 0.35
    also = (made[:, :, AT["l_knee"]] == source[:, :, AT["r_knee"]]).all(dim=2)
    assert torch.equal(also[swapped], torch.ones_like(also[swapped]))
    assert torch.equal(made[:, :, AT["r_hip"]], source[:, :, AT["r_hip"]])


def test_a_strength_is_a_share() -> None:
    with pytest.raises(UsageError, match=r"doubled is 1\.5"):
        SkeletonAugment(doubled=1.5)
