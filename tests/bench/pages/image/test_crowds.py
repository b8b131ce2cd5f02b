"""The table of what parting everybody costs."""

from __future__ import annotations

import pytest

from edgehuman.bench.pages.image import crowds
from edgehuman.bench.pages.image.crowds import CostConfig, measure_cost
from edgehuman.errors import UsageError


def test_a_row_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "cost_of", lambda arch, rounds: {"parser_ms": 14.0, "ratio": 1.4})
    outcome = measure_cost(CostConfig(archs=("starnet_s100", "vit_tiny")))
    assert isinstance(outcome.data, dict)
    assert set(outcome.data) == {"starnet_s100", "vit_tiny"}
    lines = str(outcome.text).splitlines()
    assert lines[0] == "| network | parser ms | ratio |"
    assert lines[2] == "| starnet_s100 | 14.00 | 1.40 |"
    with pytest.raises(UsageError, match="--rounds is 0"):
        CostConfig(rounds=0)
