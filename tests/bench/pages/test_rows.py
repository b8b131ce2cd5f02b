"""The rows of a page: numbers of what is done, and in words why the rest is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.cell import Cell
from edgehuman.bench.pages.rows import (
    COSTS,
    Column,
    agreement,
    conditions,
    page_outcome,
    table,
    write_page,
)

COLUMNS = (Column("says", lambda cell: f"{cell.bytes} B"), Column("why", lambda cell: "x", False))


def done(precision: str = "fp32", **more: Any) -> Cell:
    return Cell("a", "ONNX", precision, "done", **more)


def test_a_row_for_each_cell_and_numbers_to_the_right() -> None:
    assert table([done(bytes=3), done("fp16", bytes=2)], COLUMNS) == [
        "| network | format | precision | says | why |",
        "|---|---|---|---:|---|",
        "| a | ONNX | fp32 | 3 B | x |",
        "| a | ONNX | fp16 | 2 B | x |",
    ]


def test_what_is_not_done_says_why_in_its_first_cell() -> None:
    cell = Cell("a", "ONNX", "int8", "refused", "cosine 0.9 | under")
    assert table([done(), cell], COLUMNS)[-1] == (
        "| a | ONNX | int8 | refused: cosine 0.9 \\| under | |"
    )


def test_what_no_network_has_is_one_row_and_what_was_not_reached_another() -> None:
    cells = [
        Cell(arch, "TensorRT", "fp32", "not measured", "no tensorrt here") for arch in ("a", "b")
    ]
    late = [Cell("c", "ONNX", precision, "not run", "go on") for precision in ("fp32", "fp16")]
    assert table([done(), *cells, *late], COLUMNS)[2:] == [
        "| a | ONNX | fp32 | 0 B | x |",
        "| c | all | all | not run: go on | |",
        "| every network | TensorRT | fp32 | not measured: no tensorrt here | |",
    ]


def test_costs_by_hand() -> None:
    cell = done("int8", bytes=1_500_000, latency_ms={"fp32": 3.0, "int8": 1.5}, took_s=12, cpu_s=8)
    assert [column.text(cell) for column in COSTS] == ["1.50", "1.50 (3.00)", "2.00", "12 (8)"]
    base = done(latency_ms={"fp32": 3.0})
    assert [column.text(base) for column in COSTS][1:3] == ["3.00", "1.00"]
    engine = done("fp16", latency="not measured: no GPU here")
    assert [column.text(engine) for column in COSTS][1:3] == ["not measured: no GPU here", "-"]


@pytest.mark.parametrize(
    ("parity", "layers", "said"),
    [
        ({"top1_agreement": 0.75}, 0, "same class 75.0 %"),
        ({"retrieval_agreement": 1.0}, 1, "neighbours in the same order 100.0 %, 1 layer in float"),
        ({"neighbours_kept": 0.9, "retrieval_agreement": 0.6}, 0, "same neighbours 90.0 %"),
        ({"label_agreement": 0.5}, 2, "same answer 50.0 %, 2 layers in float"),
        ({"joint_shift_px": 0.25}, 0, "joints moved 0.25 px"),
    ],
)
def test_what_stays_the_same_is_said_of_the_answers(
    parity: dict[str, float], layers: int, said: str
) -> None:
    assert agreement(done(parity=parity, float_layers=layers)) == said


@pytest.mark.parametrize(
    ("status", "code"), [("done", 0), ("not measured", 0), ("refused", 1), ("failed", 1)]
)
def test_a_page_with_something_wrong_ends_so(status: Any, code: int, tmp_path: Path) -> None:
    out = tmp_path / "docs" / "page.md"
    text = write_page(out, "# page\n")
    outcome = page_outcome([Cell("a", "ONNX", "fp32", status)], {"torch": "2"}, out, text)
    assert outcome.exit_code == code
    assert isinstance(outcome.data, dict)
    assert outcome.data["cells"][0]["status"] == status
    assert out.read_text() == outcome.text == "# page\n"


def test_the_conditions_name_the_packages_that_are_there() -> None:
    said = conditions({"torch": "2.9", "tensorrt": "-", "onnx": "1.18"})
    assert said.endswith("; torch 2.9, onnx 1.18.")
