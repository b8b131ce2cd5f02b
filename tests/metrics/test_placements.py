"""Logits of placements and classes together: the sums over either."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.card import IMU_INPUT, Card, Decision, OutputSpec
from edgehuman.metrics.calibration import softmax
from edgehuman.metrics.placements import answered, of_classes, of_placements

JOINT_NO = np.log(np.array([[0.4, 0.1, 0.2, 0.3], [0.05, 0.05, 0.5, 0.4]], np.float32))


def test_classes_are_summed_over_placements_and_the_other_way_round() -> None:
    assert softmax(of_classes(JOINT_NO, 2)) == pytest.approx(
        np.array([[0.6, 0.4], [0.55, 0.45]]), abs=1e-6
    )
    assert of_placements(JOINT_NO, 2) == pytest.approx(np.array([[0.5, 0.5], [0.1, 0.9]]), abs=1e-6)


def test_a_known_placement_decides_and_rules_no_other_out() -> None:
    prob_NC = softmax(of_classes(JOINT_NO, 2, np.array([1.0, 0.0])))
    assert prob_NC[0] == pytest.approx([0.8, 0.2], abs=2e-3)
    assert np.isfinite(prob_NC).all()


@pytest.mark.parametrize("placements", [0, 1])
def test_without_placements_the_logits_are_those_of_the_classes(placements: int) -> None:
    assert of_classes(JOINT_NO, placements) is JOINT_NO
    assert of_placements(JOINT_NO, placements) == pytest.approx(np.ones((2, 1)))


def test_a_person_is_adapted_to_after_the_sum_over_placements() -> None:
    output = OutputSpec("classes", ("walking", "sitting"), placements=("waist", "wrist"))
    swapped = Decision(affine=((0.0, 1.0, 0.5), (1.0, 0.0, 0.0)))
    card = Card("toy", "activity", "toy", 1, 1, IMU_INPUT, output, swapped)
    prob_P = np.array([1.0, 0.0])
    expected_NC = of_classes(JOINT_NO, 2, prob_P)[:, ::-1] + [0.5, 0.0]
    assert answered(card, JOINT_NO, prob_P) == pytest.approx(expected_NC, abs=1e-6)
