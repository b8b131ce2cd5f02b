"""A table that was stopped shows what is finished, and goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.saip import page, trainings
from edgehuman.bench.pages.saip.page import Page, Row, build_table
from edgehuman.bench.pages.saip.settings import Schedule
from edgehuman.bench.pages.saip.trainings import OutOfTime
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of, table_of

ROWS = [Row("scratch", ("a",), None, published={"reid": 77.1}), Row("own", ("b",))]
PAGE = Page(ROWS, ("what",), ["A note."])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return leave_out_trainings(monkeypatch)


def small(out: Path, **changes: Any) -> Schedule:
    fields = {"people": 10, "images": 20, "tasks": ("reid", "parsing")}
    return Schedule(out=out, **{**fields, **changes})


def test_numbers_notes_and_published_ones(asked: Asked, tmp_path: Path) -> None:
    text = build_table(small(tmp_path), PAGE).text
    rows = table_of(text)
    assert (
        rows[""] == ["|", "what", "ReID rank-1", "parsing mIoU", "ReID rank-1, paper", "seeds"][1:]
    )
    assert rows["scratch"] == ["a", "25.0", "25.0", "77.1", "1"]
    assert rows["own"] == ["b", "75.0", "75.0", "-", "1"]
    assert text.endswith("A note.")
    assert (tmp_path / "table.md").read_text() == f"{text}\n"
    assert "reid: 200 steps of 64 at 64x32." in text


def test_a_stopped_table_shows_what_is_finished_and_goes_on(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainings.tuned

    def stopping(config: Any, task: str, *rest: Any) -> Any:
        if task == "parsing":
            raise OutOfTime
        return whole(config, task, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(page, "tuned", stopping)
        outcome = build_table(small(tmp_path), PAGE)
    assert outcome.exit_code == 1
    assert table_of(outcome.text)["scratch"] == ["a", "25.0", "-", "77.1", "0 to 1"]
    data = json.loads((tmp_path / "table.json").read_text())
    assert [*data["rows"]["scratch"]["scores"]] == ["reid"]
    asked.clear()
    assert build_table(small(tmp_path), PAGE).exit_code == 0
    assert len(of(asked, "reid")) == 1  # of the other row; the first is kept
