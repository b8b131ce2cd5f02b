"""CompleteP: the table of factors, the folded branch's steps, saved weights that answer alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgehuman.errors import UsageError
from edgehuman.nets.attention import Attention
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.pretrain import completep, mae
from edgehuman.pretrain.contrastive.settings import ContrastiveConfig
from edgehuman.pretrain.mae_settings import MaeConfig
from edgehuman.pretrain.mup import Scaling
from edgehuman.training.optimiser import make_optimiser
from edgehuman.training.settings import TrainingConfig


def vit(width: int, depth: int, classes: int | None = None) -> Any:
    torch.manual_seed(0)
    return ImuVit(width, depth, 4 * width, heads=4, num_classes=classes)


def test_each_role_has_the_factors_of_the_table() -> None:
    """Four times the width, eight times the layers: m_N = 4, m_L = 8."""
    found = completep.scalings(vit(64, 16, 5), vit(16, 2, 5))
    rows = {
        # name: role, learning rate, epsilon
        "embed.weight": ("input", 1.0, 1 / 4),
        "blocks.3.attention.qkv.weight": ("hidden", 1 / 4, 1 / 32),
        "blocks.3.mlp.0.bias": ("vector", 1.0, 1 / 32),
        "blocks.15.attention_norm.weight": ("vector", 1.0, 1 / 32),
        # The last matrix of a branch, with the multiplier 1 / m_L folded in.
        "blocks.15.attention.project.weight": ("hidden", 1 / 32, 1 / 4),
        "blocks.0.mlp.3.weight": ("hidden", 1 / 32, 1 / 4),
        "blocks.0.mlp.3.bias": ("vector", 1 / 8, 1 / 4),
        "norm.weight": ("vector", 1.0, 1 / 4),
        "head.weight": ("output", 1 / 4, 1.0),
    }
    said = {name: (found[name].role, found[name].lr, found[name].eps) for name in rows}
    assert said == rows
    scales = completep.scales(found, "net.")
    assert scales["decay_scale"]("net.blocks.0.mlp.3.weight") == 32
    assert scales["eps_scale"]("blocks.0.mlp.3.weight") == 1.0  # of another part of the model


def test_initial_values_keep_the_bases_size_over_the_root_of_the_width() -> None:
    base, network = vit(32, 2, 5), vit(128, 8, 5)
    completep.prepare(network, base)
    own, before = network.state_dict(), base.state_dict()

    def shrunk(name: str, twin: str) -> float:
        return float(before[twin].std() / own[name].std())

    assert shrunk("blocks.3.mlp.0.weight", "blocks.0.mlp.0.weight") == pytest.approx(2, rel=1e-4)
    assert shrunk("blocks.3.mlp.3.weight", "blocks.0.mlp.3.weight") == pytest.approx(8, rel=1e-4)
    assert shrunk("head.weight", "head.weight") == pytest.approx(4, rel=1e-4)


def test_the_base_itself_is_unchanged() -> None:
    network, again = vit(32, 3), vit(32, 3)
    found = completep.prepare(network, vit(32, 3))
    assert {(each.lr, each.eps) for each in found.values()} == {(1.0, 1.0)}
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


class Explicit(nn.Module):
    """A stack whose branches are multiplied by 1 / m_L in the forward pass, as the paper writes."""

    def __init__(self, network: Any, times: float) -> None:
        super().__init__()
        self.network, self.times = network, times

    def forward(self, x_NTC: Tensor) -> Tensor:
        x = self.network.embed_patches(self.network.patches(x_NTC))
        for block in self.network.blocks:
            x = x + self.times * block.attention(block.attention_norm(x))
            x = x + self.times * block.mlp(block.mlp_norm(x))
        result: Tensor = self.network.norm(x).mean(dim=1)
        return result


def test_the_folded_branch_takes_the_steps_of_a_multiplied_one() -> None:
    base, deep, explicit = vit(16, 2), vit(16, 8), Explicit(vit(16, 8), 1 / 4)
    scales = completep.scales(completep.prepare(deep, base))
    config = TrainingConfig(out=Path("x"), lr=0.01, weight_decay=0.3)
    folded = make_optimiser(deep, config, **scales)
    # Without the fold, depth changes epsilon alone: 1 / m_L inside the stack.
    plain = make_optimiser(
        explicit, config, eps_scale=lambda name: 1 / 4 if ".blocks." in name else 1.0
    )
    for optimiser in (folded, plain):
        for group in optimiser.param_groups:
            group["lr"], group["eps"] = 0.01 * group["lr_scale"], 1e4 * group["eps"]
    generator = torch.Generator().manual_seed(1)
    x_NTC = torch.randn(4, 128, 6, generator=generator)
    for _ in range(4):
        for model, optimiser in ((deep.features, folded), (explicit, plain)):
            optimiser.zero_grad()
            model(x_NTC)[:, :8].square().mean().backward()
            optimiser.step()
    torch.testing.assert_close(deep.features(x_NTC), explicit(x_NTC), atol=2e-5, rtol=1e-4)
    end, whole = deep.blocks[5].mlp[3], explicit.network.blocks[5].mlp[3]
    torch.testing.assert_close(4 * end.weight, whole.weight, atol=2e-5, rtol=1e-4)


def test_wider_heads_are_scaled_and_the_saved_weights_answer_without() -> None:
    network, base = vit(64, 4).eval(), vit(16, 2)
    completep.prepare(network, base)
    attention = network.blocks[2].attention
    assert isinstance(attention, Attention)
    # Heads of 16 against 4 channels: sqrt(4) / 16, half of the usual 1 / sqrt(16).
    assert attention.scale == pytest.approx(1 / 8)
    torch.nn.init.normal_(attention.qkv.bias)
    plain = vit(64, 4).eval()
    plain.load_state_dict(completep.folded(network, network.state_dict()))
    x_NTC = torch.randn(3, 128, 6)
    torch.testing.assert_close(plain(x_NTC), network(x_NTC))
    assert not torch.equal(plain.blocks[2].attention.qkv.weight, attention.qkv.weight)


def test_gait_transformers_are_scaled_and_the_saved_weights_answer_without() -> None:
    base = GaitFormer(32, 2, 2)
    found = completep.scalings(GaitFormer(64, 6, 4), base)
    assert (found["layers.5.mlp_out.weight"].lr, found["layers.5.qkv.weight"].lr) == (1 / 6, 1 / 2)
    torch.manual_seed(0)
    network, plain = GaitFormer(64, 6, 2).eval(), GaitFormer(64, 6, 2).eval()
    completep.prepare(network, base)
    plain.load_state_dict(completep.folded(network, network.state_dict()))
    skeleton_NTJ3 = torch.rand(2, 12, 18, 3) * 100
    torch.testing.assert_close(plain(skeleton_NTJ3), network(skeleton_NTJ3))
    # Heads of 32 against 16 channels: each gain takes the root of 1/sqrt(2).
    assert plain.state_dict()["layers.3.turned.gain"].unique().tolist() == pytest.approx([2**-0.25])
    same = GaitFormer(64, 6, 4)
    completep.prepare(same, base)
    assert completep.folded(same, same.state_dict())["layers.3.turned.gain"].eq(1).all()


def test_a_network_without_residual_layers_or_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"\(Block or ParallelLayer\) and found none"):
        completep.scalings(nn.Linear(3, 3), nn.Linear(3, 3))
    with pytest.raises(UsageError, match="the base network has other stacks"):
        completep.scalings(vit(16, 2), GaitFormer(32, 2, 2))
    with pytest.raises(UsageError, match=r"the base network has no head\.weight"):
        completep.scalings(vit(16, 2, 5), vit(16, 2))


def test_a_pretrained_encoder_answers_as_the_one_that_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    prepare = completep.prepare

    def kept(own: nn.Module, base: nn.Module) -> dict[str, Scaling]:
        made.append(own)
        return prepare(own, base)

    monkeypatch.setattr(completep, "prepare", kept)
    config = MaeConfig(
        out=tmp_path, arch="imuvit_512x5", steps=1, batch=4, threads=1, param="completep"
    )
    mae.train(config)
    trained, (saved, _) = made[0].encoder.eval(), load_network(tmp_path, own=True)
    # Heads of 16 channels against 8 of imuvit_64x2: sqrt(8) / 16.
    assert trained.blocks[0].attention.scale == pytest.approx(8**0.5 / 16)
    x_NTC = torch.randn(2, 128, 6)
    torch.testing.assert_close(saved(x_NTC), trained(x_NTC), atol=1e-5, rtol=1e-4)


def test_words_that_contradict_the_parametrisation_are_refused() -> None:
    with pytest.raises(UsageError, match="--base-arch is imuvit_512x5; it must be left out, or"):
        MaeConfig(base_arch="imuvit_512x5")
    with pytest.raises(UsageError, match="--param is completep; it must be left out with --no-mup"):
        ContrastiveConfig(mup=False, param="completep")
    with pytest.raises(UsageError, match="--param is completep; it must be left out with --weig"):
        ContrastiveConfig(weights=Path("runs/a"), param="completep")
