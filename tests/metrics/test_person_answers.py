"""Decoded outputs by hand: a Gaussian's centre, the part of a pixel, probabilities."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

from edgehuman.card import Decision, OutputSpec
from edgehuman.errors import ArtefactError
from edgehuman.metrics.person_answers import (
    decode_joints,
    joints_of,
    joints_of_simcc,
    parts_of,
    probabilities,
)
from edgehuman.records import Float32


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


def simcc(x: float, y: float, presence: float, flat: bool = False) -> Float32:
    """One joint in a picture of 16 x 32 pixels: Gaussians about a pixel, or no place at all."""
    sides = []
    for place, pixels in ((x, 16), (y, 32)):
        gap_B = np.arange(2 * pixels) - (2 * place + 0.5)
        sides.append(-(gap_B**2) / (2 * pixels / 8) * (not flat))
    return np.concatenate([*sides, [presence]]).astype(np.float32)[None, None]


def test_simcc_finds_the_place_between_classes() -> None:
    for x, y in ((7.5, 20.0), (6.3, 11.9)):
        joint_3 = joints_of_simcc(simcc(x, y, presence=10.0), 32)[0, 0]
        assert joint_3[:2] == pytest.approx([x, y], abs=0.1)
        assert joint_3[2] > 0.9


def test_the_confidence_is_presence_times_peak() -> None:
    assert joints_of_simcc(simcc(8, 16, presence=-10.0), 32)[0, 0, 2] < 0.001
    assert joints_of_simcc(simcc(8, 16, presence=0.0), 32)[0, 0, 2] == pytest.approx(0.5, abs=0.03)
    # Of 32 flat classes five or six lie about any of them (sigma 1.41), of 64 nine (sigma 2).
    flat = joints_of_simcc(simcc(8, 16, presence=10.0, flat=True), 32)[0, 0, 2]
    assert flat < np.sqrt(6 / 32 * 9 / 64) / 0.95


def test_the_cards_decision_says_which_joints_are_there() -> None:
    output, size = OutputSpec("simcc", ("nose",), dim=32), (32, 16)
    logits = simcc(8, 16, presence=2.0)
    loud = decode_joints(logits, output, size)[0, 0, 2]
    calm = decode_joints(logits, output, size, Decision(temperature=2.0))[0, 0, 2]
    assert loud == pytest.approx(0.88, abs=0.03)
    assert calm == pytest.approx(0.73, abs=0.03)
    silent = decode_joints(logits, output, size, Decision(temperature=2.0, threshold=0.8))[0, 0]
    assert silent[2] == 0
    assert silent[:2] == pytest.approx([8, 16], abs=0.1)


def test_heat_maps_are_decoded_by_the_size_of_the_input() -> None:
    heat_NJHW = np.zeros((1, 1, 4, 4), np.float32)
    heat_NJHW[..., 0, 3] = 1.0
    found = decode_joints(heat_NJHW, OutputSpec("heatmaps", ("nose",)), (32, 32))
    assert found.tolist() == [[[27.5, 3.5, 1.0]]]


def test_simcc_of_another_size_is_an_error() -> None:
    with pytest.raises(ArtefactError, match="16x16 pixels needs 65 and 32"):
        decode_joints(simcc(8, 16, 0.0), OutputSpec("simcc", ("nose",), dim=32), (16, 16))


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


@pytest.mark.parametrize("size", [(128, 64), (97, 41), (300, 1000), (20, 10), (1, 7), (700, 3)])
@pytest.mark.parametrize("strip", [1, 3000, 10**9])
def test_of_two_parts_the_difference_tells(
    size: tuple[int, int], strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits_CHW = np.random.default_rng(0).normal(size=(2, 32, 16)).astype(np.float32)
    height, width = size
    at_once = np.stack([cv2.resize(one_HW, (width, height)) for one_HW in logits_CHW])
    monkeypatch.setattr("edgehuman.metrics.person_answers._STRIP", strip)
    part_HW = parts_of(logits_CHW, height, width)
    is_clear_HW = np.abs(at_once[1] - at_once[0]) > 1e-5
    assert is_clear_HW.mean() > 0.99
    assert np.array_equal(part_HW[is_clear_HW], at_once.argmax(axis=0)[is_clear_HW])


def test_of_two_equal_logits_the_first_part_wins() -> None:
    assert not parts_of(np.full((2, 4, 4), 3.0, np.float32), 9, 7).any()


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
