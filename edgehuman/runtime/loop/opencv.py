"""What the installed OpenCV can read cameras with: FFmpeg, GStreamer, V4L2."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from edgehuman.errors import MissingDependencyError
from edgehuman.install import code_line
from edgehuman.runtime import machine

# Name in the report -> in OpenCV's build information.
_LINES: Mapping[str, str] = {"ffmpeg": "FFMPEG", "gstreamer": "GStreamer", "v4l2": "v4l/v4l2"}
_ASK = "import cv2; print(cv2.getBuildInformation())"
_PATIENCE_S = 30.0
NEEDED_FOR: Mapping[str, str] = {
    "ffmpeg": "rtsp://, http:// and most videos",
    "gstreamer": "csi:// and gst:",
    "v4l2": "/dev/video0 and camera:0",
}
HOW: Mapping[str, str] = {
    "ffmpeg": "pip install --force-reinstall opencv-python, whose wheels have it",
    "gstreamer": (
        "pip's wheels of OpenCV are built without it: take the system's (Debian, Ubuntu: sudo "
        "apt-get install python3-opencv; JetPack: its own, or NVIDIA's container) in an "
        "environment made with --system-site-packages, and pip uninstall opencv-python there"
    ),
    "v4l2": "pip install --force-reinstall opencv-python, whose wheels for Linux have it",
}
PERMIT = "run `sudo usermod -aG video $USER` and log in again"


def backends_of(information: str) -> dict[str, bool]:
    """What `cv2.getBuildInformation` says of each: {"ffmpeg": True, "gstreamer": False, ...}."""
    found = {}
    for name, line in _LINES.items():
        said = re.search(rf"^\s*{re.escape(line)}:\s*(\w+)", information, re.MULTILINE)
        found[name] = said is not None and said[1].upper() == "YES"
    return found


@functools.cache
def backends() -> dict[str, bool] | None:
    """What the installed OpenCV has; None where it cannot be asked. It is asked in a process of its
    own, as it takes long to import.
    """
    try:
        done = subprocess.run(
            code_line(_ASK), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return backends_of(done.stdout) if done.returncode == 0 else None


def require_gstreamer(source: str) -> None:
    """Raises MissingDependencyError for a source that needs GStreamer if OpenCV has none."""
    found = backends()
    if found is not None and not found["gstreamer"]:
        raise MissingDependencyError(
            f"source {source} needs GStreamer, which this OpenCV has not; {HOW['gstreamer']}"
        )


def readable(found: Mapping[str, bool] | None) -> str:
    """What this OpenCV reads, in words."""
    if found is None:
        return "unknown: OpenCV cannot be imported"
    return "; ".join(
        f"{NEEDED_FOR[name]} ({name})" if there else f"no {NEEDED_FOR[name]} (no {name})"
        for name, there in found.items()
    )


def camera_advice(root: Path = machine.ROOT) -> list[str]:
    """What to do so that every kind of camera can be read."""
    lines = [
        f"no {name} in OpenCV, so no {NEEDED_FOR[name]}: {HOW[name]}"
        for name, there in (backends() or {}).items()
        if not there and (name != "v4l2" or sys.platform == "linux")
    ]
    denied = [str(path) for path in machine.camera_paths(root) if not may_open(path)]
    if denied:
        lines.append(f"no permission to open {', '.join(denied)}: {PERMIT}")
    return lines


def may_open(path: str | Path) -> bool:
    """Whether this user may open a camera's device."""
    return os.access(path, os.R_OK | os.W_OK)
