"""DeepGaitV2: the numbers of the published network, and what its blocks see of other frames."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.silhouette.deepgaitv2 import P3dBlock
from tests.nets.silhouette.recipe import LARGE, require_as_published


@pytest.mark.long
def test_the_numbers_of_the_published_network() -> None:
    require_as_published("deepgaitv2", *LARGE["deepgaitv2"])


def test_a_block_sees_one_frame_before_and_one_behind_of_its_own_walk() -> None:
    torch.manual_seed(0)
    block, x_BCHW = P3dBlock(2, 4, 2).eval(), torch.randn(2 * 5, 2, 8, 6)
    changed = x_BCHW.clone()
    changed[4] += 1  # the last frame of the first walk
    with torch.inference_mode():
        one, other = (block(x, 2, None) for x in (x_BCHW, changed))
    same_B = (one == other).flatten(1).all(dim=1)
    assert same_B.tolist() == [True, True, True, False, False] + [True] * 5
    assert one.shape == (10, 4, 4, 3)
