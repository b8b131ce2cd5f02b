"""StarNet: published outputs, the star product, stable random weights."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from edgehuman.nets.image.starnet import StarBlock, StarNet
from tests.nets.hash_fill import fill, image


def test_outputs_match_the_published_network() -> None:
    network = StarNet(num_classes=1000)
    fill(network, gain=0.5)
    with torch.inference_mode():
        token_ND, _, middle_NEHW = network.features(image())
        logits_NC = network.head(token_ND)
        first_NCHW = network.taps(image())[0]
    expected = torch.tensor([[-0.089710, -0.142715, -0.036296], [-0.088866, -0.143071, -0.036775]])
    torch.testing.assert_close(token_ND[:, [0, 1, -1]], expected, atol=2e-5, rtol=0)
    expected = torch.tensor([[0.097267, -0.120334], [0.097460, -0.120790]])
    torch.testing.assert_close(logits_NC[:, [0, 999]], expected, atol=2e-5, rtol=0)
    assert first_NCHW[0, 0, 1, 2].item() == pytest.approx(0.175064, abs=2e-5)
    assert middle_NEHW[0, 0, 1, 2].item() == pytest.approx(-0.118450, abs=2e-5)
    assert middle_NEHW[0, -1, -2, -3].item() == pytest.approx(0.320213, abs=2e-5)


def test_the_star_is_a_product_with_one_clipped_branch() -> None:
    torch.manual_seed(0)
    block = StarBlock(4, 0.0).eval()
    x_NCHW = 50 * torch.randn(1, 4, 3, 3)
    seen: list[torch.Tensor] = []
    block.g.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        block(x_NCHW)
        y_NCHW = block.dwconv(x_NCHW)
        clipped_NCHW = block.f1(y_NCHW).clamp(0, 6)
        product_NCHW = clipped_NCHW * block.f2(y_NCHW)
    assert clipped_NCHW.max() == 6
    torch.testing.assert_close(seen[0], product_NCHW)


def test_the_token_is_the_mean_of_the_normalised_map() -> None:
    network = StarNet(8, (1, 1, 1, 1))
    fill(network)
    with torch.inference_mode():
        x_NCHW = torch.randn(2, 3, 64, 32)
        token_ND, map_NDHW = network.backbone(x_NCHW)
        last_NDHW = network.taps(x_NCHW)[3]
    assert torch.equal(map_NDHW, last_NDHW)
    torch.testing.assert_close(token_ND, functional.adaptive_avg_pool2d(map_NDHW, 1).flatten(1))
