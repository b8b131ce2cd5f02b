"""The losses of the person tasks, on numbers that can be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.errors import DataError
from edgehuman.tasks.image.losses import (
    IGNORE,
    attribute_loss,
    heatmap_loss,
    lovasz_softmax,
    parsing_loss,
    reid_loss,
    triplet_loss,
)

# Two persons on a line. Farthest own minus nearest other: 1-3, 1-2, 4-2, 4-6.
FEATURE = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
PERSON = torch.tensor([5, 5, 9, 9])
GAPS = (-2.0, -1.0, 2.0, -2.0)


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def test_triplets_by_hand() -> None:
    with_margin = sum(max(0.0, gap + 0.3) for gap in GAPS) / 4
    assert triplet_loss(FEATURE, PERSON, margin=0.3).item() == pytest.approx(with_margin)
    soft = sum(map(softplus, GAPS)) / 4
    assert triplet_loss(FEATURE, PERSON).item() == pytest.approx(soft)


def test_a_person_seen_once_is_only_a_negative() -> None:
    feature_ND = torch.tensor([[0.0], [1.0], [1.5]])
    # Anchor 0: 1 - 1.5; anchor 1: 1 - 0.5; the third has no positive.
    expected = (softplus(-0.5) + softplus(0.5)) / 2
    assert triplet_loss(feature_ND, torch.tensor([0, 0, 1])).item() == pytest.approx(expected)


@pytest.mark.parametrize("persons", [[0, 0, 0], [0, 1, 2], [0]])
def test_a_batch_without_a_triplet_is_an_error(persons: list[int]) -> None:
    with pytest.raises(DataError, match="two people"):
        triplet_loss(torch.randn(len(persons), 4), torch.tensor(persons))


def test_equal_pictures_have_a_finite_gradient() -> None:
    feature_ND = torch.zeros(4, 3, requires_grad=True)
    triplet_loss(feature_ND, PERSON).backward()  # type: ignore[no-untyped-call]
    assert feature_ND.grad is not None
    assert feature_ND.grad.isfinite().all()


@pytest.mark.parametrize(("margin", "key"), [(None, "soft"), (0.3, "margin0.3")])
def test_published_code_gives_the_same_triplet_loss(
    margin: float | None, key: str, reference_vectors: Path
) -> None:
    with np.load(reference_vectors / "vision_metric_refs.npz") as file:
        feature_ND, label_N = (torch.from_numpy(file[f"triplet/{x}"]) for x in ("feat", "label"))
        expected = float(file[f"triplet/{key}"])
    assert triplet_loss(feature_ND, label_N, margin).item() == pytest.approx(expected, abs=2e-6)


def test_reid_adds_triplet_and_identity() -> None:
    logits_NI = torch.zeros(4, 10)
    losses = reid_loss(FEATURE, logits_NI, PERSON, margin=0.3)
    assert losses["identity"].item() == pytest.approx(math.log(10))
    assert losses["loss"].item() == pytest.approx(math.log(10) + 0.575)
    sure_NI = torch.nn.functional.one_hot(PERSON, 10) * 100.0
    assert reid_loss(FEATURE, sure_NI, PERSON)["identity"].item() == pytest.approx(0)
    # Label smoothing spreads 0.1 over ten classes; nine of them are 100 below.
    smooth = reid_loss(FEATURE, sure_NI, PERSON, smoothing=0.1)["identity"].item()
    assert smooth == pytest.approx(0.1 * 9 / 10 * 100)


def test_attributes_sum_over_answers_and_average_over_persons() -> None:
    # At logit 0 every answer costs log 2, times exp(1 - r) for a yes and exp(r) for a no.
    label_NA = torch.tensor([[1, 0], [0, 0]])
    share_A = torch.tensor([0.2, 0.5])
    expected = math.log(2) * (math.exp(0.8) + math.exp(0.5) + math.exp(0.2) + math.exp(0.5)) / 2
    loss = attribute_loss(torch.zeros(2, 2), label_NA, share_A)
    assert loss.item() == pytest.approx(expected)


def test_heatmap_loss_is_weighted_per_joint() -> None:
    heat_NJHW = torch.zeros(1, 2, 2, 2)
    target_NJHW = torch.ones(1, 2, 2, 2) * torch.tensor([1.0, 3.0])[None, :, None, None]
    loss = heatmap_loss(heat_NJHW, target_NJHW, torch.tensor([[1.5, 0.0]]))
    assert loss.item() == pytest.approx(1.5 * 4 / 8)
    with pytest.raises(DataError, match=r"weights \(1, 3\)"):
        heatmap_loss(heat_NJHW, target_NJHW, torch.ones(1, 3))
    with pytest.raises(DataError, match=r"targets \(1, 2, 2, 3\)"):
        heatmap_loss(heat_NJHW, torch.ones(1, 2, 2, 3), torch.ones(1, 2))


def test_lovasz_by_hand() -> None:
    # Class 0 owns pixels 0 and 1; its errors 0.1, 0.6 and 0.3 at pixel 2, largest first: 1, 2, 0.
    prob_PC = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]])
    label_P = torch.tensor([0, 0, 1])
    # Jaccard loss as they turn wrong: 1 - 1/2, 1 - 1/3, 1 - 0/3.
    class_0 = 0.6 * (1 / 2) + 0.3 * (2 / 3 - 1 / 2) + 0.1 * (1 - 2 / 3)
    # Class 1 owns pixel 2, the same errors in the same order: 1 - 1/2, 1 - 0/2, 1 - 0/3.
    class_1 = 0.6 * (1 / 2) + 0.3 * (1 - 1 / 2)
    assert lovasz_softmax(prob_PC, label_P).item() == pytest.approx((class_0 + class_1) / 2)


def test_lovasz_of_hard_answers_is_one_minus_iou() -> None:
    label_P = torch.tensor([0, 0, 0, 1, 1, 2])
    answer_P = torch.tensor([0, 0, 1, 1, 1, 1])
    # IoU 2/3, 2/4 and 0/1; class 3 is absent.
    loss = lovasz_softmax(torch.eye(4)[answer_P], label_P)
    assert loss.item() == pytest.approx((1 / 3 + 1 / 2 + 1) / 3)


def random_parsing() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits_NCHW = torch.randn(2, 3, 4, 5, generator=generator)
    return logits_NCHW, torch.randint(0, 3, (2, 4, 5), generator=generator)


def test_ignored_pixels_have_no_effect() -> None:
    logits_NCHW, label_NHW = random_parsing()
    cut = parsing_loss(logits_NCHW[:, :, :3], label_NHW[:, :3])
    label_NHW[:, 3] = IGNORE
    whole = parsing_loss(logits_NCHW, label_NHW)
    for name in ("loss", "cross_entropy", "lovasz"):
        assert whole[name].item() == pytest.approx(cut[name].item())


def test_parsing_is_cross_entropy_plus_weighted_lovasz() -> None:
    logits_NCHW, label_NHW = random_parsing()
    losses = parsing_loss(logits_NCHW, label_NHW.to(torch.uint8), lovasz_weight=0.5)
    expected = torch.nn.functional.cross_entropy(logits_NCHW, label_NHW)
    assert losses["cross_entropy"].item() == pytest.approx(expected.item())
    total = losses["cross_entropy"] + 0.5 * losses["lovasz"]
    assert losses["loss"].item() == pytest.approx(total.item())
    assert losses["lovasz"] > 0


def test_a_fully_ignored_batch_has_no_loss_and_no_gradient() -> None:
    logits_NCHW = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = parsing_loss(logits_NCHW, torch.full((1, 2, 2), IGNORE))["loss"]
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert logits_NCHW.grad is not None
    assert not logits_NCHW.grad.any()


def test_mismatched_label_size_is_an_error() -> None:
    logits_NCHW, label_NHW = random_parsing()
    with pytest.raises(DataError, match=r"logits \(2, 3, 4, 5\) and labels \(2, 4, 4\)"):
        parsing_loss(logits_NCHW, label_NHW[:, :, :4])


LOGITS, LABEL = random_parsing()
DESCENTS: list[tuple[tuple[int, ...], Callable[[Tensor], Tensor]]] = [
    ((4, 3), lambda x: triplet_loss(x, PERSON)),
    ((2, 2), lambda x: attribute_loss(x, torch.eye(2), torch.tensor([0.3, 0.6]))),
    ((1, 2, 4, 5), lambda x: heatmap_loss(x, torch.ones(1, 2, 4, 5), torch.ones(1, 2))),
    (tuple(LOGITS.shape), lambda x: parsing_loss(x, LABEL)["loss"]),
]


@pytest.mark.parametrize(
    ("shape", "loss_of"), DESCENTS, ids=["triplet", "answers", "maps", "parts"]
)
def test_a_gradient_step_lowers_the_loss(
    shape: tuple[int, ...], loss_of: Callable[[Tensor], Tensor]
) -> None:
    start = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    x = start.clone().requires_grad_()
    [slope] = torch.autograd.grad(loss_of(x), x)
    assert loss_of(start - 0.1 * slope) < loss_of(start)
