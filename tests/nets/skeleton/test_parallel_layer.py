"""The layer of both gait networks: formulas by hand, size, rotary positions."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from edgehuman.nets.building import count_params
from edgehuman.nets.skeleton.parallel_layer import (
    ParallelLayer,
    RmsNorm,
    Rotary,
    TurnedHeads,
    initialise,
    projection_head,
)


def test_rms_norm_by_hand() -> None:
    norm = RmsNorm(2)
    with torch.no_grad():
        norm.gain.copy_(torch.tensor([1.0, 10.0]))
    # The root of (9 + 16) / 2 is 3.5355.
    assert norm(torch.tensor([3.0, 4.0])).tolist() == pytest.approx([0.848528, 11.31371], abs=1e-4)
    assert norm(torch.zeros(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("width", "heads"), [(8, 2), (32, 2), (64, 4)])
def test_a_layer_has_the_papers_parameter_count(width: int, heads: int) -> None:
    layer = ParallelLayer(width, heads)
    assert count_params(layer) == 16 * width**2 + 10 * width + 2 * (width // heads)
    assert "bias" not in dict(layer.qkv.named_parameters())
    assert "bias" not in dict(layer.attention_out.named_parameters())


def by_hand(layer: Any, x_SD: Tensor) -> Tensor:
    """Compute the layer for one sequence, head by head and pair by pair, from the paper."""
    dim = layer.head_dim
    normal_SD = x_SD / x_SD.square().mean(dim=1, keepdim=True).sqrt() * layer.norm.gain
    q_SD, k_SD, v_SD = torch.chunk(normal_SD @ layer.qkv.weight.T, 3, dim=1)
    query_gain, key_gain = torch.chunk(layer.turned.gain, 2)
    heads = []
    for h in range(layer.heads):
        part = slice(h * dim, (h + 1) * dim)
        turned = []
        for x, gain in ((q_SD[:, part], query_gain), (k_SD[:, part], key_gain)):
            unit = x / x.square().mean(dim=1, keepdim=True).sqrt() * gain
            rows = []
            for s, row in enumerate(unit):
                pairs = torch.complex(row[: dim // 2], row[dim // 2 :])
                angle = torch.tensor([s * 10_000.0 ** (-2 * e / dim) for e in range(dim // 2)])
                spun = pairs * torch.polar(torch.ones_like(angle), angle)
                rows.append(torch.cat([spun.real, spun.imag]))
            turned.append(torch.stack(rows))
        weight_SS = torch.softmax(turned[0] @ turned[1].T * layer.attention_scale, dim=1)
        heads.append(weight_SS @ v_SD[:, part])
    attended = torch.cat(heads, dim=1) @ layer.attention_out.weight.T
    gate, value = torch.chunk(layer.mlp_in(normal_SD), 2, dim=1)
    mixed: Tensor = layer.mlp_out(gate * torch.sigmoid(gate) * value)
    out_SD: Tensor = x_SD + attended + mixed
    return out_SD


@pytest.mark.parametrize("scale", [None, 0.1])
def test_the_layer_matches_the_published_formulas(scale: float | None) -> None:
    torch.manual_seed(0)
    layer = ParallelLayer(16, 2, attention_scale=scale)
    with torch.no_grad():
        layer.turned.gain.uniform_(0.5, 2.0)
        layer.norm.gain.uniform_(0.5, 2.0)
        x_BSD = torch.randn(3, 7, 16)
        given = layer(x_BSD, Rotary(8)(7))
    assert layer.attention_scale == pytest.approx(scale or 1 / math.sqrt(8))
    torch.testing.assert_close(given[1], by_hand(layer, x_BSD[1]), atol=1e-5, rtol=1e-4)


def test_rotary_products_depend_on_token_distance_only() -> None:
    torch.manual_seed(0)
    heads, rotary = TurnedHeads(4, 1.0), Rotary(4)
    same_2BHSE = torch.randn(2, 1, 1, 1, 4).expand(2, 1, 1, 9, 4)
    with torch.no_grad():
        q_BHSE, k_BHSE = heads(same_2BHSE, rotary(9))
        product_SS = (q_BHSE @ k_BHSE.transpose(2, 3))[0, 0]
    for away in (0, 2, -5):
        line = torch.diagonal(product_SS, away)
        torch.testing.assert_close(line, line[:1].expand_as(line))
    assert not torch.allclose(product_SS[0, 0], product_SS[0, 1])


def test_rotary_tables_do_not_depend_on_length() -> None:
    rotary = Rotary(16)
    for few, many in zip(rotary(5), rotary(50), strict=True):
        assert many.shape == (50, 16)
        torch.testing.assert_close(few, many[:5])


def test_initial_weights_keep_the_activations_scale() -> None:
    torch.manual_seed(0)
    layer = ParallelLayer(256, 16).apply(initialise)
    assert layer.mlp_out.weight.std().item() == pytest.approx(1 / 32, rel=0.02)
    assert layer.qkv.weight.std().item() == pytest.approx(1 / 16, rel=0.02)
    assert layer.mlp_in.bias.abs().max() == 0


def test_the_projection_head_halves_twice() -> None:
    assert count_params(projection_head(32)) == 32 * 16 + 16 + 16 * 8 + 8


def test_widths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="width 10 must be a multiple of heads 4"):
        ParallelLayer(10, 4)
    with pytest.raises(ValueError, match="head_dim is 3"):
        Rotary(3)
