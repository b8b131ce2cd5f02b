"""What a track of outlines shows of late: its steps by the clock, and its halves."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.silhouette.normalise import normalise
from edgehuman.records import Uint8
from edgehuman.runtime.gait.shown import OutlinesShown
from tests.runtime.outlines import ANNA, mask, step

BOX_4 = np.array((10, 20, 50, 120), np.float32)


def record(t: float) -> Uint8:
    """Of who takes 1.8 steps a second, t in frames of 25 a second."""
    found = normalise(mask((ANNA[0], 40 - 4 * step(t))))
    assert found is not None
    return found


@pytest.mark.parametrize("keep", [1.0, 0.6])
def test_steps_are_counted_by_the_clock_whatever_frames_are_lost(keep: float) -> None:
    rng = np.random.default_rng(0)
    shown = OutlinesShown(4, 0.0)
    for t in range(200):
        if rng.random() < keep:
            shown.take(t / 25, record(t), BOX_4)
    assert shown.quality().seen == pytest.approx(1.8 * 4, rel=0.15)  # of the newest four seconds
    assert shown.quality().completeness == 1.0


def test_outlines_that_cannot_be_used_make_it_worse() -> None:
    whole, half = OutlinesShown(4, 0.0), OutlinesShown(4, 0.0)
    for t in range(100):
        whole.take(t / 25, record(t), BOX_4)
        half.take(t / 25, record(t) if t % 2 else None, BOX_4)
    assert half.quality().completeness == pytest.approx(0.5)
    assert half.quality().score < whole.quality().score


def test_nothing_seen_is_no_quality() -> None:
    shown = OutlinesShown(4, 0.0)
    assert shown.quality().score == 0
    shown.take(1.0, record(0), BOX_4)
    assert (shown.quality().seen, shown.windows) == (0.0, 0)


@pytest.mark.parametrize("shape", [(6,), (3, 2)])
def test_halves_of_one_person_are_alike_and_of_two_are_not(shape: tuple[int, ...]) -> None:
    """Also of vectors of parts. Windows that share frames are in neither half."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, *shape)).astype(np.float32)
    same, mixed = OutlinesShown(2, 0.0), OutlinesShown(2, 0.0)
    for shown, later in ((same, one), (mixed, other)):
        for _ in range(4):
            shown.add(one)
        for _ in range(5):
            shown.add(later * 3)
    assert same.quality().agreement == 1.0
    assert mixed.quality().agreement == 0.01
    assert same.quality(joined=2).agreement is None
    assert np.linalg.norm(same.vector("cosine"), axis=-1) == pytest.approx(1)


def goes(speed_3: tuple[float, float, float], seconds: float = 4.0, errs: float = 1.0) -> str:
    """What is said of a box of 100 pixels that goes aside and down, heights a second, and grows."""
    rng = np.random.default_rng(4)
    shown = OutlinesShown(4, 0.0)
    for t in range(round(seconds * 25)):
        aside, down, grows = (value * t / 25 for value in speed_3)
        x, y, tall = 200 + 100 * aside, 150 + 100 * down, 100 * np.exp(grows)
        box_4 = np.array((x - 20, y - tall, x + 20, y)) + rng.normal(0, errs, 4)
        shown.take(t / 25, None, box_4.astype(np.float32))
    return shown.idle()


@pytest.mark.parametrize("speed_3", [(0.3, 0, 0), (0, -0.2, 0), (0, 0, 0.05), (-0.1, 0.05, 0.03)])
def test_who_goes_aside_or_away_or_comes_walks(speed_3: tuple[float, float, float]) -> None:
    assert goes(speed_3) == ""


def test_who_stays_does_not_walk_and_a_short_look_does_not_tell() -> None:
    assert "stays where it is" in goes((0, 0, 0))
    assert "stays where it is" in goes((0, 0, 0), errs=3.0)
    assert goes((0, 0, 0), seconds=1.8) == ""


def test_who_walks_to_and_fro_walks() -> None:
    shown = OutlinesShown(4, 0.0)
    for t in range(100):
        x = 200 + 30 * np.sin(2 * np.pi * t / 100)
        shown.take(t / 25, None, np.array((x - 20, 50, x + 20, 150), np.float32))
    assert shown.idle() == ""
