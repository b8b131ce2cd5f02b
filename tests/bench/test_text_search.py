"""Queries in words are timed in a process of their own, and its answer is checked."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.text_search import TextSearchConfig, measure, text_search
from edgehuman.errors import UsageError


def answering(monkeypatch: pytest.MonkeyPatch, code: int, out: str, err: str = "") -> None:
    def run(line: list[str], **given: Any) -> subprocess.CompletedProcess[str]:
        assert line[-3:] == ["9", "4", "2"]
        return subprocess.CompletedProcess(line, code, out, err)

    monkeypatch.setattr("edgehuman.bench.text_search.subprocess.run", run)


CONFIG = TextSearchConfig(photos=9, dim=4, queries=2)
ROW = '{"p50_ms": 2.5, "core_p50_ms": 2.0, "p99_ms": 3.0, "tokens": 21, "right": %s}'


def test_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 0, ROW % "true")
    assert "9 photos of 4 numbers, a sentence of 21 tokens: p50 2.5 ms" in measure(CONFIG).text


def test_a_wrong_answer_and_a_failure_are_no_times(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 0, ROW % "false")
    with pytest.raises(FailedRun, match="was not the first"):
        text_search(CONFIG)
    answering(monkeypatch, 1, "", "a\nno memory\n")
    with pytest.raises(FailedRun, match="no memory"):
        text_search(CONFIG)


def test_wrong_numbers() -> None:
    with pytest.raises(UsageError, match="--photos is 0; it must be at least 1"):
        TextSearchConfig(photos=0)


@pytest.mark.long
def test_the_process_itself() -> None:
    pytest.importorskip("onnxscript")
    found = text_search(TextSearchConfig(photos=500, dim=16, queries=3))
    assert found["core_p50_ms"] > 0
