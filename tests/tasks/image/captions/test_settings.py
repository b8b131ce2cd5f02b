"""Wrong values of text-to-image search are named with their rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.tasks.image.captions.settings import TextReidConfig


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vocabulary": 259}, "--vocabulary is 259; it must be 260"),
        ({"text_width": 100}, "--text-width is 100; it must be a multiple of 64"),
        ({"text_depth": 0}, "--text-depth is 0; it must be at least 1"),
        ({"masked": -1.0}, "--masked is -1.0; it must be 0 or more"),
        ({"dim": 0}, "--dim is 0; it must be at least 1"),
        ({"batch": 4, "accumulate": 4}, "--batch is 4; it must be at least 2 in each"),
    ],
)
def test_wrong_values(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        TextReidConfig(out=Path("x"), **changes)
