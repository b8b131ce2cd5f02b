"""GaitBase: the numbers of the published network, and its blocks."""

from __future__ import annotations

import torch
from torch import nn

from edgehuman.nets.silhouette.gaitbase import BasicBlock
from tests.nets.silhouette.recipe import FIRST, require_as_published


def test_the_numbers_of_the_published_network() -> None:
    require_as_published("gaitbase", *FIRST["gaitbase"])


def test_a_block_has_a_shortcut_of_its_own_where_the_shape_changes() -> None:
    assert isinstance(BasicBlock(4, 4, 1).shortcut, nn.Identity)
    for channels, stride in ((8, 1), (4, 2)):
        block = BasicBlock(4, channels, stride)
        assert isinstance(block.shortcut, nn.Sequential)
        assert block(torch.zeros(1, 4, 8, 6)).shape == (1, channels, 8 // stride, 6 // stride)


def test_a_block_without_its_second_norm_is_its_shortcut() -> None:
    block, x_BCHW = BasicBlock(4, 4, 1).eval(), torch.randn(2, 4, 5, 6)
    nn.init.zeros_(block.norm2.weight)
    with torch.inference_mode():
        assert torch.equal(block(x_BCHW), x_BCHW.relu())
