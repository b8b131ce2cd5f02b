"""Settings of kept answers: what fits together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.distill.saip.settings import DistilSaipConfig
from edgehuman.errors import UsageError

GIVEN: dict[str, Any] = {"teacher": Path("t"), "targets": Path("kept")}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"targets": Path("kept")}, "targets is kept; it must be omitted without --teacher"),
        ({**GIVEN, "csm": 0.0}, "targets is kept; it must be omitted with csm 0"),
        ({**GIVEN, "draws": 0}, "draws is 0; it must be at least 1"),
        ({"draws": 4}, "draws is 4; it must be 8 without --targets"),
    ],
)
def test_what_cannot_be_kept_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DistilSaipConfig(**values)


def test_the_folder_is_named_as_before() -> None:
    assert DistilSaipConfig().out == Path("runs/saip-tinyvit_5m")
    assert DistilSaipConfig(**GIVEN, draws=3).draws == 3
