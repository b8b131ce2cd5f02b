"""Small trees of poses in the published layouts, made of simulated walks.

Each maker returns the records (T, 18, 3) that its reader should give, by name of the sequence.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path

from edgehuman.geometry import COCO_17, OPENPOSE_18
from edgehuman.records import Float32
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import simulate_skeletons

FRAMES = 50
_TO_COCO = [OPENPOSE_18.index(name) for name in COCO_17]


def walks(count: int, size_px: tuple[int, int] = (1080, 1920)) -> Float32:
    """(N, 50, 18, 3): walks whose joints are all seen, so that nothing is lost on the way."""
    clear, cameras = Detector(dropped=0.0, swapped=0.0), Cameras(size_px=size_px)
    return simulate_skeletons(
        count, 1, 7, frames=FRAMES, cameras=cameras, detector=clear
    ).skeleton_NTJ3


def coco(walk: Float32) -> Float32:
    """The walk in COCO-17: the neck is lost, and comes back as the mean of the shoulders."""
    return walk[:, _TO_COCO]


def pickled(
    root: Path, names: Sequence[str], joints: int = 17, size_px: tuple[int, int] = (240, 320)
) -> dict[str, Float32]:
    """ROOT/NAME/last.pkl for each name of three folders."""
    made = dict(zip(names, walks(len(names), size_px), strict=True))
    for name, walk in made.items():
        folder = root / name
        folder.mkdir(parents=True)
        array = coco(walk) if joints == 17 else walk
        (folder / f"{folder.name}.pkl").write_bytes(pickle.dumps(array))
    return made


def table(path: Path, names: Sequence[str], sized: bool, pattern: str) -> dict[str, Float32]:
    """A CSV of frames; `pattern` makes a frame's file name of its number."""
    size_px = (1080, 1920) if sized else (240, 320)
    made = dict(zip(names, walks(len(names), size_px), strict=True))
    size = ["identity", "image_width", "image_height"] if sized else []
    columns = [f"{joint}_{axis}" for joint in COCO_17 for axis in ("x", "y", "conf")]
    lines = [",".join(["image_name", *size, *columns])]
    for name, walk in made.items():
        for number, joints in enumerate(coco(walk), start=1):
            values = ",".join(f"{value:.7g}" for value in joints.ravel())
            middle = ",1,1920,1080" if sized else ""
            lines.append(f"{name}/{pattern.format(number)}{middle},{values}")
    path.write_text("\n".join(lines) + "\n")
    return made


def text_frames(folder: Path, walk: Float32, pattern: str) -> None:
    """One text file a frame: height, width, 17 joints."""
    folder.mkdir(parents=True)
    for number, joints in enumerate(coco(walk), start=1):
        values = ",".join(f"{value:.7g}" for value in [1080.0, 1920.0, *joints.ravel()])
        (folder / pattern.format(number)).write_text(values + "\n")


def alphapose(path: Path, tracks: dict[str, Float32], first: int = 0) -> None:
    """AlphaPose's list of people; `idx` is the track."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "image_id": f"{number + first}.jpg",
            "category_id": 1,
            "keypoints": coco(walk)[number].ravel().astype(float).tolist(),
            "score": 2.9,
            "idx": int(track),
        }
        for number in range(FRAMES)
        for track, walk in tracks.items()
    ]
    path.write_text(json.dumps(rows))


def openpose(folder: Path, walk: Float32, person_id: int = -1) -> None:
    """OpenPose's file per frame."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, joints in enumerate(walk):
        person = {
            "person_id": [person_id],
            "pose_keypoints_2d": joints.ravel().astype(float).tolist(),
        }
        name = f"walk_{number:012d}_keypoints.json"
        (folder / name).write_text(json.dumps({"version": 1.3, "people": [person]}))
