"""Latency tables: read as they were written; what is no measurement is refused by its row."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.budget import latencies
from edgehuman.bench.budget.latencies import (
    OF_FP32,
    Accuracy,
    accuracy_of,
    as_json,
    family_of,
    read_table,
    require_same_machine,
    save_rows,
    this_machine,
)
from edgehuman.card import IMU_INPUT, Card, Metric, OutputSpec
from edgehuman.errors import DataError, UsageError
from tests.bench.budget.tables import BOARD, made_row, made_table


@pytest.fixture
def written(tmp_path: Path) -> Path:
    accuracy = (Accuracy("macro_f1", 0.9, "uci_har", False, 0.01),)
    rows = (made_row(), made_row("zoo:b", 1.0, precision="int8", accuracy=accuracy))
    path = tmp_path / "board.json"
    path.write_text(as_json(made_table(*rows)))
    return path


def test_a_table_is_read_as_it_was_written(written: Path) -> None:
    table = read_table(written)
    assert table.machine == BOARD
    assert [row.model for row in table.rows] == ["zoo:a", "zoo:b"]
    assert as_json(table) == written.read_text()


Change = Callable[[dict[str, Any]], Any]


def changed(path: Path, change: Change) -> Path:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.update(schema="other.table"), "has the schema 'other.table'"),
        (lambda t: t.pop("schema"), "has no schema"),
        (lambda t: t.update(version=2), "version 2; this edgehuman reads 1"),
        (lambda t: t.update(rows=[]), "has no measurement; measure again"),
        (lambda t: t.pop("rows"), "lacks 'rows'"),
        (lambda t: t.update(rows=t["rows"] * 2501), "rows: there are 5,002; at most 5,000"),
        (lambda t: t.update(rows=7), "rows: "),
        (lambda t: t.update(machine=[]), "machine: "),
        (lambda t: t["machine"].update(cores="four"), "machine: cores is 'four', not int"),
        (lambda t: t["rows"][1]["p50"].update(value=-1.0), r"row 2 \(zoo:b int8.*p50 is -1.0 ms"),
        (lambda t: t["rows"][0]["p95"].update(high=math.nan), "row 1 .*p95 is nan ms"),
        (lambda t: t["rows"][0]["p95"].update(high=math.inf), "p95 is inf ms"),
        (lambda t: t["rows"][0]["p95"].update(high=None), r"high is None, not float"),
        (lambda t: t["rows"][0]["p50"].update(low=9.0), "low exceeds high"),
        (lambda t: t["rows"][0]["p95"].update(value=1.0), "2.0, 1.0, 4.0; they must rise"),
        (lambda t: t["rows"][0].update(batch=0), "batch is 0; it must be at least 1"),
        (lambda t: t["rows"][0].update(flops=-5), "flops is -5; it must be 0 or more"),
        (lambda t: t["rows"][0].update(waited=1.5), "waited is 1.5; it must be a share"),
        (lambda t: t["rows"][0].update(arch=7), "arch is 7, not str"),
        (lambda t: t["rows"][0].pop("p99"), "row 1: lacks 'p99'"),
        (lambda t: t["rows"][0].update(colour="red"), "row 1: .*colour"),
        (lambda t: t["rows"].append(t["rows"][0]), "row 3 .*was measured twice"),
        (lambda t: t["rows"][1]["accuracy"][0].update(value=math.nan), "macro_f1 is nan"),
    ],
)
def test_what_is_no_table_of_ours_is_refused(written: Path, change: Change, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_table(changed(written, change))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'"text"', b"[" * 100_000])
def test_what_is_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(DataError, match="measure again with `edgehuman bench"):
        read_table(tmp_path / "t.json")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such latency table"):
        read_table(tmp_path / "none.json")
    with pytest.raises(DataError, match="so no latency table; measure again"):
        read_table(tmp_path)


def test_rows_are_added_and_those_of_one_key_replaced(tmp_path: Path) -> None:
    path = tmp_path / "here.json"
    save_rows(path, [made_row("zoo:a", 2.0), made_row("zoo:b", 3.0)], "--save")
    table = save_rows(path, [made_row("zoo:a", 5.0), made_row("zoo:a", 6.0, batch=8)], "--save")
    assert table == read_table(path)
    found = [(row.model, row.batch, row.p50.value) for row in table.rows]
    assert found == [("zoo:a", 1, 5.0), ("zoo:b", 1, 3.0), ("zoo:a", 8, 6.0)]
    assert table.machine == this_machine()


def test_no_table_grows_beyond_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latencies, "MOST_ROWS", 2)
    path = tmp_path / "here.json"
    save_rows(path, [made_row("a"), made_row("b")], "--save")
    save_rows(path, [made_row("b", 3.0)], "--save")
    with pytest.raises(UsageError, match="would have 3 measurements; a table has at most 2"):
        save_rows(path, [made_row("c")], "--save")
    assert len(read_table(path).rows) == 2


def test_another_machine_s_table_is_not_added_to(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written.read_bytes()
    for attempt in (
        lambda: require_same_machine(written, "--save"),
        lambda: save_rows(written, [made_row()], "--save"),
    ):
        with pytest.raises(UsageError, match="was measured on Board 1, 4 cores"):
            attempt()
    assert written.read_bytes() == before
    monkeypatch.setattr(latencies, "this_machine", lambda: BOARD)
    require_same_machine(written, "--save")
    require_same_machine(written.with_name("new.json"), "--save")


def test_a_card_s_metrics_say_whose_they_are() -> None:
    metrics = (
        Metric("macro_f1", 0.9, "uci_har" + OF_FP32),
        Metric("accuracy", 0.8, "uci_har" + OF_FP32),
        Metric("ece", math.nan, "uci_har"),
        Metric("macro_f1", 0.7, "hapt"),
    )
    card = Card("a", "activity", "x", 1, 1, IMU_INPUT, OutputSpec("classes", ("b",)))
    card = card.replace(metrics=metrics, parity={"metric": "macro_f1", "metric_drop": 0.5})
    assert accuracy_of(card) == (
        Accuracy("macro_f1", 0.9, "uci_har", False, 0.005),  # the drop is in percentage points
        Accuracy("accuracy", 0.8, "uci_har", False, None),
        Accuracy("macro_f1", 0.7, "hapt", True, None),
    )


def test_the_ending_is_what_the_export_writes() -> None:
    from edgehuman.runtime.engine.onnx_file import read_card
    from edgehuman.runtime.zoo import zoo_file

    card = read_card(zoo_file("zoo:activity-int8"))
    assert all(each.protocol.endswith(OF_FP32) for each in card.metrics)
    assert not any(each.own for each in accuracy_of(card))


def test_a_family_is_that_of_the_catalogue() -> None:
    assert family_of("imuconv_288k") == "imuconv"
    assert family_of("package.module:Net") == ""
