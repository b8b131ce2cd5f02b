"""The ratio of batched to per-sample augmentation is measured on the same work, and is a target."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.contestants import NotMeasured
from edgehuman.bench.targets import skeleton_augment
from edgehuman.bench.targets.targets import choose
from edgehuman.training.skeleton.augment import SkeletonAugment


def test_the_reference_draws_within_the_same_bounds() -> None:
    generator, ours = np.random.default_rng(0), SkeletonAugment()
    drawn = [skeleton_augment.draw(generator, 96, ours) for _ in range(300)]
    position_NT = np.stack([each.position_T for each in drawn])
    assert position_NT.min() >= 0
    assert position_NT.max() <= 95
    speed_N = np.abs(position_NT[:, 1] - position_NT[:, 0])
    assert 0.8 <= speed_N.min() < 0.82
    assert 1.22 < speed_N.max() <= 1.25001
    assert 0.4 < np.mean([each.mirrored for each in drawn]) < 0.6
    assert 0.4 < np.mean([each.sigma > 0 for each in drawn]) < 0.6
    assert np.std([each.shift_J2 for each in drawn]) == pytest.approx(0.01, rel=0.05)


def test_a_sequence_that_shows_nobody_stays_empty() -> None:
    empty_SJ3 = np.zeros((40, 18, 3), np.float32)
    drawn = skeleton_augment.draw(np.random.default_rng(0), 40, SkeletonAugment(mirror=1, smooth=1))
    assert not skeleton_augment.augment_one(empty_SJ3, drawn).any()


def test_it_is_a_target_and_says_so_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = choose(["augment"])
    assert (target.goal, target.sense) == (5.0, "at least")
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    with pytest.raises(NotMeasured, match="PyTorch is not installed"):
        skeleton_augment.per_sample_over_batched()


def test_it_is_measured() -> None:
    assert skeleton_augment.per_sample_over_batched(batch=16, rounds=1) > 0
