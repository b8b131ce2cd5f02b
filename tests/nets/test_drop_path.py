"""Stochastic depth: drops whole samples, keeps the mean, does nothing in evaluation."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.drop_path import DropPath, drop_rates


def test_drop_path_is_off_in_evaluation() -> None:
    x = torch.randn(4, 3)
    assert DropPath(0.5).eval()(x) is x
    assert DropPath(0.0).train()(x) is x


def test_training_drops_whole_samples_and_scales_the_others() -> None:
    torch.manual_seed(0)
    kept = DropPath(0.25).train()(torch.ones(2000, 2, 3))
    per_sample = kept.flatten(1)
    assert per_sample.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert torch.equal(per_sample.amin(dim=1), per_sample.amax(dim=1))
    assert kept.mean().item() == pytest.approx(1.0, abs=0.05)


def test_drop_rates_grow_linearly_from_zero() -> None:
    assert drop_rates(0.2, 5) == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2])
    assert drop_rates(0.2, 1) == [0.0]


def test_a_drop_rate_of_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r"drop path 1\.0 must be at least 0 and below 1"):
        DropPath(1.0)
