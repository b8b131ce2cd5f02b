"""The cross-entropy of attributes, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman.nets.image.garments.network import Describe
from edgehuman.tasks.image.detection.assignment import Assigned, Said
from edgehuman.tasks.image.garments.losses import attribute_loss


def loss_of(wanted: list[float], person_NP: torch.Tensor, bias: float = 0.0) -> torch.Tensor:
    """Of logits that are all the same, for a label that can have two of three attributes."""
    describe = Describe(2, 2, 3, (4, 4))
    with torch.no_grad():
        describe.linear.weight.zero_()
        describe.linear.bias.fill_(bias)
        describe.together_LA.copy_(torch.tensor([[0, 0, 0], [1, 1, 0.0]]))
    points = 21
    one = Said(torch.zeros(1, points, 2), torch.tensor([0.0, 0, 8, 8]).expand(1, points, 4))
    found = Assigned(person_NP, (person_NP >= 0).float())
    label_NM, attribute_NMA = torch.tensor([[1]]), torch.tensor([[wanted]])
    features_NPC = torch.randn(1, points, 2)
    return attribute_loss(describe, features_NPC, one, (found, found), label_NM, attribute_NMA)


def test_it_is_the_mean_over_what_a_label_can_have() -> None:
    person_NP = torch.full((1, 21), -1)
    person_NP[0, [3, 7]] = 0
    assert loss_of([1, 0, 0], person_NP).item() == pytest.approx(math.log(2))
    # A logit of 2, where one of two is there; the third cannot be, whatever is wanted.
    sure = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2))) / 2
    assert loss_of([1, 0, 1], person_NP, 2.0).item() == pytest.approx(sure, rel=1e-5)
    loss_of([1, 0, 0], person_NP).backward()  # type: ignore[no-untyped-call]


def test_of_nothing_it_is_0() -> None:
    assert loss_of([1, 0, 0], torch.full((1, 21), -1)).item() == 0
