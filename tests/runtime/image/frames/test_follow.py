"""People with their tracks, as frames have them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from edgehuman.geometry import COCO_17
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.answer import Watching, answer_frame, once
from edgehuman.runtime.image.frames.follow import FAINT, Follower, settings_of
from edgehuman.runtime.image.frames.results import Person
from edgehuman.runtime.image.frames.source import TakenFrame


def at(*people: tuple[float, float]) -> list[FoundPerson]:
    return [FoundPerson(np.array((x, 0, x + 10, 20), np.float32), score) for x, score in people]


def tracks(follower: Follower, t_s: float, *people: tuple[float, float]) -> list[str]:
    return [each.track for each in follower.follow(at(*people), t_s)]


def test_people_keep_their_tracks() -> None:
    follower = Follower(0.5)
    assert tracks(follower, 0.0, (0, 0.9), (100, 0.9)) == ["1", "2"]
    assert tracks(follower, 0.1, (103, 0.9), (3, 0.9), (200, 0.9)) == ["2", "1", ""]
    assert tracks(follower, 0.2) == []
    assert tracks(follower, 0.3, (4, 0.9), (201, 0.9)) == ["1", "3"]
    assert tracks(follower, 3.0, (4, 0.9)) == [""]
    assert sorted(follower.ended) == ["1", "2", "3"]


def test_the_faint_are_people_only_on_a_track() -> None:
    follower = Follower(0.5)
    assert follower.least == 0.25 == 0.5 * FAINT
    tracks(follower, 0.0, (0, 0.9))
    assert tracks(follower, 0.1, (0, 0.3), (100, 0.3), (200, 0.5)) == ["1", ""]
    assert [each.person.score for each in follower.follow(at((0, 0.3), (90, 0.4)), 0.2)] == [0.3]


@pytest.mark.parametrize("score", [0.0, 0.2581, 0.5, 0.95, 1.0])
def test_any_threshold_of_a_detector_is_one_of_a_tracker(score: float) -> None:
    of = settings_of(score)
    assert of.low <= of.high <= of.begins <= 1
    Follower(score).follow(at((0, score)), 0.0)


class Finder:
    """Gives the same people for every frame; a network of others."""

    name = "finder"

    def __init__(self, *people: FoundPerson) -> None:
        self.people = list(people)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        return self.people


class Looks:
    """Says what people look like by the colour at the middle of their boxes; counts its work."""

    looks = True
    asked = 0

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        return [self._answer(frame_HWC, each) for each in found]

    def _answer(self, frame_HWC: Uint8, found: FoundPerson) -> Person:
        self.asked += 1
        middle = found.box_4[:2] + (found.box_4[2:] - found.box_4[:2]) / 2
        colour = frame_HWC[int(middle[1]), int(middle[0])].astype(float)
        return Person(found.box_4, found.score, answer={"embedding": colour.tolist()})


def frame(t_s: float | None, *reds: int) -> TakenFrame:
    image_HWC = np.zeros((20, 60, 3), np.uint8)
    image_HWC[..., 2] = 200
    for x in reds:
        image_HWC[:, x : x + 10] = (200, 0, 0)
    return TakenFrame("0", 0, t_s, image_HWC, 20, 60)


def test_photos_have_no_tracks_and_frames_of_a_video_have() -> None:
    watching, follower = Watching(Finder(*at((0, 0.9), (30, 0.4)))), Follower(0.5)
    assert [p.track for p in answer_frame(watching, frame(None), follower).people] == [""]
    assert [p.track for p in answer_frame(watching, frame(0.0), follower).people] == ["1"]
    assert [p.track for p in answer_frame(watching, frame(0.0)).people] == [""]


def test_looks_are_asked_for_first_and_only_once_for_each() -> None:
    finder, each = Finder(*at((0, 0.9), (20, 0.8), (45, 0.3))), Looks()
    watching, follower = Watching(finder, each), Follower(0.5)
    answer_frame(watching, frame(0.0, 0), follower)
    # The red one has moved to where the blue one was nearer, and the other way round.
    finder.people = at((11, 0.9), (9, 0.8), (45, 0.3))
    finder.people[0] = dataclasses.replace(finder.people[0], box_4=np.array((6, 0, 16, 20)))
    finder.people[1] = dataclasses.replace(finder.people[1], box_4=np.array((16, 0, 26, 20)))
    people = answer_frame(watching, frame(0.1, 6), follower).people
    assert [person.track for person in people] == ["1", "2"]
    assert each.asked == 4  # the faint one on no track is never asked for


def test_of_two_boxes_on_one_body_the_older_track_stays() -> None:
    joint_J3 = np.concatenate([np.arange(34).reshape(17, 2) * 3, np.ones((17, 1))], axis=1)
    joint_J3 = joint_J3.astype(np.float32)
    box_4 = np.array((0, 0, 100, 100), np.float32)
    young = Person(box_4, 0.9, joint_J3, COCO_17, track="12")
    old = Person(box_4, 0.4, joint_J3 + 0.1, COCO_17, track="3")
    nobody = Person(box_4, 0.99, joint_J3, COCO_17)
    assert [each.track for each in once([nobody, young, old])] == ["3"]
