"""People are painted where their boxes say, with shadow, blur and light."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.data.image.crowds.paint import paint_scene
from edgehuman.data.image.crowds.plan import Light, Placed
from tests.data.image.crowds.test_seen import ONE, person, plan

PLAIN = Light((1.0, 1.0, 1.0), 1.0, 1.0, 0.0, 0.0, (0.0, 0.0), 0.0, 0.0, 0.0, False, 0.0)
GROUND = np.full((200, 300, 3), 120, np.uint8)


def painted(light: Light, *people: Placed) -> np.ndarray:  # type: ignore[type-arg]
    return paint_scene(dataclasses.replace(plan(*people), light=light), GROUND, person).astype(int)


def test_a_person_is_painted_inside_the_box() -> None:
    scene_HWC = painted(PLAIN, ONE)
    red_HW = scene_HWC[..., 0] - scene_HWC[..., 2] > 60
    y_K, x_K = np.nonzero(red_HW)
    box_4 = (x_K.min(), y_K.min(), x_K.max() + 1, y_K.max() + 1)
    np.testing.assert_allclose(box_4, (90, 60, 110, 150), atol=1)


def test_shadows_darken_the_ground_and_not_the_sky() -> None:
    sunny = dataclasses.replace(PLAIN, shadow=0.6, sun=(0.8, 0.1))
    change_HW = painted(sunny, ONE).sum(axis=2) - painted(PLAIN, ONE).sum(axis=2)
    assert change_HW[145:160, 115:170].min() < -60
    assert (change_HW[:40] == 0).all()


def test_grey_light_and_fog() -> None:
    grey = painted(dataclasses.replace(PLAIN, grey=True), ONE)
    assert (grey[..., 0] == grey[..., 2]).all()
    fog = painted(dataclasses.replace(PLAIN, fog=0.5), ONE)
    assert fog.std() < 0.6 * painted(PLAIN, ONE).std()
    dark = painted(dataclasses.replace(PLAIN, gain_3=(0.5, 0.5, 0.5)))
    assert dark.mean() < 70


def test_blur_and_motion_soften_people() -> None:
    sharp = painted(PLAIN, ONE)[100, 80:100, 0]
    for light in (
        dataclasses.replace(PLAIN, people_px=2.0),
        dataclasses.replace(PLAIN, motion_px=5.0),
        dataclasses.replace(PLAIN, blur_px=2.0),
    ):
        soft = painted(light, ONE)[100, 80:100, 0]
        assert np.abs(np.diff(soft)).max() < 0.7 * np.abs(np.diff(sharp)).max()


def test_people_take_the_scene_s_light_where_asked() -> None:
    dark = np.full((200, 300, 3), 15, np.uint8)
    one = dataclasses.replace(plan(ONE), light=PLAIN)
    matched = dataclasses.replace(one, light=dataclasses.replace(PLAIN, match=0.7))
    person_HWC = paint_scene(matched, dark, person)[60:150, 92:108]
    assert person_HWC.mean() < 0.85 * paint_scene(one, dark, person)[60:150, 92:108].mean()
