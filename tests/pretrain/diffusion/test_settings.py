"""The config of diffusion pretraining: defaults of the paper, refused values, the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.config import read_toml
from edgehuman.errors import UsageError
from edgehuman.pretrain.diffusion.settings import DiffusionConfig

RECIPES = Path(__file__).parents[3] / "recipes"


def test_the_recipe_and_the_defaults_are_the_papers() -> None:
    config = read_toml(DiffusionConfig, RECIPES / "diffusion_gait3d.toml")
    assert (config.frames, config.dim, config.batch, config.steps) == (30, 64, 64, 120_000)
    assert (config.lr, config.backbone_lr, config.warmup_steps) == (1e-4, 5e-4, 2000)
    assert (config.uncond, config.pooling) == (0.15, "mean")
    assert (config.noise_schedule, config.weighting) == ("inverted-cosine", "medium-noise")
    chances = [getattr(config, name) for name in config.CHANCES]
    assert chances == [0.2, 0.2, 0.5, 0.2, 0.2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frames": 1}, "--frames is 1; it must be at least 2"),
        ({"dim": 20}, "--dim is 20; it must be a multiple of 8"),
        ({"uncond": 1.0}, "--uncond is 1.0; it must be a share"),
        ({"snr_limit": 0.5}, "--snr-limit is 0.5; it must be at least 1"),
        ({"backbone_lr": 0.0}, "--backbone-lr is 0.0; it must be above 0"),
        ({"each": 1}, "--each is 1; it must be 0, or at least 2"),
        ({"exam_people": 1}, "--exam-people is 1; it must be 0, or at least 2"),
        ({"exam_people": 0, "curves": True}, "--curves is True; it must be off"),
        ({"blur": 1.5}, "--blur is 1.5; it must be a share from 0 to 1"),
        ({"data": ()}, "--data is .*; it must be at least one path"),
    ],
)
def test_wrong_values_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DiffusionConfig(**changes)
