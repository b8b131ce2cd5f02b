"""Pictures that show nothing."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.runtime.image.camera.health import Health


def noise(seed: int, level: float = 90, spread: float = 8, side: int = 200) -> Uint8:
    values = np.random.default_rng(seed).normal(level, spread, (side, side, 3))
    return np.clip(values, 0, 255).astype(np.uint8)


def test_the_same_picture_for_over_two_seconds_is_frozen() -> None:
    health, picture = Health(), noise(0)
    states = [health.look(picture.copy(), t / 2) for t in range(7)]
    assert states == [""] * 5 + ["frozen"] * 2  # from 0 to 2.0 s, then 2.5 s
    assert health.look(noise(1), 3.5) == ""
    assert health.look(noise(1), 5.5) == ""
    assert health.look(noise(1), 5.6) == "frozen"


def test_one_pixel_that_changes_is_a_living_camera() -> None:
    """Also one that is not in the sample."""
    health, picture = Health(), noise(0)
    for t in range(10):
        picture = picture.copy()
        picture[101, 103, 1] = t
        assert health.look(picture, float(t)) == ""


@pytest.mark.parametrize(
    ("level", "spread", "state"),
    [(0, 0, "black"), (2, 1, "black"), (3.4, 0.5, "black"), (5, 0, ""), (3, 4, ""), (40, 1, "")],
)
def test_black_is_dark_and_even(level: float, spread: float, state: str) -> None:
    assert Health().look(noise(0, level, spread), 0.0) == state


def test_a_lamp_in_the_dark_is_no_black_picture() -> None:
    """It is missed by the sample."""
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[101:107, 101:107] = 255
    assert Health().look(picture, 0.0) == ""


def test_16_bits_and_grey_and_another_size() -> None:
    health = Health()
    assert health.look(np.full((200, 200), 4 * 257 - 1, np.uint16), 0.0) == "black"
    assert health.look(np.full((200, 200), 5 * 257, np.uint16), 9.0) == ""
    assert health.look(np.full((100, 200), 5 * 257, np.uint16), 18.0) == ""
