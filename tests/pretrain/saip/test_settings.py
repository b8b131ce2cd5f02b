"""Config of SAIP: defaults by batch, and invalid values."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from edgehuman.config import read_table, read_toml, resolve, write_toml
from edgehuman.data.image.views.load import ViewConfig
from edgehuman.errors import UsageError
from edgehuman.pretrain.saip.settings import SaipConfig


def test_the_learning_rate_grows_with_the_batch_of_all_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert SaipConfig(batch=256).lr == 2.5e-4
    assert SaipConfig(batch=32).lr == 2.5e-4 / 8
    assert SaipConfig(batch=32, lr=1e-3).lr == 1e-3
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert SaipConfig(batch=256).lr == 2.5e-4  # the batch is that of all
    assert SaipConfig(batch=1, css=0, base_lr=1e-5).min_lr <= 1e-5 / 32


@pytest.mark.parametrize(
    ("batch", "changes", "parts"),
    [
        (32, {}, 4),
        (8, {}, 1),
        (10, {}, 2),
        (13, {}, 1),  # nothing divides it
        (6, {"persons": 3}, 1),
        (14, {"css": 0.0}, 2),
        (11, {"css": 0.0}, 1),  # divisible by 11, but parts need two persons
        (32, {"accumulate": 1}, 1),
    ],
)
def test_a_batch_is_split_into_parts_that_fit_in_memory(
    batch: int, changes: dict[str, Any], parts: int
) -> None:
    assert SaipConfig(batch=batch, **changes).accumulate == parts


def test_a_saip_config_survives_a_recipe(tmp_path: Path) -> None:
    config = SaipConfig(out=tmp_path, teacher=Path("big"), mask_ratio=0.5, csr=0.0)
    write_toml(config, tmp_path / "saip.toml")
    assert read_toml(SaipConfig, tmp_path / "saip.toml") == config


def test_views_follow_the_config() -> None:
    views = SaipConfig(height=128, width=64, local_views=3, local_scale=(0.1, 0.5)).views()
    assert (views.height, views.width, views.locals_) == (128, 64, 4)
    assert views.local_scale == (0.1, 0.5)


def test_colour_strength_follows_the_config() -> None:
    paper, half = SaipConfig().views(), SaipConfig(colour=0.5).views()
    assert paper == ViewConfig(num_locals=6)
    for name in ("brightness", "contrast", "saturation", "hue", "grey", "solarise"):
        assert getattr(half, name) == getattr(paper, name) / 2
    assert half.blur == paper.blur
    assert SaipConfig(colour=2.5).views().brightness == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lr": -1.0}, "--lr is -1.0; it must be above 0, or 0 for"),
        ({"base_lr": 0.0}, "--base-lr is 0.0; it must be above 0"),
        ({"workers": -1}, "--workers is -1; it must be 0 or more"),
        ({"height": 250}, "--height is 250; it must be a multiple of 32"),
        ({"width": 0}, "--width is 0; it must be a multiple of 32"),
        ({"dataset": "ccpp", "data": "x"}, "ccpp.*ccp"),
        ({"dataset": "ccp"}, "--dataset is ccp, but simulated people belong to no dataset"),
        ({"dataset": "uci_har", "data": "x"}, r"uci_har has no images \(imu\); give one of .*ccp"),
        ({"base_lr": math.inf}, "--base-lr is inf; it must be a finite number"),
        ({"csm": math.inf}, "--csm is inf; it must be a finite number"),
        ({"clip_norm": math.inf}, "--clip-norm is inf; it must be a finite number"),
        ({"student_temp": math.nan}, "--student-temp is nan; it must be a finite number"),
        ({"global_scale": (0.8, math.nan)}, r"--global-scale is .*nan\); it must be a finite"),
        ({"scale_low": 1e-6}, "--scale-low is 1e-06; it must be at least 0.1, at most scale_high"),
        ({"colour": 3.0}, "--colour is 3.0; it must be from 0 to 2.5"),
        ({"local_views": -1}, "--local-views is -1; it must be 0 or more"),
        ({"global_scale": (0.9, 0.8)}, r"--global-scale is \(0.9, 0.8\); it must be two shares"),
        ({"local_scale": (0.0, 0.8)}, r"--local-scale is \(0.0, 0.8\); it must be two shares"),
        ({"scale_low": 2.0}, "--scale-low is 2.0; it must be at least 0.1, at most scale_high"),
        ({"scale_high": 9.0}, "--scale-high is 9.0; it must be at most 4"),
        ({"csm": -1.0}, "--csm is -1.0; it must be a weight of 0 or more"),
        ({"csr": -0.5}, "--csr is -0.5; it must be a weight"),
        ({"css": -2.0}, "--css is -2.0; it must be a weight"),
        ({"relation": -2.0}, "--relation is -2.0; it must be a weight"),
        (
            {"csm": 0.0, "csr": 0.0, "css": 0.0},
            "--csm is 0.0; it must be above 0 if csr and css are 0",
        ),
        ({"relation": 1.0, "csm": 0.0}, "--relation is 1.0; it must be 0 if csm is 0"),
        ({"momentum": 1.0}, "--momentum is 1.0; it must be a decay from 0 to under 1"),
        (
            {"momentum": 0.9, "teacher": Path("x")},
            "--momentum is 0.9; it must be omitted with --teacher",
        ),
        ({"prototypes": 1}, "--prototypes is 1; it must be at least 2"),
        ({"head_width": 0}, "--head-width is 0; it must be at least 1"),
        ({"student_temp": 0.0}, "--student-temp is 0.0; it must be above 0"),
        ({"teacher_temp": -0.1}, "--teacher-temp is -0.1; it must be above 0"),
        ({"centre_momentum": 1.0}, "--centre-momentum is 1.0; it must be a decay"),
        ({"mask_ratio": 1.0}, "--mask-ratio is 1.0; it must be a share above 0 and under 1"),
        ({"persons": 1}, "--persons is 1; it must be at least 2"),
        ({"batch": 8, "accumulate": 4}, r"--batch is 8; it must be above 3 \(--persons\) in each"),
        ({"batch": 2}, r"--batch is 2; it must be above 3 \(--persons\) in each of its 1 part"),
        ({"batch": 0}, r"--batch is 0; it must be"),
        ({"accumulate": -1}, r"--accumulate is -1; it must be at least 1"),
        (
            {"batch": 8, "accumulate": 8, "css": 0.0, "centring": "sinkhorn"},
            r"--batch is 8; it must be at least 2 in each of its 8 part\(s\) with --centring sink",
        ),
        ({"centring": "sinkhorn", "csm": 0.0}, "--centring is sinkhorn; it must be mean if csm"),
        ({"centring": "sinkhorn", "teacher": Path("x")}, "--centring is sinkhorn; it must be mean"),
        ({"blend": 0.0}, "--blend is 0.0; it must be a share above 0, at most 1"),
        ({"decoder_width": 100}, "--decoder-width is 100; it must be a multiple of 32"),
        ({"decoder_depth": 0}, "--decoder-depth is 0; it must be at least 1"),
        ({"steps": 0}, "--steps is 0; it must be at least 1"),
    ],
)
def test_invalid_training_settings_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SaipConfig(**changes)  # type: ignore[arg-type]


def test_recipes_are_settings(tmp_path: Path) -> None:
    found = []
    for path in (Path(__file__).parents[3] / "recipes").glob("*.toml"):
        if read_table(path).get("method") == "saip":
            found.append(path.stem)
            assert resolve(SaipConfig, ["--data", str(tmp_path)], path).steps > 100
    assert {"person", "person_simulated", "saip_ccp"} <= set(found)
