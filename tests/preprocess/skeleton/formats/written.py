"""One simulated walk as every pose estimator writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.geometry import LAYOUTS, OPENPOSE_18
from edgehuman.preprocess.skeleton.walk import to_record
from edgehuman.records import Float32, Float64
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from tests.data.pose_trees import coco

FRAMES = 66
WIDTH, HEIGHT = 1920, 1080


def walk() -> Float32:
    """(66, 18, 3) whose neck is the middle of the shoulders, as every format gives it back."""
    clear = Detector(dropped=0.0, swapped=0.0)
    made = simulate_skeletons(1, 1, 7, frames=FRAMES, rate_hz=30.0, detector=clear)
    return to_record(coco(made.skeleton_NTJ3[0]), "walk")


def in_layout(record: Float32, layout: str) -> Float64:
    """The walk in another layout, (T, J, 3); joints that the walk lacks lie at the nose."""
    places = [OPENPOSE_18.index(name) if name in OPENPOSE_18 else 0 for name in LAYOUTS[layout]]
    made = record[:, places].astype(np.float64).round(4)
    if layout in ("halpe26", "halpe136"):
        made[:, LAYOUTS[layout].index("neck")] = record[:, 1]
    return made


def shares(joints: Float64) -> Float64:
    """The joints as shares of the picture."""
    return joints / (WIDTH, HEIGHT, 1.0)


def _dump(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def openpose(layout: str, folder: Path, record: Float32, scale: bool = False) -> Path:
    place = folder / "openpose"
    place.mkdir()
    joints = in_layout(record, layout)
    for number, frame in enumerate(shares(joints) if scale else joints):
        person = {"person_id": [-1], "pose_keypoints_2d": frame.ravel().tolist()}
        _dump(place / f"a_{number:012d}_keypoints.json", {"version": 1.3, "people": [person]})
    return place


def alphapose(layout: str, folder: Path, record: Float32) -> Path:
    rows = [
        {
            "image_id": f"{number}.jpg",
            "category_id": 1,
            "keypoints": frame.ravel().tolist(),
            "score": 2.9,
            "idx": [[3.0], [3.0]],
        }
        for number, frame in enumerate(in_layout(record, layout))
    ]
    return _dump(folder / "alphapose-results.json", rows)


def alphapose_form(key: str, inner: str, folder: Path, record: Float32) -> Path:
    """AlphaPose's forms cmu and open: an object per picture, in OpenPose's order."""
    made = {
        f"{number}.jpg": {"version": "AlphaPose v0.3", key: [{inner: frame.ravel().tolist()}]}
        for number, frame in enumerate(in_layout(record, "openpose18"))
    }
    return _dump(folder / "alphapose-forvis.json", made)


def mediapipe(key: str, folder: Path, record: Float32) -> Path:
    frames = [
        {"frame": number, key: [{"x": x, "y": y, "z": 0.1, "visibility": c} for x, y, c in body]}
        for number, body in enumerate(shares(in_layout(record, "mediapipe33")).tolist())
    ]
    return _dump(folder / "landmarks.json", frames)


def mediapipe_tasks(folder: Path, record: Float32) -> Path:
    """A list of people per frame, the world's landmarks beside them."""
    frames = [
        {
            "timestamp_ms": number * 1000 / 30,
            "pose_landmarks": [[{"x": x, "y": y, "z": 0.0, "visibility": c} for x, y, c in body]],
            "pose_world_landmarks": [[{"x": 0.1, "y": -0.2, "z": 0.3}] * 33],
        }
        for number, body in enumerate(shares(in_layout(record, "mediapipe33")).tolist())
    ]
    return _dump(folder / "landmarks.json", frames)


def mediapipe_csv(named: bool, folder: Path, record: Float32) -> Path:
    names = LAYOUTS["mediapipe33"]
    if named:
        columns = [f"{name}_{axis}" for name in names for axis in ("x", "y", "z", "visibility")]
    else:
        columns = [f"{axis}{joint}" for joint in range(33) for axis in "xyzv"]
    lines = [",".join(["frame", *columns])]
    for number, body in enumerate(shares(in_layout(record, "mediapipe33"))):
        cells = [f"{value:.7g}" for x, y, c in body for value in (x, y, -0.1, c)]
        lines.append(",".join([str(number), *cells]))
    path = folder / "landmarks.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def mediapipe_long_csv(named: bool, folder: Path, record: Float32) -> Path:
    """A row per joint; with names, in their alphabetic order and numbered by pandas."""
    lines = [",frame,landmark,x,y,z,visibility" if named else "frame,landmark,x,y,z,visibility"]
    for number, body in enumerate(shares(in_layout(record, "mediapipe33"))):
        cells = [f"{x:.7g},{y:.7g},0.1,{c:.7g}" for x, y, c in body]
        if named:
            rows = sorted(zip(LAYOUTS["mediapipe33"], cells, strict=True))
            lines += [f"{len(lines) + k},{number},{a},{b}" for k, (a, b) in enumerate(rows)]
        else:
            lines += [f"{number},{j},{each}" for j, each in enumerate(cells)]
    path = folder / "long.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def named_csv(folder: Path, record: Float32) -> Path:
    """Columns by name in alphabetic order, decimal commas, the header again in the middle."""
    names = sorted(LAYOUTS["coco17"])
    header = ";".join(["frame", *(f"{name}_{axis}" for name in names for axis in ("x", "y", "s"))])
    order = [LAYOUTS["coco17"].index(name) for name in names]
    lines = [header]
    for number, body in enumerate(in_layout(record, "coco17")):
        lines.append(";".join([str(number), *(f"{value:.7g}" for value in body[order].ravel())]))
    path = folder / "landmarks.csv"
    whole = "\r\n".join([*lines[:20], header, *lines[20:]]).replace(".", ",")
    path.write_text(f"\ufeff{whole}\r\n", encoding="utf-8", newline="")
    return path


def numbered_csv(folder: Path, record: Float32) -> Path:
    columns = [f"keypoint_{axis}_{joint}" for joint in range(17) for axis in ("x", "y", "conf")]
    lines = [",".join(["frame", *columns])]
    for number, body in enumerate(in_layout(record, "coco17")):
        lines.append(",".join([str(number), *(f"{value:.7g}" for value in body.ravel())]))
    path = folder / "landmarks.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def named_joints(form: str, folder: Path, record: Float32) -> Path:
    """Joints with names in alphabetic order: an object of joints, or a list with names."""
    frames: list[dict[str, Any]] = []
    for number, body in enumerate(in_layout(record, "coco17").tolist()):
        joints = {
            name.replace("l_", "left_").replace("r_", "right_"): {"x": x, "y": y, "confidence": c}
            for name, (x, y, c) in sorted(zip(LAYOUTS["coco17"], body, strict=True))
        }
        listed = [{"name": name, **joint} for name, joint in joints.items()]
        frames.append({"frame": number, "keypoints": joints if form == "keys" else listed})
    return _dump(folder / "named.json", frames)


def yolo(columns: str, folder: Path, record: Float32) -> Path:
    place = folder / "labels"
    place.mkdir()
    for number, body in enumerate(shares(in_layout(record, "coco17")), start=1):
        joints = body[:, :2] if "xy" in columns else body
        end = (["0.91"] if "conf" in columns else []) + (["4"] if "id" in columns else [])
        cells = ["0", "0.5", "0.5", "0.1", "0.4", *(f"{v:.7g}" for v in joints.ravel()), *end]
        (place / f"walk_{number}.txt").write_text(" ".join(cells) + "\n")
    return place


def _detection(body: Float64) -> dict[str, Any]:
    x, y, c = body.T.tolist()
    return {
        "name": "person",
        "class": 0,
        "confidence": 0.9,
        "box": {"x1": 1, "y1": 2, "x2": 3, "y2": 4},
        "track_id": 1,
        "keypoints": {"x": x, "y": y, "visible": c},
    }


def ultralytics(nested: str, folder: Path, record: Float32) -> Path:
    bodies = [_detection(body) for body in in_layout(record, "coco17")]
    content: Any = bodies
    if nested == "lists":
        content = [[body] for body in bodies]
    if nested == "frames":
        content = [{"frame": k, "detections": [body]} for k, body in enumerate(bodies)]
    return _dump(folder / "results.json", content)


def movenet(shape: str, folder: Path, record: Float32) -> Path:
    bodies = shares(in_layout(record, "coco17"))[..., [1, 0, 2]]
    if shape == "single":
        return _dump(folder / "output.json", bodies[:, None, None].tolist())
    boxes = np.full((len(bodies), 1, 5), 0.8)
    people = np.concatenate([bodies.reshape(len(bodies), 1, -1), boxes], axis=2)
    nobody = np.full((len(bodies), 5, 56), 0.01)
    return _dump(folder / "output.json", np.concatenate([people, nobody], axis=1).tolist())


def mmpose(layout: str, folder: Path, record: Float32) -> Path:
    frames = [
        {
            "frame_id": number,
            "instances": [
                {
                    "keypoints": body[:, :2].tolist(),
                    "keypoint_scores": body[:, 2].tolist(),
                    "bbox": [[1, 2, 3, 4]],
                    "bbox_score": 0.9,
                }
            ],
        }
        for number, body in enumerate(in_layout(record, layout), start=1)
    ]
    info = {"dataset_name": "coco", "num_keypoints": 17}
    return _dump(folder / "walk.json", {"meta_info": info, "instance_info": frames})


def mmpose_pictures(folder: Path, record: Float32) -> Path:
    """A file per picture."""
    place = folder / "predictions"
    place.mkdir()
    for number, body in enumerate(in_layout(record, "coco17")):
        person = {"keypoints": body[:, :2].tolist(), "keypoint_scores": body[:, 2].tolist()}
        _dump(place / f"{number:06d}.json", [person])
    return place


def mmpose_old(folder: Path, record: Float32) -> Path:
    """mmpose 0.x: joints with their scores, boxes with theirs."""
    frames = [
        {"frame": k, "pose_results": [{"keypoints": body.tolist(), "bbox": [1, 2, 3, 4, 0.9]}]}
        for k, body in enumerate(in_layout(record, "coco17"))
    ]
    return _dump(folder / "old.json", frames)


def mediapipe_bare(folder: Path, record: Float32) -> Path:
    """Lists of people's landmarks, and frames without anybody around them."""
    bodies = shares(in_layout(record, "mediapipe33")).tolist()
    frames = [[[{"x": x, "y": y, "visibility": c} for x, y, c in body]] for body in bodies]
    return _dump(folder / "bare.json", [None, [], *frames, []])


def openpose_old(folder: Path, record: Float32) -> Path:
    place = folder / "openpose"
    place.mkdir()
    for number, frame in enumerate(in_layout(record, "openpose18")):
        person = {"pose_keypoints": frame.ravel().tolist(), "face_keypoints": []}
        _dump(place / f"a_{number:012d}_keypoints.json", {"version": 0.1, "people": [person]})
    return place


def ultralytics_results(form: str, folder: Path, record: Float32) -> Path:
    """Other ways to write what `model.predict` gives."""
    frames: list[Any] = []
    for number, body in enumerate(in_layout(record, "coco17")):
        xy, sure = [body[:, :2].tolist()], [body[:, 2].tolist()]
        frames.append(
            {
                "strings": json.dumps([_detection(body)]),
                "columns": {"frame": number, "keypoints_xy": xy, "keypoints_conf": sure},
                "object": {"frame": number, "keypoints": {"xy": xy, "conf": sure}},
                "data": {"frame": number, "keypoints": {"data": [body.tolist()], "xy": xy}},
            }[form]
        )
    return _dump(folder / "results.json", frames)


def movenet_objects(folder: Path, record: Float32) -> Path:
    bodies = shares(in_layout(record, "coco17"))[..., [1, 0, 2]]
    frames = [
        {"frame": k, "keypoints_with_scores": body[None, None].tolist()}
        for k, body in enumerate(bodies)
    ]
    return _dump(folder / "movenet.json", frames)


def rtmlib(folder: Path, record: Float32) -> Path:
    frames = [
        {"frame": k, "keypoints": [body[:, :2].tolist()], "scores": [body[:, 2].tolist()]}
        for k, body in enumerate(in_layout(record, "coco17"))
    ]
    return _dump(folder / "rtm.json", frames)


def rtmlib_lines(folder: Path, record: Float32) -> Path:
    path = rtmlib(folder, record)
    rows = json.loads(path.read_text())
    lines = folder / "rtm.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return lines


def coco_annotations(folder: Path, record: Float32) -> Path:
    bodies = in_layout(record, "coco17")
    images = [
        {"id": 900 + k, "file_name": f"{k:012d}.jpg", "width": WIDTH, "height": HEIGHT}
        for k in range(len(bodies))
    ]
    annotations = [
        {"id": 5000 + k, "image_id": 900 + k, "category_id": 1, "keypoints": body.ravel().tolist()}
        for k, body in enumerate(bodies)
    ]
    content = {"info": {}, "images": images, "annotations": annotations, "categories": []}
    return _dump(folder / "person_keypoints.json", content)


def coco_results(folder: Path, record: Float32) -> Path:
    rows = [
        {"image_id": k, "category_id": 1, "keypoints": body.ravel().tolist(), "score": 0.9}
        for k, body in enumerate(in_layout(record, "coco17"))
    ]
    return _dump(folder / "results.json", rows)


def own_list(folder: Path, record: Float32) -> Path:
    rows = [
        {"t": k / 30, "id": "7", "joints": body.tolist()}
        for k, body in enumerate(in_layout(record, "openpose18"))
    ]
    return _dump(folder / "list.json", rows)


def own_lines(layout: str, folder: Path, record: Float32) -> Path:
    path = folder / "poses.jsonl"
    lines = (
        json.dumps({"t": k / 30, "id": "7", "layout": layout, "joints": body.tolist()})
        for k, body in enumerate(in_layout(record, layout))
    )
    path.write_text("\n".join(lines) + "\n")
    return path


Writer = Callable[[Path, Float32], Path]
# Name -> the format that is found, and what writes it.
WRITERS: Mapping[str, tuple[str, Writer]] = {
    "openpose body25": ("openpose", partial(openpose, "body25")),
    "openpose coco18": ("openpose", partial(openpose, "openpose18")),
    "openpose shares": ("openpose", partial(openpose, "body25", scale=True)),
    "alphapose coco17": ("alphapose", partial(alphapose, "coco17")),
    "alphapose halpe26": ("alphapose", partial(alphapose, "halpe26")),
    "alphapose halpe136": ("alphapose", partial(alphapose, "halpe136")),
    "alphapose wholebody133": ("alphapose", partial(alphapose, "wholebody133")),
    "alphapose cmu": ("alphapose", partial(alphapose_form, "bodies", "joints")),
    "alphapose open": ("openpose", partial(alphapose_form, "people", "pose_keypoints_2d")),
    "mediapipe": ("mediapipe", partial(mediapipe, "landmarks")),
    "mediapipe pose_landmarks": ("mediapipe", partial(mediapipe, "pose_landmarks")),
    "mediapipe tasks": ("mediapipe", mediapipe_tasks),
    "mediapipe csv": ("mediapipe", partial(mediapipe_csv, False)),
    "mediapipe named csv": ("mediapipe", partial(mediapipe_csv, True)),
    "mediapipe long csv": ("mediapipe", partial(mediapipe_long_csv, False)),
    "mediapipe long named csv": ("mediapipe", partial(mediapipe_long_csv, True)),
    "named csv": ("mediapipe", named_csv),
    "numbered csv": ("mediapipe", numbered_csv),
    "named keys": ("ultralytics", partial(named_joints, "keys")),
    "named list": ("ultralytics", partial(named_joints, "list")),
    "yolo": ("yolo", partial(yolo, "")),
    "yolo id": ("yolo", partial(yolo, "id")),
    "yolo conf": ("yolo", partial(yolo, "conf")),
    "yolo conf id": ("yolo", partial(yolo, "conf id")),
    "ultralytics": ("ultralytics", partial(ultralytics, "")),
    "ultralytics lists": ("ultralytics", partial(ultralytics, "lists")),
    "ultralytics frames": ("ultralytics", partial(ultralytics, "frames")),
    "movenet": ("movenet", partial(movenet, "single")),
    "movenet multipose": ("movenet", partial(movenet, "several")),
    "mmpose": ("mmpose", partial(mmpose, "coco17")),
    "mmpose wholebody133": ("mmpose", partial(mmpose, "wholebody133")),
    "mmpose 0.x": ("mmpose", mmpose_old),
    "mediapipe bare": ("mediapipe", mediapipe_bare),
    "openpose 0.x": ("openpose", openpose_old),
    **{
        f"ultralytics {form}": ("ultralytics", partial(ultralytics_results, form))
        for form in ("strings", "columns", "object", "data")
    },
    "movenet objects": ("movenet", movenet_objects),
    "mmpose pictures": ("mmpose", mmpose_pictures),
    "rtmlib": ("rtmlib", rtmlib),
    "rtmlib lines": ("rtmlib", rtmlib_lines),
    "coco annotations": ("coco_keypoints", coco_annotations),
    "coco results": ("coco_keypoints", coco_results),
    "own list": ("joints", own_list),
    "own lines": ("pose_lines", partial(own_lines, "openpose18")),
    "own lines BODY_25": ("pose_lines", partial(own_lines, "body25")),
    "own lines mediapipe": ("pose_lines", partial(own_lines, "mediapipe33")),
}
