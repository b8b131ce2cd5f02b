"""People in JSON of any depth, with what outer objects say of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.people import Person, people

BODY = [[j + 1.0, 2.0 * j, 0.5] for j in range(17)]


def found(*objects: Any) -> list[Person]:
    return list(people(objects, "here"))


def test_a_name_without_a_number_is_named() -> None:
    with pytest.raises(DataError, match=r"image_id is 'first.jpg'; it must end in"):
        found({"image_id": "first.jpg", "keypoints": BODY})


@pytest.mark.parametrize(
    ("words", "frame", "track"),
    [
        ({"frame": 3, "track_id": 5}, 3, "5"),
        ({"frame_id": 3, "idx": [[5.0]]}, 3, "5"),
        ({"image_id": "3.jpg", "id": 99, "idx": 5}, 3, "5"),
        ({"image_id": 3, "id": 99}, 3, None),
        ({"frame_number": 3.0, "id": "anna"}, 3, "anna"),
        ({"frame": 3, "person_id": [-1]}, 3, None),
        ({"frame": 3, "id": ""}, 3, None),
        ({"frame": 3}, 3, None),
    ],
)
def test_frames_and_tracks_have_many_names(
    words: dict[str, Any], frame: int, track: str | None
) -> None:
    [person] = found({**words, "keypoints": BODY})
    assert (person.pose.frame, person.pose.track) == (frame, track)


@pytest.mark.parametrize(
    ("words", "t_s", "clock"),
    [
        ({"t": 1.5}, 1.5, math.nan),
        ({"timestamp_ms": 1500}, 1.5, math.nan),
        ({"timestamp": 1500}, math.nan, 1500.0),
    ],
)
def test_times_are_seconds_or_of_an_unknown_unit(
    words: dict[str, Any], t_s: float, clock: float
) -> None:
    [person] = found({**words, "joints": BODY})
    assert person.pose.t_s == pytest.approx(t_s, nan_ok=True)
    assert person.clock == pytest.approx(clock, nan_ok=True)


@pytest.mark.parametrize(
    "words",
    [
        {"width": 640, "height": 480},
        {"image_size": [640, 480]},
        {"orig_shape": [480, 640]},
        {"img_shape": [480, 640, 3]},
    ],
)
def test_the_size_of_the_picture_holds_for_everybody_in_it(words: dict[str, Any]) -> None:
    frame = {**words, "people": [{"keypoints": BODY}, {"keypoints": BODY}]}
    assert [(p.pose.width_px, p.pose.height_px) for p in found(frame)] == [(640, 480)] * 2


def test_an_object_of_several_people_has_their_ids_and_scores() -> None:
    xy = [joint[:2] for joint in BODY]
    frame = {"frame": 2, "keypoints": [xy, xy], "scores": [[0.5] * 17, [0.7] * 17], "ids": [4, 9]}
    first, second = found(frame)
    assert (first.pose.track, second.pose.track) == ("4", "9")
    assert (first.pose.joints_J3[0, 2], second.pose.joints_J3[0, 2]) == (0.5, 0.7)
    flat = [[value for joint in BODY for value in joint]] * 2
    assert len(found({"frame": 2, "keypoints": flat})) == 2
    of_people = {"frame": 2, "keypoints": [BODY, BODY], "scores": [0.9, 0.8]}
    assert [person.pose.joints_J3[0, 2] for person in found(of_people)] == [0.5, 0.5]


def test_objects_by_the_name_of_a_picture_or_of_a_track() -> None:
    by_frame = found({"7.jpg": {"bodies": [{"joints": BODY}]}, "8.jpg": [{"keypoints": BODY}]})
    assert [person.pose.frame for person in by_frame] == [7, 8]
    by_track = found(
        {"1": [{"frame": 7, "keypoints": BODY}], "2": [{"frame": 7, "keypoints": BODY}]}
    )
    assert [(person.pose.frame, person.pose.track) for person in by_track] == [(7, "1"), (7, "2")]


LANDMARKS = [{"x": x, "y": y, "z": 0.0, "visibility": c} for x, y, c in BODY]


@pytest.mark.parametrize(
    "objects",
    [
        [LANDMARKS, LANDMARKS],
        [{"pose_landmarks": {"landmark": LANDMARKS}}] * 2,
        [{"frames": [{"keypoints": BODY}, {"keypoints": BODY}]}],
        [{"predictions": [[{"keypoints": BODY}], [{"keypoints": BODY}]]}],
    ],
)
def test_frames_without_numbers_are_counted(objects: list[Any]) -> None:
    assert [person.position for person in found(*objects)] == [0, 1]


def test_nobody_in_a_frame_is_nobody() -> None:
    assert (
        found({"version": 1.3, "people": []}, {"frame": 3}, {"frame": 4, "landmarks": None}) == []
    )
    assert found(None, [], {"frame": 1, "keypoints": []}) == []


@pytest.mark.parametrize("node", [{"face": 1}, {"frame": 1, "points": [[1, 2]]}, "a", 7])
def test_what_is_nobody_and_no_frame_is_named(node: object) -> None:
    with pytest.raises(DataError, match="here: object 0: found"):
        found(node)
