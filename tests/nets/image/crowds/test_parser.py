"""The parser says people and parts in one tensor; its loss sees the same as its answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.errors import UsageError
from edgehuman.metrics.crowds import outside
from edgehuman.metrics.crowds.answers import columns_of, require_rows
from edgehuman.nets.image.build import build_for
from edgehuman.nets.image.crowds import parser
from edgehuman.nets.image.crowds.masks import woven
from edgehuman.nets.image.crowds.parser import CrowdParser, crowd_parser

SIZE = (64, 96)
LABELS = ("background", "hair", "skin")


def images(count: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *SIZE, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def network() -> CrowdParser:
    return crowd_parser("starnet_s100", len(LABELS), SIZE)


@pytest.mark.parametrize("arch", ["starnet_s100", "vit_tiny", "tinyvit_5m"])
def test_people_then_parts(arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "MOST_PEOPLE", 7)
    with torch.inference_mode():
        row_NRX = crowd_parser(arch, len(LABELS), SIZE)(images(1))
    assert row_NRX.shape == (1, 7 + len(LABELS), columns_of(SIZE))
    person_KX, part_CX = row_NRX[0, :7], row_NRX[0, 7:]
    assert (person_KX[:-1, 4] >= person_KX[1:, 4]).all()
    assert part_CX[:, :5].abs().max() == 0
    assert part_CX[:, 5:].abs().max() > 0


def test_what_the_loss_sees_is_taken_apart_again(network: CrowdParser) -> None:
    with torch.inference_mode():
        said, flat_NX = network.said(images()), network.maps(images())
        for one, two in zip(said, network.unpacked(flat_NX), strict=True):
            assert torch.equal(one, two)
    assert said.part_NChw.shape == (2, 3, 16, 24)
    assert said.one_NP5.shape == (2, network.num_points, 5)


def test_the_answer_is_of_the_same_maps(network: CrowdParser) -> None:
    with torch.inference_mode():
        row_NRX, said = network(images()), network.said(images())
        part_NChw = woven(row_NRX[:, -3:, 5:].reshape(2, -1, 8, 12))
        torch.testing.assert_close(part_NChw, said.part_NChw)
        # The first row's mask, from the point with the highest peak.
        logit_NP = network.decode.peaks(said.one_NP5[..., 0])
        place = int(logit_NP[0].argmax())
        mask_X = network.masks(
            said.shared_NEhw[:1], said.feature_NPC[:1, [place]],
            network.decode.point_P4[None, [place], :2], network.decode.stride_P[None, [place]],
        )[0, 0]  # fmt: skip
    torch.testing.assert_close(row_NRX[0, 0, 5:], mask_X)


def test_every_part_learns_and_the_answering_tower_does_not_teach_the_neck(
    network: CrowdParser,
) -> None:
    network.zero_grad()
    said = network.said(images())
    said.one_NP5.square().sum().backward()  # type: ignore[no-untyped-call]
    assert reached(network) == {"one"}
    network.zero_grad()
    said = network.said(images())
    total = said.shared_NEhw.sum() + said.part_NChw.sum() + said.feature_NPC.sum()
    total.backward()  # type: ignore[no-untyped-call]
    assert reached(network) == {"encoder", "neck", "branch", "looks"}
    network.zero_grad()


def reached(network: CrowdParser) -> set[str]:
    return {
        name.partition(".")[0]
        for name, parameter in network.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.any())
    }


def test_a_card_builds_the_same_network(network: CrowdParser) -> None:
    output = OutputSpec("person_parts", LABELS)
    frame = image_input(*SIZE, "Frame")
    card = Card("x", "multi-parsing", "starnet_s100", 0, 0, frame, output)
    again = build_for(card, network.state_dict(), seed=0)
    assert isinstance(again, CrowdParser)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_a_size_that_no_stride_divides_is_an_error() -> None:
    with pytest.raises(UsageError, match="--height is 60"):
        crowd_parser("starnet_s100", 3, (60, 96))


@pytest.mark.parametrize("arch", ["starnet_s100", "vit_tiny", "tinyvit_5m"])
def test_people_chosen_outside_are_those_chosen_inside(
    arch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (parser, outside):
        monkeypatch.setattr(module, "MOST_PEOPLE", 9)
    network = crowd_parser(arch, len(LABELS), SIZE)
    torch.manual_seed(0)
    torch.nn.init.normal_(network.one.last.weight, std=0.3)  # scores that differ
    with torch.inference_mode():
        inside_NRX = network(images()).numpy()
        network.post = "outside"
        output_N1X = network(images()).numpy()
    found_NRX = require_rows(output_N1X, len(LABELS), SIZE)
    # Points that are no peak all say the same, and may come in any order.
    is_peak_NR = inside_NRX[..., 4] > 1e-6
    assert (is_peak_NR.sum(axis=1) > 2).all()
    is_peak_NR[:, 9:] = True
    np.testing.assert_allclose(found_NRX[is_peak_NR], inside_NRX[is_peak_NR], rtol=1e-4, atol=2e-4)
