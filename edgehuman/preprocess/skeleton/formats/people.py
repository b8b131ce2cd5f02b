"""People in parsed JSON, whichever tool wrote it: objects that hold joints, however deep.

    {"image_id": "12.jpg", "keypoints": [x, y, c, ...], "idx": 1}            AlphaPose, COCO results
    {"people": [{"pose_keypoints_2d": [...]}]}                              OpenPose, one per frame
    {"instance_info": [{"frame_id": 1, "instances": [{"keypoints": ...}]}]}           mmpose
    {"track_id": 1, "keypoints": {"x": [...], "y": [...], "visible": [...]}}          ultralytics
    {"frame": 0, "keypoints": [[[x, y], ...]], "scores": [[...]]}                     rtmlib
    {"frame": 0, "landmarks": [{"x", "y", "z", "visibility"}, ...]}                   MediaPipe
    {"t": 0.0, "id": "7", "joints": [[x, y, c], ...]}                                 our lines

What an outer object says of frame, time and picture holds for everybody in it.

Axes: J joint.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.place import TIMED, Place, frame_number, placed
from edgehuman.preprocess.skeleton.joints import read_joints
from edgehuman.preprocess.skeleton.reading import RawPose, track_name

JOINTS = (
    *("pose_keypoints_2d", "keypoints", "joints", "pose_landmarks", "poseLandmarks", "landmarks"),
    *("normalizedLandmarks", "normalized_landmarks", "pose_keypoints", "keypoints_with_scores"),
    *("keypoints_2d", "keypoints2d", "keypoints_xy", "kpts", "joints_2d", "joints2d"),
)
_SCORES = (
    "keypoint_scores",
    "keypoints_scores",
    "scores",
    "confidences",
    "confidence",
    "keypoints_conf",
    "conf",
    "visible",
    "visibility",
)
_LISTS = (
    *("people", "bodies", "instance_info", "instances", "annotations", "detections", "persons"),
    *("predictions", "poses", "results", "objects", "frames", "tracks", "data", "result"),
    *("pose_results", "preds"),
)
_TRACKS = (
    *("track_id", "tracking_id", "trackId", "trackingId", "idx", "person_id", "instance_id"),
    *("object_id", "bodyIndex", "track", "id"),
)
_ALL_TRACKS = ("track_ids", "ids", "person_ids", "tracking_ids")
_OF_FRAMES = ("frames", "predictions", "results", "data")
_INNER = ("landmark", "landmarks", "data", "xy", "xyn")
_MOST_OF_A_JOINT = 5


@dataclass(frozen=True, slots=True)
class Person:
    """One person as found.

    Attributes:
        pose: what was found.
        clock: its time in an unknown unit; NaN: unknown.
        position: of the object in its file, from 0.
        rate_hz: frames per second that the file states; 0: none.
    """

    pose: RawPose
    clock: float
    position: int
    rate_hz: float = 0.0


def people(objects: Sequence[Any], where: str) -> Iterator[Person]:
    """Everybody in the objects of a file, in order.

    Raises:
        DataError: an object without joints, joints in an unknown form, or a frame without number.
    """
    frames, outer = _unwrapped(objects, Place(where))
    for position, each in enumerate(frames):
        place = replace(outer, where=f"{where}: object {position}", position=position)
        yield from _inside(each, place)


def _unwrapped(objects: Sequence[Any], place: Place) -> tuple[Sequence[Any], Place]:
    """The frames of a file that is one object with a list of them, and what it says of them."""
    if len(objects) != 1 or not isinstance(objects[0], Mapping):
        return objects, place
    whole = objects[0]
    held = [whole[key] for key in _OF_FRAMES if isinstance(whole.get(key), list)]
    return (held[0], placed(whole, place)) if held else (objects, place)


def _inside(node: Any, place: Place) -> Iterator[Person]:
    if isinstance(node, list) and _is_body(node):
        yield from _bodies({}, node, place)
        return
    if isinstance(node, list):
        for each in node:
            yield from _inside(each, place)
        return
    if not isinstance(node, Mapping):
        if node is None:
            return
        raise DataError(f"{place.where}: found {str(node)[:40]}; give an object with joints")
    inner = placed(node, place)
    key = next((each for each in JOINTS if each in node), None)
    if key == "keypoints_with_scores":  # of MoveNet
        node = {"layout": "movenet17", **node}
    if key is not None:
        yield from _bodies(node, node[key], inner)
        return
    lists = [node[each] for each in _LISTS if isinstance(node.get(each), (list, Mapping))]
    if lists:
        for each in lists[:1] if "annotations" not in node else [node["annotations"]]:
            yield from _inside(each, inner)
        return
    held = {name: each for name, each in node.items() if isinstance(each, (list, Mapping))}
    if held and len(held) == len(node) and all(re.search(r"\d", name) for name in held):
        # One object per frame by the name of its picture, or one per track.
        for name, each in held.items():
            if _is_track(each):
                yield from _inside(each, replace(inner, track=name))
            else:
                yield from _inside(each, replace(inner, frame=frame_number(name, place.where)))
        return
    if held or not any(each in node for each in TIMED):
        raise DataError(
            f"{place.where}: found keys {sorted(map(str, node))[:6]}; a person needs "
            f"{', '.join(JOINTS[:3])} or landmarks"
        )


def _is_body(node: list[Any]) -> bool:
    """Whether a list holds a joint's object for every joint of a person."""
    first = node[0] if node else None
    return isinstance(first, Mapping) and {"x", "y"} <= set(first) and not set(JOINTS) & set(first)


def _is_track(node: Any) -> bool:
    """Whether an object's value is the list of a person's frames."""
    first = node[0] if isinstance(node, list) and node else None
    return isinstance(first, Mapping) and any(key in first for key in TIMED)


def _bodies(node: Mapping[str, Any], joints: Any, place: Place) -> Iterator[Person]:
    """The person, or the people, of an object's joints."""
    if joints is None or (isinstance(joints, list) and not joints):
        return
    if isinstance(joints, Mapping):  # MediaPipe's message as JSON
        node = {**node, **{key: joints[key] for key in _SCORES if key in joints}}
        joints = next((joints[key] for key in _INNER if key in joints), joints)
    while _is_wrapped(joints):  # (1, 1, 17, 3) of MoveNet
        joints = joints[0]
    several = _holds_several(joints)
    bodies = joints if several else [joints]
    scores = next((node[key] for key in _SCORES if isinstance(node.get(key), list)), None)
    tracks = next((node[key] for key in _ALL_TRACKS if isinstance(node.get(key), list)), None)
    layout = node.get("layout")
    for number, body in enumerate(bodies):
        where = place.where if len(bodies) == 1 else f"{place.where}, person {number}"
        track = _track(node) if tracks is None else _track({"id": _item(tracks, number)})
        array = read_joints(body, _own_scores(scores, number, several), where)
        pose = RawPose(
            array, place.t_s, place.frame, track or place.track,
            layout if isinstance(layout, str) else None, place.width_px, place.height_px, where,
        )  # fmt: skip
        yield Person(pose, place.clock, place.position, place.rate_hz)


def _is_wrapped(joints: Any) -> bool:
    """Whether a list holds one list of people."""
    return isinstance(joints, list) and len(joints) == 1 and _holds_several(joints[0])


def _own_scores(scores: list[Any] | None, number: int, several: bool) -> Any:
    """The scores of one person's joints; None where they are of whole people."""
    if not scores:
        return None
    if isinstance(scores[0], list):
        return _item(scores, number)
    return None if several else scores


def _item(values: list[Any], number: int) -> Any:
    return values[number] if number < len(values) else None


def _holds_several(joints: Any) -> bool:
    """Whether joints are a list of people: lists of lists or of objects, or flat lists."""
    first = next((each for each in joints if each), None) if isinstance(joints, list) else None
    if isinstance(first, Mapping):
        return any(isinstance(each, list) for each in first.values())
    if not isinstance(first, list):
        return False
    inner = next((each for each in first if each is not None), None)
    return isinstance(inner, (list, Mapping)) or len(first) > _MOST_OF_A_JOINT


def _track(node: Mapping[str, Any]) -> str | None:
    """The name of a person's track; some tools wrap it in lists, or write -1 for none."""
    for key in _TRACKS:
        if key == "id" and "image_id" in node:
            return None  # of the annotation, not of the person
        idx = node.get(key)
        while isinstance(idx, list):
            idx = idx[0] if idx else None
        if idx is None or isinstance(idx, (Mapping, bool)):
            continue
        if isinstance(idx, float) and not math.isfinite(idx):
            continue
        name = track_name(idx)
        return None if name in ("-1", "") else name
    return None
