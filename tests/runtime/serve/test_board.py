"""The board: the newest picture alone, the last lines, and a call when there is news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgehuman.runtime.serve.board import KEPT, About, Board, Cursor


@dataclass(frozen=True)
class Picture:
    number: int
    stamp_ns: int = 0
    source: str = ""

    def jpeg(self, drawn: bool) -> bytes:
        return b"jpeg"

    def row(self) -> Mapping[str, Any]:
        return {"number": self.number}


def board() -> Board:
    return Board(About("frames", "zoo:x", "door.mp4"))


def test_somebody_who_was_away_gets_the_newest_picture_and_every_line() -> None:
    shown = board()
    for number in (1, 2, 3):
        shown.show(Picture(number))
        shown.add({"t": number})
    news = shown.since(Cursor())
    assert [shot.number for shot in news.shots] == [3]
    assert [line["t"] for line in news.lines] == [1, 2, 3]
    again = shown.since(news.cursor)
    assert (again.is_new, again.shots, again.lines, again.missed) == (False, (), [], 0)
    shown.add({"t": 4})
    assert [line["t"] for line in shown.since(news.cursor).lines] == [4]


def test_lines_are_bounded_and_what_is_missed_is_counted() -> None:
    shown = board()
    shown.extend([{"t": place} for place in range(KEPT + 5)])
    news = shown.since(Cursor())
    assert (len(news.lines), news.missed, news.lines[0]["t"]) == (KEPT, 5, 5)


def test_who_waits_is_called_once() -> None:
    shown, called = board(), []
    shown.wake_by(lambda: called.append(1))
    shown.add({"t": 1})
    shown.add({"t": 2})
    assert called == [1]
    shown.wake_by(lambda: called.append(2))
    shown.end({"frames": 2})
    assert called == [1, 2]
    assert shown.since(shown.since(Cursor()).cursor).ended == {"frames": 2}


def test_of_each_source_the_newest_is_kept_and_only_what_is_new_comes() -> None:
    shown = board()
    for number, source in enumerate("abab", start=1):
        shown.show(Picture(number, source=source))
    news = shown.since(Cursor())
    assert [(shot.source, shot.number) for shot in news.shots] == [("a", 3), ("b", 4)]
    shown.show(Picture(5, source="a"))
    assert [shot.number for shot in shown.since(news.cursor).shots] == [5]


def test_a_name_is_said_no_more_once_it_is_forgotten() -> None:
    board = Board(About("poses", "zoo:x", "door"))
    board.add({"t": 1.0, "names": {"3": {"name": "ANNA"}, "4": {"name": "BOB"}}})
    board.add({"t": 2.0, "tracks": ["3"]})
    board.show(Picture(1))
    board.forget("ANNA")
    board.forget("CLEO")
    news = board.since(Cursor())
    assert "ANNA" not in str(news)
    assert news.shots == ()
    assert news.lines[0]["names"]["4"] == {"name": "BOB"}
    assert news.lines[2:] == [{"t": 2.0, "names": {"3": {"state": "unknown"}}}]
