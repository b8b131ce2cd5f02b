"""Rows of a camera and its sensors."""

from __future__ import annotations

from dataclasses import replace

from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.together.results import (
    LOST,
    Happened,
    in_words,
    sensor_line,
    to_row,
    worn_result,
)
from edgehuman.runtime.together.wearers import NOBODY, Worn
from tests.runtime.together.scenes import frame


def test_a_window_says_its_wearer_and_the_time_of_the_run() -> None:
    result = ImuResult(2.54, "walking", 0.97, 1.0, "walking", 9, "walk.csv", reason="frozen")
    made = worn_result(result, "anna", 12.5)
    row = to_row(made)
    assert (row["source"], row["t_s"], row["label"], row["reason"]) == (
        "anna",
        12.5,
        "walking",
        "frozen",
    )
    assert (row["wearer"], row["confidence"]) == ("not sure", 0.0)


def test_the_page_has_the_newest_of_a_sensor() -> None:
    window = worn_result(
        ImuResult(3.2, "walking", 0.91, 2.0, "walking", 9, "walk.csv"), "anna", 4.2004
    )
    nobody = {"t": 4.2, "sensor": "anna", "label": "walking", "score": 0.91}
    assert sensor_line(window) == {**nobody, "said": "wearer: not sure"}
    seen = replace(window, worn=Worn("7", 0.98, ""), reason="turned")
    more = {"said": "worn by track 7 (0.98)", "reason": "turned", "track": "7"}
    assert sensor_line(seen) == {**nobody, **more}
    lost = Happened("anna", LOST, 60.0, "nothing came for 5 s")
    said = {"event": "lost", "said": "nothing came for 5 s"}
    assert sensor_line(lost) == {"t": 60.0, "sensor": "anna", **said}


def test_what_happened_is_a_row_and_another_wearer_too() -> None:
    assert to_row(Happened("anna", "lost", 7.0, "nothing came")) == {
        "source": "anna", "event": "lost", "t_s": 7.0, "said": "nothing came",
    }  # fmt: skip
    worn = Worn("7", 0.9812, "", 0.4, 1.8)
    row = to_row(Happened("anna", "wearer", 8.0, in_words(worn), worn))
    assert row["wearer"] == "track 7"
    assert (row["confidence"], row["lag_s"]) == (0.981, 0.4)
    assert row["said"] == "worn by track 7 (0.98)"
    assert in_words(Worn("", 1.0, NOBODY)) == "wearer: nobody in view"


def test_a_frame_of_the_only_video_says_its_name_here() -> None:
    assert to_row(frame(1.0), "door.mp4")["source"] == "door.mp4"
