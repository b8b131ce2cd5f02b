"""Every kind of gait network in the catalogue is pretrained for a short schedule, at full size."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import read_weights
from edgehuman.pretrain.diffusion.diffusion import train
from tests.pretrain.made_silhouettes import tiny_config, walkers

BACKBONES = ("gaitset", "gaitpart", "gaitgl", "smplgait", "gaitbase", "deepgaitv2")


@pytest.mark.long
@pytest.mark.parametrize("arch", BACKBONES)
def test_a_short_schedule_moves_all_weights_and_none_to_nan(arch: str, tmp_path: Path) -> None:
    config = tiny_config(
        tmp_path, arch=arch, steps=6, batch=2, save_every=6, exam_people=0, uncond=0.0
    )
    outcome = train(config, walkers())
    assert isinstance(outcome.data, dict)
    assert outcome.data["steps"] == 6
    weights = read_weights(tmp_path)[0]
    assert all(tensor.isfinite().all() for tensor in weights.values())
    begun = {
        name: parameter
        for name, parameter in build(arch, config.seed).named_parameters()
        if not name.startswith(("head", "classifier"))
    }
    still = [name for name, parameter in begun.items() if torch.equal(parameter, weights[name])]
    assert still == []
