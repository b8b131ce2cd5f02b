"""Who walks now, to be enrolled: what is enough, what is refused, and what is forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.gallery import empty_gallery, read_gallery
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.serve.people.asked import Enrol, Forget
from edgehuman.runtime.serve.people.enrolling import Enrolling, keeper_for
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.enrolling import PoseTracks
from edgehuman.runtime.skeleton.lines import PoseParser
from tests.runtime.gait_models import ANNA, BOB, pose, walk, write_gait_model


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(write_gait_model(tmp_path / "nose.onnx"))


def push(identifier: Identifier, *walks: list[dict[str, Any]]) -> list[str]:
    rows = sorted((row for each in walks for row in each), key=lambda row: float(row["t"]))
    block = PoseParser().parse([json.dumps(row) for row in rows])
    return [result.label for result in identifier.push(block)]


def test_a_walk_is_the_mean_of_its_newest_windows(model: Model) -> None:
    identifier = Identifier(model)
    walking = Enrolling()
    walking.add(PoseTracks(identifier))
    push(identifier, walk(ANNA, 2, 7), walk(BOB, 0.6, "x"))
    assert walking.now() == [
        {"track": "7", "windows": 7, "needed": 4},
        {"track": "x", "windows": 1, "needed": 4},
    ]
    taken = walking.taken("7")
    assert taken.vector_D == pytest.approx(np.array(ANNA) / np.hypot(*ANNA), abs=1e-5)
    assert (taken.windows, float(taken.began)) == (7, 0.0)
    push(identifier, walk(ANNA, 20, 7, begin_s=2.0))
    assert walking.taken("7").windows == 48
    assert walking.taken("7").began == taken.began


def test_too_little_and_nobody_are_refused_in_words(model: Model) -> None:
    identifier = Identifier(model)
    walking = Enrolling()
    walking.add(PoseTracks(identifier))
    push(identifier, walk(ANNA, 1, 7))
    with pytest.raises(DataError, match="track 7 was seen for too short a time: 3 windows, and 4"):
        walking.taken("7")
    with pytest.raises(DataError, match="track 8 has left; choose one that is there"):
        walking.taken("8")


def test_who_stands_is_refused_without_words_of_the_command_line(model: Model) -> None:
    identifier = Identifier(model)
    walking = Enrolling()
    walking.add(PoseTracks(identifier))
    still = [{**pose(0.0, ANNA, 7), "t": k / 12} for k in range(72)]
    for k, line in enumerate(still):
        line["joints"] = [[x, y + 0.01 * (k % 3), c] for x, y, c in line["joints"]]
    push(identifier, still)
    with pytest.raises(DataError, match="Nobody was enrolled") as refused:
        walking.taken("7")
    assert "--" not in str(refused.value)


def test_a_track_that_breaks_begins_anew_and_one_that_ended_is_forgotten(model: Model) -> None:
    identifier = Identifier(model)
    walking = Enrolling()
    walking.add(PoseTracks(identifier))
    push(identifier, walk(ANNA, 2, 7))
    push(identifier, walk(BOB, 1.5, 7, begin_s=3.0))  # a pause of a second: it may be another
    taken = walking.taken("7")
    assert taken.vector_D == pytest.approx(np.array(BOB) / np.hypot(*BOB), abs=1e-5)
    assert float(taken.began) == pytest.approx(3.0, abs=0.1)
    push(identifier, walk(BOB, 0.5, 8, begin_s=9.0))
    assert [row["track"] for row in walking.now()] == ["8"]


def test_ids_that_change_with_every_line_take_no_more_memory(model: Model) -> None:
    identifier = Identifier(model)
    walking = Enrolling()
    walking.add(PoseTracks(identifier))
    unseen = [[0, 0, 0]] * 18
    push(identifier, [{"t": k / 1000, "id": f"i{k}", "joints": unseen} for k in range(500)])
    push(identifier, [pose(0.5 + k / 1000, ANNA, f"j{k}") for k in range(500)])
    assert len(walking.now()) <= 64


def test_who_is_enrolled_is_named_by_the_next_window_and_forgotten_with_it(
    model: Model, tmp_path: Path
) -> None:
    path, told = tmp_path / "known.gallery", list[object]()
    identifier = Identifier(model, gallery=empty_gallery(model.card))
    enrolling = Enrolling()
    enrolling.add(PoseTracks(identifier))
    keeper = keeper_for(path, None, model, enrolling, lambda: told.append("new"), told.append)
    assert "ANNA" not in push(identifier, walk(ANNA, 2, 7))
    keeper.change(Enrol("7", "ANNA", "2026-03"))
    assert read_gallery(path).people() == {"ANNA": 1}
    assert push(identifier, walk(ANNA, 1, 7, begin_s=2.0))[-1] == "ANNA"
    keeper.change(Forget("ANNA"))
    assert "ANNA" not in push(identifier, walk(ANNA, 1, 7, begin_s=3.0))


def test_a_source_that_comes_later_knows_who_was_enrolled_meanwhile(
    model: Model, tmp_path: Path
) -> None:
    first, second = (Identifier(model, gallery=empty_gallery(model.card)) for _ in range(2))
    enrolling = Enrolling()
    enrolling.add(PoseTracks(first))
    path = tmp_path / "known.gallery"
    keeper = keeper_for(path, None, model, enrolling, lambda: None, lambda said: None)
    push(first, walk(ANNA, 2, "1"))
    keeper.change(Enrol("1", "ANNA", "2026-03"))
    enrolling.add(PoseTracks(second))
    assert push(second, walk(ANNA, 2, "2"))[-1] == "ANNA"
    assert [row["track"] for row in enrolling.now()] == ["1", "2"]
    push(first, walk(BOB, 2, "3", begin_s=9.0))
    with pytest.raises(DataError, match="track 1 has left"):
        enrolling.taken("1")
    assert enrolling.taken("2").windows == 7
