"""Transformer parts: attention, the pre-norm block, sine positions, initialisation."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from edgehuman.nets.attention import Attention, Block, initialise_linear, sine_positions


def test_attention_is_softmax_of_scaled_products() -> None:
    torch.manual_seed(0)
    attention = Attention(8, heads=2, dropout=0.0).eval()
    x_NSD = torch.randn(1, 3, 8)
    q, k, v = attention.qkv(x_NSD)[0].split(8, dim=-1)
    heads = []
    for h in range(2):
        part = slice(4 * h, 4 * h + 4)
        weight = torch.softmax(q[:, part] @ k[:, part].T / math.sqrt(4), dim=-1)
        heads.append(weight @ v[:, part])
    expected = attention.project(torch.cat(heads, dim=-1))
    torch.testing.assert_close(attention(x_NSD)[0], expected)


def test_attention_dropout_is_on_only_in_training() -> None:
    torch.manual_seed(0)
    attention = Attention(8, heads=2, dropout=0.5)
    x_NSD = torch.randn(1, 3, 8)
    assert torch.equal(attention.eval()(x_NSD), attention(x_NSD))
    assert not torch.equal(attention.train()(x_NSD), attention(x_NSD))


def test_a_block_is_pre_norm_attention_then_mlp() -> None:
    torch.manual_seed(0)
    block = Block(8, 16, heads=2).eval()
    x_NSD = torch.randn(2, 3, 8)
    middle_NSD = x_NSD + block.attention(block.attention_norm(x_NSD))
    expected = middle_NSD + block.mlp(block.mlp_norm(middle_NSD))
    torch.testing.assert_close(block(x_NSD), expected)


def test_a_block_with_dropped_paths_is_the_identity() -> None:
    torch.manual_seed(0)
    block = Block(8, 16, heads=2, drop_path=0.9).train()
    x_NSD = torch.randn(64, 3, 8)
    same_N = (block(x_NSD) == x_NSD).flatten(1).all(dim=1)
    # Both paths of a sample are dropped with probability 0.9 x 0.9.
    assert 40 <= int(same_N.sum()) <= 62


def test_block_weight_names_match_existing_checkpoints() -> None:
    names = {name.rpartition(".")[0] for name in Block(8, 16, heads=2).state_dict()}
    assert names == {
        "attention_norm",
        "attention.qkv",
        "attention.project",
        "mlp_norm",
        "mlp.0",
        "mlp.3",
    }


def test_positions_start_with_sine_and_cosine_of_the_index() -> None:
    code_SD = sine_positions(4, 6)
    assert code_SD[2, 0].item() == pytest.approx(math.sin(2.0))
    assert code_SD[2, 1].item() == pytest.approx(math.cos(2.0))
    # The second pair turns by 10000 ** (-2 / 6) of the first.
    assert code_SD[2, 2].item() == pytest.approx(math.sin(2.0 * 10_000 ** (-1 / 3)), abs=1e-6)


def test_initialisation_is_xavier_for_linear_layers_only() -> None:
    layers = nn.Sequential(nn.Linear(30, 20), nn.LayerNorm(20))
    nn.init.constant_(layers[1].bias, 7.0)  # type: ignore[arg-type]
    layers.apply(initialise_linear)
    weight, bias = layers[0].weight, layers[0].bias
    assert isinstance(weight, torch.Tensor)
    assert 0.8 < weight.abs().max().item() / math.sqrt(6 / 50) <= 1
    assert bias.eq(0).all()  # type: ignore[operator]
    assert layers[1].bias.eq(7).all()  # type: ignore[operator]
