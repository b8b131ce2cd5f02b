"""What parting everybody costs: ratios of one run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgehuman.bench.contestants import NotMeasured
from edgehuman.bench.targets import crowds
from edgehuman.bench.targets.crowds import ARCHS, SIZE, cost_of, made_rows
from edgehuman.bench.targets.targets import TargetsConfig, check, choose
from edgehuman.metrics.crowds.answers import people_of, require_rows
from edgehuman.preprocess.image.letterbox import Letterbox


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    cost_of.cache_clear()
    yield
    cost_of.cache_clear()


def test_made_answers_hold_so_many_people_with_parts() -> None:
    row_RX = require_rows(made_rows(21)[None], 20, SIZE)[0]
    people = people_of(row_RX, 20, SIZE, Letterbox(1.0, 1.0, 0, 0, *SIZE), 0.5)
    assert len(people) == 21
    assert all(each.mask_HW.all() and each.person.part_HW.any() for each in people)
    assert all(each.box_4[2] <= SIZE[1] for each in people)


def test_ratios_are_of_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "network_ms", lambda arch, rounds: [10.0, 14.0, 35.0])
    monkeypatch.setattr(crowds, "in_warm_turns", lambda turns, rounds: [1.0, 5.0])
    row = cost_of("starnet_s100")
    assert (row["parser_over_detector"], row["torch_over_onnxruntime"]) == (1.4, 2.5)
    # 4 ms for 20 people more, of 14 ms and 1.
    assert row["one_more_person_percent"] == pytest.approx(100 * 0.2 / 15)


def test_each_network_has_its_own_rows_and_is_measured_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def network_ms(arch: str, rounds: int) -> list[float]:
        asked.append(arch)
        return [10.0, 16.0 if arch == "vit_tiny" else 14.0, 35.0]

    monkeypatch.setattr(crowds, "network_ms", network_ms)
    monkeypatch.setattr(crowds, "in_warm_turns", lambda turns, rounds: [1.0, 5.0])
    rows = {
        row["name"]: row for row in (check(each, TargetsConfig()) for each in choose(["parts"]))
    }
    assert [name for name, row in rows.items() if not row["met"]] == ["parts-vit_tiny"]
    assert asked == list(ARCHS)
    assert len(rows) == 2 * len(ARCHS) + 1


def test_without_torch_it_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    with pytest.raises(NotMeasured, match="PyTorch is not installed"):
        cost_of("starnet_s100")
