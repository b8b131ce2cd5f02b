"""The losses of text-to-image search, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman.tasks.image.captions.losses import (
    identity_loss,
    itc_loss,
    masked_loss,
    sdm_loss,
)

COSINES = torch.tensor([[0.8, 0.6], [0.5, 0.7]])


@pytest.mark.parametrize(("scale", "expected"), [(50.0, 0.041891), (5.0, 8.960411)])
def test_sdm_of_two_people(scale: float, expected: float) -> None:
    # Scale 50: 0.000337 of pictures over sentences and 0.041554 the other way (IRRA's own code).
    found = sdm_loss(COSINES, torch.tensor([4, 9]), scale)
    assert float(found) == pytest.approx(expected, abs=2e-6)


def test_sdm_of_one_person_wants_even_shares() -> None:
    # p = softmax(0, log 3) = (1/4, 3/4) against (1/2, 1/2), the same both ways.
    cosine_NN = torch.tensor([[0.0, math.log(3)], [math.log(3), 0.0]])
    expected = 2 * (0.25 * math.log(0.5) + 0.75 * math.log(1.5))
    found = sdm_loss(cosine_NN, torch.tensor([1, 1]), 1.0)
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_sdm_rewards_the_right_pairs() -> None:
    right, person_N = torch.eye(3), torch.arange(3)
    assert float(sdm_loss(right, person_N)) == pytest.approx(0, abs=1e-6)
    assert float(sdm_loss(right.roll(1, 0), person_N)) > 30


@pytest.mark.parametrize(("people", "expected"), [((4, 9), 0.287682), ((1, 1), 0.836988)])
def test_itc_is_the_cross_entropy_of_even_shares(people: tuple[int, int], expected: float) -> None:
    # Softmax (3/4, 1/4): -log(3/4) where one is right; the mean with -log(1/4) where both are.
    cosine_NN = torch.tensor([[math.log(3), 0.0], [0.0, math.log(3)]])
    found = itc_loss(cosine_NN, torch.tensor(people), 1.0)
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_itc_of_equal_cosines_is_the_logarithm_of_their_number_at_any_scale() -> None:
    for scale in (1.0, 14.0):
        found = itc_loss(torch.full((4, 4), 0.3), torch.arange(4), scale)
        assert float(found) == pytest.approx(math.log(4), abs=1e-6)


def test_identities_are_the_mean_of_both_cross_entropies() -> None:
    image_NI, text_NI = torch.tensor([[math.log(3), 0.0]]), torch.zeros(1, 2)
    # -log(3/4) = 0.287682 and -log(1/2) = 0.693147.
    found = identity_loss(image_NI, text_NI, torch.tensor([0]))
    assert float(found) == pytest.approx(0.490415, abs=1e-6)


def test_only_hidden_words_count() -> None:
    logits_NSV = torch.zeros(1, 3, 4)
    logits_NSV[0, 1, 2] = math.log(5)  # its share is 5/8
    target_NS = torch.tensor([[0, 2, 0]])
    assert float(masked_loss(logits_NSV, target_NS)) == pytest.approx(math.log(8 / 5), abs=1e-6)
