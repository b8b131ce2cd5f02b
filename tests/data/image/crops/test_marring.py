"""What a camera does to a crop: every effect alone, and none."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.crops.marring import Marring, mar

NONE = Marring(light=0, dark=0, grey=0, coarse=0, blur=0, streak=0, blocks=0, noise=0)


def changed(effect: str) -> Marring:
    return dataclasses.replace(NONE, **{effect: 1.0})  # type: ignore[arg-type]


def colours() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (256, 32, 3), np.uint8)


def test_without_odds_the_crop_stays_as_it_is() -> None:
    image_HWC = colours()
    assert np.array_equal(mar(image_HWC, NONE, np.random.default_rng(0)), image_HWC)


@pytest.mark.parametrize("effect", ["dark", "grey", "coarse", "blur", "streak", "blocks", "noise"])
def test_each_effect_changes_the_crop_and_not_its_shape(effect: str) -> None:
    image_HWC = colours()
    before_HWC = image_HWC.copy()
    marred_HWC = mar(image_HWC, changed(effect), np.random.default_rng(0))
    assert marred_HWC.shape == image_HWC.shape
    assert marred_HWC.dtype == np.uint8
    assert (marred_HWC != before_HWC).any()
    assert np.array_equal(image_HWC, before_HWC)


def test_darkness_darkens_and_grey_has_no_colour() -> None:
    image_HWC = colours()
    dark = mar(image_HWC, dataclasses.replace(NONE, dark=1.0), np.random.default_rng(0))
    assert dark.mean() < image_HWC.mean() - 10
    grey = mar(image_HWC, dataclasses.replace(NONE, grey=1.0), np.random.default_rng(0))
    assert (grey == grey[..., :1]).all()


def test_light_keeps_black_and_white_apart() -> None:
    image_HWC = np.zeros((8, 8, 3), np.uint8)
    image_HWC[4:] = 255
    for seed in range(20):
        lit_HWC = mar(image_HWC, dataclasses.replace(NONE, light=0.3), np.random.default_rng(seed))
        assert (lit_HWC[4:].astype(int) - lit_HWC[:4] > 80).all()
