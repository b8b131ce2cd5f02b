"""Batches depend on seed and step; an epoch has every sample once, over all processes."""

from __future__ import annotations

import numpy as np

from edgehuman.training.batches import batch_indices


def test_an_epoch_holds_every_sample_once() -> None:
    seen = np.concatenate([batch_indices(12, 4, step, seed=3) for step in range(3)])
    assert sorted(seen.tolist()) == list(range(12))


def test_a_batch_may_span_two_epochs() -> None:
    seen = np.concatenate([batch_indices(10, 4, step, seed=3) for step in range(5)])
    assert sorted(seen.tolist()) == sorted([*range(10), *range(10)])


def test_two_processes_share_an_epoch_without_overlap() -> None:
    parts = [batch_indices(8, 2, step, 0, rank, 2) for step in range(2) for rank in range(2)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(8))


def test_the_seed_decides() -> None:
    assert batch_indices(100, 8, 5, 1).tolist() == batch_indices(100, 8, 5, 1).tolist()
    assert batch_indices(100, 8, 5, 1).tolist() != batch_indices(100, 8, 5, 2).tolist()
