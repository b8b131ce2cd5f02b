"""The config of masked autoencoding, and how many patches it leaves visible."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.nets.imu import imuvit
from edgehuman.pretrain.mae_settings import PATCH, MaeConfig, visible_patches


def test_the_patches_are_those_of_the_network() -> None:
    pytest.importorskip("torch")
    assert PATCH == imuvit.PATCH


@pytest.mark.parametrize(("ratio", "visible"), [(0.7, 9), (0.5, 16), (0.9, 3), (0.0, 32)])
def test_visible_patches(ratio: float, visible: int) -> None:
    assert visible_patches(ratio) == visible


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mask_ratio": 0.99}, "--mask-ratio is 0.99"),
        ({"hop": 0}, "--hop is 0"),
        ({"decoder_depth": 0}, "--decoder-depth is 0"),
        ({"dropout": 1.0}, "--dropout is 1.0"),
        ({"subset": 0.0}, "--subset is 0.0"),
        ({"valid_share": 1.0}, "--valid-share is 1.0"),
        ({"data": ()}, "--data is ()"),
    ],
)
def test_a_value_outside_its_range_is_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        MaeConfig(out=Path("x"), **changes)  # type: ignore[arg-type]
    assert said in str(raised.value)
