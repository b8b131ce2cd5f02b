"""Values outside their ranges are errors that name the flag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.tasks.image.detection.settings import DetectionConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 100},
        {"nearest": 0.0},
        {"farthest": 0.9},
        {"jpeg": 1.5},
        {"data": ()},
        {"light": 1.0},
        {"most_select": -1},
    ],
)
def test_a_wrong_value_names_its_flag(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')}"):
        DetectionConfig(out=Path("unused"), **wrong)


def test_the_variation_is_that_of_the_flags() -> None:
    variation = DetectionConfig(out=Path("unused"), dark=0.7, nearest=0.9).variation
    assert (variation.dark, variation.nearest, variation.flip) == (0.7, 0.9, 0.5)
