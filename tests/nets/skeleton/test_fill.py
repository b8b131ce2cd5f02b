"""Unseen joints are filled in: by hand, against numpy, and along with the body."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.geometry import OPENPOSE_18, TRUNK_5
from edgehuman.nets.skeleton.fill import STAND_INS, Fill, between_seen

FILL = Fill()
AT = {name: j for j, name in enumerate(OPENPOSE_18)}


def body(frames: int = 12, people: int = 1) -> Tensor:
    """Bodies of which every joint goes its own straight way, pixels (N, T, 18, 2)."""
    random = torch.Generator().manual_seed(1)
    start, speed = torch.rand(2, people, 1, 18, 2, generator=random)
    xy_NTJ2: Tensor = 300 + 100 * start + 5 * speed * torch.arange(frames)[:, None, None]
    return xy_NTJ2


def all_seen(xy_NTJ2: Tensor) -> Tensor:
    return torch.ones(xy_NTJ2.shape[:3])


def test_seen_joints_stay_as_they_were() -> None:
    xy_NTJ2 = body(people=3)
    seen_NTJ = (torch.rand(3, 12, 18, generator=torch.Generator().manual_seed(2)) < 0.7).float()
    filled_NTJ2, known_NJ = FILL(xy_NTJ2, seen_NTJ)
    assert (filled_NTJ2[seen_NTJ > 0] == xy_NTJ2[seen_NTJ > 0]).all()
    assert known_NJ.min() == 1


@pytest.mark.parametrize("lost", [[5], [4, 5, 6, 7], list(range(1, 11))], ids=len)
def test_a_gap_is_a_line_between_the_frames_around_it(lost: list[int]) -> None:
    xy_NTJ2 = body()
    seen_NTJ = all_seen(xy_NTJ2)
    seen_NTJ[:, lost, AT["r_wrist"]] = 0
    given = xy_NTJ2.clone()
    given[:, lost, AT["r_wrist"]] = -777.0  # what stands there has no meaning
    filled_NTJ2, _ = FILL(given, seen_NTJ)
    torch.testing.assert_close(filled_NTJ2, xy_NTJ2, atol=1e-3, rtol=0)


def test_interpolation_is_numpys() -> None:
    random = np.random.default_rng(3)
    value_NTJ2 = random.normal(size=(2, 30, 4, 2)).astype(np.float32)
    seen_NTJ = random.random((2, 30, 4)) < 0.3
    seen_NTJ[:, 17] = True
    between = between_seen(torch.from_numpy(seen_NTJ).float())
    given = between(torch.from_numpy(value_NTJ2)).numpy()
    frame_T = np.arange(30)
    for n, j, axis in np.ndindex(2, 4, 2):
        seen = seen_NTJ[n, :, j]
        expected = np.interp(frame_T, frame_T[seen], value_NTJ2[n, seen, j, axis])
        np.testing.assert_allclose(given[n, :, j, axis], expected, atol=1e-5)


@pytest.mark.parametrize("seen_frames", [slice(0, 4), slice(8, 12)], ids=["end", "beginning"])
def test_at_the_ends_a_joint_goes_along_with_the_body(seen_frames: slice) -> None:
    # All joints keep their places in a body that moves 7 pixels a frame.
    xy_NTJ2 = body()[:, :1] + 7.0 * torch.arange(12)[:, None, None]
    seen_NTJ = torch.zeros(xy_NTJ2.shape[:3])
    seen_NTJ[:, :, [AT[name] for name in TRUNK_5]] = 1
    seen_NTJ[:, seen_frames] = 1
    filled_NTJ2, _ = FILL(xy_NTJ2 * seen_NTJ[..., None], seen_NTJ)
    torch.testing.assert_close(filled_NTJ2, xy_NTJ2, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("never", "joint", "stands_in"),
    [
        (["r_wrist"], "r_wrist", "r_elbow"),
        (["r_wrist", "r_elbow"], "r_wrist", "r_shoulder"),
        (["l_ankle"], "l_ankle", "l_knee"),
        (["r_hip"], "r_hip", "l_hip"),
        (["r_eye"], "r_eye", "nose"),
        (["nose"], "nose", "r_eye"),
        (["nose", "r_eye", "l_eye", "r_ear", "l_ear"], "l_ear", "neck"),
    ],
)
def test_a_joint_never_seen_takes_the_place_it_hangs_from(
    never: list[str], joint: str, stands_in: str
) -> None:
    xy_NTJ2 = body()
    seen_NTJ = all_seen(xy_NTJ2)
    seen_NTJ[:, :, [AT[name] for name in never]] = 0
    filled_NTJ2, known_NJ = FILL(xy_NTJ2 * seen_NTJ[..., None], seen_NTJ)
    torch.testing.assert_close(filled_NTJ2[:, :, AT[joint]], xy_NTJ2[:, :, AT[stands_in]])
    assert known_NJ.min() == 1


def test_nobody_stays_unknown() -> None:
    filled_NTJ2, known_NJ = FILL(torch.zeros(1, 6, 18, 2), torch.zeros(1, 6, 18))
    assert filled_NTJ2.abs().max() == 0
    assert known_NJ.max() == 0


def test_every_joint_has_stand_ins_other_than_itself() -> None:
    assert set(STAND_INS) == set(OPENPOSE_18)
    for name, others in STAND_INS.items():
        assert others
        assert name not in others
        assert set(others) <= set(OPENPOSE_18)
