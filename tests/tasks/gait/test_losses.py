"""Triplets and identities of walks, by hand and against published code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.errors import DataError
from edgehuman.tasks.gait.losses import batch_all_triplets, identity_loss


def test_triplets_on_a_line_by_hand() -> None:
    # Persons 0 at 0 and 0.5, 1 at 0.6. Margin 0.2.
    feature_NPD = torch.tensor([0.0, 0.5, 0.6])[:, None, None]
    loss_P, count_P = batch_all_triplets(feature_NPD, torch.tensor([0, 0, 1]))
    # Anchor 0: itself 0-0.6, partner 0.5-0.6 -> 0.1. Anchor 0.5: partner 0.5-0.1 -> 0.6, itself
    # 0-0.1 -> 0.1. Anchor 0.6: itself 0-0.6, 0-0.1 -> 0.1.
    assert loss_P.tolist() == pytest.approx([(0.1 + 0.6 + 0.1 + 0.1) / 4])
    assert count_P.tolist() == [4]


def test_equal_walks_have_a_finite_gradient_and_far_ones_no_loss() -> None:
    feature_NPD = torch.zeros(4, 2, 3, requires_grad=True)
    loss_P, _ = batch_all_triplets(feature_NPD, torch.tensor([0, 0, 1, 1]))
    assert loss_P.tolist() == pytest.approx([0.2, 0.2])
    loss_P.sum().backward()  # type: ignore[no-untyped-call]
    assert feature_NPD.grad is not None
    assert feature_NPD.grad.isfinite().all()
    apart = torch.tensor([0.0, 0.0, 9.0, 9.0])[:, None, None]
    assert batch_all_triplets(apart, torch.tensor([0, 0, 1, 1]))[0].item() == 0
    with pytest.raises(DataError, match="two people"):
        batch_all_triplets(apart, torch.tensor([1, 1, 1, 1]))


def test_cosine_triplets_by_hand_ignore_lengths() -> None:
    # Angles 0, 0 (longer) and 90 degrees: own 0, other 1; then 60 degrees: 1 - 0.5.
    right = torch.tensor([[1.0, 0.0], [7.0, 0.0], [0.0, 2.0]])[:, None]
    person_N = torch.tensor([0, 0, 1])
    assert batch_all_triplets(right, person_N, 0.2, "cosine")[0].item() == 0
    near = torch.tensor([[1.0, 0.0], [7.0, 0.0], [0.5, math.sqrt(0.75)]])[:, None]
    loss_P, count_P = batch_all_triplets(near, person_N, 0.6, "cosine")
    assert loss_P.tolist() == pytest.approx([0.1], abs=1e-6)
    assert count_P.tolist() == [6]  # two anchors with two positives, one with itself twice


def test_unequal_numbers_of_walks_equal_all_triplets_one_by_one() -> None:
    person_N = torch.tensor([2, 0, 2, 1, 0, 2, 1, 3])
    feature_NPD = torch.from_numpy(np.random.default_rng(0).normal(size=(8, 3, 4)))
    loss_P, count_P = batch_all_triplets(feature_NPD, person_N)
    for part in range(3):
        distance_NN = torch.cdist(feature_NPD[:, part], feature_NPD[:, part])
        terms = [
            distance_NN[a, p] - distance_NN[a, n] + 0.2
            for a in range(8)
            for p in range(8)
            for n in range(8)
            if person_N[a] == person_N[p] and person_N[a] != person_N[n]
        ]
        costs = [float(term) for term in terms if term > 0]
        assert count_P[part] == len(costs)
        assert loss_P[part].item() == pytest.approx(np.mean(costs), abs=1e-5)


def test_identities_by_hand() -> None:
    logits_NPI = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    right, wrong = -math.log(math.e / (math.e + 1)), -math.log(1 / (math.e + 1))
    found = identity_loss(logits_NPI, torch.tensor([0]), scale=1.0, smoothing=0.0)
    assert found.item() == pytest.approx((right + wrong) / 2)


def test_published_code_gives_the_same(reference_vectors: Path) -> None:
    with np.load(reference_vectors / "opengait_losses_metrics.npz") as file:
        person_N = torch.from_numpy(file["labels"])
        feature_NPD = torch.from_numpy(file["tri_emb"]).transpose(1, 2)  # stored as (N, D, P)
        loss_P, count_P = batch_all_triplets(feature_NPD, person_N)
        assert loss_P.numpy() == pytest.approx(file["tri_loss_per_part"], abs=1e-6)
        assert count_P.numpy() == pytest.approx(file["tri_num"])
        logits_NPI = torch.from_numpy(file["ce_logits"]).transpose(1, 2)
        for key, scale, smoothing in (
            ("ce_scale16_ls1", 16.0, 0.1),
            ("ce_scale1_ls1", 1.0, 0.1),
            ("ce_scale1_ls0", 1.0, 0.0),
        ):
            found = identity_loss(logits_NPI, person_N, scale, smoothing)
            assert found.item() == pytest.approx(float(file[key]), abs=1e-5)
