"""Who is seen from the side or from behind."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.crops.turned import is_turned
from edgehuman.geometry import COCO_17


@pytest.mark.parametrize(
    ("left", "right", "seen", "turned"),
    [
        (60.0, 40.0, 2.0, False),  # faces the camera: the left shoulder is on the right, 20 of 50
        (40.0, 60.0, 2.0, True),  # from behind
        (55.0, 45.0, 2.0, True),  # from the side: 10 of a trunk of 50
        (45.0, 55.0, 2.0, True),
        (40.0, 60.0, 0.0, False),  # one hip is unknown
    ],
)
def test_shoulders_say_which_way_a_person_stands(
    left: float, right: float, seen: float, turned: bool
) -> None:
    joint_J3 = np.zeros((17, 3), np.float32)
    places = {"l_shoulder": (left, 10), "r_shoulder": (right, 10)}
    places |= {"l_hip": (55, 60), "r_hip": (45, 60)}
    for name, place in places.items():
        joint_J3[COCO_17.index(name)] = *place, 2
    joint_J3[COCO_17.index("r_hip"), 2] = seen
    assert is_turned(joint_J3[None]).tolist() == [turned]
