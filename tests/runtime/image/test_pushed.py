"""Pictures that are pushed: counted, in order, and refused after the end."""

from __future__ import annotations

from typing import Any

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.pushed import Pushed, nothing_to_iterate


class Total:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def add(self, result: str, /) -> None:
        self.seen.append(result)

    def summary(self) -> dict[str, Any]:
        return {"seen": list(self.seen)}


def named(record: object, index: int) -> str:
    if record is None:
        raise DataError("no picture")
    return f"{index}: {record}"


def test_each_push_gives_its_result_and_what_is_refused_has_no_number() -> None:
    intake = Pushed(named, Total())
    assert intake.push("a") == ["0: a"]
    with pytest.raises(DataError, match="no picture"):
        intake.push(None)
    assert intake.push("b") == ["1: b"]
    assert intake.report() == {"seen": ["0: a", "1: b"]}


def test_nothing_is_taken_after_the_end() -> None:
    intake = Pushed(named, Total())
    assert intake.end() == []
    with pytest.raises(UsageError, match="push after the end of the stream"):
        intake.push("a")
    assert intake.report() == {"seen": []}


def test_without_a_source_there_is_nothing_to_iterate() -> None:
    with pytest.raises(UsageError, match=r"`push` returns its results; or give .* photos as its"):
        next(nothing_to_iterate("photos"))
