"""People who are before a camera and do not walk, and who walk backwards, as skeletons.

    skeleton_NTJ3 = simulate_idle("sits", num_people=20, seed=0)

They stand, sit, are statues (one pose, with the detector's errors), run or walk where they are, as
on a treadmill, or are carried while they stand, as on an escalator. The bodies are those of the
simulated wearers; cameras and the detector are those of the simulated walkers. Who walks backwards
moves as forwards with time reversed (Winter et al., "Backward walking: a simple reversal of forward
walking?", J. Motor Behavior 1989).

Axes: N walk, T frame, J joint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.records import Float32, Float64
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.schedule import Bout
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.body.walker import walk
from edgehuman.simulate.gait.pinhole import NUM_NORMALS, NUM_UNIFORMS, Cameras, watch
from edgehuman.simulate.gait.walks import require_timing, require_whole
from edgehuman.simulate.skeleton.detector import Detector, detect, num_normals

_PELVIS, _HEAD = SKELETON_26.index("pelvis"), SEGMENTS.index("head")
_HIPS = [SKELETON_26.index("l_hip"), SKELETON_26.index("r_hip")]
# An escalator's step: 0.5 m/s, rising by half as much as it goes, or level as a walkway.
_CARRIED_M_S, _RISES = 0.5, (0.0, 0.5)
# The way of somebody on a treadmill, taken out, is a curve of this degree.
_CURVED = 4
# So much of the schedule at both ends is not used, so that nobody starts or stops.
_MARGIN_S = 1.5
_SKELETON = 18
_CAMERAS, _DETECTOR = Cameras(), Detector()


@dataclass(frozen=True, slots=True)
class Idle:
    """What somebody does.

    Attributes:
        activity: of the body, of `simulate.body.activities`.
        held: one pose for the whole time.
        stays: the body's way is taken out.
        carried: the body is moved along.
        reversed: time runs backwards.
    """

    activity: str
    held: bool = False
    stays: bool = False
    carried: bool = False
    reversed: bool = False


KINDS: Mapping[str, Idle] = {
    "stands": Idle("standing"),
    "sits": Idle("sitting"),
    "is a statue": Idle("standing", held=True),
    "runs on the spot": Idle("jogging", stays=True),
    "walks on a treadmill": Idle("walking", stays=True),
    "is carried": Idle("standing", carried=True),
    "walks backwards": Idle("walking", reversed=True),
}


def simulate_idle(
    kind: str,
    num_people: int,
    seed: int,
    frames: int = 96,
    rate_hz: float = 24.0,
    cameras: Cameras = _CAMERAS,
    detector: Detector = _DETECTOR,
) -> Float32:
    """Skeletons (N, T, 18, 3) of people of a kind, each from a camera of its own: x, y in pixels,
    confidence, OpenPose-18.

    Raises:
        UsageError: no such kind, or a value out of range.
    """
    if kind not in KINDS:
        raise UsageError(f"kind is {kind!r}; valid: {', '.join(KINDS)}")
    require_timing(frames, rate_hz)
    require_whole("num_people", num_people, 1, 10**5)
    require_whole("seed", seed, 0, 2**63 - 1)
    bodies = [_body(KINDS[kind], seed, person, frames, rate_hz) for person in range(num_people)]
    joints_J3NT = np.stack([joints_JT3.transpose(0, 2, 1) for joints_JT3, _ in bodies], axis=2)
    ahead_3NT = np.stack([ahead_3T for _, ahead_3T in bodies], axis=1)
    rngs = [generator(seed, 0x1D7E, person) for person in range(num_people)]
    uniform_NU = np.stack([rng.random(NUM_UNIFORMS) for rng in rngs])
    normal_NZ = np.stack([rng.standard_normal(NUM_NORMALS) for rng in rngs])
    view_deg_N = np.array([float(rng.choice(cameras.views_deg)) for rng in rngs])
    view_deg_N += cameras.view_spread_deg * normal_NZ[:, 1]
    seen = watch(joints_J3NT[:_SKELETON], ahead_3NT, view_deg_N, uniform_NU, normal_NZ, cameras)
    count = num_normals(frames, rate_hz)
    noise_NZ = np.stack([rng.standard_normal(count, np.float32) for rng in rngs])
    return detect(seen, np.zeros(num_people, np.bool_), noise_NZ, rate_hz, detector)


def _body(
    idle: Idle, seed: int, person: int, frames: int, rate_hz: float
) -> tuple[Float64, Float64]:
    """World joints (J, T, 3) about the origin, facing x in the middle frame, and the head's
    direction (3, T).
    """
    rng = generator(seed, 0x1D1E, person)
    who = sample_person(child_seed(seed, 0x1D, person))
    finer = max(1, int(np.ceil(20.0 / rate_hz)))  # the body moves at 20 Hz or more
    seconds = frames / rate_hz + 2 * _MARGIN_S
    day = int(rng.integers(2**31))
    motion = walk(who, [Bout(idle.activity, seconds)], finer * rate_hz, day)
    first = round(_MARGIN_S * finer * rate_hz)
    joint_TJ3 = motion.joints_TJ3[first::finer][:frames]
    head_T3 = motion.rotation_TS33[first::finer][:frames, _HEAD, :, 0]
    if idle.held:
        joint_TJ3, head_T3 = (np.repeat(each[:1], frames, axis=0) for each in (joint_TJ3, head_T3))
    turn_33 = _turn(joint_TJ3[frames // 2])
    joint_TJ3, head_T3 = joint_TJ3 @ turn_33.T, head_T3 @ turn_33.T
    time_T: Float64 = (np.arange(frames, dtype=np.float64) - 0.5 * (frames - 1)) / rate_hz
    place_T2 = joint_TJ3[:, _PELVIS, :2]
    if idle.stays:
        joint_TJ3, head_T3 = _on_the_spot(joint_TJ3, head_T3, time_T)
    else:
        joint_TJ3 = joint_TJ3 - np.append(place_T2[frames // 2], 0.0)
    if idle.carried:
        rises = float(rng.choice(_RISES))
        joint_TJ3 = joint_TJ3 + _CARRIED_M_S * time_T[:, None, None] * np.array([1.0, 0.0, rises])
    if idle.reversed:
        joint_TJ3, head_T3 = joint_TJ3[::-1], head_T3[::-1]
    return joint_TJ3.transpose(1, 0, 2), head_T3.T


def _on_the_spot(joint_TJ3: Float64, head_T3: Float64, time_T: Float64) -> tuple[Float64, Float64]:
    """A walk without its way: the body faces x and sways about the origin."""
    place_T2 = joint_TJ3[:, _PELVIS, :2]
    ways = [np.polyfit(time_T, place_T2[:, axis], _CURVED) for axis in (0, 1)]
    smooth_T2 = np.stack([np.polyval(way, time_T) for way in ways], axis=1)
    x_T, y_T = (np.polyval(np.polyder(way), time_T) for way in ways)
    angle_T = np.arctan2(y_T, x_T)
    cosine_T, sine_T, nought_T = np.cos(angle_T), np.sin(angle_T), np.zeros_like(angle_T)
    rows = [[cosine_T, sine_T, nought_T], [-sine_T, cosine_T, nought_T]]
    turn_T33 = np.stack([*map(np.array, rows), np.array([nought_T, nought_T, nought_T + 1])])
    turn_T33 = np.moveaxis(turn_T33, 2, 0)
    moved_TJ3 = joint_TJ3.copy()
    moved_TJ3[..., :2] -= smooth_T2[:, None]
    turned_TJ3 = np.einsum("tab,tjb->tja", turn_T33, moved_TJ3)
    return turned_TJ3, np.einsum("tab,tb->ta", turn_T33, head_T3)


def _turn(joint_J3: Float64) -> Float64:
    """The rotation about the vertical after which a body faces x."""
    across_3 = joint_J3[_HIPS[0]] - joint_J3[_HIPS[1]]
    left_2 = across_3[:2] / np.hypot(*across_3[:2])
    x, y = left_2.tolist()
    # Left becomes y: rows are the new axes.
    return np.array([[y, -x, 0.0], [x, y, 0.0], [0.0, 0.0, 1.0]])
