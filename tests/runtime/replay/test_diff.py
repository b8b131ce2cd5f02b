"""Two runs' results side by side: what differs, by how much, and what is not compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.replay.diff import DiffConfig, diff

ROW: dict[str, Any] = {
    "t_s": 2.56,
    "label": "walking",
    "score": 0.9,
    "latency_ms": 1.5,
    "source": "a",
}
FRAME: dict[str, Any] = {
    "frame": 3,
    "t_s": 0.12,
    "people": [{"box": [1.0, 2.0, 30.0, 40.0], "score": 0.8, "joints": {"nose": [5.0, 6.0, 0.5]}}],
}


def compared(folder: Path, before: list[Any], after: list[Any], **flags: Any) -> Any:
    paths = folder / "a.jsonl", folder / "b.jsonl"
    for path, rows in zip(paths, (before, after), strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return diff(DiffConfig(*paths, **flags))


def kinds(outcome: Any) -> dict[str, int]:
    return {kind: found["count"] for kind, found in outcome.data["differences"].items()}


def test_the_same_results_are_the_same_whatever_the_time_of_the_wall(tmp_path: Path) -> None:
    slower = {**ROW, "latency_ms": 99.0}
    outcome = compared(tmp_path, [ROW, FRAME], [slower, FRAME])
    assert (outcome.exit_code, outcome.data["same"], outcome.text) == (
        *(0, True),
        "2 and 2 rows, 2 the same",
    )
    outcome = compared(tmp_path, [ROW], [slower], times=True)
    assert (outcome.exit_code, kinds(outcome)) == (1, {"latency_ms": 1})


def test_each_kind_is_counted_and_the_first_is_shown(tmp_path: Path) -> None:
    other = json.loads(json.dumps(FRAME))
    other["people"][0]["box"][2] = 31.5
    other["people"][0]["joints"]["nose"][0] = 5.25
    other["people"].append({"box": [0, 0, 1, 1], "score": 0.5})
    label = {**ROW, "label": "sitting", "score": 0.7, "reason": "frozen"}
    outcome = compared(tmp_path, [ROW, FRAME], [label, other])
    assert kinds(outcome) == {
        "label": 1,
        "score": 1,
        "reason": 1,
        "people length": 1,
        "people.box": 1,
        "people.joints.nose": 1,
    }
    assert outcome.data["differences"]["people.box"]["largest"] == 1.5
    assert outcome.data["first"] == {
        "row": "source a, t_s 2.56",
        "kind": "label",
        "before": "walking",
        "after": "sitting",
    }
    assert 'first: source a, t_s 2.56: label\n  A: "walking"\n  B: "sitting"' in outcome.text


def test_tolerances_are_by_what_a_number_is(tmp_path: Path) -> None:
    other = json.loads(json.dumps(FRAME))
    other["people"][0]["score"] += 0.01
    other["people"][0]["box"][0] += 0.4
    other["people"][0]["joints"]["nose"][1] += 0.4
    assert compared(tmp_path, [FRAME], [other], score=0.02, pixels=0.5).exit_code == 0
    assert kinds(compared(tmp_path, [FRAME], [other], score=0.02)) == {
        "people.box": 1,
        "people.joints.nose": 1,
    }
    assert kinds(compared(tmp_path, [FRAME], [other], pixels=0.5)) == {"people.score": 1}
    delayed = {**ROW, "delay_s": 0.5}
    assert compared(tmp_path, [{**ROW, "delay_s": 0.4}], [delayed], number=0.2).exit_code == 0


def test_rows_belong_together_by_source_and_time_and_not_by_their_place(tmp_path: Path) -> None:
    rows = [{**ROW, "t_s": float(place)} for place in range(5)]
    outcome = compared(tmp_path, rows, [rows[4], rows[3], *rows[:2]])
    assert kinds(outcome) == {"only in A": 1}
    assert outcome.data["first"]["row"] == "source a, t_s 2.0"
    outcome = compared(tmp_path, rows[:1], [rows[0], rows[0]])
    assert kinds(outcome) == {"only in B": 1}
    assert outcome.data["rows"] == {"before": 1, "after": 2, "same": 1}
    two = [{**ROW, "source": "b"}, {**ROW, "track": "7"}, ROW]
    assert compared(tmp_path, two, two[::-1]).exit_code == 0


def test_a_value_of_another_type_differs_and_true_is_no_number(tmp_path: Path) -> None:
    assert kinds(compared(tmp_path, [{"a": 1}], [{"a": "1"}])) == {"a type": 1}
    assert kinds(compared(tmp_path, [{"a": 1}], [{"a": True}])) == {"a type": 1}
    assert kinds(compared(tmp_path, [{"a": None}], [{}])) == {"a": 1}
    assert compared(tmp_path, [{"a": 1}], [{"a": 1.0}]).exit_code == 0


@pytest.mark.parametrize("text", ["[]\n", "{\n", "1\n", "[" * 5000 + "\n", "\xff\n"])
def test_what_is_no_result_is_said_with_its_line(tmp_path: Path, text: str) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(json.dumps(ROW) + "\n")
    bad.write_bytes(json.dumps(ROW).encode() + b"\n\n" + text.encode("latin-1"))
    for pair in ((good, bad), (bad, good)):
        with pytest.raises(DataError, match=r"bad\.jsonl: line 3 is no"):
            diff(DiffConfig(*pair))
    with pytest.raises(DataError, match="cannot read"):
        diff(DiffConfig(good, tmp_path))
    with pytest.raises(UsageError, match="--pixels"):
        diff(DiffConfig(good, good, pixels=float("nan")))


def test_the_exit_code_is_that_of_the_command(tmp_path: Path, capsys: Any) -> None:
    compared(tmp_path, [ROW], [{**ROW, "label": "sitting"}])
    first, second = str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")
    assert main(["diff", first, first]) == 0
    assert main(["diff", first, second, "--json"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert json.loads(printed[-1])["differences"]["label"]["count"] == 1
