"""Maximal update parametrisation: the table of factors, no change at the base width."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from edgehuman.pretrain import mup


class Tower(nn.Module):
    """Three inputs, one hidden matrix of growing width, five outputs."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(3, width)
        self.middle = nn.Linear(width, width)
        self.last = nn.Linear(width, 5)

    def forward(self, x_N3: torch.Tensor) -> torch.Tensor:
        x_ND = torch.relu(self.middle(torch.relu(self.first(x_N3))))
        logit_N5: torch.Tensor = self.last(x_ND)
        return logit_N5


def test_each_role_has_the_factors_of_the_table() -> None:
    found = mup.scalings(Tower(64), Tower(16))
    # Four times the base width: a hidden matrix starts at 1/sqrt(16) / sqrt(4) and learns at 1/4.
    assert found["first.weight"] == mup.Scaling("input", 3**-0.5, 1.0)
    assert found["middle.weight"] == mup.Scaling("hidden", 0.125, 0.25)
    assert found["last.weight"] == mup.Scaling("output", 0.0625, 0.25)
    assert found["middle.bias"] == mup.Scaling("vector", None, 1.0)
    lr, decay = mup.lr_scale(found, "net."), mup.decay_scale(found, "net.")
    assert (lr("net.last.weight"), decay("net.last.weight")) == (0.25, 4.0)
    assert lr("last.weight") == 1.0


def test_at_the_base_width_nothing_changes() -> None:
    found = mup.scalings(Tower(16), Tower(16))
    assert {each.lr for each in found.values()} == {1.0}
    assert found["last.weight"].std == 0.25


def test_initial_weights_have_the_tables_deviations_and_follow_the_seed() -> None:
    tower, again, other = Tower(512), Tower(512), Tower(512)
    mup.prepare(tower, Tower(16), seed=3)
    mup.prepare(again, Tower(16), seed=3)
    mup.prepare(other, Tower(16), seed=4)
    assert tower.middle.weight.std().item() == pytest.approx(512**-0.5, rel=0.02)
    assert tower.last.weight.std().item() == pytest.approx(0.25 / 32, rel=0.05)
    assert torch.equal(tower.last.weight, again.last.weight)
    assert not torch.equal(tower.last.weight, other.last.weight)


def test_an_output_multiplier_equals_the_folded_form() -> None:
    """Output weights times m, learning rate times m, result divided by m: Adam does the same."""
    factor = 4.0
    torch.manual_seed(0)
    folded, explicit = Tower(8), Tower(8)
    explicit.load_state_dict(folded.state_dict())
    with torch.no_grad():
        explicit.last.weight.mul_(factor)
    x_N3, target_N5 = torch.randn(32, 3), torch.randn(32, 5)
    for tower, times in ((folded, 1.0), (explicit, factor)):
        rates = [
            {"params": [p], "lr": 0.01 * (times if name == "last.weight" else 1.0)}
            for name, p in tower.named_parameters()
        ]
        optimiser = torch.optim.Adam(rates, eps=1e-30)
        for _ in range(5):
            hidden_ND = torch.relu(tower.middle(torch.relu(tower.first(x_N3))))
            weight = tower.last.weight / times
            result_N5 = nn.functional.linear(hidden_ND, weight, tower.last.bias)
            optimiser.zero_grad()
            (result_N5 - target_N5).square().mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    torch.testing.assert_close(explicit.last.weight / factor, folded.last.weight)
    torch.testing.assert_close(explicit.middle.weight, folded.middle.weight)


@pytest.mark.parametrize("arch", ["gaitptv2_deep_2", "gaitptv2_wide_2", "gaitformer_2"])
def test_the_gait_networks_have_no_output_matrix_and_one_width(arch: str) -> None:
    found = mup.scalings(build(arch), build(mup.base_of(arch)))
    matrices = {name: each for name, each in found.items() if each.role != "vector"}
    entry = "embed.weight" if arch.startswith("gaitformer") else "stages.0.merge.weight"
    assert [name for name, each in matrices.items() if each.role == "input"] == [entry]
    assert {each.lr for name, each in matrices.items() if name != entry} == {0.5}


def test_the_base_is_the_smallest_of_the_family() -> None:
    assert mup.base_of("gaitptv2_wide_5") == "gaitptv2_wide_1"
    assert mup.base_of("gaitformer_1") == "gaitformer_1"


def test_widened_networks_keep_the_size_of_their_heads() -> None:
    half = mup.widened("gaitformer_1", 0.5, depth=1)
    assert half.get_parameter("embed.weight").shape == (32, 36)
    assert mup.scalings(half, build("gaitformer_1", depth=1))["output.weight"].lr == 2.0
    with pytest.raises(UsageError, match=r"has a part of width 19.2"):
        mup.widened("gaitformer_1", 0.3)


def test_wider_heads_need_another_attention_scale() -> None:
    base = build("gaitformer_1", depth=1)
    with pytest.raises(UsageError, match=r"muP requires 0.125 because the base has 16: build the"):
        mup.prepare(mup.widened("gaitformer_1", 2, depth=1, heads=4), base)
    scale = mup.attention_scale(32, 16)
    assert scale == 0.125
    mup.prepare(mup.widened("gaitformer_1", 2, depth=1, heads=4, attention_scale=scale), base)


def test_a_base_of_another_depth_or_family_is_an_error() -> None:
    with pytest.raises(UsageError, match="use one of the same family and depth"):
        mup.scalings(build("gaitformer_1", depth=1), build("gaitformer_1", depth=2))
