"""Three maps of one width at strides 8, 16 and 32, whatever the backbone."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.image.neck import Neck, neck_width


@pytest.mark.parametrize(
    ("widths", "strides"), [((8, 16, 24, 32), (4, 8, 16, 32)), ((24,) * 4, (16,) * 4)]
)
def test_maps_have_their_strides(widths: tuple[int, ...], strides: tuple[int, ...]) -> None:
    neck = Neck(widths, strides, 12).eval()
    taps = [
        torch.zeros(1, width, 64 // stride, 96 // stride)
        for width, stride in zip(widths, strides, strict=True)
    ]
    shapes = [tuple(each.shape) for each in neck(taps)]
    assert shapes == [(1, 12, 8, 12), (1, 12, 4, 6), (1, 12, 2, 3)]


def test_small_backbones_have_a_narrow_neck() -> None:
    assert [neck_width(middle) for middle in (80, 96, 128, 192)] == [64, 64, 96, 96]
