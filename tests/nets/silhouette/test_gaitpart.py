"""GaitPart: the numbers of the published network, and parts that do not see each other."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.silhouette.gaitpart import GaitPart, Pattern
from tests.nets.silhouette.recipe import FIRST, require_as_published


def test_the_numbers_of_the_published_network() -> None:
    require_as_published("gaitpart", *FIRST["gaitpart"])


@pytest.mark.parametrize("window", [3, 5])
def test_a_part_of_a_pattern_sees_itself_alone(window: int) -> None:
    torch.manual_seed(0)
    layer, x_NXT = Pattern(parts=4, channels=8, window=window, last=3), torch.randn(1, 32, 7)
    changed = x_NXT.clone()
    changed[:, 8:16] += 1
    with torch.inference_mode():
        same_X = (layer(x_NXT, None) == layer(changed, None)).all(dim=2)[0]
    assert same_X.tolist() == [True] * 8 + [False] * 8 + [True] * 16


def test_a_strip_of_the_last_stage_does_not_see_its_neighbour() -> None:
    torch.manual_seed(0)
    network = GaitPart(((4,), (4,), (8, 8)), strips=(1, 4, 8)).eval()
    with torch.inference_mode():
        map_BCHW = network.frames(torch.rand(1, 1, 64, 44))
    assert map_BCHW.shape == (1, 8, 16, 11)
    assert network.features == (8, 16)
