"""The time of an identification, measured at a size that a test can afford."""

from __future__ import annotations

import pytest

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.gallery_search import GallerySearchConfig, gallery_search, measure
from edgehuman.errors import UsageError


@pytest.mark.parametrize(
    "people",
    [
        300,
        # 80,000 walks of 64 numbers: above the size from which a first pass is made.
        pytest.param(20_000, marks=pytest.mark.long),
    ],
)
def test_answers_are_right_and_their_time_is_measured(people: int) -> None:
    small = people < 1000
    config = GallerySearchConfig(people, dim=64, queries=20, sealed=small, busy=int(small))
    outcome = measure(config)
    assert isinstance(outcome.data, dict)
    assert outcome.data["named"] > 0.9
    assert 0 < outcome.data["p50_ms"] <= outcome.data["p99_ms"] < 1000
    assert outcome.data["core_p99_ms"] >= outcome.data["core_p50_ms"] > 0
    assert outcome.data["vectors_mb"] == people * 4 * 64 * 4 / 1e6
    assert outcome.data["peak_mb"] > outcome.data["held_mb"]
    assert outcome.data["file_mb"] > people * 4 * 64 * 4 / 1e6


def test_what_fails_is_told() -> None:
    with pytest.raises(FailedRun, match="manhattan"):
        gallery_search(GallerySearchConfig(10, 2, 4, 1, "manhattan"))
    with pytest.raises(UsageError, match="queries is 0"):
        GallerySearchConfig(queries=0)
