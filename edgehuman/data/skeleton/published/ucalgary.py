"""UCalgary gait: Kinect v2 walks in metres, projected by a pin-hole camera at the sensor.

The camera is the sensor's own depth camera: focal length 365 px, 512x424 pixels, principal point
in the middle. Joints outside its picture or nearer than 0.3 m were guessed by the sensor and are
treated as absent (confidence 0). All others have confidence 1, as the file has none.

Kinect's joints differ from OpenPose's: the middle of the head is used for the nose; eyes and ears
are absent; the neck is the mean of the shoulders, as everywhere here. Spine and feet are dropped.
Kinect's x grows to the sensor's left and y upwards: both are flipped for the picture.

People walk towards the camera for 4 s at 30 Hz. Duplicate sequences are left out. Gallery: run 1;
probes: the other normal runs; simulated limps (AR, AL) and others have no role.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.containers import bounds, field_names, fields
from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float32

_FIELDS = {
    "x": "f TJ3", "joints": "s J", "length": "i N", "subject": "i N", "seq": "i N", "gait": "s N",
    "duplicate": "b N",
}  # fmt: skip
RATE_HZ = 30.0
FOCAL_PX = 365.0
WIDTH_PX, HEIGHT_PX = 512, 424
_NEAREST_M = 0.3

_KINECT = {
    "nose": "head",
    **{
        f"{side}_{name}": f"{name}_{side}"
        for side in "lr"
        for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    },
}


def project(joints_SK3: NDArray[Any], names: list[str]) -> Float32:
    """Project Kinect joints in metres to OpenPose-18 in pixels, float32 (S, 18, 3)."""
    made = np.zeros((len(joints_SK3), len(OPENPOSE_18), 3), np.float32)
    x, y, z = np.moveaxis(joints_SK3.astype(np.float64), -1, 0)
    seen = z >= _NEAREST_M
    ahead_m = np.where(seen, z, 1.0)
    u = 0.5 * WIDTH_PX - FOCAL_PX * x / ahead_m
    v = 0.5 * HEIGHT_PX - FOCAL_PX * y / ahead_m
    seen &= (u >= 0.0) & (u <= WIDTH_PX) & (v >= 0.0) & (v <= HEIGHT_PX)
    for name, kinect in _KINECT.items():
        column = names.index(kinect)
        joint = np.stack([u[:, column], v[:, column], np.ones(len(u))], axis=-1)
        made[:, OPENPOSE_18.index(name)] = np.where(seen[:, column, None], joint, 0.0)
    right, left = (made[:, OPENPOSE_18.index(f"{side}_shoulder")] for side in "rl")
    both = (right[:, 2] > 0.0) & (left[:, 2] > 0.0)
    made[:, OPENPOSE_18.index("neck")] = np.where(both[:, None], 0.5 * (right + left), 0.0)
    return made


def _read(path: Path) -> Iterator[Walk]:
    z = fields(path, _FIELDS)
    names = [str(name) for name in z["joints"]]
    missing = sorted(set(_KINECT.values()) - set(names))
    if missing or z["x"].ndim != 3 or z["x"].shape[1:] != (len(names), 3):
        raise DataError(
            f"{path}: joints have shape {z['x'].shape}, missing: {', '.join(missing) or 'none'}; "
            "they must be (frames, joints, 3) in metres. Copy the file again"
        )
    edges = bounds(path, z["length"], len(z["x"]))
    for i in np.flatnonzero(~z["duplicate"]).tolist():
        who, run, gait = int(z["subject"][i]), int(z["seq"][i]), str(z["gait"][i])
        role = "" if gait != "N" else "gallery" if run == 1 else "probe"
        yield Walk(
            project(z["x"][edges[i] : edges[i + 1]], names), f"ucalgary:{who}",
            f"ucalgary:{who}-{run}", "000", gait, role, RATE_HZ,
            height_px=HEIGHT_PX, width_px=WIDTH_PX,
        )  # fmt: skip


UCALGARY = Layout(
    "ucalgary_gait",
    f"an .npz file with the fields {', '.join(_FIELDS)}",
    lambda path: field_names(path) >= set(_FIELDS),
    WalkReader(
        _read,
        RATE_HZ,
        f"pin-hole camera of {WIDTH_PX}x{HEIGHT_PX} pixels, focal length {FOCAL_PX:g} px; the "
        "head's middle is used for the nose, eyes and ears are absent; gallery: run 1, "
        "probes: the other normal runs",
    ),
)
