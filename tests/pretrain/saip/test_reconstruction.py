"""Cross-scale reconstruction: hidden cells, pixel normalisation, use of the anchor."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from edgehuman.nets.image.features import Features
from edgehuman.nets.image.vit import Vit
from edgehuman.pretrain.saip.reconstruction import (
    Reconstruction,
    draw_hidden,
    hidden_error,
    mask_width,
    patch_targets,
)
from tests.pretrain.tiny_backbone import TinyBackbone

CPU = torch.device("cpu")


def made(condition: Any = "patches", ratio: float | None = None) -> Reconstruction:
    torch.manual_seed(0)
    net = TinyBackbone()
    return Reconstruction(net, net, [(64, 64)], ratio, (32, 1), condition)


def anchor() -> Features:
    return TinyBackbone().features(torch.randn(2, 3, 64, 32))


@pytest.mark.parametrize(("ratio", "count"), [(0.75, 24), (0.6, 19), (0.001, 1), (0.999, 31)])
def test_the_same_number_of_cells_is_hidden_in_every_image(ratio: float, count: int) -> None:
    hidden_NHW = draw_hidden(5, 8, 4, ratio, CPU)
    assert hidden_NHW.flatten(1).sum(dim=1).tolist() == [count] * 5
    assert not torch.equal(hidden_NHW[0], hidden_NHW[1])


def test_the_mask_ratio_is_lower_for_large_cells() -> None:
    assert made().ratio == 0.6
    assert made(ratio=0.3).ratio == 0.3
    vit = Vit(32, 4, 1, image_size=(64, 32))
    assert Reconstruction(vit, vit, [(64, 32)], None, (32, 1)).ratio == 0.75
    assert (mask_width(vit), mask_width(TinyBackbone())) == (32, 4)


def test_pixels_are_normalised_patch_by_patch() -> None:
    x_NCHW = torch.randn(2, 3, 32, 48)
    x_NCHW[:, :, :16] = 5 + 9 * x_NCHW[:, :, :16]
    patch_NSK = patch_targets(x_NCHW)
    assert patch_NSK.shape == (2, 6, 768)
    torch.testing.assert_close(patch_NSK.mean(dim=-1), torch.zeros(2, 6), atol=1e-5, rtol=0)
    torch.testing.assert_close(patch_NSK.std(dim=-1), torch.ones(2, 6), atol=1e-4, rtol=0)
    # The patch of the second row and third column; pixels row by row, colours last.
    cut = x_NCHW[0, :, 16:32, 32:48].permute(1, 2, 0).flatten()
    torch.testing.assert_close(patch_NSK[0, 5], (cut - cut.mean()) / cut.std(), atol=1e-4, rtol=0)


def test_the_error_counts_hidden_patches_only() -> None:
    target_NSK = torch.zeros(1, 3, 2)
    predicted_NSK = torch.tensor([[[100.0, 100.0], [1.0, 3.0], [0.0, 2.0]]])
    hidden_NS = torch.tensor([[False, True, True]])
    assert hidden_error(predicted_NSK, target_NSK, hidden_NS).item() == (5 + 2) / 2


def test_hidden_pixels_do_not_reach_the_prediction_and_seen_ones_do_not_count() -> None:
    part, net, asked = made(), TinyBackbone().eval(), anchor()
    x_NCHW, hidden_NHW = torch.randn(2, 3, 64, 64), torch.zeros(2, 2, 2, dtype=torch.bool)
    hidden_NHW[:, 0, 0] = True
    other = x_NCHW.clone()
    other[:, :, :32, :32] += torch.randn(2, 3, 32, 32)
    before, after = (
        part.reconstruct(net.masked_features(x, hidden_NHW, part.mask_token), asked)
        for x in (x_NCHW, other)
    )
    torch.testing.assert_close(before, after)
    assert not torch.allclose(
        part.loss(net, x_NCHW, hidden_NHW, asked), part.loss(net, other, hidden_NHW, asked)
    )


@pytest.mark.parametrize("condition", ["patches", "token"])
def test_the_anchor_affects_the_prediction(condition: Any) -> None:
    part, net, asked = made(condition), TinyBackbone(), anchor()
    masked = net.features(torch.randn(2, 3, 64, 64))
    before = part.reconstruct(masked, asked)
    others = {"patches": asked.token_ND, "token": asked.middle_NEHW}
    unasked = asked._replace(
        **{"token_ND" if condition == "patches" else "middle_NEHW": others[condition] + 1}
    )
    torch.testing.assert_close(before, part.reconstruct(masked, unasked))
    turned = asked._replace(token_ND=-asked.token_ND, middle_NEHW=-asked.middle_NEHW)
    assert not torch.allclose(before, part.reconstruct(masked, turned))


def test_a_fixed_encoder_still_teaches_the_mask_token() -> None:
    part, net = made(), TinyBackbone().requires_grad_(False)
    part(net, torch.randn(2, 3, 64, 32), anchor()).backward()
    assert [name for name, p in part.named_parameters() if p.grad is None] == []
    assert part.mask_token.grad is not None
    assert part.mask_token.grad.abs().sum() > 0
    assert net.calls == [(2, 3, 64, 64)]
