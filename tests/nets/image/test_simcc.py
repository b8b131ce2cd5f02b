"""The SimCC head: shapes, plain interpolation at first, and every tap counts."""

from __future__ import annotations

import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.nets.building import count_params
from edgehuman.nets.image.heads import make_head, person_net, with_head
from edgehuman.nets.image.simcc import SimccHead
from tests.nets.tiny_encoder import seeded

OUTPUT = OutputSpec("simcc", ("a", "b", "c"), dim=64)


def taps_of(head: SimccHead) -> list[torch.Tensor]:
    encoder = seeded()
    image_NHWC = torch.randint(0, 256, (2, 64, 32, 3), dtype=torch.uint8)
    return [tap.detach() for tap in encoder.taps(encoder.normalise(image_NHWC))]


def test_each_joint_has_two_classes_a_pixel_of_each_side_and_a_presence() -> None:
    network = with_head(seeded(), OUTPUT, size=(64, 32))
    found = network(torch.zeros((2, 64, 32, 3), dtype=torch.uint8))
    assert found.shape == (2, 3, 2 * 32 + 2 * 64 + 1)


def test_the_size_is_the_encoders_unless_it_is_given() -> None:
    head = make_head(seeded(), OUTPUT)
    assert isinstance(head, SimccHead)
    assert head.columns.out_features == 2 * seeded().image_size[1]


def test_a_fresh_head_interpolates_the_map() -> None:
    head = SimccHead((8,), (4,), 1, (16, 8))
    # Cells 0 and 1 of four pixels: centres at classes 3.5 and 11.5 of 16.
    found = head.columns(torch.tensor([[0.0, 8.0]]))[0] / 4
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert found[4].item() == pytest.approx(0.5)
    assert found[11].item() == pytest.approx(7.5)
    assert found[12:].tolist() == [8, 8, 8, 8]


def test_every_tap_counts_for_places_and_the_last_for_the_presence() -> None:
    torch.manual_seed(0)
    head = SimccHead(seeded().tap_widths, seeded().tap_strides, 3, (64, 32)).eval()
    taps = taps_of(head)
    whole = head(taps)
    for changed in range(4):
        other = head(
            [tap + 3 * torch.rand_like(tap) * (i == changed) for i, tap in enumerate(taps)]
        )
        assert not torch.allclose(other, whole, atol=1e-6)


@pytest.mark.parametrize("arch", ["starnet_s100", "vit_tiny"])
def test_backbones_of_any_strides_take_the_head(arch: str) -> None:
    output = OutputSpec("simcc", tuple("abcdefghijklmnopq"), dim=128)
    network = person_net(arch, output, (64, 64))
    assert network(torch.zeros((1, 64, 64, 3), dtype=torch.uint8)).shape == (1, 17, 257)
    assert count_params(network.head) < 120_000
