"""Rescaling, random streams, batch norms without running statistics."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgehuman.pretrain.saip.views import (
    by_view,
    draw_size,
    resize,
    scaled_sizes,
    still_statistics,
    stream,
)

CPU = torch.device("cpu")


def test_sizes_are_multiples_of_the_stride_and_keep_the_shape() -> None:
    assert scaled_sizes(256, 128, 0.75, 1.5, 32) == [(192, 96), (320, 160), (384, 192)]
    assert scaled_sizes(256, 128, 0.75, 1.0, 16) == [(192, 96), (224, 112)]


def test_a_range_of_one_size_is_the_image_itself() -> None:
    assert scaled_sizes(64, 32, 1.0, 1.0, 32) == [(64, 32)]


def test_every_size_is_drawn() -> None:
    torch.manual_seed(0)
    sizes = [(1, 1), (2, 2), (3, 3)]
    assert {draw_size(sizes) for _ in range(50)} == set(sizes)


def test_resizing_halves_by_the_mean_of_four() -> None:
    x_NCHW = torch.tensor([[[[0.0, 4.0], [8.0, 12.0]]]])
    assert resize(x_NCHW, (1, 1)).item() == 6.0
    assert resize(x_NCHW, (2, 2)) is x_NCHW


def test_views_are_put_first() -> None:
    image_NVHWC = torch.tensor([[10, 11], [20, 21], [30, 31]]).view(3, 2, 1, 1, 1)
    assert by_view(image_NVHWC).flatten().tolist() == [10, 20, 30, 11, 21, 31]


def test_a_stream_is_independent_of_other_streams() -> None:
    torch.manual_seed(3)
    with stream(7, "csr", CPU):
        first = torch.rand(2)
    after = torch.rand(2)
    torch.manual_seed(3)
    assert torch.equal(torch.rand(2), after)
    with stream(7, "csr", CPU):
        assert torch.equal(torch.rand(2), first)
    with stream(7, "css", CPU):
        assert not torch.equal(torch.rand(2), first)


def test_still_norms_do_not_update_running_statistics() -> None:
    norm = nn.BatchNorm2d(1).train()
    x_NCHW = torch.full((2, 1, 1, 1), 5.0) + torch.tensor([[[[1.0]]], [[[-1.0]]]])
    with still_statistics(norm):
        assert norm(x_NCHW).flatten().tolist() == pytest.approx([1.0, -1.0], abs=1e-4)
    assert norm.running_mean is not None
    assert norm.running_mean.item() == 0.0
    norm(x_NCHW)
    assert norm.running_mean.item() == 0.5
