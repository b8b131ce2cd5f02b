"""Which pose estimator's format a file or folder has, by names and the beginning of one file."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from edgehuman.preprocess.skeleton.formats.arrays import is_numbers
from edgehuman.preprocess.skeleton.formats.content import beginning, holds
from edgehuman.preprocess.skeleton.formats.table import is_table
from edgehuman.preprocess.skeleton.formats.yolo import is_yolo

# Name of a format -> the files that identify it.
FORMATS = {
    "openpose": "a folder (or folders) of NAME_000000000012_keypoints.json, one per frame",
    "alphapose": "alphapose-results.json, or a folder of such files: a list of objects with "
    "image_id, keypoints and, for several people, idx; also its forms cmu and open",
    "coco_keypoints": "a COCO file of images and annotations with keypoints, or a list of results",
    "ultralytics": "results.json of YOLO: objects with keypoints {x, y, visible} and track_id",
    "yolo": "a folder of YOLO's NAME_12.txt: class, box, joints and perhaps a track id per line",
    "mmpose": "results of mmpose: instance_info, or instances with keypoints, keypoint_scores",
    "rtmlib": "a list of frames with keypoints and scores, as rtmlib's example writes them",
    "mediapipe": "33 landmarks per frame, in JSON or CSV",
    "movenet": "nested lists (frames, 17, 3) of y, x, score",
    "kinect": "bodies with 25 joints of Kinect v2, as positions in the picture",
    "joints": "a JSON list of objects with t (or frame), id and joints",
}
LINES = "pose_lines"
OPENPOSE = "*[0-9]_keypoints.json"
# Words that tell the formats of JSON apart, the first that occurs; each is a key.
_KEYS = (
    ("pose_keypoints_2d", "openpose"),
    *((key, "kinect") for key in ("colorX", "cameraX", "TrackingState", "trackingState")),
    ("bodies", "alphapose"),
    ("instance_info", "mmpose"),
    ("keypoint_scores", "mmpose"),
    ("instances", "mmpose"),
    ("pose_landmarks", "mediapipe"),
    ("poseLandmarks", "mediapipe"),
    ("landmarks", "mediapipe"),
    ("joints", "joints"),
)
_SUFFIXES = (".json", ".jsonl", ".ndjson")
POSE_WORDS = ("keypoint", "landmark", "joint", "skeleton", "pose")


def find_format(path: Path) -> str | None:
    """The format of a file or folder: a name in FORMATS, LINES for lines of our own, or None. Looks
    at names, and at the beginning of one file.
    """
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        return None
    if is_yolo(path):
        return "yolo"
    if is_table(path):
        return "mediapipe"
    return _of_json(path) if path.suffix.lower() in _SUFFIXES else None


def _of_folder(path: Path) -> str | None:
    for place in (path, *subfolders(path)[:1]):
        if next(place.glob(OPENPOSE), None) is not None:
            return "openpose"
    labels = path / "labels"
    for place in (path, labels):
        if any(is_yolo(file) for file in islice(place.glob("*.txt"), 3)):
            return "yolo"
    first = next(iter(sorted(islice(path.glob("*.json"), 50))), None)
    found = None if first is None else _of_json(first)
    return None if found in (LINES, "coco_keypoints") else found


def _of_json(path: Path) -> str | None:
    text = beginning(path)
    if not text.startswith(("{", "[")):
        return None
    if text.strip() == "[]":
        return "joints"
    if is_numbers(text):
        return "movenet" if re.match(r"\[\s*\[\s*\[", text) else None
    if re.match(r'\[\s*\[\s*\{\s*"(x|y|z|visibility)"', text):
        return "mediapipe"
    first = text.partition("\n")[0]
    if text.startswith("{") and '"joints"' in first and '"t"' in first:
        return LINES
    keys = set(re.findall(r'"(\w+)"\s*:', text))
    if "annotations" in keys or {"images", "categories"} & keys:
        return "coco_keypoints" if holds(path, '"keypoints"') else None
    for key, name in _KEYS:
        if key in keys:
            return name
    if "keypoints" not in keys:
        return None
    if "image_id" in keys:
        strings = '"idx"' in text or re.search(r'"image_id"\s*:\s*"', text) is not None
        return "alphapose" if strings else "coco_keypoints"
    return "rtmlib" if "scores" in keys else "ultralytics"


def subfolders(path: Path) -> list[Path]:
    """Sorted subfolders, without hidden ones; none if the folder cannot be read."""
    try:
        found = [child for child in path.iterdir() if child.is_dir()]
    except PermissionError:
        return []
    return sorted(child for child in found if not child.name.startswith((".", "__")))


def forms() -> str:
    """The known formats, for messages."""
    return "; ".join(f"{name}: {what}" for name, what in FORMATS.items())


def unknown_said() -> str:
    """What is said of poses in another format."""
    return f"the form of these poses is not known. Known are poses.jsonl, and {forms()}"
