"""The network of garments: shapes, labels, and whose features an item's attributes are made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.metrics.garments.answers import columns_of, require_items
from edgehuman.metrics.garments.outside import HEAD, NEVER, SCORE
from edgehuman.nets.image.build import build_for
from edgehuman.nets.image.detection import EDGES, detector
from edgehuman.nets.image.garments.network import (
    Describe,
    GarmentDecode,
    GarmentNet,
    Wearers,
    garment_net,
)

SIZE = (64, 96)


@pytest.fixture(scope="module")
def network() -> GarmentNet:
    return garment_net("starnet_s100", 5, 7, SIZE)


def test_the_answer_is_what_is_read(network: GarmentNet) -> None:
    image_NHWC = torch.randint(0, 256, (2, *SIZE, 3), dtype=torch.uint8)
    with torch.inference_mode():
        row_NKX = network(image_NHWC).numpy()
        said = network.garments_of(network.maps(image_NHWC))
    assert row_NKX.shape == (2, 100, columns_of(SIZE, 7))
    assert require_items(row_NKX, 5, 7, SIZE) is row_NKX
    assert said.one_NPV.shape == (2, network.num_points, 5 + EDGES)
    for own, packed in zip(network.garments_said(image_NHWC), said, strict=True):
        torch.testing.assert_close(own, packed)


def test_a_card_builds_it_again(network: GarmentNet) -> None:
    labels = ("person", "a", "b", "c", "d")
    output = OutputSpec("part_attributes", labels, attributes=tuple("1234567"))
    card = Card("w", "part-attributes", "starnet_s100", 1, 1, image_input(*SIZE, "Frame"), output)
    again = build_for(card, network.state_dict())
    again.load_state_dict(network.state_dict())
    assert isinstance(again, GarmentNet)


def test_each_label_has_its_own_peaks_and_a_point_says_the_best() -> None:
    """Of two neighbours with the same label the higher stays; of another label both do."""
    decode = GarmentDecode((32, 32))
    said_NPV = torch.full((1, 16 + 4 + 1, 2 + EDGES), -9.0)
    said_NPV[0, 5, 0], said_NPV[0, 6, 0] = 3.0, 2.0
    answer_NK6, place_NK = decode(said_NPV, 3)
    assert place_NK is not None
    assert place_NK[0, 0] == 5
    assert answer_NK6[0, 1, 4] < 0.01
    said_NPV[0, 6, 0], said_NPV[0, 6, 1] = -9.0, 2.0
    answer_NK6, place_NK = decode(said_NPV, 3)
    assert place_NK is not None
    assert place_NK[0, :2].tolist() == [5, 6]
    assert answer_NK6[0, :2, 5].tolist() == [0, 1]


def test_who_wears_a_thing_counts_by_score_and_by_how_much_is_inside() -> None:
    """A box half inside the second person: 1/4 of a score of 0.8, and 0.05 of the image."""
    box_NK4 = torch.tensor([[[0, 0, 16, 32], [24, 0, 40, 32], [8, 0, 16, 16], [32, 0, 48, 16.0]]])
    person_NK = torch.tensor([[0.9, 0.8, 0.0, 0.0]])
    place_NK, of_people, of_image = Wearers((4, 6))(box_NK4, person_NK)
    assert place_NK.tolist() == [[2 * 6 + 1, 2 * 6 + 4, 6 + 1, 6 + 5]]
    total = 0.25 * 0.8 + 0.05
    assert of_people[0, 3].tolist() == pytest.approx([0, 0.2 / total, 0, 0])
    assert of_image[0, 3].item() == pytest.approx(0.05 / total)
    assert of_people[0, 2].tolist() == pytest.approx([0.9 / 0.95, 0, 0, 0])
    nobody = Wearers((4, 6))(box_NK4, torch.zeros(1, 4))
    assert nobody[2].flatten().tolist() == pytest.approx([1] * 4)


def test_attributes_are_linear_in_point_middle_and_wearer_and_never_of_other_labels() -> None:
    describe = Describe(1, 2, 3, (4, 4))
    with torch.no_grad():
        describe.linear.weight.copy_(torch.eye(3))
        describe.linear.bias.zero_()
        describe.together_LA.copy_(torch.tensor([[0, 0, 0], [1, 1, 1.0]]))
    feature_NPC = torch.zeros(1, 16 + 4 + 1, 1)
    feature_NPC[0, 5] = 9.0  # of the 3x3 points round the middle
    feature_NPC[0, 20] = 4.0  # the image
    own_NKC = torch.tensor([[[2.0], [7.0]]])
    box_NK4 = torch.tensor([[[8.0, 8, 24, 24], [0, 0, 32, 32]]])
    logit_NKA = describe(
        feature_NPC, own_NKC, box_NK4, torch.tensor([[0.0, 0.95]]), torch.tensor([[1.0, 0.0]])
    )
    assert logit_NKA[0, 0].tolist() == pytest.approx([2, 1, 7 * 0.95 + 4 * 0.05], abs=1e-5)
    assert logit_NKA[0, 1].tolist() == [NEVER] * 3


def test_a_detector_of_people_begins_it(network: GarmentNet) -> None:
    taught = detector("starnet_s100", SIZE, seed=3).state_dict()
    fits = network.fitted({name: each for name, each in taught.items() if "one." in name})
    assert torch.equal(fits["one.last.weight"][0], taught["one.last.weight"][0])
    assert torch.equal(fits["one.last.bias"][-EDGES:], taught["one.last.bias"][-EDGES:])
    own = network.state_dict()["one.last.weight"]
    assert torch.equal(fits["one.last.weight"][1:5], own[1:5])


@pytest.mark.parametrize("arch", ["starnet_s100", "vit_tiny", "tinyvit_5m"])
def test_items_chosen_outside_are_those_chosen_inside(arch: str) -> None:
    network = garment_net(arch, 5, 7, SIZE)
    torch.manual_seed(0)
    torch.nn.init.normal_(network.one.last.weight[:5], std=0.3)  # scores and labels that differ
    torch.nn.init.normal_(network.describe.linear.weight, std=0.3)
    network.describe.together_LA[2, 3:] = 0
    image_NHWC = torch.randint(0, 256, (2, *SIZE, 3), dtype=torch.uint8)
    with torch.inference_mode():
        inside_NKX = network(image_NHWC).numpy()
        network.post = "outside"
        output_N1X = network(image_NHWC).numpy()
    found_NKX = require_items(output_N1X, 5, 7, SIZE)
    # Points that are no peak all say the same, and may come in any order.
    is_peak_NK = inside_NKX[..., SCORE] > 1e-6
    assert (is_peak_NK.sum(axis=1) > 5).all()
    assert (inside_NKX[is_peak_NK][:, HEAD : HEAD + 7] == NEVER).any()
    assert len(np.unique(inside_NKX[is_peak_NK][:, 5])) > 2
    np.testing.assert_allclose(found_NKX[is_peak_NK], inside_NKX[is_peak_NK], rtol=1e-4, atol=3e-4)
