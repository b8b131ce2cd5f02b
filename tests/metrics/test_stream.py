"""Stream metrics on streams of a few hops, computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.stream import (
    flicker_per_minute,
    labelled_stretches,
    longest_wrong_s,
    online_accuracy,
    onset_delay_s,
)

TRUE = ["sit", "sit", None, "up", "walk", "walk", "walk", "walk"]
SAID = ["sit", "walk", "walk", "walk", "sit", "unknown", "walk", "walk"]


def test_accuracy_counts_only_labelled_hops() -> None:
    assert online_accuracy(TRUE, SAID) == pytest.approx(3 / 7)
    assert online_accuracy(TRUE, SAID, classes={"sit", "walk"}) == pytest.approx(3 / 6)
    assert math.isnan(online_accuracy([None, None], ["a", "b"]))


def test_a_wrong_stretch_ends_where_it_is_right_or_not_labelled() -> None:
    """Hop 1 alone; hop 3 after an unlabelled one, with 4 and 5: the longest is three hops."""
    assert longest_wrong_s(TRUE, SAID, hop_s=0.5) == 1.5
    assert longest_wrong_s(TRUE, SAID, hop_s=0.5, classes={"sit", "walk"}) == 1.0
    assert longest_wrong_s(TRUE, [str(label) for label in TRUE], hop_s=0.5) == 0.0
    with pytest.raises(DataError, match="one of each"):
        longest_wrong_s(TRUE, SAID[1:], hop_s=0.5)


def test_flicker_counts_every_change() -> None:
    assert flicker_per_minute(SAID, hop_s=0.5) == pytest.approx(4 / (8 * 0.5 / 60))
    assert flicker_per_minute(["walk"] * 9, hop_s=1.0) == 0.0
    assert math.isnan(flicker_per_minute([], hop_s=1.0))


def test_stretches_end_where_the_label_does() -> None:
    assert labelled_stretches(TRUE) == [(0, 2), (3, 4), (4, 8)]
    assert labelled_stretches(TRUE, {"walk"}) == [(4, 8)]
    assert labelled_stretches([]) == []


def test_onset_delay_is_from_the_first_hop_to_the_first_right_one() -> None:
    delays = onset_delay_s(TRUE, SAID, hop_s=0.5)
    np.testing.assert_allclose(delays, [0.0, np.nan, 1.0])


def test_look_ahead_adds_to_the_delay() -> None:
    waited = [0.1] * 6 + [0.7, 0.1]
    delays = onset_delay_s(TRUE, SAID, 0.5, classes={"sit", "walk"}, look_ahead_s=waited)
    np.testing.assert_allclose(delays, [0.1, 1.7])


def test_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="1 true and 2 predicted"):
        online_accuracy(["a"], ["a", "b"])
