"""Pieces of the silhouette networks against the same thing written out part by part."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from edgehuman.nets.silhouette.parts import (
    BnNeck,
    GemRows,
    PartFc,
    StripConv2d,
    fold_strips,
    initialise,
    plain,
    pyramid,
    unfold_strips,
)


def test_strips_there_and_back() -> None:
    x_BCHW = torch.arange(2 * 3 * 8 * 2.0).reshape(2, 3, 8, 2)
    folded = fold_strips(x_BCHW, 4)
    assert torch.equal(folded[5], x_BCHW[1, :, 2:4])
    assert torch.equal(unfold_strips(folded, 4), x_BCHW)


def test_a_strip_is_convolved_alone() -> None:
    torch.manual_seed(0)
    conv, x_BCHW = StripConv2d(2, 3, strips=4), torch.randn(2, 2, 8, 5)
    alone = [
        functional.conv2d(strip, conv.weight, padding=1) for strip in torch.split(x_BCHW, 2, dim=2)
    ]
    torch.testing.assert_close(conv(x_BCHW), torch.cat(alone, dim=2))


def test_the_pyramid_is_mean_and_maximum_of_every_strip() -> None:
    torch.manual_seed(0)
    x_NCHW, bins = torch.randn(2, 3, 8, 5), (4, 2, 1)
    expected = [
        strip.flatten(2).mean(2) + strip.flatten(2).amax(2)
        for b in bins
        for strip in torch.split(x_NCHW, 8 // b, dim=2)
    ]
    torch.testing.assert_close(pyramid(x_NCHW, bins), torch.stack(expected, dim=2))
    with pytest.raises(ValueError, match="8 rows do not part"):
        pyramid(x_NCHW, (3,))
    with pytest.raises(ValueError, match="do not part"):
        pyramid(x_NCHW, (8, 3))


def test_the_generalised_mean_is_the_published_formula_in_value_and_slope() -> None:
    torch.manual_seed(0)
    layer, x_NCHW = GemRows(exponent=3.0), torch.randn(2, 3, 4, 5, requires_grad=True)
    found = layer(x_NCHW)
    torch.autograd.backward(found.square().sum())
    slopes = x_NCHW.grad, layer.exponent.grad
    p = torch.tensor([3.0], requires_grad=True)
    y_NCHW = x_NCHW.detach().requires_grad_()
    expected = y_NCHW.clamp(min=1e-6).pow(p).mean(dim=3).pow(1 / p)
    torch.autograd.backward(expected.square().sum())
    torch.testing.assert_close(found, expected)
    for one, other in zip(slopes, (y_NCHW.grad, p.grad), strict=True):
        torch.testing.assert_close(one, other)


def test_the_generalised_mean_of_large_and_of_empty_rows() -> None:
    layer = GemRows()
    large = layer(torch.full((1, 1, 1, 4), 1e6))
    torch.testing.assert_close(large, torch.full((1, 1, 1), 1e6))
    torch.testing.assert_close(layer(torch.zeros(1, 1, 1, 4)), torch.full((1, 1, 1), 1e-6))


def test_each_part_has_a_matrix_of_its_own() -> None:
    torch.manual_seed(0)
    layer, x_NCP = PartFc(parts=3, channels=4, width=5), torch.randn(2, 4, 3)
    initialise(layer)
    matrix_PDC = layer.weight.reshape(3, 5, 4)
    expected = torch.stack([x_NCP[:, :, p] @ matrix_PDC[p].T for p in range(3)], dim=2)
    torch.testing.assert_close(layer(x_NCP), expected)
    bound = (6 / (5 * (4 + 3))) ** 0.5  # Xavier's, of a tensor (3, 4, 5)
    assert 0.8 * bound < float(layer.weight.detach().abs().max()) <= bound


def test_a_bnneck_gives_cosines_of_the_normed_embedding() -> None:
    torch.manual_seed(0)
    neck, embedding_NDP = BnNeck(parts=3, width=4, num_ids=6).eval(), torch.randn(2, 4, 3)
    neck.norm.running_mean = torch.linspace(-1, 1, 12)  # channel by channel, its parts together
    logits_NKP = neck(embedding_NDP)
    shifted = embedding_NDP - torch.linspace(-1, 1, 12).reshape(4, 3)
    for p in range(3):
        cosine = functional.cosine_similarity(shifted[1, :, p][None], neck.weight[p].T, dim=1)
        torch.testing.assert_close(logits_NKP[1, :, p], cosine)


def test_plain_layers_stage_by_stage() -> None:
    kinds = [type(layer).__name__ for layer in plain([[2, 2], [3]], strips=(1, 2))]
    assert kinds == ["Conv2d", "LeakyReLU", "Conv2d", "LeakyReLU", "MaxPool2d", "StripConv2d",
                     "LeakyReLU"]  # fmt: skip
    normed = plain([[2]], first=3, norm=True)
    assert [type(layer).__name__ for layer in normed] == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert normed(torch.zeros(1, 1, 4, 4)).shape == (1, 2, 4, 4)
