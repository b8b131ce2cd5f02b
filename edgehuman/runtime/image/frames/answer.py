"""One frame in, the people in it out.

    watching = Watching(Detector(load("zoo:person-detector")))
    result = answer_frame(watching, taken)

A finder says where people are: our own detector, or a network of others. Where a model of one
person is given too, it answers for each of them. Axes: H height, W width, M people.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.boxes.overlap import areas, ious, shares_within
from edgehuman.metrics.keypoints import oks_nms
from edgehuman.preprocess.image.pixels import touches_pixels
from edgehuman.records import Bool, Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson, PersonFinder
from edgehuman.runtime.image.answer import BROKEN_OUTPUT
from edgehuman.runtime.image.frames.follow import FAINT, Followed, Follower
from edgehuman.runtime.image.frames.parts import shares_of
from edgehuman.runtime.image.frames.results import FrameResult, Person, joint_names
from edgehuman.runtime.image.frames.source import TakenFrame
from edgehuman.runtime.image.whole_frame import WholeFrame
from edgehuman.runtime.model import Model

SCORE, MOST = 0.5, 300
"""Where neither the user nor the card says another: below this score nobody is found; the most
people of one frame."""
NESTED, ALIKE = 0.9, 0.4
"""Of a box on a track and one on none, if so much of one lies within the other, and their
intersection over union is so high, both are of one person."""
SAME_OUTLINE = 0.7
"""Two outlines more alike than this (IoU) are of one person. Measured once: on a video of one
person at a time, those of two boxes of one person have 0.77 to 0.98 (9 of 10), and on a street
those of boxes whose own IoU is under 0.4 at most 0.40."""
_COLUMNS = 5


class PerPerson(Protocol):
    """What answers for each person of a frame."""

    @property
    def looks(self) -> bool:
        """Whether its answer is a vector of what the person looks like."""

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        """The people with the model's answers, in this order.

        Raises:
            DataError: an output that is not finite.
        """


@runtime_checkable
class OfOneCamera(Protocol):
    """A finder that has to know what each camera showed before."""

    def at(self, taken: TakenFrame) -> PersonFinder:
        """The finder of the camera that gave a frame."""


@dataclasses.dataclass(frozen=True)
class Watching:
    """What looks at frames.

    Attributes:
        finder: finds the people.
        per_person: answers for each of them; None: nothing does.
        score: people below it are left out.
        most: the most people of a frame, the best first.
    """

    finder: PersonFinder
    per_person: PerPerson | None = None
    score: float = SCORE
    most: int = MOST

    def finder_of(self, taken: TakenFrame) -> PersonFinder:
        """What finds the people of a frame."""
        return self.finder.at(taken) if isinstance(self.finder, OfOneCamera) else self.finder


class Detector(WholeFrame):
    """A model of edgehuman's own that gives boxes, as a `PersonFinder`.

    Args:
        score: rows below half of it are dropped at once; a graph may have thousands.

    Raises:
        ArtefactError: its output is no boxes.
    """

    def __init__(self, model: Model, score: float = SCORE) -> None:
        super().__init__(
            model,
            "boxes",
            "not boxes of people; give a detector, such as zoo:person-detector, or one that "
            "`edgehuman finetune --task detection` made",
        )
        self._score = FAINT * score

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """People in a frame, best first.

        Raises:
            DataError: an output that is not finite.
        """
        output_NR5, place = self.answer(frame_HWC)
        row_R5 = output_NR5[0]
        if row_R5.ndim != 2 or row_R5.shape[1] != _COLUMNS:
            raise ArtefactError(
                f"{self.name}: its graph gives {row_R5.shape} for a frame, but boxes are (rows, "
                f"{_COLUMNS}); export the model again"
            )
        row_M5 = row_R5[row_R5[:, 4] >= self._score]
        row_M5 = row_M5[np.argsort(-row_M5[:, 4], kind="stable")]
        box_M4 = place.to_frame(row_M5[:, :4])
        return [
            FoundPerson(box_4, float(score))
            for box_4, score in zip(box_M4, row_M5[:, 4], strict=True)
        ]


def answer_frame(
    watching: Watching, taken: TakenFrame, follower: Follower | None = None
) -> FrameResult:
    """The people of a frame; of one without an answer, the reason. What happened to a camera passes
    as it is.

    Args:
        follower: gives the people of a frame with a time their tracks.
    """
    result = _answered(watching, taken, follower)
    return dataclasses.replace(result, age_ms=taken.age_ms if taken.grabbed_ns else None)


def _answered(watching: Watching, taken: TakenFrame, follower: Follower | None) -> FrameResult:
    blank = FrameResult(
        taken.name,
        taken.path,
        taken.t_s,
        taken.height,
        taken.width,
        remark=taken.remark,
        source=taken.source,
        wall_s=taken.wall_s,
        stream_s=taken.stream_s,
        event=taken.event,
    )
    frame_HWC = taken.image_HWC
    if frame_HWC is None:
        return dataclasses.replace(blank, reason=taken.reason)
    if taken.t_s is None:
        follower = None
    begin_ns = time.perf_counter_ns()
    try:
        least = watching.score if follower is None else follower.least
        found = chosen(watching.finder_of(taken).find(frame_HWC), least, *frame_HWC.shape[:2])
        found_ns = time.perf_counter_ns()
        people = _answers(watching, frame_HWC, found, follower, taken.t_s or 0.0)
    except DataError as error:
        return dataclasses.replace(blank, reason=str(error), latency_ms=_since_ms(begin_ns))
    end_ns = time.perf_counter_ns()
    return dataclasses.replace(
        blank,
        people=_scaled(people, taken),
        latency_ms=(end_ns - begin_ns) / 1e6,
        person_ms=0.0 if watching.per_person is None else (end_ns - found_ns) / 1e6,
    )


def _answers(
    watching: Watching,
    frame_HWC: Uint8,
    found: Sequence[FoundPerson],
    follower: Follower | None,
    t_s: float,
) -> list[Person]:
    """The people who count, with their tracks and answers."""
    each = watching.per_person
    known: dict[int, Person] = {}
    if follower is None:
        followed = [Followed(person) for person in found]
    else:
        looks: list[Float32 | None] = []
        if each is not None and each.looks:
            sure = [person for person in found if person.score >= watching.score]
            known = _known(each, frame_HWC, sure)
            looks = [look_of(known.get(id(person))) for person in found]
        followed = follower.follow(found, t_s, looks)
    followed = followed[: watching.most]
    rest = [one.person for one in followed if id(one.person) not in known]
    if each is None:
        known |= {id(person): person_of(person) for person in rest}
    else:
        known |= _known(each, frame_HWC, rest)
    people = []
    for one in followed:
        answer = known[id(one.person)]
        people.append(_on_track(answer, one.track) if one.track else answer)
    return _once_followed(people) if each is None else once(people)


def _known(each: PerPerson, frame_HWC: Uint8, people: Sequence[FoundPerson]) -> dict[int, Person]:
    """The answers for people, by the identity of who was found."""
    answers = each.answer_all(frame_HWC, people)
    return {id(person): answer for person, answer in zip(people, answers, strict=True)}


def look_of(person: Person | None) -> Float32 | None:
    """What a person looks like, as one vector; None: not known."""
    vector = None if person is None else person.answer.get("embedding")
    return None if vector is None else np.asarray(vector, np.float32).reshape(-1)


def chosen(
    found: Sequence[FoundPerson], least: float, height: int, width: int
) -> list[FoundPerson]:
    """Those of at least this score, the best first, their boxes clipped to the frame; a box wholly
    outside it is nobody.

    Raises:
        DataError: a value that is not finite.
    """
    if not found:
        return []
    score_N = np.array([person.score for person in found])
    box_N4 = np.array([person.box_4 for person in found])
    if not (np.isfinite(score_N).all() and np.isfinite(box_N4).all()):
        raise DataError(BROKEN_OUTPUT)
    limit_4 = np.array((width, height, width, height), np.float32)
    box_N4 = np.clip(box_N4, 0, limit_4).astype(np.float32)
    is_kept_N = (score_N >= least) & touches_pixels(box_N4)
    best_N = np.argsort(-score_N, kind="stable")
    kept = best_N[is_kept_N[best_N]].tolist()
    return [_clipped(found[place], box_N4[place]) for place in kept]


def _clipped(person: FoundPerson, box_4: Float32) -> FoundPerson:
    """The person with another box; `dataclasses.replace` takes four times as long."""
    of = person
    masks = of.mask_HW, of.cut, of.part_HW, of.parts
    return FoundPerson(box_4, of.score, of.joint_J3, *masks, of.worn)


def once(people: Sequence[Person]) -> list[Person]:
    """Each person once: of two boxes in which the joints, or the outlines, are the same, that of
    the older track, or else the better. A detector may give somebody close to the camera two boxes.
    """
    return _once_outlined(_once_posed(_once_followed(people)))


def _once_followed(people: Sequence[Person]) -> list[Person]:
    """Those on a track, and who else is not the same person in a larger or a smaller box."""
    tracked = [person for person in people if person.track]
    others = [person for person in people if not person.track]
    if not tracked or not others:
        return [*people]
    box_T4, box_U4 = (np.stack([each.box_4 for each in part]) for part in (tracked, others))
    within_UT = np.maximum(shares_within(box_U4, box_T4), shares_within(box_T4, box_U4).T)
    is_same_UT = (within_UT > NESTED) & (ious(box_U4, box_T4) > ALIKE)
    is_same_U = np.any(is_same_UT, axis=1).tolist()
    gone = {id(other) for other, is_same in zip(others, is_same_U, strict=True) if is_same}
    return [person for person in people if id(person) not in gone]


def _once_posed(people: Sequence[Person]) -> list[Person]:
    posed = [person for person in people if person.joint_J3 is not None]
    if len({person.joints for person in posed}) != 1:
        return [*people]
    joint_NJ3 = np.array([person.joint_J3 for person in posed])
    box_N4 = np.array([person.box_4 for person in posed])
    score_N = np.array([_weight(person) for person in posed])
    kept = oks_nms(joint_NJ3, areas(box_N4), score_N).tolist()
    gone = {id(person) for number, person in enumerate(posed) if number not in kept}
    return [person for person in people if id(person) not in gone]


def _once_outlined(people: Sequence[Person]) -> list[Person]:
    outlined = [person for person in people if person.mask_HW is not None]
    kept: list[Person] = []
    gone: set[int] = set()
    for person in sorted(outlined, key=_weight, reverse=True):
        if any(outlines_alike(person, other) > SAME_OUTLINE for other in kept):
            gone.add(id(person))
        else:
            kept.append(person)
    return [person for person in people if id(person) not in gone]


def outlines_alike(one: Person, other: Person) -> float:
    """Intersection over union of two people's masks, 0 to 1; 0 where one has none."""
    if one.mask_HW is None or other.mask_HW is None or one.cut is None or other.cut is None:
        return 0.0
    x0, y0 = max(one.cut[0], other.cut[0]), max(one.cut[1], other.cut[1])
    x1, y1 = min(one.cut[2], other.cut[2]), min(one.cut[3], other.cut[3])
    if x1 <= x0 or y1 <= y0:
        return 0.0

    def part(mask_HW: Bool, cut: tuple[int, int, int, int]) -> Bool:
        return mask_HW[y0 - cut[1] : y1 - cut[1], x0 - cut[0] : x1 - cut[0]]

    shared_HW = part(one.mask_HW, one.cut) & part(other.mask_HW, other.cut)
    shared = int(np.count_nonzero(shared_HW))
    whole = int(np.count_nonzero(one.mask_HW) + np.count_nonzero(other.mask_HW)) - shared
    return shared / max(whole, 1)


def _weight(person: Person) -> float:
    """Rises with the score, and is over that where there is a track, more so an older one."""
    return 1 + 1 / int(person.track) if person.track.isdecimal() else person.score


def _on_track(person: Person, track: str) -> Person:
    """The person with a track; `dataclasses.replace` takes four times as long."""
    of = person
    found = of.box_4, of.score, of.joint_J3, of.joints, of.mask_HW, of.cut
    return Person(*found, track, of.answer, of.part_HW, of.parts, of.worn)


def person_of(found: FoundPerson) -> Person:
    """Somebody as a network found them."""
    joint_J3 = found.joint_J3
    return Person(
        found.box_4,
        found.score,
        joint_J3,
        () if joint_J3 is None else joint_names(len(joint_J3)),
        found.mask_HW,
        found.mask_place,
        answer={} if found.part_HW is None else {"parts": shares_of(found.part_HW, found.parts)},
        part_HW=found.part_HW,
        parts=found.parts,
        worn=found.worn,
    )


def _scaled(people: Sequence[Person], taken: TakenFrame) -> tuple[Person, ...]:
    """People in pixels of the frame, where a smaller picture of it was looked at."""
    assert taken.image_HWC is not None
    rows, columns = taken.image_HWC.shape[:2]
    if (rows, columns) == (taken.height, taken.width):
        return tuple(people)
    scale_2 = np.array((taken.width / columns, taken.height / rows), np.float32)
    scaled = []
    for person in people:
        joint_J3 = person.joint_J3
        if joint_J3 is not None:
            joint_J3 = np.concatenate([joint_J3[:, :2] * scale_2, joint_J3[:, 2:]], axis=1)
        scale_4 = np.tile(scale_2, 2)
        worn = tuple(dataclasses.replace(one, box_4=one.box_4 * scale_4) for one in person.worn)
        box_4 = person.box_4 * scale_4
        scaled.append(dataclasses.replace(person, box_4=box_4, joint_J3=joint_J3, worn=worn))
    return tuple(scaled)


def _since_ms(begin_ns: int) -> float:
    return (time.perf_counter_ns() - begin_ns) / 1e6
