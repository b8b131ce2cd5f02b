"""One side of a run: what happens to it is said, by the clock of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.runtime.imu.answer import Recogniser, StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.together.clock import SensorClock, Zero
from edgehuman.runtime.together.order import Order
from edgehuman.runtime.together.results import Happened, Item, WornResult
from edgehuman.runtime.together.sides import SensorSide
from tests.runtime.together import scenes

ZERO_NS = 7_000_000_000
ZERO = Zero(ZERO_NS)


class Blocks:
    """A replayed live source: (seconds of the run, samples that came then; their first stamp)."""

    name, live, patient = "udp://:5555", False, True

    def __init__(self, *given: tuple[float, int, float]) -> None:
        self.given, self.at_ns = given, 0

    def __enter__(self) -> Blocks:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __iter__(self) -> Iterator[SampleBlock]:
        for at_s, count, first_s in self.given:
            self.at_ns = ZERO_NS + round(at_s * 1e9)
            stamp_s_T = first_s + np.arange(count) / 50
            # Each arrived when it was taken, but for the last one of the block.
            arrival_ns_T = self.at_ns - ((count - 1 - np.arange(count)) * 20_000_000)
            imu_TC = np.random.default_rng(count).normal(0, 0.004, (count, 6)).astype(np.float32)
            imu_TC[:, 0] += 1
            yield SampleBlock(stamp_s_T, imu_TC, arrival_ns_T)

    def report(self) -> dict[str, Any]:
        return {"source": self.name, "rows": 1, "dropped": 0}


def played(source: Any, zero: Zero | None = ZERO, offset_s: float = 0.0) -> list[Item]:
    """All results of one sensor's side."""
    order: Order[Item] = Order(["anna"], None)
    options = StreamOptions(format=CANONICAL)
    recogniser = Recogniser(scenes.activity(), "anna", options, lambda said: None, True)
    side = SensorSide("anna", recogniser, source, SensorClock(offset_s, zero), order, zero)
    side.run()
    if side.bug is not None:
        raise side.bug
    return [taken[2] for taken in order if taken is not None]


def events(found: list[Item]) -> list[tuple[str, float]]:
    return [(one.event, round(one.t_s, 2)) for one in found if isinstance(one, Happened)]


def test_windows_have_the_time_at_which_their_last_sample_arrived_whatever_the_stamps() -> None:
    found = played(Blocks((4.0, 200, 1e6)))  # 4 s of samples, stamps eleven days off
    times = [one.t_s for one in found if isinstance(one, WornResult)]
    np.testing.assert_allclose(times, [2.56, 3.2, 3.84], atol=0.02)


def test_a_sensor_that_falls_silent_is_lost_and_comes_back() -> None:
    silent = [(4.0 + 0.5 * n, 0, 0.0) for n in range(1, 17)]
    found = played(Blocks((4.0, 200, 0.0), *silent, (13.0, 50, 12.0), (16.0, 150, 13.0)))
    assert events(found) == [("lost", 9.0), ("back", 13.0), ("ended", 16.0)]
    back = next(one for one in found if isinstance(one, Happened) and one.event == "back")
    assert back.reason == "samples come again, after 9.0 s"


def test_a_sensor_that_never_says_anything_is_lost_after_five_seconds() -> None:
    assert events(played(Blocks(*((0.5 * n, 0, 0.0) for n in range(14)))))[0] == ("lost", 5.0)


def test_a_clock_that_is_set_back_is_said_and_the_times_go_on() -> None:
    found = played(Blocks((4.0, 200, 7200.0), (8.0, 200, 3600.0)))
    assert ("restarted", 3) in [(name, round(t_s)) for name, t_s in events(found)]
    times = [one.t_s for one in found if isinstance(one, WornResult)]
    assert times == sorted(times)
    assert 7.5 < times[-1] < 8.01


def test_windows_of_before_the_run_are_left_out_and_counted() -> None:
    found = played(Blocks((4.0, 200, 0.0)), None, offset_s=-3.0)
    times = [one.t_s for one in found if isinstance(one, WornResult)]
    np.testing.assert_allclose(times, [0.18, 0.82], atol=0.01)


def test_an_error_of_the_source_is_the_reason_and_no_exception() -> None:
    class Broken(Blocks):
        def __iter__(self) -> Iterator[SampleBlock]:
            yield from super().__iter__()
            raise DataError("udp://:5555: reading failed")

    found = played(Broken((4.0, 200, 0.0)))
    assert isinstance(found[-1], Happened)
    assert (found[-1].event, found[-1].reason) == ("failed", "udp://:5555: reading failed")
    assert any(isinstance(one, WornResult) for one in found)


def test_a_camera_that_is_lost_is_not_waited_for() -> None:
    order: Order[Item] = Order(["camera", "anna"], None)
    side = scenes.camera([scenes.frame(1.0), scenes.frame(6.0, event="lost")], order)
    away: list[str] = []
    order.away = away.append  # type: ignore[method-assign,assignment]
    side.run()
    assert away == ["camera"]
