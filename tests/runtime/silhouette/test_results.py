"""A walk's answer as a line of JSON and of text, and the totals of many."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.retrieval import similarity
from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.silhouette.results import (
    WalkResult,
    WalkTally,
    distance_of,
    in_words,
    summary_text,
    to_row,
)

NAMED = WalkResult(
    "a/1", 10, 8, {"empty": 2}, "running maximum", 4.0, np.ones((2, 4), np.float32),
    "unknown", 0.5, 0.5, Identity("unknown", 0.5, "ANNA", (("BOB", 0.25),)),
)  # fmt: skip
LOST = WalkResult("a/2", 3, 0, {"inverted": 3}, reason="none of 3 frames can be used")


def test_a_row_has_the_answer_or_the_reason() -> None:
    assert to_row(NAMED) == {
        "walk": "a/1",
        "frames": 10,
        "used": 8,
        "dropped": {"empty": 2},
        "how": "running maximum",
        "latency_ms": 4.0,
        "label": "unknown",
        "score": 0.5,
        "distance": 0.5,
        "nearest": "ANNA",
        "others": [{"label": "BOB", "score": 0.25}],
    }
    assert to_row(LOST)["error"] == "none of 3 frames can be used"
    assert "label" not in to_row(WalkResult("a/3", 1, 1, how="whole walk at once"))


def test_the_same_in_words() -> None:
    assert "8 of 10 frames (2 empty), running maximum, 4.0 ms: unknown (nearest: ANNA)" in in_words(
        to_row(NAMED)
    )
    assert in_words(to_row(LOST)).endswith("no answer: none of 3 frames can be used")


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_a_distance_is_got_back_from_its_score(distance: str) -> None:
    values = np.array([0.0, 0.3, 1.7])
    scores = similarity(values, distance)  # type: ignore[arg-type]
    found = [distance_of(float(score), distance) for score in scores]  # type: ignore[arg-type]
    assert found == pytest.approx(values.tolist())


def test_totals_count_every_walk_and_frame() -> None:
    tally = WalkTally()
    for result in (NAMED, LOST):
        tally.add(result)
    summary = tally.summary()
    assert (summary["walks"], summary["unanswered"]) == (2, 1)
    assert (summary["frames"], summary["used"]) == (13, 8)
    assert summary["dropped"] == {"empty": 2, "inverted": 3}
    text = summary_text(summary)
    assert "2 walks, 1 of them without an answer; 8 of 13 frames used" in text
    assert "walks per name: unknown 1" in text
