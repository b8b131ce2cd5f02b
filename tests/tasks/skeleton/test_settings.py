"""Config of gait recognition: errors name the flag; the augmentation follows the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.config import read_toml, write_toml
from edgehuman.errors import UsageError
from edgehuman.tasks.skeleton.gait import train
from edgehuman.tasks.skeleton.settings import GaitConfig
from tests.tasks.walkers import quick


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"each": 1}, "--each is 1; it must be at least 2"),
        ({"batch": 6, "each": 4}, "--batch is 6; it must be a multiple of --each 4"),
        ({"select_share": 1.0}, "--select-share"),
        ({"margin": -1.0}, "--margin"),
        ({"label_smoothing": 1.0}, "--label-smoothing"),
        ({"pace": 0.5}, "--pace"),
        ({"protocol": "best"}, "unknown protocol"),
    ],
)
def test_invalid_gait_settings_are_errors(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        train(quick(tmp_path, **changes))


def test_gait_augmentation_follows_the_config(tmp_path: Path) -> None:
    augment = quick(tmp_path, pace=2.0, mirror=0.0, joint_noise=0.02).augment(9)
    assert (augment.frames, augment.pace, augment.mirror, augment.joint_noise) == (
        9,
        2.0,
        0.0,
        0.02,
    )
    assert (augment.backwards, augment.smooth, augment.joint_shift) == (0.0, 0.0, 0.0)
    # Twice as fast, nine frames lie over eight steps of two.
    assert augment.source_frames == 17


def test_gait_settings_survive_a_recipe(tmp_path: Path) -> None:
    config = quick(tmp_path / "out", arch=None, weights=tmp_path / "w", protocol="generic")
    write_toml(config, tmp_path / "recipe.toml")
    assert read_toml(GaitConfig, tmp_path / "recipe.toml") == config
