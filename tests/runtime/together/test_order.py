"""Results of several sides in the order of their times."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping

import pytest

from edgehuman.runtime.together.order import CAPACITY, Order


def fed(
    sides: Mapping[str, Iterable[float]], wait_s: float | None, script: Iterable[str] = ()
) -> tuple[list[tuple[str, float]], int]:
    """What comes out of sides that are full and ended; and how many were late."""
    order: Order[str] = Order(list(sides), wait_s, script)
    for name, times in sides.items():
        for t_s in times:
            order.put(name, t_s, name)
        order.end(name)
    return [(each[0], each[1]) for each in order if each is not None], order.late


def test_results_come_in_the_order_of_their_times() -> None:
    taken, late = fed({"camera": (0.0, 1.0, 2.0), "anna": (0.5, 1.5, 3.0)}, None)
    assert [t_s for _, t_s in taken] == [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]
    assert [name for name, _ in taken] == ["camera", "anna", "camera", "anna", "camera", "anna"]
    assert late == 0


def test_nothing_is_released_before_the_other_side_is_later_or_away_or_over() -> None:
    order: Order[str] = Order(["camera", "anna"], None)
    taking = iter(order)
    order.put("camera", 1.0, "c1")
    assert next(taking) is None  # anna may still have something of before
    order.put("anna", 2.0, "a2")
    assert next(taking) == ("camera", 1.0, "c1")
    assert next(taking) is None  # and the camera too
    order.away("camera")
    assert next(taking) == ("anna", 2.0, "a2")
    order.put("camera", 3.0, "c3")  # it is back, and waited for again
    order.put("anna", 4.0, "a4")
    assert next(taking) == ("camera", 3.0, "c3")
    assert next(taking) is None
    order.end("camera")
    assert next(taking) == ("anna", 4.0, "a4")
    order.end("anna")
    assert next(taking, "over") == "over"


def test_what_waited_long_enough_is_released_and_what_comes_then_is_late() -> None:
    order: Order[str] = Order(["camera", "anna"], 0.05)
    taking = iter(order)
    order.put("camera", 2.0, "c2")
    time.sleep(0.06)
    assert next(taking) == ("camera", 2.0, "c2")
    order.put("anna", 1.0, "a1")
    time.sleep(0.06)
    assert next(taking) == ("anna", 1.0, "a1")
    assert order.late == 1


def test_without_a_wait_everything_comes_at_once() -> None:
    order: Order[str] = Order(["camera", "anna"], 0.0)
    order.put("camera", 2.0, "c")
    assert next(iter(order)) == ("camera", 2.0, "c")


def test_a_script_is_followed_and_the_rest_is_by_time() -> None:
    sides = {"camera": (0.0, 1.0, 2.0, 3.0), "anna": (0.5, 1.5)}
    taken, late = fed(sides, None, ["camera", "camera", "anna"])
    assert taken[:3] == [("camera", 0.0), ("camera", 1.0), ("anna", 0.5)]
    assert [t_s for _, t_s in taken[3:]] == [1.5, 2.0, 3.0]
    assert late == 1


@pytest.mark.parametrize("script", [["nobody"] * 3, ["anna"] * 9])
def test_a_script_of_sides_that_have_nothing_more_is_passed_over(script: list[str]) -> None:
    taken, _ = fed({"camera": (0.0, 1.0), "anna": (0.5,)}, None, script)
    assert sorted(taken) == [("anna", 0.5), ("camera", 0.0), ("camera", 1.0)]


def test_a_full_side_waits_until_somebody_takes_or_nobody_will() -> None:
    order: Order[str] = Order(["camera", "anna"], None)
    for number in range(CAPACITY):
        assert order.put("camera", float(number), "c")
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(order.put("camera", 1e3, "c")))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    order.close()
    thread.join(2.0)
    assert answers == [False]


def test_a_run_that_is_to_end_waits_for_nobody() -> None:
    order: Order[str] = Order(["camera", "anna"], None)
    order.put("camera", 1.0, "c")
    order.hurry()
    assert next(iter(order)) == ("camera", 1.0, "c")
