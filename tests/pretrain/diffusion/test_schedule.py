"""Noise schedules and loss weights, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman.pretrain.diffusion.schedule import loss_weights, signal_shares
from edgehuman.pretrain.diffusion.settings import Schedule, Weighting

SCHEDULES: tuple[Schedule, ...] = ("cosine", "inverted-cosine")
WEIGHTINGS: tuple[Weighting, ...] = ("uniform", "min-snr", "medium-noise")


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_signal_only_falls_from_one_to_almost_nothing(schedule: Schedule) -> None:
    share_S = signal_shares(schedule)
    assert len(share_S) == 1001
    assert share_S[0] == 1
    assert (share_S.diff() < 0).all()
    assert 0 < share_S[-1] < 1e-4


def test_the_cosine_is_that_of_its_paper() -> None:
    share_S = signal_shares("cosine")
    for step in (1, 250, 900):
        angle = (step / 1000 + 0.008) / 1.008 * math.pi / 2
        expected = math.cos(angle) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        assert share_S[step].item() == pytest.approx(expected, rel=1e-9)


def test_the_inverted_cosine_is_the_cosine_with_axes_exchanged() -> None:
    share_S = signal_shares("inverted-cosine")
    for step in (1, 250, 500, 900):
        # The cosine schedule, not divided by its start, at the step whose number is the share.
        angle = (share_S[step].item() + 0.008) / 1.008 * math.pi / 2
        assert math.cos(angle) ** 2 == pytest.approx(step / 1000, abs=1e-9)


def test_the_inverted_cosine_spends_more_steps_at_medium_noise() -> None:
    medium = [
        int(((s := signal_shares(each)) > 0.2).logical_and(s < 0.8).sum()) for each in SCHEDULES
    ]
    assert medium[1] > 1.4 * medium[0]


def test_min_snr_and_medium_noise_by_hand() -> None:
    # Signal-to-noise ratios of 1/99, 1/9, 1, 9 and 99.
    share_S = torch.tensor([0.01, 0.1, 0.5, 0.9, 0.99], dtype=torch.float64)
    assert loss_weights(share_S, "uniform", 5).tolist() == [1] * 5
    low = pytest.approx([1, 1, 1, 5 / 9, 5 / 99])
    assert loss_weights(share_S, "min-snr", 5).tolist() == low
    both = pytest.approx([5 / 99, 5 / 9, 1, 5 / 9, 5 / 99])
    assert loss_weights(share_S, "medium-noise", 5).tolist() == both


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_medium_noise_lowers_both_ends_and_min_snr_one(schedule: Schedule) -> None:
    share_S = signal_shares(schedule)[1:]
    even_S, low_S, both_S = (loss_weights(share_S, each, 5) for each in WEIGHTINGS)
    middle = int((share_S - 0.5).abs().argmin())
    assert even_S[0] == even_S[middle] == even_S[-1] == 1
    assert low_S[0] < 0.2
    assert low_S[middle] == low_S[-1] == 1
    assert both_S[0] < 0.2
    assert both_S[middle] == 1
    assert both_S[-1] < 0.01
    assert (both_S[:middle].diff() >= 0).all()
    assert (both_S[middle:].diff() <= 0).all()
