"""The search's memory, measured at a size that a test can afford."""

from __future__ import annotations

import pytest

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.targets.gallery_memory import GalleryMemoryConfig, gallery_memory_mb, measure
from edgehuman.errors import UsageError


def test_a_search_is_right_and_its_memory_is_counted() -> None:
    outcome = measure(GalleryMemoryConfig(gallery=20_000, dim=64, queries=4))
    assert isinstance(outcome.data, dict)
    # Python and NumPy alone take more than 20 MB, and the embeddings 5.
    assert 20 < outcome.data["peak_mb"] < 300
    assert outcome.data["embeddings_mb"] == pytest.approx(5.12, abs=0.01)


def test_what_fails_is_told() -> None:
    with pytest.raises(FailedRun, match="manhattan"):
        gallery_memory_mb(GalleryMemoryConfig(10, 2, 1, "manhattan"))
    with pytest.raises(UsageError, match="queries is 0"):
        GalleryMemoryConfig(queries=0)
