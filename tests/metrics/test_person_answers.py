"""Decoded outputs by hand: a Gaussian's centre, the part of a pixel, probabilities."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

from edgehuman.metrics.person_answers import joints_of, parts_of, probabilities


def test_a_logit_of_0_is_probability_one_half() -> None:
    found = probabilities(np.array([0.0, np.log(3), -np.log(3), 100.0, -100.0], np.float32))
    assert found == pytest.approx([0.5, 0.75, 0.25, 1.0, 0.0])


@pytest.mark.parametrize(("x", "y"), [(20.0, 30.0), (17.3, 33.9), (22.0, 40.0)])
def test_the_centre_of_a_gaussian_between_cells_is_found(x: float, y: float) -> None:
    rows, columns = np.mgrid[:16, :12] * 4.0 + 1.5  # centres of cells of four pixels
    heat_HW = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 8.0**2)).astype(np.float32)
    joint_3 = joints_of(heat_HW[None, None])[0, 0]
    assert joint_3[:2] == pytest.approx([x, y], abs=0.01)
    assert 0.9 < joint_3[2] <= 1


def test_a_peak_on_the_edge_stays_in_its_cell() -> None:
    heat_HW = np.zeros((4, 4), np.float32)
    heat_HW[0, 3] = 2.0
    assert joints_of(heat_HW[None, None])[0, 0].tolist() == [13.5, 1.5, 1.0]


def test_each_joint_and_image_has_its_own_peak() -> None:
    heat_NJHW = np.zeros((2, 2, 3, 3), np.float32)
    heat_NJHW[0, 0, 1, 1] = heat_NJHW[0, 1, 0, 0] = heat_NJHW[1, 0, 2, 2] = 0.5
    heat_NJHW[1, 1, 0, 2] = 0.25
    assert joints_of(heat_NJHW, stride=2.0)[..., :2].tolist() == [
        [[2.5, 2.5], [0.5, 0.5]],
        [[4.5, 4.5], [4.5, 0.5]],
    ]
    assert joints_of(heat_NJHW)[..., 2].tolist() == [[0.5, 0.5], [0.5, 0.25]]


def test_part_borders_have_the_images_resolution() -> None:
    logits_CHW = np.zeros((2, 1, 2), np.float32)
    logits_CHW[1, 0] = [-1.0, 3.0]  # part 1 wins where the line from -1 to 3 is above 0
    part_HW = parts_of(logits_CHW, 1, 8)
    assert part_HW.tolist() == [[0, 0, 0, 1, 1, 1, 1, 1]]
    assert part_HW.dtype == np.uint8
    assert parts_of(logits_CHW, 1, 2).tolist() == [[0, 1]]


@pytest.mark.parametrize("size", [(128, 64), (97, 41), (300, 1000), (20, 10), (1, 7), (700, 3)])
@pytest.mark.parametrize("strip", [1, 3000, 10**9])
def test_strips_give_the_parts_of_all_logits_at_once(
    size: tuple[int, int], strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits_CHW = np.random.default_rng(0).normal(size=(5, 32, 16)).astype(np.float32)
    logits_CHW[3] = logits_CHW[1]  # of equal logits, the first part wins
    height, width = size
    at_once = np.stack([cv2.resize(one_HW, (width, height)) for one_HW in logits_CHW])
    monkeypatch.setattr("edgehuman.metrics.person_answers._STRIP", strip)
    assert np.array_equal(parts_of(logits_CHW, height, width), at_once.argmax(axis=0))


def test_memory_does_not_grow_with_the_number_of_parts() -> None:
    logits_CHW = np.random.default_rng(0).normal(size=(20, 32, 16)).astype(np.float32)
    tracemalloc.start()
    try:
        parts_of(logits_CHW, 3000, 2000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 6 MB of parts, and strips; all logits at once are 480 MB.
    assert peak < 40e6
