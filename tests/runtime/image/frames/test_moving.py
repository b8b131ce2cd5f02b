"""What moves before a camera that stands, as people."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.answer import Watching, answer_frame
from edgehuman.runtime.image.frames.follow import Follower
from edgehuman.runtime.image.frames.moving import LEARN_S, Moving
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.image.frames.watch import opened

HEIGHT, WIDTH, FPS = 240, 320, 25
GROUND = np.random.default_rng(0).integers(90, 110, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def scene(*boxes: tuple[int, int, int, int], light: int = 0) -> Uint8:
    """A wall, and before it dark things: x0, y0, x1, y1."""
    picture = GROUND.copy()
    for x0, y0, x1, y1 in boxes:
        picture[y0:y1, x0:x1] = (30, 20, 40)
    return np.clip(picture.astype(int) + light, 0, 255).astype(np.uint8)


def frame(index: int, picture: Uint8, source: str = "", fps: float = FPS) -> TakenFrame:
    height, width = picture.shape[:2]
    return TakenFrame(str(index), index, index / fps, picture, height, width, source=source)


def boxes(moving: Moving, taken: TakenFrame) -> list[list[float]]:
    assert taken.image_HWC is not None
    found = moving.at(taken).find(taken.image_HWC)
    return [person.box_4.tolist() for person in found]


def learnt(moving: Moving, source: str = "", frames: int = 60) -> int:
    for index in range(frames):
        assert boxes(moving, frame(index, scene(), source)) == []
    return frames


WALKER = (100, 80, 130, 180)


def test_a_walker_is_a_box_with_an_outline() -> None:
    moving = Moving()
    now = learnt(moving)
    taken = frame(now, scene(WALKER))
    assert taken.image_HWC is not None
    (person,) = moving.at(taken).find(taken.image_HWC)
    assert person.box_4 == pytest.approx(np.array(WALKER), abs=4)
    assert person.score == 0.9
    assert person.mask_HW is not None
    x0, y0, x1, y1 = person.mask_place or (0, 0, 0, 0)
    assert person.mask_HW.shape == (y1 - y0, x1 - x0)
    assert person.mask_HW.mean() > 0.9


@pytest.mark.parametrize(
    ("box", "what"),
    [
        ((40, 150, 200, 190), "a car: wider than high"),
        ((100, 100, 112, 118), "a cat: too small"),
        ((100, 20, 106, 220), "a pole: too thin"),
    ],
)
def test_what_has_not_the_size_and_shape_of_people_is_nobody(
    box: tuple[int, int, int, int], what: str
) -> None:
    moving = Moving()
    assert boxes(moving, frame(learnt(moving), scene(box))) == [], what


def test_somebody_broad_is_found_but_begins_no_track() -> None:
    """Half hidden, or with an arm out: as wide as high. A track that is there goes on."""
    moving = Moving()
    now = learnt(moving)
    broad = frame(now, scene((100, 80, 190, 180)))
    assert broad.image_HWC is not None
    (person,) = moving.at(broad).find(broad.image_HWC)
    assert person.score == 0.35
    assert answer_frame(Watching(moving), broad, Follower(0.5)).people == ()


def test_shadows_are_not_the_walker() -> None:
    moving = Moving()
    now = learnt(moving)
    picture = scene()
    picture[100:180, 130:150] = (picture[100:180, 130:150] * 0.7).astype(np.uint8)
    picture[80:180, 100:130] = (30, 20, 40)
    assert boxes(moving, frame(now, picture))[0][2] == pytest.approx(130, abs=4)


def test_a_camera_that_turns_its_exposure_shows_the_walker_alone() -> None:
    moving = Moving()
    now = learnt(moving)
    picture = np.clip(scene(WALKER) * 1.25, 0, 255).astype(np.uint8)
    assert boxes(moving, frame(now, picture)) == [pytest.approx(WALKER, abs=4)]


def test_when_the_light_changes_the_background_is_learnt_anew() -> None:
    moving = Moving()
    now = learnt(moving)
    assert boxes(moving, frame(now, scene(WALKER, light=90))) == []
    for index in range(1, round(LEARN_S * FPS)):
        assert boxes(moving, frame(now + index, scene(light=90))) == []
    now += round(LEARN_S * FPS) + 2
    assert len(boxes(moving, frame(now, scene(WALKER, light=90)))) == 1


def test_who_stands_becomes_background_in_about_a_minute() -> None:
    moving = Moving()
    now = learnt(moving, frames=60)
    seen = []
    for second in range(80):
        taken = dataclasses.replace(frame(0, scene(WALKER)), t_s=now / FPS + second)
        seen.append(len(boxes(moving, taken)))
    assert all(seen[:40])
    assert not any(seen[70:])


def test_every_camera_has_a_background_of_its_own() -> None:
    moving = Moving()
    now = learnt(moving, "a")
    learnt(moving, "b", frames=10)
    assert len(boxes(moving, frame(now, scene(WALKER), "a"))) == 1
    assert boxes(moving, frame(11, scene(WALKER), "b")) == []  # still learning


def test_a_pause_or_another_size_starts_anew() -> None:
    moving = Moving()
    now = learnt(moving)
    late = dataclasses.replace(frame(now, scene(WALKER)), t_s=60.0)
    assert boxes(moving, late) == []
    learnt(moving)  # a clock that begins anew
    small = np.ascontiguousarray(scene(WALKER)[::2, ::2])
    assert boxes(moving, frame(61, small)) == []


def test_a_large_frame_is_looked_at_smaller_and_answered_in_its_pixels() -> None:
    moving = Moving()
    large = np.kron(scene(), np.ones((4, 4, 1), np.uint8))
    for index in range(22):
        assert boxes(moving, frame(index, large, fps=10)) == []
    taken = frame(22, np.kron(scene(WALKER), np.ones((4, 4, 1), np.uint8)), fps=10)
    assert taken.image_HWC is not None
    (person,) = moving.at(taken).find(taken.image_HWC)
    assert person.box_4 / 4 == pytest.approx(np.array(WALKER), abs=4)
    assert person.mask_HW is not None
    x0, y0, x1, y1 = person.mask_place or (0, 0, 0, 0)
    assert person.mask_HW.shape == (y1 - y0, x1 - x0)


def test_it_is_a_detector_by_its_name() -> None:
    assert isinstance(opened("mog2"), Moving)
