"""`edgehuman data convert` for poses: the files of a pose estimator as one poses.jsonl.

edgehuman data convert json --rate-hz 30 --size 1920x1080 --out poses.jsonl
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from tyro.conf import Positional

from edgehuman.data.layout import recognised, require_there
from edgehuman.data.skeleton.load import layouts
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_apart, require_usable_file, writing_lines
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.preprocess.skeleton.formats.kind import find_format, unknown_said
from edgehuman.preprocess.skeleton.formats.read import (
    PoseFile,
    lines_of,
    read_poses,
    remarks_of,
)
from edgehuman.preprocess.skeleton.line import format_line
from edgehuman.preprocess.skeleton.screen import joint_mistakes
from edgehuman.preprocess.skeleton.walk import RATE_HZ


@dataclass(frozen=True, slots=True)
class ConvertConfig:
    """Write the poses of an estimator as lines of JSON, which every command takes.

    Attributes:
        path: a file or folder of OpenPose, AlphaPose, YOLO, MediaPipe, MoveNet, mmpose, rtmlib,
            COCO or Kinect, or lines of your own.
        out: the poses.jsonl to write.
        kind: what to convert.
        rate_hz: frames per second, if the files have frame numbers (default: 24, and it is said).
        size: of the pictures, WIDTHxHEIGHT, if the files do not state it.
        layout: the order of the joints, if the files do not name it and their number does not tell
            it.
    """

    path: Positional[Path]
    out: Path
    kind: Literal["skeletons"] = "skeletons"
    rate_hz: float | None = None
    size: str | None = None
    layout: str | None = None


def convert(config: ConvertConfig) -> Outcome:
    """`edgehuman data convert`: one line per person and frame, in pixels, with ids.

    Raises:
        UsageError: --out is an input, is not a .jsonl, or cannot be written; a wrong flag.
        DataError: no known format, or poses that cannot be read (see `read_poses`).
    """
    if config.out.suffix != ".jsonl":
        raise UsageError(f"--out is {config.out}; give a file that ends in .jsonl")
    declared = declare(config.rate_hz, config.size, config.layout)
    require_there(config.path)
    require_apart({"the poses": config.path, "--out": config.out})
    if config.out.exists() and config.path.resolve() in config.out.resolve().parents:
        raise UsageError(f"--out {config.out} is one of the input's files; choose another path")
    require_usable_file(config.out, f"--out {config.out}")
    format = find_format(config.path)
    if format is None:
        raise DataError(_said(config.path))
    files = read_poses(config.path, declared, format)
    lines = lines_of(files)
    with writing_lines(config.out, f"--out {config.out}") as file:
        file.writelines(format_line(line) + "\n" for line in lines)
    tracks = sum(len(file.tracks) for file in files)
    remarks = [*remarks_of(files), *_mistakes(files)]
    data = {
        "format": format,
        "out": str(config.out),
        "tracks": tracks,
        "lines": len(lines),
        "remarks": remarks,
    }
    text = f"{config.out}: {len(lines)} lines of {tracks} tracks, from {format}"
    return Outcome(data, "\n".join([text, *(f"  note: {remark}" for remark in remarks)]))


def _mistakes(files: Sequence[PoseFile]) -> list[str]:
    """What `edgehuman data check` will refuse in the joints of the tracks, in one line or none."""
    found: dict[str, str] = {}
    tracks = [(name, lines) for file in files for name, lines in file.tracks.items()]
    for name, lines in tracks:
        stamp_s_T = np.array([line.t_s for line in lines])
        step_s = float(np.median(np.diff(stamp_s_T))) if len(lines) > 1 else 0.0
        rate_hz = 1.0 / step_s if step_s > 0.0 else RATE_HZ
        wrong = joint_mistakes(np.stack([line.joints_J3 for line in lines]), rate_hz)
        found |= {name: wrong[0]} if wrong else {}
    if not found:
        return []
    name, said = next(iter(found.items()))
    who = f"track {name}" if len(found) == 1 else f"{len(found)} tracks, such as {name}"
    return [f"`edgehuman data check` refuses it: {who}: {said}"]


def _said(path: Path) -> str:
    """Why a path is not converted: it is a dataset that needs no conversion, or not known."""
    found = next(recognised(path, layouts()), None)
    if found is None:
        return f"{path}: {unknown_said(path)}"
    return (
        f"{path} is {found[0].dataset} and needs no conversion: every command takes it as it is, "
        f"such as `edgehuman data check {path}`"
    )
