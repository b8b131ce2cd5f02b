"""The moving average of weights; the optimiser's groups are tested with the loop."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgehuman.errors import CheckpointError
from edgehuman.training.optimiser import follow, load_moments, make_optimiser
from tests.training.toy import line_config


def test_an_average_begins_as_a_mean_and_then_has_its_decay() -> None:
    average, product = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    nn.init.zeros_(average.weight)
    follow(average, product, ema=0.9, step=0)
    assert float(average.weight.detach()) == pytest.approx(0.9)  # a tenth of it is kept
    nn.init.zeros_(average.weight)
    follow(average, product, ema=0.9, step=1000)
    assert float(average.weight.detach()) == pytest.approx(0.1)
    assert product.num_batches_tracked is not None
    assert average.num_batches_tracked is not None
    product.num_batches_tracked.fill_(7)
    follow(average, product, ema=0.9, step=0)
    assert int(average.num_batches_tracked) == 7


def test_moments_of_other_groups_are_refused_and_rates_are_those_of_the_config(
    tmp_path: Path,
) -> None:
    model = nn.Linear(2, 2)
    before = make_optimiser(model, line_config(tmp_path, lr=0.5))
    model(torch.ones(1, 2)).sum().backward()
    before.step()
    after = make_optimiser(model, line_config(tmp_path, lr=0.25))
    load_moments(after, before.state_dict(), tmp_path)
    assert [group["lr"] for group in after.param_groups] == [0.25, 0.25]
    assert after.state[model.weight]["step"] == 1
    other = make_optimiser(model, line_config(tmp_path, optimiser="adam", weight_decay=0.0))
    with pytest.raises(CheckpointError, match="parameter groups differ"):
        load_moments(other, before.state_dict(), tmp_path)
