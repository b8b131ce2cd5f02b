"""People before one camera, some of whom wear a sensor: joints and readings of the same walks.

    scene = simulate_worn(people=4, worn=3, seconds=60, seed=0)
    for frame in scene.frames:
        frame.t_s, [(seen.track, seen.person, seen.joint_J3) for seen in frame.seen]
    for sensor in scene.sensors:
        sensor.stamp_s_T, sensor.imu_TC, sensor.person, sensor.offset_s

Everybody walks on level ground, turns, and at times stands (`body.walker`). What the camera has of
a walk is its projection with a pose detector's errors (`skeleton.detector`); what a sensor has of
it is `imu.sensor`. So both are of one body, step by step. The nearer hide the farther, and who left
the picture comes back on another track. A sensor has a clock of its own: late by a constant, and
too fast by a few millionths.

Axes: T sample, F frame, J joint of COCO-17, N person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.geometry import COCO_17, OPENPOSE_18, SEGMENTS
from edgehuman.records import Bool, Float32, Float64, Index
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.schedule import Bout, Schedule
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.body.walker import Motion, walk
from edgehuman.simulate.gait.pinhole import Seen
from edgehuman.simulate.imu.sensor import PLACEMENTS, virtual_imu
from edgehuman.simulate.skeleton.detector import Detector, detect, num_normals

HEIGHT_PX, WIDTH_PX = 720, 1280
SENSOR_HZ = 50.0
_DRAWN_HZ = 100.0
_FOCAL_PX, _CAMERA_M, _TILT = 1000.0, 3.0, 0.2
_NEAR_M, _FAR_M = 4.0, 14.0
_WALKS_S, _STANDS_S = (8.0, 30.0), (2.0, 6.0)
_LEAST_SEEN = 0.35
_GONE_S = 1.2  # so long a track is kept over a loss
_WIDE = 0.2  # half of a person's width, of its height
_SHOWN = 0.02  # of the picture: who is nearer to its edge is cut off
_COCO = [OPENPOSE_18.index(name) for name in COCO_17]


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """Somebody in a frame.

    Attributes:
        track: a number that is given to one person only; who comes back has another.
        person: who it is, from 0.
        joint_J3: float32 (17, 3): x, y in pixels and confidence; 0 where it was not detected.
    """

    track: str
    person: int
    joint_J3: Float32


@dataclass(frozen=True, slots=True)
class WornFrame:
    """One frame.

    Attributes:
        t_s: by the clock of the camera.
        seen: who is in view.
    """

    t_s: float
    seen: tuple[SeenPerson, ...]


@dataclass(frozen=True, slots=True)
class WornSensor:
    """A sensor that somebody wears.

    Attributes:
        person: the number of its wearer; of somebody who is never in view, one from `people` on.
        placement: where it is worn.
        stamp_s_T: float64, by its own clock.
        imu_TC: float32 (T, 6), g and rad/s.
        offset_s: its clock minus the camera's, at the beginning.
        drift_ppm: by how much its clock is too fast.
    """

    person: int
    placement: str
    stamp_s_T: Float64
    imu_TC: Float32
    offset_s: float
    drift_ppm: float


@dataclass(frozen=True, slots=True)
class WornScene:
    """Attributes:
    frames: in order.
    sensors: of those who wear one.
    people: how many there are before the camera.
    """

    frames: list[WornFrame]
    sensors: list[WornSensor]
    people: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """How hard a scene is.

    Attributes:
        fps: frames per second.
        offset_s: sensors are late or early by up to so much.
        drift_ppm: clocks are too fast or slow by up to so much.
        detector: of the poses.
        missed: share of a person's time for which no pose is found, in breaks of half a second.
        lost: share of a sensor's time that never arrives, in breaks of a second.
        absent: sensors of people who are not in view, besides.
        in_step: the first two people walk in step.
        placements: where sensors are worn, in turn.
    """

    fps: float = 25.0
    offset_s: float = 0.5
    drift_ppm: float = 50.0
    detector: Detector = field(default_factory=Detector)
    missed: float = 0.03
    lost: float = 0.02
    absent: int = 0
    in_step: bool = False
    placements: Sequence[str] = ("waist",)


def simulate_worn(
    people: int, worn: int, seconds: float, seed: int, conditions: Conditions | None = None
) -> WornScene:
    """Simulate a scene; the same for the same arguments on every machine.

    Args:
        people: before the camera, 0 to 40.
        worn: how many of them wear a sensor: the first.
        seconds: length, 4 to 3600.

    Raises:
        UsageError: a value out of range, or no such placement.
    """
    conditions = conditions or Conditions()
    _require(people, worn, seconds, conditions)
    motions = [_motion(seed, number, seconds, conditions) for number in range(people)]
    sensors = [
        _sensor(motion, number, seed, conditions) for number, motion in enumerate(motions[:worn])
    ]
    for number in range(people, people + conditions.absent):
        absent = _motion(seed, number, seconds, conditions)
        sensors.append(_sensor(absent, number, seed, conditions))
    return WornScene(_film(motions, seconds, seed, conditions), sensors, people)


def _require(people: int, worn: int, seconds: float, conditions: Conditions) -> None:
    for name, value, low, high in (
        ("people", people, 0, 40),
        ("worn", worn, 0, people),
        ("seconds", seconds, 4.0, 3600.0),
        ("fps", conditions.fps, 2.0, 120.0),
        ("missed", conditions.missed, 0.0, 0.9),
        ("lost", conditions.lost, 0.0, 0.9),
    ):
        if not low <= value <= high:
            raise UsageError(f"{name} is {value}; it must be {low} to {high}")
    for name in conditions.placements:
        if name not in PLACEMENTS:
            raise UsageError(f"unknown placement {name!r}; valid: {', '.join(PLACEMENTS)}")


def _motion(seed: int, number: int, seconds: float, conditions: Conditions) -> Motion:
    """How somebody moves, from two seconds before the camera's clock is 0 to two after the end."""
    own = 0 if conditions.in_step and number == 1 else number
    rng = generator(seed, 0x3013, own)
    schedule = _schedule(rng, seconds + 4.0)
    person = sample_person(child_seed(seed, 0x3014, own))
    return walk(person, schedule, _DRAWN_HZ, child_seed(seed, 0x3015, own))


def _schedule(rng: np.random.Generator, seconds: float) -> Schedule:
    bouts: list[Bout] = []
    left_s, walks = seconds, bool(rng.random() < 0.8)
    while left_s > 0:
        took_s = min(float(rng.uniform(*(_WALKS_S if walks else _STANDS_S))), left_s)
        took_s = left_s if left_s - took_s < _STANDS_S[0] else took_s
        bouts.append(Bout("walking" if walks else "standing", took_s))
        left_s, walks = left_s - took_s, not walks
    return bouts


def _sensor(motion: Motion, number: int, seed: int, conditions: Conditions) -> WornSensor:
    """The readings of a sensor from two seconds before the camera's 0 on."""
    rng = generator(seed, 0x3016, number)
    placement = conditions.placements[number % len(conditions.placements)]
    offset_s = float(rng.uniform(-1, 1)) * conditions.offset_s
    drift_ppm = float(rng.uniform(-1, 1)) * conditions.drift_ppm
    imu_TC = virtual_imu(motion, placement, child_seed(seed, 0x3017, number))
    step = round(_DRAWN_HZ / SENSOR_HZ)
    size = len(imu_TC) // step * step
    imu_TC = imu_TC[:size].reshape(-1, step, 6).mean(axis=1)
    t_s_T = (np.arange(len(imu_TC)).astype(np.float64) + 0.5 * (1 - 1 / step)) / SENSOR_HZ - 2.0
    kept_T = _kept(rng, len(t_s_T), SENSOR_HZ, conditions.lost, 1.0)
    stamp_s_T: Float64 = t_s_T * (1 + drift_ppm * 1e-6) + offset_s
    return WornSensor(number, placement, stamp_s_T[kept_T], imu_TC[kept_T], offset_s, drift_ppm)


def _kept(
    rng: np.random.Generator, count: int, rate_hz: float, share: float, long_s: float
) -> Bool:
    """What is not lost, (T,): breaks of this length, for this share of the time."""
    kept_T = np.ones(count, np.bool_)
    size = max(1, round(long_s * rate_hz))
    for begin in np.flatnonzero(rng.random(count) < share / size).tolist():
        kept_T[begin : begin + size] = False
    return kept_T


def _film(
    motions: Sequence[Motion], seconds: float, seed: int, conditions: Conditions
) -> list[WornFrame]:
    """What the camera has of them."""
    count = round(seconds * conditions.fps)
    t_s_F = np.arange(count) / conditions.fps
    views = [_seen(motion, t_s_F, seed, n) for n, motion in enumerate(motions)]
    poses = [_detected(view, seed, n, conditions) for n, view in enumerate(views)]
    shown_NF = _shown(views, count)
    for n in range(len(views)):
        rng = generator(seed, 0x3018, n)
        shown_NF[n] &= _kept(rng, count, conditions.fps, conditions.missed, 0.5)
    track_NF = _tracks(shown_NF, conditions.fps)
    return [
        WornFrame(
            float(t_s),
            tuple(
                SeenPerson(str(track_NF[n, f]), n, poses[n][f])
                for n in np.flatnonzero(shown_NF[:, f]).tolist()
            ),
        )
        for f, t_s in enumerate(t_s_F)
    ]


@dataclass(frozen=True, slots=True)
class _View:
    """One person before the camera, frame by frame.

    Attributes:
        pixel_2JF: joints of OpenPose-18.
        depth_JF: of each joint from the camera, metres.
        tall_px_F: height of the person, standing.
        middle_2F: the middle of the hips, pixels.
        ahead_F, left_F: cosines of the head and of the body's left side towards the camera.
    """

    pixel_2JF: Float64
    depth_JF: Float64
    tall_px_F: Float64
    middle_2F: Float64
    ahead_F: Float64
    left_F: Float64


def _seen(motion: Motion, t_s_F: Float64, seed: int, number: int) -> _View:
    """Where somebody is in the picture; the walk is laid so that it passes the middle of the
    ground that the camera sees.
    """
    rng = generator(seed, 0x3019, number)
    place_F = (t_s_F + 2.0) * motion.rate_hz
    joints_JF3 = _between(np.moveaxis(motion.joints_TJ3[:, :18], 0, 1), place_F)
    turned_F33 = _between(motion.rotation_TS33[None, :, SEGMENTS.index("head")], place_F)[0]
    pelvis_F33 = _between(motion.rotation_TS33[None, :, SEGMENTS.index("pelvis")], place_F)[0]
    path_F2 = 0.5 * (joints_JF3[8, :, :2] + joints_JF3[11, :, :2])
    far_m = rng.uniform(_NEAR_M + 2.0, _FAR_M)
    wide_m = 0.35 * far_m * WIDTH_PX / _FOCAL_PX
    # y of the world is ahead of the camera, x to its right.
    target_2 = np.array([rng.uniform(-wide_m, wide_m), far_m])
    shift_2 = target_2 - path_F2.mean(axis=0)
    world_JF3 = joints_JF3.copy()
    world_JF3[..., :2] += shift_2
    across_JF, ahead_JF = world_JF3[..., 0], world_JF3[..., 1]
    below_JF = _CAMERA_M - world_JF3[..., 2]
    depth_JF = ahead_JF * np.cos(_TILT) + below_JF * np.sin(_TILT)
    down_JF = below_JF * np.cos(_TILT) - ahead_JF * np.sin(_TILT)
    safe_JF = np.maximum(depth_JF, 0.5)
    pixel_2JF = np.stack(
        [
            WIDTH_PX / 2 + _FOCAL_PX * across_JF / safe_JF,
            HEIGHT_PX / 2 + _FOCAL_PX * down_JF / safe_JF,
        ]
    )
    to_3F = np.array([0.0, 0.0, _CAMERA_M])[:, None] - world_JF3[1].T
    to_3F /= np.sqrt((to_3F**2).sum(axis=0))
    tall_px_F = motion.person.height_m * _FOCAL_PX / safe_JF[8]
    return _View(
        pixel_2JF,
        depth_JF,
        tall_px_F,
        pixel_2JF[:, [8, 11]].mean(axis=1),
        (to_3F * turned_F33[:, :, 0].T).sum(axis=0),
        (to_3F * pelvis_F33[:, :, 1].T).sum(axis=0),
    )


def _between(rows_KT: Float64, place_F: Float64) -> Float64:
    """Rows (K, T, ...) at places between samples."""
    place_F = np.clip(place_F, 0, rows_KT.shape[1] - 1.001)
    first_F = place_F.astype(np.int64)
    share_F = (place_F - first_F).reshape(-1, *(1,) * (rows_KT.ndim - 2))
    made: Float64 = rows_KT[:, first_F] * (1 - share_F) + rows_KT[:, first_F + 1] * share_F
    return made


def _detected(view: _View, seed: int, number: int, conditions: Conditions) -> Float32:
    """Poses with a detector's errors, a share of the person's size: float32 (F, 17, 3)."""
    count = view.tall_px_F.shape[0]
    size_px = float(np.median(view.tall_px_F))
    scale_F = size_px / view.tall_px_F
    level_2JF = (view.pixel_2JF - view.middle_2F[:, None]) * scale_F
    hips_F = 0.5 * (view.depth_JF[8] + view.depth_JF[11])
    seen = Seen(
        level_2JF[:, None],
        view.ahead_F[None],
        view.left_F[None],
        (view.depth_JF - hips_F)[None],
        np.array([size_px]),
        np.array([_FOCAL_PX]),
    )
    rng = generator(seed, 0x301A, number)
    fps = max(5.0, conditions.fps)
    normal_NZ = rng.standard_normal((1, num_normals(count, fps)), dtype=np.float32)
    made_FJ3 = detect(seen, np.zeros(1, np.bool_), normal_NZ, fps, conditions.detector)[0]
    found_FJ = made_FJ3[..., 2] > 0
    made_FJ3[..., :2] = made_FJ3[..., :2] / scale_F[:, None, None] + view.middle_2F.T[:, None]
    made_FJ3[~found_FJ] = 0.0
    return np.ascontiguousarray(made_FJ3[:, _COCO])


def _shown(views: Sequence[_View], count: int) -> Bool:
    """Who is in the picture and not hidden, (N, F)."""
    shown_NF = np.zeros((len(views), count), np.bool_)
    if not views:
        return shown_NF
    middle_N2F = np.stack([view.middle_2F for view in views])
    tall_NF = np.stack([view.tall_px_F for view in views])
    depth_NF = np.stack([view.depth_JF[8] for view in views])
    edge_px = _SHOWN * WIDTH_PX
    inside_NF = (middle_N2F[:, 0] > edge_px) & (middle_N2F[:, 0] < WIDTH_PX - edge_px)
    foot_NF = np.stack([view.pixel_2JF[1, [10, 13]].max(axis=0) for view in views])
    inside_NF &= (foot_NF < HEIGHT_PX) & (depth_NF > _NEAR_M - 1.0)
    for n in range(len(views)):
        gap_NF = np.abs(middle_N2F[:, 0] - middle_N2F[n, 0])
        wide_NF = _WIDE * (tall_NF + tall_NF[n])
        covers_NF = np.clip(1 - gap_NF / wide_NF, 0, 1) * (depth_NF < depth_NF[n] - 0.1)
        shown_NF[n] = inside_NF[n] & (1 - covers_NF.max(axis=0) > _LEAST_SEEN)
    return shown_NF


def _tracks(shown_NF: Bool, fps: float) -> Index:
    """A number for everybody in each frame; a new one after a longer loss."""
    track_NF = np.zeros(shown_NF.shape, np.int64)
    last_N = np.full(len(shown_NF), -np.inf)
    number_N = np.zeros(len(shown_NF), np.int64)
    given = 0
    for f in range(shown_NF.shape[1]):
        for n in np.flatnonzero(shown_NF[:, f]).tolist():
            if f - last_N[n] > _GONE_S * fps:
                given += 1
                number_N[n] = given
            last_N[n], track_NF[n, f] = f, number_N[n]
    return track_NF
