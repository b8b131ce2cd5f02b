"""The page of error against discard, in small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton.discard import DiscardConfig, build_page
from edgehuman.errors import UsageError


def test_the_page_has_a_row_for_each_error_and_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--people", "4", "--out", str(tmp_path / "out"), "--fit"]
    picture = tmp_path / "curves.png"
    assert main(DiscardConfig, build_page, [*words, "--picture", str(picture)]) == 0
    out, err = capsys.readouterr()
    assert "| SIMULATED, 4 people, 32 probes | rank-1 error | quality |" in out
    assert "exponents fitted on 4 simulated people: Weights(" in err
    data = json.loads((tmp_path / "out" / "table.json").read_text())
    assert sum(data["weights"].values()) == pytest.approx(1.0, abs=0.02)
    curves = data["sets"]["SIMULATED"]["curves"]
    assert set(curves) == {"rank-1 error", "FNMR at FMR 1 %"}
    for by_order in curves.values():
        assert {"quality", "steps", "view", "completeness"} <= set(by_order)
        curve = by_order["quality"]
        assert curve["discarded"][0] == 0.0
        assert all(
            0 <= low <= high <= 1 for low, high in zip(curve["low"], curve["high"], strict=True)
        )
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_fewer_people_are_refused() -> None:
    with pytest.raises(UsageError, match="--people"):
        DiscardConfig(people=3)
