"""Walks of skeletons: the simulated set, and what is no skeleton."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.errors import DataError, UsageError


def test_the_simulated_set_has_a_gallery_of_normal_walks() -> None:
    walks = simulated_set(3, 5, seed=2, frames=10)
    assert walks.simulated
    assert walks.role_N.tolist()[:5] == ["gallery"] * 3 + ["probe"] * 2
    assert walks.condition_N.tolist()[:5] == ["nm", "nm", "nm", "nm", "bg"]
    assert len(set(walks.view_N.tolist()[:5])) == 5
    assert walks.person_N.tolist()[::5] == ["simulated:2:0", "simulated:2:1", "simulated:2:2"]
    again = dataclasses.replace(simulated_set(3, 5, seed=2, frames=10))
    np.testing.assert_array_equal(again.skeleton_SJ3, walks.skeleton_SJ3)
    with pytest.raises(UsageError, match="each is 1; it must be at least 2"):
        simulated_set(3, 1, seed=0)


def test_frames_of_something_else_are_refused() -> None:
    walks = simulated_set(2, 2, seed=0, frames=4)
    with pytest.raises(DataError):
        dataclasses.replace(walks, skeleton_SJ3=walks.skeleton_SJ3[:, :17])
