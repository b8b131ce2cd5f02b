"""Two answers compared item by item."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.metrics.garments.parity import compare_items
from edgehuman.metrics.parity import compare, failures
from tests.metrics.garments.test_answers import rows

OUTPUT = OutputSpec("part_attributes", ("person", "coat"), attributes=("check", "zip-up", "midi"))


def test_the_same_in_another_order_is_the_same() -> None:
    found = compare_items(rows()[None], rows()[None, ::-1], 3)
    assert (found.items, found.masks, found.attributes) == (1, 1, 1)
    parity = compare(rows()[None], rows()[None], OUTPUT)
    assert failures(parity, "fp32") == []


def test_what_may_have_been_cut_off_or_is_tied_says_nothing() -> None:
    """A network that has learnt nothing gives every label of every place nearly one score."""
    rng = np.random.default_rng(0)
    many = np.repeat(rows()[:1], 40, axis=0)
    many[:, :4] = np.arange(40)[:, None] * 30 + np.array([0, 0, 20, 20])
    many[:, 4] = 0.01 + 1e-5 * rng.random(40)
    one, two = many[:30], many[10:].copy()
    two[:, 4] += 1e-5 * rng.random(30).astype(np.float32)
    two[5:15, 5] = 1 - two[5:15, 5]
    assert compare_items(one[None], two[None], 3).items == 1
    # Not so of whom it is sure, nor where the place is another.
    sure, other = rows(), rows()
    other[1, 5] = 0
    assert compare_items(sure[None], other[None], 3).items < 0.4
    moved = one.copy()
    moved[:, :4] += 5000
    moved[:, 4] = 0.001
    assert compare_items(one[None], moved[None], 3).items == 0


def test_labels_masks_and_attributes_each_count_by_the_square_of_the_score() -> None:
    """Scores 0.6, 0.9 and 0.1: weights 0.36, 0.81 and 0.01."""
    other = rows()
    other[1, 5] = 0  # the coat is now a person
    found = compare_items(rows()[None], other[None], 3)
    assert found.items == pytest.approx(0.37 / 1.18)
    assert "items_found" in " ".join(failures(compare(rows()[None], other[None], OUTPUT), "fp32"))
    other = rows()
    other[1, 8] = 1.0  # one of three attributes
    other[0, 9:] = -9  # no mask
    found = compare_items(rows()[None], other[None], 3)
    assert found.attributes == pytest.approx(1 - 0.81 / 3 / 1.18)
    assert found.masks == pytest.approx(0.82 / 1.18)
    assert compare_items(np.zeros_like(rows())[None], rows()[None], 3).items == 1
