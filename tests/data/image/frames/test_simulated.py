"""Frames of simulated people: the word "simulated" for detectors."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.frames.simulated import simulated_frames
from edgehuman.errors import UsageError


def test_roles_licence_and_people() -> None:
    frames = simulated_frames(10, 0)
    assert frames.role_N.tolist() == ["train"] * 8 + ["test"] * 2
    assert frames.simulated
    assert frames.dataset == "simulated"
    assert frames.licence.startswith("Apache-2.0")
    assert sum(len(frames.people[index].ignore_M) for index in range(3)) > 0
    frame_HWC = frames.frames[0]
    assert frame_HWC.dtype == np.uint8
    np.testing.assert_array_equal(frame_HWC, simulated_frames(10, 0).frames[0])


def test_too_few() -> None:
    with pytest.raises(UsageError, match="got 1 simulated frames"):
        simulated_frames(1, 0)
