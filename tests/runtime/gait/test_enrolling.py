"""Who walks by is enrolled by outlines."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.gait.enrolling import OutlineTracks
from edgehuman.runtime.gait.outlines import Outlines
from edgehuman.runtime.gallery import empty_gallery, read_gallery
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.serve.people.asked import Enrol, Forget
from edgehuman.runtime.serve.people.enrolling import Enrolling, keeper_for
from tests.runtime.gait.test_outlines import FPS, frame, person, steps, walks
from tests.runtime.outlines import ANNA, BOB, step, write_outline_model


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(write_outline_model(tmp_path / "outline.onnx"))


def test_the_newest_walk_of_a_track(model: Model) -> None:
    outlines = Outlines(model, "door")
    tracks = OutlineTracks(outlines)
    assert (tracks.windows(), tracks.taken("1")) == ({}, None)
    results = steps(outlines, 120, ANNA, BOB)
    assert tracks.windows() == {"1": 7, "2": 7}
    taken = tracks.taken("1")
    assert taken is not None
    assert (taken.windows, float(taken.began)) == (7, 0.0)
    assert taken.quality is not None
    assert taken.quality > 40
    own = np.asarray(results[-2].vector_D)  # the mean over the same seven
    assert taken.vector_D == pytest.approx(own, abs=1e-6)
    walks(outlines, 1, begin_s=9.0)
    assert (tracks.windows(), tracks.taken("1")) == ({}, None)


def test_who_takes_no_steps_is_refused(model: Model) -> None:
    outlines = Outlines(model, "door")
    enrolling = Enrolling()
    enrolling.add(OutlineTracks(outlines))
    walks(outlines, 20, person())
    with pytest.raises(DataError, match="too short a time: 1 windows, and 4 are needed"):
        enrolling.taken("1")
    walks(outlines, 100, person(), begin_s=0.8)
    with pytest.raises(DataError, match=r"0\.0 steps were seen, and 2 are needed\. Nobody") as told:
        enrolling.taken("1")
    assert "--" not in str(told.value)


def test_who_is_enrolled_is_named_and_forgotten_again(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "known.gallery"
    outlines = Outlines(model, "door", empty_gallery(model.card))
    enrolling = Enrolling()
    enrolling.add(OutlineTracks(outlines))
    keeper = keeper_for(path, None, model, enrolling, lambda: None, lambda said: None)
    steps(outlines, 75, ANNA)
    keeper.change(Enrol("1", "ANNA", "2026-03"))
    assert read_gallery(path).people() == {"ANNA": 1}
    assert steps(outlines, 50, ANNA, begin_s=3.0)[-1].label == "ANNA"
    keeper.change(Forget("ANNA"))
    assert "ANNA" not in {each.label for each in steps(outlines, 50, ANNA, begin_s=5.0)}


def test_who_stands_still_is_there_and_not_said_to_have_left(model: Model) -> None:
    """Their windows are forgotten while they stay where they are."""
    outlines = Outlines(model, "door", empty_gallery(model.card))
    enrolling = Enrolling()
    enrolling.add(OutlineTracks(outlines))
    for t in range(100):
        still = person("1", 100, (ANNA[0], ANNA[1] - step(t)))
        outlines.push(frame(t / FPS, still), 0)
    assert [(row["track"], row["windows"]) for row in enrolling.now()] == [("1", 0)]
    with pytest.raises(DataError, match="too short a time: 0 windows, and 4 are needed"):
        enrolling.taken("1")


def test_a_gallery_of_the_page_waits_for_the_frame_that_is_looked_at(model: Model) -> None:
    """Else the loop could put the gallery before it in its place."""
    outlines = Outlines(model, "door", empty_gallery(model.card))
    other = threading.Thread(target=outlines.use, args=(empty_gallery(model.card),))
    with outlines.lock:
        other.start()
        other.join(0.05)
        assert other.is_alive()
    other.join(5)
    assert not other.is_alive()
