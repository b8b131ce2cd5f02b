"""Results as JSON, and their totals."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.image.frames.results import (
    FrameResult,
    FrameTally,
    Person,
    joint_names,
    to_row,
)

SOMEBODY = Person(np.array((1, 2, 3.456, 4), np.float32), 0.98765, track="7")


def test_a_frame_of_a_video_has_its_number_and_time() -> None:
    row = to_row(FrameResult("12", None, 0.48, 100, 200, (SOMEBODY,), 3.14159))
    assert row == {
        "frame": 12,
        "t_s": 0.48,
        "height": 100,
        "width": 200,
        "latency_ms": 3.142,
        "people": [{"box": [1, 2, 3.46, 4], "score": 0.9877, "id": "7"}],
    }


def test_joints_masks_and_answers() -> None:
    joint_J3 = np.array([[1, 2, 0.5]], np.float32)
    person = Person(
        SOMEBODY.box_4, 0.5, joint_J3, ("nose",), np.ones((2, 3), bool), (0, 0, 3, 2), "",
        {"parts": {"hat": 1.0}},
    )  # fmt: skip
    (row,) = to_row(FrameResult("a.png", people=(person,)))["people"]
    assert row["joints"] == {"nose": [1, 2, 0.5]}
    assert (row["mask_pixels"], row["parts"]) == (6, {"hat": 1.0})
    assert joint_names(17)[0] == "nose"
    assert joint_names(2) == ("0", "1")


def test_totals() -> None:
    tally = FrameTally()
    tally.add(FrameResult("0", people=(SOMEBODY, SOMEBODY), latency_ms=14, person_ms=8))
    tally.add(FrameResult("1", latency_ms=6))
    tally.add(FrameResult("2", reason="unreadable"))
    summary = tally.summary()
    assert (summary["frames"], summary["unreadable"], summary["people"]) == (3, 1, 2)
    assert (summary["frames_without_people"], summary["most_people"]) == (1, 2)
    assert (summary["frame_ms"], summary["person_ms"]) == (6, 4)
    assert summary["latency_ms"]["p99"] == pytest.approx(14, rel=0.02)
    assert FrameTally().summary()["latency_ms"]["p50"] is None
    assert to_row(FrameResult("2", reason="broken")) == {"frame": "2", "error": "broken"}
