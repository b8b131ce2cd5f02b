"""Measured walks on other bodies, before simulated cameras: real motion, seen as detectors see it.

    who = sample_build(seed, person)
    skeleton_TJ3 = film(joints_TK3, names, who, rate_hz, seed, person, take)

A body is the measured one with every bone longer or shorter, the same for both sides; its steps
grow with its legs. What a camera and a detector make of it are those of the simulated walkers.

Axes: T frame, K joint of the measurement, J joint of OpenPose-18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float32, Float64
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.gait.pinhole import NUM_NORMALS, NUM_UNIFORMS, Cameras, watch
from edgehuman.simulate.skeleton.detector import Detector, detect, num_normals

# Standard deviation of the logarithm of each part's length.
_BUILD: Mapping[str, float] = {
    "trunk": 0.06, "neck": 0.08, "shoulder": 0.09, "hip": 0.1, "upper arm": 0.05, "forearm": 0.05,
    "thigh": 0.05, "shank": 0.05,
}  # fmt: skip
_ALL = 0.06
# Child, parent, part; parents come first. The root is the middle of the hips.
_TREE = (
    ("neck", "root", "trunk"), ("head", "neck", "neck"),
    *((f"{side}_{child}", parent if parent in ("neck", "root") else f"{side}_{parent}", part)
      for side in "rl" for child, parent, part in (
          ("shoulder", "neck", "shoulder"), ("elbow", "shoulder", "upper arm"),
          ("wrist", "elbow", "forearm"), ("hip", "root", "hip"), ("knee", "hip", "thigh"),
          ("ankle", "knee", "shank"))),
)  # fmt: skip
NAMES = tuple(child for child, _, _ in _TREE)
"""Joints that a measurement needs; `head` is the middle of the head."""
# Places on the head, metres ahead, left and up of its middle.
_FACE: Mapping[str, tuple[float, float, float]] = {
    "nose": (0.11, 0.0, -0.02), "r_eye": (0.09, -0.03, 0.02), "l_eye": (0.09, 0.03, 0.02),
    "r_ear": (0.0, -0.075, 0.0), "l_ear": (0.0, 0.075, 0.0),
}  # fmt: skip
_LEAST_WAY_M = 1.0
# The head's and the trunk's direction are means over this many frames.
_CALM = 15
_CAMERAS, _DETECTOR = Cameras(), Detector()


@dataclass(frozen=True, slots=True)
class Build:
    """A body.

    Attributes:
        factor: of the length of each part.
    """

    factor: Mapping[str, float]

    @property
    def leg(self) -> float:
        """Of the whole leg."""
        return 0.5 * (self.factor["thigh"] + self.factor["shank"])


def sample_build(seed: int, person: int) -> Build:
    """Sample the body of a person; the same on every machine."""
    normal = generator(seed, 0xB0D, person).standard_normal(len(_BUILD) + 1)
    common = float(np.exp(_ALL * normal[0]))
    each = np.exp(normal[1:] * np.array([*_BUILD.values()])).tolist()
    return Build({part: common * factor for part, factor in zip(_BUILD, each, strict=True)})


def film(
    joints_TK3: Float64,
    names: Sequence[str],
    build: Build,
    rate_hz: float,
    seed: int,
    person: int,
    take: int,
    cameras: Cameras = _CAMERAS,
    detector: Detector = _DETECTOR,
) -> tuple[Float32, float]:
    """Return the skeletons (T, 18, 3) that a detector finds, and the camera's azimuth in degrees.

    Args:
        joints_TK3: metres, y up; at least `NAMES` and the direction of a walk.
        seed, person, take: of the camera and the detector.

    Raises:
        DataError: a joint is missing, or the walk is shorter than a metre.
    """
    missing = sorted(set(NAMES) - set(names))
    if missing:
        raise DataError(f"found no {', '.join(missing)}; a measured walk needs {', '.join(NAMES)}")
    at = {name: joints_TK3[:, names.index(name)].astype(np.float64) for name in NAMES}
    at = _along_x(at)
    at = _rebuilt(at, build)
    ahead_T3, left_T3 = _directions(at)
    for name, (forward, aside, up) in _FACE.items():
        turned_T3 = forward * ahead_T3 + aside * left_T3 + np.array([0.0, 0.0, up])
        at[name] = at["head"] + turned_T3
    rng = generator(seed, 0xF11, person, take)
    uniform_1U, normal_1Z = rng.random((1, NUM_UNIFORMS)), rng.standard_normal((1, NUM_NORMALS))
    view_deg = float(rng.uniform(0.0, 360.0))
    joints_J31T = np.stack([at[name].T for name in OPENPOSE_18])[:, :, None]
    ahead_31T = ahead_T3.T[:, None]
    seen = watch(joints_J31T, ahead_31T, np.array([view_deg]), uniform_1U, normal_1Z, cameras)
    noise_1Z = rng.standard_normal((1, num_normals(len(joints_TK3), rate_hz)), np.float32)
    number_1, coat_1 = np.array([take]), np.zeros(1, np.bool_)
    found = detect(seen, coat_1, noise_1Z, rate_hz, detector, number_1)
    return found[0], view_deg


def _along_x(at: Mapping[str, Float64]) -> dict[str, Float64]:
    """Turn a walk so that it goes along x through the origin, y to the left and z up."""
    root_T3 = 0.5 * (at["r_hip"] + at["l_hip"])
    way_2 = (root_T3[-1] - root_T3[0])[[0, 2]]
    length = float(np.hypot(*way_2))
    if length < _LEAST_WAY_M:
        raise DataError(f"the walk is {length:.2f} m long; it must be at least {_LEAST_WAY_M:g} m")
    x, z = (way_2 / length).tolist()
    # Seen from above with y up, left of (x, z) is (z, -x).
    turn_33 = np.array([[x, 0.0, z], [z, 0.0, -x], [0.0, 1.0, 0.0]])
    middle_3 = 0.5 * (root_T3[0] + root_T3[-1])
    ground = min(float(at[f"{side}_ankle"][:, 1].min()) for side in "rl") - 0.08
    middle_3[1] = ground
    return {name: (joint_T3 - middle_3) @ turn_33.T for name, joint_T3 in at.items()}


def _rebuilt(at: Mapping[str, Float64], build: Build) -> dict[str, Float64]:
    """Give the walk another body."""
    old = {**at, "root": 0.5 * (at["r_hip"] + at["l_hip"])}
    made = {"root": build.leg * old["root"]}
    for child, parent, part in _TREE:
        made[child] = made[parent] + build.factor[part] * (old[child] - old[parent])
    return made


def _directions(at: Mapping[str, Float64]) -> tuple[Float64, Float64]:
    """Unit vectors ahead and to the left of the trunk, (T, 3), calm."""
    across_T3 = (at["l_shoulder"] - at["r_shoulder"]) + (at["l_hip"] - at["r_hip"])
    across_T3[:, 2] = 0.0
    window = np.ones(_CALM) / _CALM
    padded = np.pad(across_T3, ((_CALM // 2, _CALM // 2), (0, 0)), mode="edge")
    calm_T3 = np.stack([np.convolve(padded[:, axis], window, "valid") for axis in range(3)], axis=1)
    left_T3 = calm_T3 / np.maximum(np.linalg.norm(calm_T3, axis=1, keepdims=True), 1e-9)
    ahead_T3 = np.cross(left_T3, np.array([0.0, 0.0, 1.0]))
    return ahead_T3, left_T3
