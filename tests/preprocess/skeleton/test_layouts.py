"""Layouts by any of their names, and by what their joints look like."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import BODY_25, KINECT_25, LAYOUTS
from edgehuman.preprocess.skeleton.layouts import (
    BY_COUNT,
    joints_said,
    layout_named,
    layout_rows,
    looks_like_kinect,
)
from edgehuman.records import Float64


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("coco17", "coco17"),
        ("COCO", "coco17"),
        ("BODY_25", "body25"),
        ("body25", "body25"),
        ("halpe_26", "halpe26"),
        ("Halpe-136", "halpe136"),
        ("halpe_fullbody", "halpe136"),
        ("coco_wholebody133", "wholebody133"),
        ("coco-wholebody", "wholebody133"),
        ("mediapipe33", "mediapipe33"),
        ("blazepose", "mediapipe33"),
        ("movenet", "movenet17"),
        ("kinect_v2", "kinect25"),
        ("openpose", "openpose18"),
        ("mine", None),
        ("", None),
    ],
)
def test_common_names_lead_to_a_layout(name: str, layout: str | None) -> None:
    assert layout_named(name) == layout


def test_every_layout_has_its_own_name_and_its_number_of_joints() -> None:
    assert all(layout_named(name) == name for name in LAYOUTS)
    assert all(len(LAYOUTS[name]) == count for count, name in BY_COUNT.items())
    assert dict(layout_rows())["coco17"].startswith("17 joints: nose, l_eye")
    assert joints_said("halpe136").startswith("the 26 of halpe26")


def standing(names: tuple[str, ...], up: bool = False) -> Float64:
    """25 joints of somebody who stands, by height in the picture."""
    heights = {"head": 0, "nose": 10, "throat": 40, "neck": 50, "spine": 150, "pelvis": 250}
    feet = ("toe", "heel", "foot", "ankle")
    y = [heights.get(n, 500 if any(part in n for part in feet) else 200) for n in names]
    made = np.stack([np.full(25, 5.0), np.array(y, np.float64), np.ones(25)], axis=1)
    made[:, 1] *= -1.0 if up else 1.0
    return made


@pytest.mark.parametrize("up", [False, True])
def test_kinect_and_body_25_are_told_apart(up: bool) -> None:
    assert looks_like_kinect(standing(KINECT_25, up)) is True
    assert looks_like_kinect(standing(BODY_25, up)) is False
    lost = standing(KINECT_25, up)
    lost[KINECT_25.index("head")] = np.nan
    assert looks_like_kinect(lost) is None
