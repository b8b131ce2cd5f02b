"""One photo's row for JSON, and what a folder adds up to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.runtime.image.results import PhotoResult, PhotoTally, to_row

LABELS = ("hat", "shoe")


@pytest.mark.parametrize(
    ("answer", "row"),
    [
        ({"vector_D": np.array([0.12345678, 2.0])}, {"embedding": [0.123457, 2.0]}),
        ({"prob_A": np.array([0.25, 0.99999])}, {"attributes": {"hat": 0.25, "shoe": 1.0}}),
        (
            {"joint_J3": np.array([[1.234, 2, 0.5], [3, 4, 0.123456]])},
            {"joints": {"hat": [1.23, 2.0, 0.5], "shoe": [3.0, 4.0, 0.1235]}},
        ),
        ({"part_HW": np.array([[0, 1, 1, 1]], np.uint8)}, {"parts": {"hat": 0.25, "shoe": 0.75}}),
        ({"part_HW": np.zeros((2, 2), np.uint8)}, {"parts": {"hat": 1.0}}),
    ],
)
def test_a_row_holds_the_answer_of_its_kind(answer: dict[str, Any], row: dict[str, Any]) -> None:
    result = PhotoResult(Path("p/a.png"), "a.png", 2, 1, 1.23456, labels=LABELS, **answer)
    head = {"photo": "a.png", "height": 2, "width": 1, "latency_ms": 1.235}
    assert to_row(result) == head | row
    assert list(to_row(result)) == [*head, *row]


def test_a_row_without_an_answer_holds_the_reason() -> None:
    assert to_row(PhotoResult(Path("a"), "a", reason="empty")) == {"photo": "a", "error": "empty"}


def test_what_photos_add_up_to() -> None:
    tally = PhotoTally()
    assert tally.summary()["latency_ms"] == {"p50": None, "p95": None, "max": 0.0}
    tally.add(PhotoResult(Path("a"), "a", latency_ms=2.0))
    tally.add(PhotoResult(Path("b"), "b", latency_ms=9.0, reason="empty"))
    found = tally.summary()
    assert (found["photos"], found["unreadable"], found["latency_ms"]["max"]) == (2, 1, 2.0)


def test_shares_are_those_of_all_pixels_however_many_strips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for labels in (LABELS, (*LABELS, "bag")):
        drawn = np.random.default_rng(0).integers(0, len(labels), (70, 30))
        photo = PhotoResult(Path("a"), "a", 70, 30, labels=labels, part_HW=drawn.astype(np.uint8))
        whole = to_row(photo)
        shares = {name: round(float((drawn == i).mean()), 5) for i, name in enumerate(labels)}
        assert whole["parts"] == shares
        with monkeypatch.context() as patch:
            patch.setattr("edgehuman.runtime.image.results._STRIP", 100)
            assert to_row(photo) == whole


def test_a_remark_stands_in_the_row_and_is_counted() -> None:
    result = PhotoResult(Path("a"), "a", 2, 1, remark="squeezed", vector_D=np.ones(1, np.float32))
    assert to_row(result)["remark"] == "squeezed"
    tally = PhotoTally(others=3)
    tally.add(result)
    assert (tally.summary()["remarked"], tally.summary()["other_files"]) == (1, 3)
