"""The pyramid: every tap reaches the map, and it is small."""

from __future__ import annotations

import torch

from edgehuman.nets.building import count_params
from edgehuman.nets.image.pyramid_head import PyramidHead
from tests.nets.tiny_encoder import seeded


def images() -> torch.Tensor:
    return torch.randint(0, 256, (2, 64, 32, 3), dtype=torch.uint8)


def test_every_tap_reaches_the_map() -> None:
    encoder = seeded()
    head = PyramidHead(encoder.tap_widths, encoder.tap_strides, 3, width=16).eval()
    taps = [tap.detach() for tap in encoder.taps(encoder.normalise(images()))]
    whole = head(taps)
    for i in range(4):
        changed = [tap + 1.0 if i == j else tap for j, tap in enumerate(taps)]
        assert not torch.allclose(head(changed), whole)


def test_a_pyramid_is_small_compared_with_a_student() -> None:
    head = PyramidHead((64, 128, 160, 320), (4, 8, 16, 32), 20)
    assert count_params(head) == sum(
        [
            128 * (64 + 128 + 160 + 320) + 4 * 2 * 128,  # laterals with their norms
            4 * (9 * 128 + 128 * 128 + 4 * 128),  # separable blocks with their norms
            20 * 128 + 20,  # the last convolution
        ]
    )
    assert count_params(head) < 200_000
