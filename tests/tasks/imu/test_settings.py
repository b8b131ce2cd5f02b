"""Config of activity recognition: errors name a flag without effect or out of range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.config import resolve
from edgehuman.errors import UsageError
from edgehuman.tasks.imu.settings import ActivityConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stream_data": "x", "select_share": 0.0}, "--stream-data has no effect here"),
        ({"stream_data": "x", "mode": "probe"}, "--stream-data has no effect here"),
        ({"selected": Path("x")}, "--selected has no effect here; it needs --select-share 0"),
        ({"resume": True, "mode": "probe"}, "--resume has no effect here"),
        ({"hop": 0}, "--hop is 0; it must be at least 1"),
        ({"dropout": 2.0}, "--dropout is 2.0"),
    ],
)
def test_flags_without_effect_and_values_out_of_range_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ActivityConfig(out=tmp_path, **changes)


def test_impossible_shares_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--select-share is 1.0; it must be from 0 to under 1"):
        ActivityConfig(out=tmp_path, select_share=1.0)


@pytest.mark.parametrize("name", ["activity_table", "activity_zoo"])
def test_the_recipes_are_settings(name: str, tmp_path: Path) -> None:
    recipe = Path(__file__).parents[3] / "recipes" / f"{name}.toml"
    assert resolve(ActivityConfig, ["--out", str(tmp_path)], recipe).out == tmp_path


def test_no_data_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"--data is \(\); it must be at least one path, or the word"
    ):
        ActivityConfig(out=tmp_path, data=())
