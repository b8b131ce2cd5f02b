"""Batches depend on seed and step; an epoch has every sample once, over all processes."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.training.batches import balance, batch_indices, drawn_indices


def test_an_epoch_holds_every_sample_once() -> None:
    seen = np.concatenate([batch_indices(12, 4, step, seed=3) for step in range(3)])
    assert sorted(seen.tolist()) == list(range(12))


def test_a_batch_may_span_two_epochs() -> None:
    seen = np.concatenate([batch_indices(10, 4, step, seed=3) for step in range(5)])
    assert sorted(seen.tolist()) == sorted([*range(10), *range(10)])


def test_two_processes_share_an_epoch_without_overlap() -> None:
    parts = [batch_indices(8, 4, step, 0, rank, 2) for step in range(2) for rank in range(2)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(8))
    alone = [batch_indices(8, 4, step, 0) for step in range(2)]
    assert np.concatenate(parts).tolist() == np.concatenate(alone).tolist()


def test_the_seed_decides() -> None:
    assert batch_indices(100, 8, 5, 1).tolist() == batch_indices(100, 8, 5, 1).tolist()
    assert batch_indices(100, 8, 5, 1).tolist() != batch_indices(100, 8, 5, 2).tolist()


def test_groups_have_their_share_however_many_samples_they_have() -> None:
    prob_N = balance(np.array([0, 0, 0, 2]), np.array([1.0, 5.0, 1.0]))
    assert prob_N.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_drawn_batches_follow_the_probabilities_and_the_seed() -> None:
    prob_N = np.array([0.0, 0.25, 0.75, 0.0])
    first = drawn_indices(prob_N, 4000, 1, seed=0)
    assert set(first.tolist()) == {1, 2}
    assert (first == 2).mean() == pytest.approx(0.75, abs=0.03)
    assert first.tolist() == drawn_indices(prob_N, 4000, 1, seed=0).tolist()
    others = [drawn_indices(prob_N, 4000, 1, 0, rank, 2).tolist() for rank in range(2)]
    assert [*others[0], *others[1]] == drawn_indices(prob_N, 4000, 1, 0).tolist()
