"""Simulated days before a drawn camera."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.drawn_days import drawn_days
from edgehuman.errors import UsageError


@pytest.mark.slow
def test_people_pass_twice_with_their_own_numbers_and_boxes() -> None:
    frames = drawn_days(2)
    assert frames.simulated
    assert frames.tracks is not None
    assert frames.t_s_N is not None
    assert (np.diff(frames.t_s_N) > 0).all()
    assert frames.t_s_N[-1] // 1000 == 1
    numbers = {number for each in frames.tracks for number in each.track_G.tolist()}
    assert numbers == {0, 1, 2, 3, 10, 11, 12, 13}
    image_HWC = frames.frames[len(frames) // 4]
    box_G4 = frames.tracks[len(frames) // 4].box_G4
    assert image_HWC.dtype == np.uint8
    assert (box_G4[:, 2:] > box_G4[:, :2]).all()
    assert (box_G4[:, 3] - box_G4[:, 1] < image_HWC.shape[0]).all()
    with pytest.raises(UsageError, match="found 0 days; give at least 1"):
        drawn_days(0)
