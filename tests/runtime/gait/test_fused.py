"""Two models on one track: what each says is given, and what comes of it is known by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from edgehuman.preprocess.quality import Quality, Weights
from edgehuman.records import Float32
from edgehuman.runtime.gait.fused import Fused
from edgehuman.runtime.gait.naming import _Sum
from edgehuman.runtime.gallery.fusion import Pair
from edgehuman.runtime.gallery.gallery import Calibrated, Fusion
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.states import NOT_WALKING
from tests.runtime.gallery.test_fusion import JOINTS, OUTLINES, at, gallery

HOP_S, FPS = 0.64, 25
BOX = np.array((1, 1, 9, 9), np.float32)
GOOD = Quality(Weights(0.25, 0.25, 0.25, 0.25), 1.0, 1.0, 1.0, 1.0, seen=4.0)
POOR = Quality(Weights(0.25, 0.25, 0.25, 0.25), 0.2, 1.0, 1.0, 1.0, seen=1.0)


class Says:
    """A model that gives a window of track 1 at each of its times.

    Attributes:
        anew: tracks that were begun anew.
    """

    def __init__(self, windows: dict[float, GaitResult], parts: bool) -> None:
        self.hop_s, self.anew = HOP_S, list[str]()
        self._windows, self._parts = dict(windows), parts
        self.report = self

    def as_dict(self) -> dict[str, Any]:
        return {"tracks": 1, "short": 0, "notes": []}

    def push(self, result: FrameResult, arrival_ns: int) -> list[GaitResult]:
        due = [t_s for t_s in self._windows if t_s <= (result.t_s or 0.0)]
        return [self._windows.pop(t_s) for t_s in due]

    def begin_anew(self, track: str) -> None:
        self.anew.append(track)

    def close(self) -> None:
        pass

    def no_window(self, source: Any) -> str:
        return "nothing"


def window(t_s: float, vector: Float32 | None, averaged: int, **more: Any) -> GaitResult:
    words: dict[str, Any] = {"quality": GOOD, **more}
    return GaitResult(
        t_s, "", 0.0, 1.0, "", round(t_s * 1e9), "door", track="1",
        vector_D=vector, averaged=averaged, **words,
    )  # fmt: skip


def windows(
    degrees: list[float | None], first_s: float, parts: bool, **more: Any
) -> dict[float, GaitResult]:
    """Windows every hop; None: there is none."""
    found = {}
    for place, each in enumerate(degrees):
        if each is not None:
            t_s = round(first_s + place * HOP_S, 3)
            vector = at(each)[None] if parts else at(each)
            found[t_s] = window(t_s, vector, place + 1, **more)
    return found


def pair() -> Pair:
    joints = gallery(JOINTS, ANNA=0, BOB=90)
    outlines = gallery(OUTLINES, ANNA=0, BOB=90, DEE=180)
    fusion = Fusion(0.5, Calibrated(0.9, 9, "2026-01-01"), JOINTS)
    return Pair((joints, outlines), (0.95, 0.95), fusion, 1)


def run(
    joints: dict[float, GaitResult], outlines: dict[float, GaitResult], seconds: float = 6.0
) -> tuple[list[GaitResult], Says, Says, Fused]:
    bodies, masks = Says(joints, False), Says(outlines, True)
    fused = Fused(bodies, masks, pair())  # type: ignore[arg-type]
    person = Person(BOX, 0.9, track="1")
    results: list[GaitResult] = []
    for k in range(round(seconds * FPS)):
        frame = FrameResult(str(k), t_s=k / FPS, height=9, width=9, people=(person,))
        results += fused.push(frame, 0)
    return results, bodies, masks, fused


def cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def test_a_result_comes_with_each_window_of_outlines_and_is_of_both() -> None:
    """Outlines answer from the first hop on, joints a third of a second later."""
    found, *_ = run(windows([20] * 5, 1.0, False), windows([25] * 5, 0.64, True))
    assert [each.by for each in found] == ["outlines", "both", "both", "both", "both"]
    assert [each.t_s for each in found] == [0.64, 1.28, 1.92, 2.56, 3.2]
    # cos 25 is 0.906: not enough by outlines alone, whose threshold is 0.95.
    assert [each.state for each in found] == ["not yet", "not yet", "known", "known", "known"]
    assert found[-1].label == "ANNA"
    assert found[-1].score == pytest.approx((cos(20) + cos(25)) / 2)
    assert found[-1].threshold == pytest.approx(0.9)
    row = found[-1].row()
    assert row["joints"] == {"score": round(cos(20), 5), "quality": 100}
    assert row["outlines"]["score"] == round(cos(25), 5)
    assert (row["by"], row["threshold"], "embedding" in row) == ("both", 0.9, False)


def test_joints_alone_answer_where_outlines_are_not_seen() -> None:
    found, *_ = run(windows([5] * 4, 1.0, False), {})
    assert [each.by for each in found] == ["joints"] * 4
    assert [each.label for each in found] == ["", "ANNA", "ANNA", "ANNA"]
    assert found[-1].row()["outlines"] is None
    # Outlines that stop: one window of joints waits for them in vain, the next ones answer.
    found, *_ = run(windows([5] * 6, 1.0, False), windows([5, 5], 0.64, True))
    assert [each.by for each in found] == ["outlines", "both", *["joints"] * 4]


def test_of_whom_one_model_sees_too_little_the_other_answers() -> None:
    poor = windows([90] * 5, 0.64, True, quality=POOR)
    found, *_ = run(windows([5] * 5, 1.0, False), poor)
    assert [each.by for each in found] == ["", *["joints"] * 4]
    assert (found[0].state, "steps were seen" in found[0].why) == ("not yet", True)
    assert found[-1].label == "ANNA"
    assert found[-1].quality == GOOD


def test_who_is_in_one_gallery_alone_keeps_the_name_where_the_other_model_looks() -> None:
    """DEE is known by outlines; then joints alone are seen, like nobody of theirs."""
    outlines = windows([180] * 3, 0.64, True)
    joints = windows([None, None, 220, 220, 220, 220], 1.0, False)
    found, *_ = run(joints, outlines)
    assert [each.by for each in found] == ["outlines"] * 3 + ["joints"] * 3
    assert [each.label for each in found[1:]] == ["DEE"] * 5
    assert found[-1].scores == {"joints": None}
    # Two windows in a row that look like ANNA take the track over.
    found, *_ = run(windows([None, None, 0, 0, 0, 0], 1.0, False), outlines)
    assert [each.label for each in found[-3:]] == ["DEE", "ANNA", "ANNA"]


def test_nobody_is_named_who_does_not_walk_by_either() -> None:
    joints = windows([5] * 5, 1.0, False)
    stands = window(2.56, None, 0, reason=NOT_WALKING, why="stands", state=NOT_WALKING)
    outlines = windows([5] * 3, 0.64, True) | {2.56: stands}
    found, bodies, masks, _ = run(joints, outlines)
    assert [each.label for each in found[:3]] == ["", "ANNA", "ANNA"]
    assert (found[3].state, found[3].label, found[3].why) == ("not walking", "", "stands")
    assert found[3].reason == NOT_WALKING
    assert found[4].label == ""  # what was known begins anew
    assert (bodies.anew, masks.anew) == (["1"], ["1"])


def test_a_track_that_breaks_for_one_begins_anew_for_both() -> None:
    broken = windows([5] * 3, 1.0, False)
    broken[2.92] = window(2.92, at(90), 1)  # the first after a break: somebody else
    broken[3.56] = window(3.56, at(90), 2)
    found, bodies, masks, _ = run(broken, windows([10] * 7, 0.64, True))
    assert (bodies.anew, masks.anew) == ([], ["1"])
    after = [each for each in found if each.t_s > 2.92]
    assert after[0].label == ""


def test_a_window_without_an_answer_repeats_what_was_known() -> None:
    broken = window(1.92, None, 0, reason="output not finite")
    outlines = windows([5] * 2, 0.64, True) | {1.92: broken}
    found, *_ = run({}, outlines)
    assert [each.label for each in found] == ["", "ANNA", "ANNA"]
    assert (found[-1].reason, found[-1].by, found[-1].score) == ("output not finite", "", 0.0)


def test_tracks_that_left_are_forgotten_and_counted() -> None:
    _, _, _, fused = run({}, {}, seconds=1.0)
    away = FrameResult("9", t_s=9.0, height=9, width=9)
    fused.push(away, 0)
    assert fused.report.as_dict()["short"] == 1
    assert fused.report.as_dict()["joints"]["tracks"] == 1
    assert fused.no_window({}) == "nothing; of joints: nothing"
    fused.close()
    both = _Sum([fused.report, fused.report]).as_dict()
    assert (both["short"], both["joints"]["tracks"], both["notes"]) == (2, 2, [])
