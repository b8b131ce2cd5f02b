"""Walks before any sensor: who, in which condition, seen from where; the same for every sensor."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.gait.walks import list_walks, require_timing, stroll

VIEWS = Cameras(views_deg=(0.0, 45.0, 90.0))


def test_a_person_is_seen_from_every_view_before_one_repeats() -> None:
    walks = list_walks(2, 6, 0, 5, ("nm", "cl"), VIEWS)
    assert len(walks) == 12
    assert walks.person_N.tolist() == [5] * 6 + [6] * 6
    assert walks.walk_N.tolist() == [0, 1, 2, 3, 4, 5] * 2
    assert walks.condition_N.tolist() == [0, 2] * 6
    for first in (0, 3, 6, 9):
        assert sorted(walks.view_deg_N[first : first + 3].tolist()) == [0.0, 45.0, 90.0]
    part = walks.part(slice(6, 8))
    assert part.person_N.tolist() == [6, 6]


def test_a_walk_is_the_same_whoever_watches_and_whoever_else_walks() -> None:
    walks = list_walks(3, 2, 0, 0, ("nm", "bg"), VIEWS)
    every = stroll(0, walks, 8, 24.0, VIEWS)
    alone = stroll(0, walks.part(slice(3, 4)), 8, 24.0, VIEWS, num_sensor_normals=7)
    np.testing.assert_array_equal(alone.joints_J3NT[:, :, 0], every.joints_J3NT[:, :, 3])
    np.testing.assert_array_equal(alone.camera_uniform_NU[0], every.camera_uniform_NU[3])
    assert (alone.sensor_normal_NZ.shape, every.sensor_normal_NZ.shape) == ((1, 7), (6, 0))


def test_arms_held_closer_change_arms_alone() -> None:
    walks = list_walks(2, 1, 0, 0, ("nm",), VIEWS)
    wide = stroll(0, walks, 8, 24.0, VIEWS).joints_J3NT
    close = stroll(0, walks, 8, 24.0, VIEWS, closer_rad=0.1).joints_J3NT
    changed = {j for j in range(26) if not np.array_equal(wide[j], close[j])}
    # Elbows, wrists and hands of OpenPose-18 and of what follows it.
    assert changed == {3, 4, 6, 7, 24, 25}
    # The left elbow (6) is on the left, y; closer is less.
    assert (close[6, 1] < wide[6, 1]).all()
    assert (close[3, 1] > wide[3, 1]).all()


def test_wrong_numbers_are_named() -> None:
    with pytest.raises(UsageError, match="each is 0"):
        list_walks(1, 0, 0, 0, ("nm",), VIEWS)
    with pytest.raises(UsageError, match="first_person is True"):
        list_walks(1, 1, 0, True, ("nm",), VIEWS)
    with pytest.raises(UsageError, match=r"\['hat'\]; give one or more of nm, bg, cl"):
        list_walks(1, 1, 0, 0, ("hat",), VIEWS)
    with pytest.raises(UsageError, match="frames is 1; it must be 2"):
        require_timing(1, 24.0)
    with pytest.raises(UsageError, match="rate_hz is 4"):
        require_timing(2, 4.0)
