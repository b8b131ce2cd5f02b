"""Table 6: shares of the steps from one pretraining."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.saip.lengths import LengthsConfig, build
from edgehuman.errors import UsageError
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of, table_of


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return leave_out_trainings(monkeypatch)


def small(out: Path, **changes: Any) -> LengthsConfig:
    fields = {"people": 10, "images": 20, "tasks": ("reid",), "tune_steps": 40}
    return LengthsConfig(out=out, **{**fields, **changes})


def test_every_length_starts_from_the_same_pretraining(asked: Asked, tmp_path: Path) -> None:
    rows = table_of(build(small(tmp_path)).text)
    assert len(of(asked, "pretrain")) == 1
    tunings = of(asked, "reid")
    assert [config.steps for config in tunings] == [10, 20, 30, 40] * 2
    assert [config.weights is None for config in tunings] == [False] * 4 + [True] * 4
    assert rows["SAIP-50"] == ["SAIP", "50 %", "75.0", "93.6", "1"]
    assert rows["scratch-25"] == ["none", "25 %", "25.0", "-", "1"]


@pytest.mark.parametrize("shares", [(), (0,), (101,)])
def test_wrong_shares(shares: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--shares is"):
        small(tmp_path, shares=shares)
