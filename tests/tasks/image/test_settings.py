"""Config of the image tasks: errors name the flag; recipes are valid configs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.config import resolve
from edgehuman.errors import UsageError
from edgehuman.tasks.image.augment import Variation
from edgehuman.tasks.image.settings import ParsingConfig, PersonConfig, ReidConfig
from tests.tasks.people import quick


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 100}, "--height is 100; it must be a multiple of 32"),
        ({"select_share": 1.0}, "--select-share is 1.0"),
        ({"layer_decay": 0.0}, "--layer-decay is 0.0"),
        ({"flip": 2.0}, "--flip is 2.0; it must be from 0 to 1"),
        ({"workers": -1}, "--workers is -1"),
        ({"rotate_deg": -3.0}, "--rotate-deg is -3.0"),
    ],
)
def test_image_settings_out_of_range_are_errors(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        quick(ParsingConfig, tmp_path, **change)


@pytest.mark.parametrize(
    ("name", "kind"), [("person_parsing", ParsingConfig), ("person_reid", ReidConfig)]
)
def test_the_recipes_are_settings(name: str, kind: type[PersonConfig], tmp_path: Path) -> None:
    recipe = Path(__file__).parents[3] / "recipes" / f"{name}.toml"
    config = resolve(kind, ["--out", str(tmp_path)], recipe)
    assert config.select_share == 0.1
    assert config.size == (256, 128)


def test_image_augmentation_follows_the_config(tmp_path: Path) -> None:
    config = quick(
        PersonConfig,
        tmp_path,
        flip=0.1,
        shift_px=3,
        scale=0.2,
        rotate_deg=5.0,
        light=0.3,
        erase=0.4,
    )
    assert config.variation == Variation(0.1, 3, 0.2, 5.0, 0.3, 0.4)
    assert config.size == (64, 32)
