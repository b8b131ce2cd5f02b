"""The page of an expert's cost: which sides are timed, and the table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from edgehuman.bench.pages.saip import expert
from edgehuman.bench.pages.saip.expert import OBJECTIVES, ExpertPageConfig, Row, build_page, render
from edgehuman.errors import UsageError


def test_the_table_by_hand() -> None:
    last = render([Row("matching", 80.0, 20.0)]).splitlines()[-1]
    assert last == "| matching | 80 | 20 | 0.25 |"


def test_both_sides_run_on_each_set_of_objectives(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")

    def once(
        sides: Mapping[str, Callable[[], None]], rounds: int, clock: object
    ) -> dict[str, float]:
        for side in sides.values():
            side()
        return {name: (0.5 if name == "asked" else 0.25) * rounds for name in sides}

    monkeypatch.setattr(expert, "in_turns", once)
    config = ExpertPageConfig(arch="starnet_s100", height=64, width=32, rounds=2, json=True)
    rows = json.loads(build_page(config).text)["rows"]
    assert [row["objectives"] for row in rows] == [*OBJECTIVES]
    assert {(row["asked_ms"], row["kept_ms"]) for row in rows} == {(1000.0, 500.0)}


def test_no_round_is_refused() -> None:
    with pytest.raises(UsageError, match="rounds is 0; it must be at least 1"):
        ExpertPageConfig(rounds=0)
