"""Tracked skeletons on the page: who is there, who it is, and since when nobody is."""

from __future__ import annotations

import json
from typing import Any

from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import Board, Cursor, News
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.skeleton.lines import PoseBlock, PoseParser
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.view.poses import PoseView, about_poses
from tests.runtime.gait_models import ANNA, BOB, pose


def block(*lines: dict[str, Any]) -> PoseBlock:
    return PoseParser().parse([json.dumps(line) for line in lines])


def said(
    track: str, label: str, score: float = 0.9, reason: str = "", state: str = ""
) -> GaitResult:
    return GaitResult(1.0, label, score, 5.0, label, 0, track=track, reason=reason, state=state)


class Seen:
    """A view, and what its page shows."""

    def __init__(self, identifies: bool = True) -> None:
        self.forgotten: set[str] = set()
        about = about_poses("zoo:gait", "udp://user:secret@door:5555", identifies)
        self.beside = Beside(LiveFlags(), about, lambda said: None)
        self.beside.board = Board(about)
        self.view = PoseView(self.beside, identifies, lambda name: name not in self.forgotten)

    def news(self) -> News:
        assert self.beside.board is not None
        return self.beside.board.since(Cursor())

    def people(self) -> list[dict[str, Any]]:
        (shot,) = self.news().shots
        people: list[dict[str, Any]] = shot.row()["people"]
        return people


def test_a_track_is_not_yet_then_a_name_and_leaves() -> None:
    seen = Seen()
    seen.view.take(block(pose(5.0, ANNA, 7, width=200, height=150)), [])
    (shot,) = seen.news().shots
    row = shot.row()
    assert (row["width"], row["height"], row["t_s"], shot.jpeg(True)) == (200, 150, 0.0, b"")
    (person,) = row["people"]
    assert (person["track"], person["state"], person["joints"]["nose"]) == (
        "7", "not yet", [90.0, 10.0, 0.9],
    )  # fmt: skip
    x0, y0, x1, y1 = person["box"]
    assert x0 < 81
    assert y0 < 8
    assert x1 > 99
    assert y1 > 78
    seen.view.take(block(pose(5.1, ANNA, 7)), [said("7", "ANNA")])
    (person,) = seen.people()
    assert (person["name"], person["state"], person["match"]) == ("ANNA", "known", 0.9)
    seen.view.take(block(pose(5.2, BOB, 8)), [said("7", "", reason="frozen")])
    assert [(p["track"], p["state"]) for p in seen.people()] == [("7", "known"), ("8", "not yet")]
    seen.view.take(block(pose(5.9, BOB, 8)), [said("8", "unknown", 0.3)])
    assert [(p["track"], p["state"]) for p in seen.people()] == [("8", "unknown")]
    lines = seen.news().lines
    assert [line["names"] for line in lines if "names" in line] == [
        {"7": {"state": "known", "name": "ANNA", "match": 0.9}},
        {"8": {"state": "unknown", "match": 0.3}},
    ]
    assert [(line["t"], line["tracks"]) for line in lines] == [
        (0.0, ["7"]), (0.1, ["7"]), (0.9, ["8"]),
    ]  # fmt: skip
    meter = seen.beside.meter.figures()
    assert (meter["answers"], meter["unanswered"], meter["people"]) == (3, 1, 1)


def test_without_a_gallery_nobody_is_named_nor_told_apart() -> None:
    seen = Seen(identifies=False)
    seen.view.take(block(pose(0.0, ANNA, 7)), [said("7", "ANNA")])
    (person,) = seen.people()
    assert "ANNA" not in str(seen.news().lines)
    assert "name" not in person


def test_who_stops_walking_bears_no_name_any_more() -> None:
    seen = Seen()
    seen.view.take(block(pose(0.0, ANNA, 7)), [said("7", "ANNA", state="known")])
    stands = said("7", "", 0.0, reason="not walking", state="not walking")
    seen.view.take(block(pose(0.1, ANNA, 7)), [stands])
    (person,) = seen.people()
    assert (person["state"], "name" in person, "match" in person) == ("not walking", False, False)
    assert seen.news().lines[-1]["names"] == {"7": {"state": "not walking"}}


def test_who_was_forgotten_is_not_named_until_the_next_window_either() -> None:
    seen = Seen()
    seen.view.take(block(pose(0.0, ANNA, 7), pose(0.0, BOB, 8)), [said("7", "ANNA")])
    seen.view.take(block(pose(0.1, BOB, 8)), [said("8", "BOB")])
    seen.forgotten.add("ANNA")
    seen.view.take(block(pose(0.2, ANNA, 7)), [])
    assert [(p["track"], p.get("name")) for p in seen.people()] == [("8", "BOB"), ("7", None)]
    assert seen.news().lines[-1]["names"] == {"7": {"state": "not yet"}}


def test_a_picture_of_unknown_size_holds_all_that_was_seen() -> None:
    seen = Seen()
    seen.view.take(block(pose(0.0, BOB, 7)), [])
    seen.view.take(block(pose(0.1, (500, 10), 7)), [])
    (shot,) = seen.news().shots
    assert shot.row()["width"] >= 509
    assert shot.row()["height"] >= 158


def test_a_clock_that_begins_anew_begins_the_page_anew() -> None:
    seen = Seen()
    seen.view.take(block(pose(100.0, ANNA, 7)), [])
    seen.view.take(block(pose(3.0, ANNA, 8)), [])
    assert [person["track"] for person in seen.people()] == ["8"]
    assert [line["t"] for line in seen.news().lines] == [0.0, 0.0]


def test_the_page_says_no_password() -> None:
    about = about_poses("zoo:gait", "udp://user:secret@door:5555", True)
    assert (about.source, about.kind, about.identifies) == ("udp://door:5555", "poses", True)
