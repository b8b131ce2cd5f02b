"""GaitGL: the numbers of the published networks, its strips, and its groups of three frames."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from edgehuman.nets.silhouette.gaitgl import GaitGl, GlobalLocal
from tests.nets.silhouette.recipe import FIRST, LARGE, require_as_published, waves


def test_the_numbers_of_the_published_network() -> None:
    require_as_published("gaitgl", *FIRST["gaitgl"])


@pytest.mark.long
@pytest.mark.parametrize("arch", ["gaitgl_wide", "gaitgl_wide_bnneck"])
def test_the_numbers_of_the_wide_networks(arch: str) -> None:
    require_as_published(arch, *LARGE[arch])


@pytest.mark.parametrize("stacked", [False, True])
def test_the_local_convolution_sees_each_strip_alone(stacked: bool) -> None:
    torch.manual_seed(0)
    layer, x_NCTHW = GlobalLocal(2, 3, strips=4, stacked=stacked), torch.randn(2, 2, 3, 8, 5)
    strips = [layer.local(strip) for strip in torch.split(x_NCTHW, 2, dim=3)]
    local = functional.leaky_relu(torch.cat(strips, dim=3), 0.01)
    whole = functional.leaky_relu(layer.whole(x_NCTHW), 0.01)
    expected = torch.cat([whole, local], dim=3) if stacked else whole + local
    torch.testing.assert_close(layer(x_NCTHW), expected)


def test_frames_behind_the_last_three_change_their_neighbours_alone() -> None:
    torch.manual_seed(0)
    network = GaitGl((4, 4, 8)).eval()
    with torch.inference_mode():
        six, seven = (network.backbone(waves(1, frames)) for frames in (6, 7))
    assert six.shape == seven.shape == (1, 8, 64)


def test_the_embedding_of_the_published_head_is_normed_and_a_bnneck_s_is_not() -> None:
    published, bnneck = GaitGl((4, 4, 8)), GaitGl((4, 4, 8), bnneck=True)
    assert {"head.fc.weight", "head.norm.weight"} <= set(published.state_dict())
    assert [key for key in bnneck.state_dict() if key.startswith("head.")] == ["head.weight"]
