"""What saying who wears what costs: a ratio of one run."""

from __future__ import annotations

import pytest

from edgehuman.bench.pages.image import attributes
from edgehuman.bench.pages.image.attributes import CostConfig, measure_cost, outputs
from edgehuman.errors import UsageError


def test_the_ratio_is_of_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "network_ms", lambda arch, rounds: (10.0, 17.0))
    outcome = measure_cost(CostConfig(archs=("starnet_s100",)))
    assert isinstance(outcome.data, dict)
    assert outcome.data["starnet_s100"]["attributes_over_detector"] == 1.7
    assert "| starnet_s100 | 10.00 | 17.00 | 1.70 |" in str(outcome.text)
    with pytest.raises(UsageError, match="--rounds is 0"):
        CostConfig(rounds=0)


def test_it_has_as_many_names_as_fashionpedia() -> None:
    boxes, worn = outputs()
    assert boxes.kind == "boxes"
    assert (len(worn.labels), len(worn.attributes)) == (47, 294)
    assert worn.labels[0] == "person"
