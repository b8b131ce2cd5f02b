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
_FRAMES = (
    *("frame", "frame_id", "frame_idx", "frame_index", "frame_number", "frame_num", "frameId"),
    *("image_id", "image", "image_name", "img_name", "file_name", "filename", "image_path"),
)
_SECONDS = ("t", "time_s", "t_s", "timestamp_s", "time_sec")
_MILLISECONDS = ("timestamp_ms", "time_ms", "t_ms", "timestampMs")
# In an unknown unit, which their steps tell.
CLOCKS = ("timestamp", "time", "relativeTime")
_TRACKS = (
    *("track_id", "tracking_id", "trackId", "trackingId", "idx", "person_id", "instance_id"),
    *("object_id", "bodyIndex", "track", "id"),
)
_ALL_TRACKS = ("track_ids", "ids", "person_ids", "tracking_ids")
_WIDTHS, _HEIGHTS = ("width", "image_width", "img_width"), ("height", "image_height", "img_height")
_SIZES = ("image_size", "img_size", "resolution")  # width, height
_SHAPES = ("orig_shape", "img_shape", "image_shape")  # height, width
_OF_FRAMES = ("frames", "predictions", "results", "data")
_INNER = ("landmark", "landmarks", "data", "xy", "xyn")
_RATES = ("fps", "frame_rate", "frameRate", "framerate", "rate_hz", "video_fps")
_MOST_OF_A_JOINT = 5
_LAST_NUMBER = re.compile(r"(\d+)(?!.*\d)")
_SUFFIX = re.compile(r"(_keypoints)?\.[A-Za-z]\w{0,4}$")
_ROBOFLOW = re.compile(r"(_(jpe?g|png))?\.rf\.\w+(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a frame before its people are read.

    Attributes:
        where: file and position, for messages.
        position: of the object in its file, from 0: the frame, if nothing else says it.
        frame: its number; -1: unknown.
        t_s: its time in seconds; NaN: unknown.
        clock: its time in an unknown unit; NaN: unknown.
        width_px, height_px: of the picture; 0: unknown.
        track: of the person, where one object holds a track.
        images: of COCO: id -> the image's object.
        rate_hz: frames per second; 0: unknown.
    """

    where: str
    position: int = 0
    frame: int = -1
    t_s: float = math.nan
    clock: float = math.nan
    width_px: int = 0
    height_px: int = 0
    track: str | None = None
    images: Mapping[Any, Mapping[str, Any]] | None = None
    rate_hz: float = 0.0


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
    place = replace(place, rate_hz=_first_number(whole, _RATES) or 0.0)
    held = [whole[key] for key in _OF_FRAMES if isinstance(whole.get(key), list)]
    return (held[0], _placed(whole, place)) if held else (objects, place)


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
    inner = _placed(node, place)
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
    if held or not any(each in node for each in (*_FRAMES, *_SECONDS, *_MILLISECONDS, *CLOCKS)):
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
    timed = (*_FRAMES, *_SECONDS, *_MILLISECONDS, *CLOCKS)
    return isinstance(first, Mapping) and any(key in first for key in timed)


def _placed(node: Mapping[str, Any], place: Place) -> Place:
    """The place with what an object says of its frame, time and picture."""
    images = _images(node) or place.images
    frame, place = _frame(node, replace(place, images=images)), place
    size = _size(node)
    if images and node.get("image_id") in images:
        image = images[node["image_id"]]
        frame, size = _image_frame(image, place.where), _size(image)
    seconds = _first_number(node, _SECONDS)
    if seconds is None and (milliseconds := _first_number(node, _MILLISECONDS)) is not None:
        seconds = milliseconds / 1000.0
    clock = _first_number(node, CLOCKS)
    return Place(
        place.where,
        place.position,
        place.frame if frame is None else frame,
        place.t_s if seconds is None else seconds,
        place.clock if clock is None else clock,
        *(size or (place.width_px, place.height_px)),
        place.track,
        images,
        place.rate_hz,
    )


def _images(node: Mapping[str, Any]) -> dict[Any, Mapping[str, Any]] | None:
    images = node.get("images")
    if not isinstance(images, list) or "annotations" not in node:
        return None
    return {each["id"]: each for each in images if isinstance(each, Mapping) and "id" in each}


def _image_frame(image: Mapping[str, Any], where: str) -> int:
    """The frame number of a COCO image: its own, else that of its file's name, else its id."""
    own = _first_number(image, _FRAMES[:7])
    if own is not None:
        return int(own)
    name = str(image.get("file_name", ""))
    return frame_number(name if _LAST_NUMBER.search(name) else str(image["id"]), where)


def _frame(node: Mapping[str, Any], place: Place) -> int | None:
    for key in _FRAMES:
        value = node.get(key)
        if value is None or isinstance(value, (list, Mapping)):
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return int(value)
        return frame_number(str(value), place.where, key)
    return None


def frame_number(name: str, where: str, key: str = "the frame's name") -> int:
    """The last number in the name of a picture or a file.

    Raises:
        DataError: there is none.
    """
    plain = _ROBOFLOW.sub("", re.split(r"[/\\]", name)[-1])
    found = _LAST_NUMBER.search(_SUFFIX.sub("", plain)) or _LAST_NUMBER.search(plain)
    if found is None:
        raise DataError(f"{where}: {key} is {name[:40]!r}; it must end in the frame number")
    return int(found[1])


def _size(node: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = _first_number(node, _WIDTHS), _first_number(node, _HEIGHTS)
    if width and height:
        return round(width), round(height)
    for keys, turned in ((_SIZES, False), (_SHAPES, True)):
        pair: list[Any] = next((node[key] for key in keys if isinstance(node.get(key), list)), [])
        if len(pair) >= 2 and all(isinstance(each, (int, float)) for each in pair[:2]):
            first, second = round(pair[0]), round(pair[1])
            return (second, first) if turned else (first, second)
    return None


def _first_number(node: Mapping[str, Any], keys: Sequence[str]) -> float | None:
    for key in keys:
        value = node.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None


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
        name = track_name(idx)
        return None if name in ("-1", "") else name
    return None
