"""Agreement of two models, on cases that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.agreement import (
    same_answers,
    same_class,
    same_neighbours,
    same_peaks,
    shared_space,
)
from edgehuman.records import Float32


def test_classes_pixels_answers_and_peaks() -> None:
    one = np.array([[1, 2], [3, 0]], np.float32)
    other = np.array([[0, 9], [0, 1]], np.float32)
    assert same_class(one, other) == 0.5
    assert same_class(one[:, :, None, None], other[:, :, None, None]) == 0.5
    assert same_answers(one - 1.5, other - 0.5) == 0.5
    map_NJhw = np.zeros((1, 2, 2, 2), np.float32)
    map_NJhw[0, :, 1, 0] = 1
    moved = map_NJhw.copy()
    moved[0, 1, 0, 0] = 2
    assert (same_peaks(map_NJhw, map_NJhw), same_peaks(map_NJhw, moved)) == (1.0, 0.5)


def on_a_line(*places: float) -> Float32:
    return np.array(places, np.float32)[:, None]


def test_the_same_order_is_full_agreement_in_any_scale() -> None:
    person_N = np.array(["a", "a", "b", "b"])
    found = same_neighbours(on_a_line(0, 1, 10, 12), on_a_line(0, 5, 50, 60), "euclidean", person_N)
    assert found == {"top1": 1.0, "top1_person": 1.0, "kendall_tau": pytest.approx(1.0)}


def test_another_nearest_neighbour_is_counted_and_another_person_apart() -> None:
    person_N = np.array(["a", "a", "a", "b"])
    teacher, student = on_a_line(0, 1, 3, 9), on_a_line(2, 4, 3.5, 9)
    found = same_neighbours(teacher, student, "euclidean", person_N)
    # Teacher: 1, 0, 1, 2; student: 2, 2, 1, 1.
    assert found["top1"] == 0.25
    assert found["top1_person"] == 1.0
    assert -1 <= found["kendall_tau"] < 1


def test_a_turned_copy_agrees_in_its_own_space_but_not_in_the_teachers() -> None:
    rng = np.random.default_rng(0)
    teacher = rng.normal(size=(40, 2, 8)).astype(np.float32)
    turned = np.roll(teacher, 3, axis=2)
    own = same_neighbours(teacher, turned, "cosine")
    assert own == {"top1": 1.0, "kendall_tau": pytest.approx(1.0)}
    assert shared_space(teacher, turned, "cosine")["top1"] < 0.3
    assert shared_space(teacher, 2 * teacher, "cosine")["top1"] == 1.0
