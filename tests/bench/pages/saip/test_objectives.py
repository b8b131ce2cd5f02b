"""Table 4: each row leaves out what it says, with its own average and distilled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.saip.objectives import (
    OBJECTIVES,
    ObjectivesConfig,
    build,
    every_row,
)
from edgehuman.errors import UsageError
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of, table_of


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return leave_out_trainings(monkeypatch)


def small(out: Path, **changes: Any) -> ObjectivesConfig:
    fields = {"people": 10, "images": 20, "tasks": ("attributes",), "expert": "zoo:person-garments"}
    return ObjectivesConfig(out=out, **{**fields, **changes})


def test_the_pretrainings_have_the_objectives_of_their_rows(asked: Asked, tmp_path: Path) -> None:
    text = build(small(tmp_path)).text
    runs = of(asked, "pretrain")
    assert len(runs) == 12
    for config in runs:
        name = config.out.name.removeprefix("starnet_s100_k3-").removesuffix("-0-pretrained")
        kept = [each for each in OBJECTIVES if getattr(config, each)]
        assert name.removesuffix("-distilled") == "-".join(kept)
        assert (config.teacher is not None) == name.endswith("-distilled")
    rows = table_of(text)
    assert rows["scratch"][:4] == ["-"] * 4
    assert rows["csm-css"][:4] == ["yes", "-", "yes", "its own average"]
    assert rows["csm-css"][-2] == "79.1"
    assert rows["csm-csr-css-distilled"][-2] == "82.7"
    assert rows["csr-distilled"][-2] == "-"


def test_rows_are_chosen_and_wrong_ones_refused(asked: Asked, tmp_path: Path) -> None:
    build(small(tmp_path, rows=("css", "scratch")))
    assert [config.csm for config in of(asked, "pretrain")] == [0]
    with pytest.raises(UsageError, match="--rows is"):
        small(tmp_path, rows=("cs",))
    assert len(every_row(small(tmp_path))) == 13
