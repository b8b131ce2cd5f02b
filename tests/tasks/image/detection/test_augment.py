"""Frames and boxes move together; what is cut off is ignored; the border stays grey."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.frames.set import People
from edgehuman.preprocess.image.letterbox import GREY
from edgehuman.records import Uint8
from edgehuman.tasks.image.detection.augment import (
    IGNORED,
    MOST_PEOPLE,
    NOBODY,
    PERSON,
    Variation,
    Window,
    boxes_in,
    draw_window,
    padded,
    show,
    vary,
)

WILD = Variation(0.5, 0.4, 1.8, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5)


def people(*boxes: tuple[float, ...], ignored: tuple[int, ...] = ()) -> People:
    ignore_M = np.zeros(len(boxes), np.bool_)
    ignore_M[list(ignored)] = True
    return People(np.array(boxes, np.float32).reshape(-1, 4), ignore_M)


def marked(rows: int = 120, columns: int = 200) -> tuple[Uint8, People]:
    """A dark frame with one bright person."""
    frame_HWC = np.full((rows, columns, 3), 20, np.uint8)
    frame_HWC[30:90, 60:90] = 250
    return frame_HWC, people((60, 30, 90, 90))


@pytest.mark.parametrize("seed", range(12))
def test_a_box_stays_around_its_person(seed: int) -> None:
    frame_HWC, truth = marked()
    variation = Variation(flip=0.5, nearest=0.5, farthest=1.8)
    view_HWC, box_M4, kind_M = vary(
        frame_HWC, truth, variation, np.random.default_rng(seed), 96, 160
    )
    assert view_HWC.shape == (96, 160, 3)
    assert kind_M.tolist() == [PERSON]
    y, x = np.nonzero(view_HWC[..., 0] > 180)
    seen = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
    assert np.abs(box_M4[0] - seen).max() <= 1.5
    assert frame_HWC.max() == 250  # the frame itself is not changed


def test_without_variation_the_frame_is_as_the_runtime_shows_it() -> None:
    frame_HWC, truth = marked(100, 100)
    view_HWC, box_M4, _ = vary(frame_HWC, truth, Variation(), np.random.default_rng(0), 64, 128)
    assert (view_HWC[:, :32] == GREY).all()
    assert box_M4[0].tolist() == pytest.approx([32 + 38.4, 19.2, 32 + 57.6, 57.6])


def test_the_border_is_not_darkened_or_blurred() -> None:
    frame_HWC, truth = marked(100, 100)
    everything = Variation(light=0.3, dark=1, grey=1, blur=1, noise=1, jpeg=1)
    view_HWC, *_ = vary(frame_HWC, truth, everything, np.random.default_rng(0), 64, 128)
    assert (view_HWC[:, :32] == GREY).all()
    assert (view_HWC[:, 96:] == GREY).all()
    assert view_HWC[:, 32:96].mean() < 60


def test_less_than_a_third_of_a_person_is_a_region_to_ignore() -> None:
    frame_HWC = np.zeros((100, 100, 3), np.uint8)
    window = Window(0, 0, 50, 100)
    _, place, _ = show(frame_HWC, window, 64, 32)
    boxes = people(
        (40, 0, 70, 50),
        (20, 0, 60, 50),
        (60, 0, 90, 50),
        (45, 10, 65, 20),
        (0, 0, 9, 9),
        ignored=(4,),
    )
    box_M4, kind_M, index_M = boxes_in(boxes, window, place, 100, 100)
    assert len(index_M) == len(box_M4)
    # a third: kept and clipped; three quarters; outside: gone; a quarter; ignored before
    assert kind_M.tolist() == [PERSON, PERSON, IGNORED, IGNORED]
    scale = 32 / 50
    assert box_M4[0].tolist() == pytest.approx([40 * scale, 0, 32, 50 * 0.64])


def test_what_is_outside_the_frame_does_not_count_as_cut_off() -> None:
    window = Window(0, 0, 100, 100)
    _, place, _ = show(np.zeros((100, 100, 3), np.uint8), window, 64, 64)
    _, kind_M, _ = boxes_in(people((-90, 0, 10, 50)), window, place, 100, 100)
    assert kind_M.tolist() == [PERSON]


def test_most_windows_have_somebody_in_them() -> None:
    variation = Variation(nearest=0.3, farthest=0.5)
    truth = people((10, 10, 20, 30))
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(40):
        window = draw_window(200, 300, truth, variation, rng)
        hits += window.left <= 15 < window.left + window.width and window.top <= 20
        assert window.left >= 0
        assert window.top + window.height <= 200
    assert hits > 25


def test_padding_keeps_people_before_regions_and_the_largest() -> None:
    side_M = np.arange(1.0, 331.0, dtype=np.float32)
    box_M4 = np.stack((side_M * 0, side_M * 0, side_M, side_M), axis=1)
    kind_M = np.where(side_M > 310, IGNORED, PERSON).astype(np.uint8)
    full_M4, kind = padded(box_M4, kind_M)
    assert full_M4.shape == (MOST_PEOPLE, 4)
    assert (kind == PERSON).all()
    assert full_M4[:, 2].min() == 11
    _, kind = padded(box_M4[:0], kind_M[:0])
    assert (kind == NOBODY).all()


@pytest.mark.parametrize("shape", [(8, 8), (1, 40), (700, 60)])
def test_any_frame_can_be_varied(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    frame_HWC = rng.integers(0, 256, (*shape, 3), np.uint8)
    for _ in range(6):
        view_HWC, box_M4, _ = vary(frame_HWC, people((0, 0, shape[1], shape[0])), WILD, rng, 64, 96)
        assert view_HWC.shape == (64, 96, 3)
        assert (box_M4[:, 2:] > box_M4[:, :2]).all()
