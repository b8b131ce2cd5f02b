"""The camera of the demo: when the wearer passes, and what is counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgehuman.runtime.demo.camera import Camera, camera, spans_of
from edgehuman.runtime.demo.day import day_schedule
from edgehuman.simulate.body.schedule import Bout


def test_the_wearer_passes_in_the_middle_of_each_walk() -> None:
    bouts = [("standing", 10.0), ("walking", 9.5), ("walking_upstairs", 5.0), ("walking", 4.0)]
    spans = spans_of([Bout(*each) for each in [*bouts, ("walking", 50.0)]])
    assert spans == ((11.0, 18.5), (24.5, 28.5))


def test_nobody_is_misnamed_who_is_not_said() -> None:
    def seen(answers: dict[str, dict[str, int]]) -> Camera:
        return Camera((), 1, 1, b"", (), 0.9, 1.0, {}, answers, (0, 0), 1.0, 1.0)

    assert (seen({}).named, seen({}).misnamed) == (0, 0)
    made = seen({"Ada": {"Ada": 2, "unknown": 1, "not yet": 1}, "a stranger": {"Ben": 3}})
    assert (made.named, made.misnamed) == (2, 3)


@pytest.mark.slow
def test_what_the_camera_sees_is_by_the_clock_of_the_sensor() -> None:
    schedule = day_schedule(50.0, 1)
    made = camera(1, schedule)
    times = [frame.t_s for frame in made.frames]
    assert times == sorted(times)
    assert times[0] == pytest.approx(made.spans[0][0])
    assert all(any(begin <= t < end for begin, end in made.spans) for t in times)
    first = [frame for frame in made.frames if frame.t_s < made.spans[0][1]]
    assert {each.said for frame in first for each in frame.people} == {""}
    later = [each for frame in made.frames[len(first) :] for each in frame.people]
    assert later
    assert "" not in {each.said for each in later}
    right, windows = made.nearest
    assert windows
    assert right > 0.7 * windows, "people are told apart by their outlines"
    assert made.misnamed == 0
    picture = cv2.imdecode(np.frombuffer(made.frames[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1] * made.height == pytest.approx(picture.shape[0] * made.width, rel=0.01)
