"""Which pose estimator's format a file or folder has, by names and the beginning of one file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from edgehuman.placing import why
from edgehuman.preprocess.skeleton.formats.arrays import is_numbers
from edgehuman.preprocess.skeleton.formats.content import beginning, holds, text_of
from edgehuman.preprocess.skeleton.formats.table import TABLES, is_table
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
    ("pose_keypoints", "openpose"),
    *((key, "kinect") for key in ("colorX", "cameraX", "TrackingState", "trackingState")),
    ("bodies", "alphapose"),
    ("instance_info", "mmpose"),
    ("keypoint_scores", "mmpose"),
    ("instances", "mmpose"),
    ("keypoints_with_scores", "movenet"),
    ("keypoints_xy", "ultralytics"),
    ("pose_results", "mmpose"),
    ("normalizedLandmarks", "mediapipe"),
    ("normalized_landmarks", "mediapipe"),
    ("pose_landmarks", "mediapipe"),
    ("poseLandmarks", "mediapipe"),
    ("landmarks", "mediapipe"),
    ("joints", "joints"),
)
# A list of strings of JSON, and frames without anybody before the first with somebody.
_QUOTED = re.compile(r'\[\s*"\s*[\[{]')
_NOTHING_FIRST = re.compile(r"(?<=^\[)\s*((null|\[\s*\])\s*,\s*)+")
_BEGINNING = 65_536
# How a line ends within an object over several lines.
_UNFINISHED = ("{", "[", ",", ":")
_SUFFIXES = (".json", ".jsonl", ".ndjson")
# First bytes of files that hold poses in a form that is not read -> what is said of them.
_FOREIGN = {
    b"\x1f\x8b": "it is gzip; unpack it first, e.g. with `gzip -dk`",
    b"PK\x03\x04": "it is a zip archive, or npz of NumPy; unpack it, or write its joints as "
    "poses.jsonl",
    b"\x93NUMPY": "it is an array of NumPy; write its joints as poses.jsonl, or as JSON (frames, "
    "joints, 3)",
    b"\x89HDF\r\n": "it is HDF5, as DeepLabCut and SLEAP write it; export a CSV with one line of "
    "names, such as frame,nose_x,nose_y,nose_likelihood",
    b"\x80\x04": "it is a pickle of Python; write its joints as poses.jsonl",
}
_FEWEST_CELLS = 34
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
        if any(is_yolo(file) for file in islice(visible(place.glob("*.txt")), 20)):
            return "yolo"
    first = next(iter(sorted(islice(visible(path.glob("*.json")), 50))), None)
    found = None if first is None else _of_json(first)
    return None if found in (LINES, "coco_keypoints") else found


def _of_json(path: Path) -> str | None:
    return _of_text(beginning(path), partial(holds, path))


def format_of(content: bytes) -> str | None:
    """The format of JSON from a pipe, as `find_format` of a file."""
    text = text_of(content[:_BEGINNING])
    return _of_text(text, lambda word: word in text_of(content))


def is_document(beginning: bytes) -> bool:
    """Whether JSON from a pipe must be read to its end before its poses are known: a list, an
    object over several lines, or another format than lines of our own.
    """
    text = text_of(beginning)
    if not text.startswith(("{", "[")):
        return False
    format = format_of(beginning)
    if text.startswith("[") or format not in (None, LINES, "joints"):
        return True
    return format == "joints" and text.partition("\n")[0].rstrip().endswith(_UNFINISHED)


def _of_text(text: str, holds: Callable[[str], bool]) -> str | None:
    """The format of JSON by its beginning.

    Args:
        holds: whether a word occurs anywhere in it.
    """
    if not text.startswith(("{", "[")):
        return None
    if _QUOTED.match(text):
        text = _QUOTED.sub("[[", text.replace('\\"', '"'), count=1)
    text = _NOTHING_FIRST.sub("", text)
    if text.strip() == "[]":
        return "joints"
    if is_numbers(text):
        return "movenet" if re.match(r"\[\s*\[\s*\[", text) else None
    if re.match(r'\[\s*(\[\s*){1,2}\{\s*"(x|y|z|visibility)"', text):
        return "mediapipe"
    first = text.partition("\n")[0]
    if text.startswith("{") and '"joints"' in first and '"t"' in first:
        return LINES
    keys = set(re.findall(r'"(\w+)"\s*:', text))
    if "annotations" in keys or {"images", "categories"} & keys:
        return "coco_keypoints" if holds('"keypoints"') else None
    for key, name in _KEYS:
        if key in keys:
            return name
    if "keypoints" not in keys:
        return None
    if "image_id" in keys:
        strings = '"idx"' in text or re.search(r'"image_id"\s*:\s*"', text) is not None
        return "alphapose" if strings else "coco_keypoints"
    return "rtmlib" if "scores" in keys else "ultralytics"


def visible(files: Iterable[Path]) -> Iterator[Path]:
    """The files without hidden ones, such as macOS's ._NAME on a stick."""
    return (file for file in files if not file.name.startswith("."))


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


def unknown_said(path: Path) -> str:
    """What is said of poses in another format, after the path."""
    known = ", ".join(FORMATS)
    return foreign_said(path) or (
        f"the form of these poses is not known. Known are poses.jsonl, and the files of {known} "
        "(docs/files.md shows each)"
    )


def foreign_said(path: Path) -> str:
    """Why a file of a known kind is not read, and what to do; empty for others."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        return f"cannot be read ({why(error)}); copy it again"
    for magic, said in _FOREIGN.items():
        if head.startswith(magic):
            return said
    if path.suffix.lower() not in TABLES:
        return ""
    first = beginning(path, 4096).partition("\n")[0]
    cells = [cell.strip().strip('"') for cell in re.split("[,;\t]", first)]
    if cells[0].lower() in ("scorer", "bodyparts"):
        return (
            "it is a table of DeepLabCut, whose header has several lines; write one line of names "
            "instead, such as frame,nose_x,nose_y,nose_likelihood"
        )
    if len(cells) > _FEWEST_CELLS and all(re.match(r"[-+.]?\d", cell) for cell in cells if cell):
        return (
            "its first line holds numbers; put a line of names above it, such as "
            "frame,nose_x,nose_y,nose_visibility or frame,x0,y0,v0"
        )
    return ""
