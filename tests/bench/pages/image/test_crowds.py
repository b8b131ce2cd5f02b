"""What parting everybody costs: ratios of one run."""

from __future__ import annotations

import pytest

from edgehuman.bench.pages.image import crowds
from edgehuman.bench.pages.image.crowds import SIZE, CostConfig, made_rows, measure_cost
from edgehuman.errors import UsageError
from edgehuman.metrics.crowds.answers import people_of, require_rows
from edgehuman.preprocess.image.letterbox import Letterbox


def test_made_answers_hold_so_many_people_with_parts() -> None:
    row_RX = require_rows(made_rows(21)[None], 20, SIZE)[0]
    people = people_of(row_RX, 20, SIZE, Letterbox(1.0, 1.0, 0, 0, *SIZE), 0.5)
    assert len(people) == 21
    assert all(each.mask_HW.all() and each.person.part_HW.any() for each in people)
    assert all(each.box_4[2] <= SIZE[1] for each in people)


def test_ratios_are_of_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "network_ms", lambda arch, rounds: [10.0, 14.0, 35.0])
    monkeypatch.setattr(crowds, "in_warm_turns", lambda turns, rounds: [1.0, 5.0])
    outcome = measure_cost(CostConfig(archs=("starnet_s100",)))
    assert isinstance(outcome.data, dict)
    row = outcome.data["starnet_s100"]
    assert (row["parser_over_detector"], row["torch_over_onnxruntime"]) == (1.4, 2.5)
    # 4 ms for 20 people more, of 14 ms and 1.
    assert row["one_more_person_percent"] == pytest.approx(100 * 0.2 / 15)
    assert "| starnet_s100 | 10.00 | 14.00 | 1.40 |" in str(outcome.text)
    with pytest.raises(UsageError, match="--rounds is 0"):
        CostConfig(rounds=0)
