"""A camera and sensors joined: one clock, one order, each may fail alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.records import Float32
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.together.joined import Joined
from edgehuman.runtime.together.order import Order
from edgehuman.runtime.together.results import Happened, Item, WornResult
from edgehuman.runtime.together.sides import Side
from edgehuman.runtime.together.wearers import Wearers
from edgehuman.simulate.gait.worn import Conditions, simulate_worn
from tests.runtime.together import scenes

EASY = Conditions(missed=0.0, lost=0.0, offset_s=0.0, absent=1)


def still(seconds: float) -> Float32:
    """A sensor that lies: 1 g along x, with a little noise."""
    noise = np.random.default_rng(0).normal(0, 0.004, (round(seconds * 50), 6))
    noise[:, 0] += 1
    return noise.astype(np.float32)


def two(results: list[FrameResult], seconds: float = 8.0) -> Joined:
    order: Order[Item] = Order(["camera", "anna"], None)
    sides: list[Side] = [
        scenes.camera(results, order),
        scenes.sensor("anna", still(seconds), order, scenes.activity()),
    ]
    return Joined(sides, order, Wearers(["anna"]), {"anna": 50.0})


def items(joined: Joined) -> list[Item]:
    with joined:
        return [item for item in joined if item is not None]


def test_wearers_are_found_in_a_scene_and_the_absent_ones_sensor_is_on_nobody() -> None:
    scene = simulate_worn(2, 2, 30.0, 3, EASY)
    found = items(scenes.joined(scene, scenes.activity()))
    times = [item.t_s or 0.0 for item in found if not isinstance(item, Happened)]
    assert times == sorted(times)
    right = {one.track: f"worn-{one.person}" for frame in scene.frames for one in frame.seen}
    named = [item for item in found if isinstance(item, WornResult) and item.worn.track]
    assert len(named) > 5
    assert all(right[item.worn.track] == item.source for item in named)
    told = [item for item in found if isinstance(item, Happened) and item.event == "wearer"]
    assert {item.source for item in told} == {item.source for item in named}


def test_the_same_scene_gives_the_same_results_again() -> None:
    scene = simulate_worn(2, 1, 12.0, 3, EASY)
    first, again = (items(scenes.joined(scene, scenes.activity())) for _ in range(2))
    said = [
        [(item.t_s, item.source, getattr(item, "worn", None)) for item in each]
        for each in (first, again)
    ]
    assert said[0] == said[1]


def test_a_camera_that_ends_first_leaves_the_sensor_alone() -> None:
    found = items(two([scenes.frame(n / 10) for n in range(20)]))
    ended = next(item for item in found if isinstance(item, Happened))
    assert (ended.source, ended.event, ended.t_s) == ("door.mp4", "ended", 1.9)
    assert found[-1] == Happened("anna", "ended", found[-1].t_s or 0, "there are no more samples")
    windows = [item for item in found if isinstance(item, WornResult)]
    assert windows[-1].t_s == pytest.approx(7.66)
    assert windows[-1].worn.reason == "does not walk"


def test_a_sensor_that_fails_leaves_the_camera_alone_and_the_reason_is_said() -> None:
    joined = two([scenes.frame(n / 10) for n in range(20)])

    def failing(block: object) -> list[object]:
        raise DataError("anna: no such rows")

    joined.sides[1]._recogniser.push = failing  # type: ignore[attr-defined]
    found = items(joined)
    assert sum(isinstance(item, FrameResult) for item in found) == 20
    failed = [item for item in found if isinstance(item, Happened) and item.event == "failed"]
    assert [(item.source, item.reason) for item in failed] == [("anna", "anna: no such rows")]
    assert joined.sides[1].failed == "anna: no such rows"


def test_if_all_fail_it_is_an_error_and_a_fault_of_our_own_is_raised() -> None:
    joined = two([])
    joined.sides[0].answer = None  # type: ignore[attr-defined]
    joined.sides[0].frames = [None]  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        items(joined)
    joined = two([])
    for side in joined.sides:
        side.failed = "it is broken"
    with pytest.raises(DataError, match="camera: it is broken; anna: it is broken"):
        items(joined)


def test_joints_that_nobody_has_are_said_once() -> None:
    told: list[str] = []
    joined = two([scenes.frame(n / 10, [("1", None)]) for n in range(30)], 4.0)
    joined._notify = told.append
    items(joined)
    assert len(told) == 1
    assert "a model of poses gives them" in told[0]


def test_windows_of_a_broken_sensor_are_no_steps() -> None:
    joined = two([])
    with joined:
        windows = [item for item in joined if isinstance(item, WornResult)]
    empty = Wearers(["anna"])
    other = Joined(joined.sides, Order(["camera"], None), empty, {"anna": 50.0})
    other._feel(replace(windows[0], reason="no gravity"))
    assert not len(empty._sensors["anna"].t_s_T)
    other._feel(windows[0])
    assert len(empty._sensors["anna"].t_s_T) == 128


def test_an_early_stop_ends_all_sides() -> None:
    joined = two([scenes.frame(n / 10) for n in range(1000)], 60.0)
    with joined:
        taken = iter(joined)
        next(taken)
        joined.stop()
        rest = [item for item in taken if item is not None]
    assert all(joined.has_ended(side) for side in joined.sides)
    assert sum(isinstance(item, FrameResult) for item in rest) < 1000


def test_the_report_has_all_sides_and_the_wearers() -> None:
    joined = two([scenes.frame(n / 10) for n in range(20)])
    items(joined)
    report = joined.report()
    assert report["sides"]["camera"]["frames"] == 20
    assert report["sides"]["anna"]["windows"] == 9
    assert report["wearers"] == {"anna": {"track": "", "confidence": 0.0}}
    assert report["events"] == {"ended": 2}
