"""Strangers by the size of the gallery, on vectors that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.strangers import (
    Drawn,
    StrangersConfig,
    Walked,
    counted,
    drawn,
    render,
    walked_of,
)
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Float32
from edgehuman.runtime.model import load


def circle(people: int, shift: float = 0.0) -> Walked:
    """People in two conditions, each in a direction of their own in both."""
    eye: Float32 = np.eye(people + 1, dtype=np.float32)[:people]
    eye[:, -1] = shift
    feature_NPD = np.tile(eye, (2, 1))[:, None]
    person_N = np.tile(np.arange(people), 2)
    first_N = np.arange(2 * people) < people
    return Walked(feature_NPD, person_N, [(first_N, ~first_N), (~first_N, first_N)])


def test_the_enrolled_are_known_and_all_others_strangers() -> None:
    found = drawn(circle(8), 3, "cosine", StrangersConfig(("x",), draws=5))
    assert len(found.person_Q) == 2 * 5 * 8
    assert found.known_Q.sum() == 2 * 5 * 3
    assert found.right_Q[found.known_Q].all()
    assert not found.right_Q[~found.known_Q].any()
    assert set(found.score_Q[found.known_Q]) == {1.0}
    assert found.score_Q[~found.known_Q] == pytest.approx(0)
    again = drawn(circle(8), 3, "cosine", StrangersConfig(("x",), draws=5))
    np.testing.assert_array_equal(again.known_Q, found.known_Q)


def test_centred_takes_away_what_all_share() -> None:
    config = StrangersConfig(("x",), draws=5)
    plain, less = (drawn(circle(8, 3.0), 5, way, config) for way in ("cosine", "centred"))
    assert plain.score_Q[~plain.known_Q].min() == pytest.approx(0.9)
    assert less.score_Q[~less.known_Q].max() < 0.7
    heavy = drawn(circle(8, 3.0), 5, "centred", StrangersConfig(("x",), draws=5, prior=1e9))
    np.testing.assert_allclose(heavy.score_Q, plain.score_Q, atol=1e-6)


def test_shares_by_hand() -> None:
    found = Drawn(
        person_Q=np.array([0, 0, 1, 2, 2, 3]),
        known_Q=np.array([True, True, True, False, False, False]),
        score_Q=np.array([0.9, 0.4, 0.8, 0.7, 0.1, 0.2]),
        right_Q=np.array([True, True, False, False, False, False]),
    )
    row = counted(found, 0.5)
    assert row["rank1"] == pytest.approx(2 / 3)
    assert row["named_right"] == pytest.approx(1 / 3)
    assert row["strangers_named"][0] == pytest.approx(1 / 3)
    assert row["named_right_at_5"] == pytest.approx(1 / 3)
    data = {
        "chosen_at": 20,
        "model": "m",
        "prior": 3.0,
        "thresholds": {"cosine": 0.5},
        "reference": "drawn:1",
    }
    text = render({**data, "rows": [{"data": "x", "people": 2, "way": "cosine", **row}]})
    assert "| x | 2 | cosine | 66.7 | 33.3 | 33.3 [" in text


def test_wrong_words_are_told() -> None:
    with pytest.raises(UsageError, match="sizes"):
        StrangersConfig(("x",), sizes=(1,))
    with pytest.raises(UsageError, match="prior"):
        StrangersConfig(("x",), prior=0)
    with pytest.raises(UsageError, match="drawn:many: give the number of days, such as drawn:12"):
        walked_of("drawn:many", load("zoo:gait-silhouette-int8"), StrangersConfig(("x",)))
    with pytest.raises(DataError, match="no gallery has 22 people"):
        drawn(circle(8), 20, "cosine", StrangersConfig(("x",)))


@pytest.mark.slow
def test_walks_of_both_records_are_read() -> None:
    model = load("zoo:gait-silhouette-int8")
    walked = walked_of("simulated:4", model, StrangersConfig(("simulated:4",)))
    assert walked.feature_NPD.shape[1:] == (62, 96)
    assert len(np.unique(walked.person_N)) == 4
