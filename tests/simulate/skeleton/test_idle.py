"""People who do not walk: what each kind does, in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float64
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.idle import KINDS, simulate_idle

JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
SIDE = Cameras(views_deg=(270.0,), view_spread_deg=0.0, roll_deg=0.0)
EXACT = Detector(noise=0.0, bias=0.0, dropped=0.0, swapped=0.0)


def seen(kind: str) -> tuple[Float64, Float64, Float64]:
    """Of six people from the side: how far the hips go, how far the ankles part at most, and how
    much lower knees are than hips; in trunk lengths.
    """
    made = simulate_idle(kind, 6, 3, frames=48, cameras=SIDE, detector=EXACT)[..., :2]
    hips = made[:, :, [JOINT["r_hip"], JOINT["l_hip"]]].mean(axis=2)
    trunk_N = np.linalg.norm(hips - made[:, :, JOINT["neck"]], axis=-1).mean(axis=1)
    goes = (hips[:, -1, 0] - hips[:, 0, 0]) / trunk_N
    parts = np.ptp(made[:, :, JOINT["l_ankle"], 0] - made[:, :, JOINT["r_ankle"], 0], axis=1)
    lower = made[:, :, JOINT["r_knee"], 1].mean(axis=1) - hips[..., 1].mean(axis=1)
    return goes, parts / trunk_N, lower / trunk_N


def test_the_kinds_do_what_they_say() -> None:
    found = {kind: seen(kind) for kind in KINDS}
    for kind in ("stands", "sits", "is a statue", "runs on the spot", "walks on a treadmill"):
        assert np.abs(found[kind][0]).max() < 0.5
    for kind in ("stands", "sits", "is a statue", "is carried"):
        assert found[kind][1].max() < 0.1
    for kind in ("runs on the spot", "walks on a treadmill", "walks backwards"):
        assert found[kind][1].min() > 1.0
    # One metre is about two trunks. From the right side, ahead is to the right.
    assert found["is carried"][0] == pytest.approx(2.0, rel=0.25)
    assert found["walks backwards"][0].max() < -2.0
    assert found["sits"][2].max() < 0.4 < 0.7 < found["stands"][2].min()


def test_a_statue_does_not_move_and_its_detector_errs() -> None:
    exact = simulate_idle("is a statue", 2, 1, detector=EXACT)
    assert np.ptp(exact[..., :2], axis=1).max() < 1e-3
    assert np.ptp(simulate_idle("is a statue", 2, 1)[..., :2], axis=1).max() > 1.0


def test_people_depend_on_their_number_alone() -> None:
    assert np.array_equal(simulate_idle("sits", 2, 9), simulate_idle("sits", 4, 9)[:2])


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="kind is 'flies'; valid: stands, sits"):
        simulate_idle("flies", 1, 0)
    with pytest.raises(UsageError, match="num_people is 0"):
        simulate_idle("sits", 0, 0)
