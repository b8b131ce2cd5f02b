"""The people of frames, named source by source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.preprocess.quality import Quality, Weights
from edgehuman.runtime.gait.naming import Naming
from edgehuman.runtime.gait.walkers import Seen, Walkers
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.several import open_sources
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.windows import PoseReport
from edgehuman.runtime.view.identity import named
from tests.runtime.gait.scenes import Walker, video, watching

BOX = np.array((1, 1, 9, 9), np.float32)


class Counting:
    """A namer that knows everybody from the third frame on, by the number of the track."""

    hop_s, identifies = 0.5, True

    def __init__(self, source: str) -> None:
        self.source, self.frames, self.closed = source, 0, False
        self.report = PoseReport(notes=[source])

    def push(self, result: FrameResult, arrival_ns: int) -> list[GaitResult]:
        self.frames += 1
        self.report.frames += len(result.people)
        state = "known" if self.frames > 2 else "not yet"
        return [
            GaitResult(
                result.t_s or 0.0,
                f"N{person.track}" if state == "known" else "",
                0.9,
                1.0,
                "",
                0,
                self.source,
                track=person.track,
                state=state,
            )
            for person in result.people
            if person.track
        ]

    def close(self) -> None:
        self.closed = True

    def no_window(self, source: Mapping[str, Any]) -> str:
        return f"{self.source}: no window"


def seen(source: str, t_s: float, *tracks: str, ended: tuple[str, ...] = ()) -> Seen:
    people = tuple(Person(BOX, 0.9, track=track) for track in tracks)
    result = FrameResult("1", t_s=t_s, people=people, source=source)
    return Seen(TakenFrame("1", 1, t_s, source=source, grabbed_ns=5), result, ended)


def event(source: str, t_s: float, what: str, said: str) -> Seen:
    taken = TakenFrame("", -1, t_s, source=source, event=what, reason=said)
    return Seen(taken, FrameResult("", t_s=t_s, source=source, event=what, reason=said))


@pytest.fixture
def naming(tmp_path: Path) -> Naming:
    names = [video(tmp_path / f"{name}.avi", 3) for name in "ab"]
    return Naming(Walkers(open_sources(names), watching(Walker())), Counting)


def test_each_source_has_a_namer_of_its_own(naming: Naming) -> None:
    for t_s in (0.1, 0.2, 0.3):
        found = naming.push(seen("a", t_s, "1", "2"))
    assert [(each.track, each.label) for each in found] == [("1", "N1"), ("2", "N2")]
    assert [each.label for each in naming.push(seen("b", 9.0, "3"))] == [""]  # b's first frame
    assert naming.tally.windows == 7
    report = naming.report.as_dict()
    assert (report["frames"], set(report["notes"]) >= {"a", "b"}) == (7, True)
    assert naming.close() == []


def test_who_is_known_has_a_name_until_the_track_ends(naming: Naming) -> None:
    shown: list[FrameResult] = []
    naming.shown.append(lambda taken, result: shown.append(result))
    naming.push(seen("a", 0.1, "1", ""))
    assert [dict(person.answer) for person in shown[-1].people] == [{"state": "not yet"}, {}]
    naming.push(seen("a", 0.2, "1"))
    naming.push(seen("a", 0.3, "1", ended=("1",)))
    known = {"state": "known", "name": "N1", "identity": 0.9}
    assert dict(shown[-1].people[0].answer) == known
    assert naming._newest == {}  # nothing is kept of who has gone


def test_who_was_forgotten_is_not_named_until_the_next_window_either(
    naming: Naming, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[FrameResult] = []
    naming.shown.append(lambda taken, result: shown.append(result))
    for t_s in (0.1, 0.2, 0.3):
        naming.push(seen("a", t_s, "1", "2"))
    naming.knows = lambda name: name != "N1"
    monkeypatch.setattr(naming._namers["a"], "push", lambda result, arrival_ns: [])
    naming.push(seen("a", 0.4, "1", "2"))
    assert [person.answer.get("name") for person in shown[-1].people] == [None, "N2"]
    assert shown[-1].people[0].answer["state"] == "not yet"


def test_the_page_gets_the_quality(naming: Naming, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[FrameResult] = []
    naming.shown.append(lambda taken, result: shown.append(result))
    quality = Quality(Weights(0.25, 0.25, 0.25, 0.25), steps=0.3, completeness=0.9)
    result = GaitResult(0.1, "", 0.0, 1.0, "", 0, track="1", state="not yet", quality=quality)
    monkeypatch.setattr(naming._of("a"), "push", lambda seen, arrival_ns: [result])
    naming.push(seen("a", 0.1, "1"))
    assert named(shown[-1].people[0].answer) == {"state": "not yet", "quality": 52.0}
    scores = {"joints": 0.97123, "outlines": None}
    known = dataclasses.replace(result, label="ANNA", state="known", score=0.9, scores=scores)
    monkeypatch.setattr(naming._of("a"), "push", lambda seen, arrival_ns: [known])
    naming.push(seen("a", 0.2, "1"))
    found = named(shown[-1].people[0].answer)
    assert (found["name"], found["match"], found["by"]) == ("ANNA", 0.9, {"joints": 0.971})


def test_what_happens_to_a_camera_is_a_result_and_no_frame(naming: Naming) -> None:
    (lost,) = naming.push(event("rtsp://door", 4.0, "lost", "no frame for 5 s"))
    assert (lost.event, lost.reason, lost.source, lost.t_s) == (
        *("lost", "no frame for 5 s", "rtsp://door"),
        4.0,
    )
    assert naming.tally.windows == 0
    assert naming.tally.summary()["events"] == {"lost": 1}
    assert "rtsp://door" not in naming._namers


def test_why_there_was_no_window(naming: Naming) -> None:
    assert naming.no_window({}).startswith("nobody was followed in its 0 frames")
    naming._walkers._followed = naming._walkers._tally.frames = 1
    said = naming.no_window({}).split("; ")
    assert [each.rpartition("/")[2] for each in said] == ["a.avi: no window", "b.avi: no window"]


def test_wrong_words_are_told_of_before_a_frame_is_read(tmp_path: Path) -> None:
    def wrong(source: str) -> Counting:
        raise UsageError(f"{source}: threshold is 3")

    walkers = Walkers(open_sources([video(tmp_path / "a.avi", 3)]), watching(Walker()))
    with pytest.raises(UsageError, match=r"a\.avi: threshold is 3"):
        Naming(walkers, wrong)
