"""A virtual sensor: readings of an accelerometer and a gyroscope fixed to one segment.

Specific force is the second derivative of the sensor's world position plus g upwards (the reaction
to gravity), turned into the sensor's frame, in g: at rest its norm is 1. The gyroscope reads the
angular velocity of the segment in the sensor's frame. Both use five-point stencils over frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENT_ORIGIN, SEGMENTS, SKELETON_26
from edgehuman.records import STANDARD_GRAVITY_MS2, Float32, Float64
from edgehuman.simulate.body.person import Person
from edgehuman.simulate.body.rotation import turn_x, turn_y, turn_z
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.body.walker import Motion

# In the order of their seeds: new ones come last, so that recordings stay what they were.
PLACEMENTS = (
    "waist", "pocket", "wrist", "ankle", "shirt_pocket", "hand", "upper_arm", "thigh", "shin",
    "foot", "lower_back", "backpack",
)  # fmt: skip
# Misalignment of a sensor whose placement has no spread of its own (roll, pitch, yaw).
_CROOKED_DEG = (8.0, 8.0, 10.0)

MARGIN = 2
ACCEL_NOISE_G = 0.0034
GYRO_NOISE_RADS = 0.0035
# The noise of a worn sensor at rest is not white: in UCI HAR its power falls by a factor of 30 from
# 3-6 Hz to 12-25 Hz.
NOISE_CORNER_HZ = 4.0
# Phones read slightly high: at rest those of UCI HAR show 1.03 g along x and 1.00 to 1.01 across.
_SCALE = (1.032, 1.006, 1.006)


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor as worn in one recording.

    Attributes:
        segment: the segment it is fixed to.
        offset_m: position relative to the segment's origin joint, in the segment's frame.
        mount_33: the sensor's axes (columns) in the segment's frame.
        accel_scale: factor per axis; accel_bias_g, gyro_bias_rads: offsets per axis.
        accel_noise_g, gyro_noise_rads: white noise per sample, standard deviation.
    """

    segment: str
    offset_m: tuple[float, float, float]
    mount_33: Float64
    accel_scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    accel_bias_g: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gyro_bias_rads: tuple[float, float, float] = (0.0, 0.0, 0.0)
    accel_noise_g: float = 0.0
    gyro_noise_rads: float = 0.0


def _axes(x: tuple[float, float, float], z: tuple[float, float, float]) -> Float64:
    """A mounting matrix from the directions of the device's x and z in the segment's frame."""
    return np.stack([np.array(x), np.cross(z, x), np.array(z)], axis=1)


def _in_a_pocket(person: Person) -> Float64:
    """Axes of a phone along the segment: either end up and either side out, by person."""
    up = 1.0 if person.pocket_turn % 2 == 0 else -1.0
    out = 1.0 if person.pocket_turn < 2 else -1.0
    return _axes((0.0, out * up, 0.0), (out, 0.0, 0.0))


def _worn(person: Person, placement: str) -> tuple[str, tuple[float, float, float], Float64]:
    """Segment, offset and ideal axes of a placement on this person."""
    bone = person.bone_m
    if placement == "waist":
        # As in UCI HAR: on the belt, left of centre, x up, screen (z) outwards.
        outward = (float(np.cos(person.belt_rad)), float(np.sin(person.belt_rad)), 0.0)
        return "pelvis", person.waist_offset_m, _axes((0, 0, 1), outward)
    if placement == "pocket":
        # Front trouser pocket, y along the thigh; upside down or not, screen in or out.
        return "r_thigh", (0.075, -0.03, -0.35 * bone["thigh"]), _in_a_pocket(person)
    if placement == "wrist":
        # A watch on the left wrist: x towards the hand, z out of the face.
        return "l_forearm", (0.0, 0.03, -0.95 * bone["forearm"]), _axes((0, 0, -1), (0, 1, 0))
    if placement == "ankle":
        # Outside of the right ankle: x up the shank, z outwards.
        return "r_shank", (0.0, -0.045, -0.88 * bone["shank"]), _axes((0, 0, 1), (0, -1, 0))
    if placement == "shirt_pocket":
        # Left breast pocket: a phone upright or upside down, screen out or in.
        return "trunk", (0.11, 0.08, 0.75 * bone["trunk"]), _in_a_pocket(person)
    if placement == "hand":
        # A phone in the right hand, which swings: y towards the fingers, screen to the thigh.
        return "r_forearm", (0.03, 0.0, -1.25 * bone["forearm"]), _axes((1, 0, 0), (0, 1, 0))
    if placement == "upper_arm":
        # A phone in an armband on the right arm: y up, screen outwards.
        return "r_upper_arm", (0.0, -0.05, -0.5 * bone["upper_arm"]), _axes((1, 0, 0), (0, -1, 0))
    if placement == "thigh":
        # Strapped to the middle of the right thigh's front: y up, z forward.
        return "r_thigh", (0.085, 0.0, -0.5 * bone["thigh"]), _axes((0, 1, 0), (1, 0, 0))
    if placement == "shin":
        # Strapped to the middle of the right shank's front: x up, z forward.
        return "r_shank", (0.055, 0.0, -0.5 * bone["shank"]), _axes((0, 0, 1), (1, 0, 0))
    if placement == "foot":
        # On the laces of the right shoe: z up, x to the toes.
        return "r_foot", (0.08, 0.0, -0.2 * bone["ankle_height"]), _axes((1, 0, 0), (0, 0, 1))
    if placement == "lower_back":
        # On the belt at the fifth lumbar vertebra: x up, z backwards.
        return "pelvis", (-0.10, 0.0, person.waist_offset_m[2]), _axes((0, 0, 1), (-1, 0, 0))
    if placement == "backpack":
        # A phone in the top of a backpack: y up, screen backwards.
        return "trunk", (-0.18, 0.0, 0.6 * bone["trunk"]), _axes((0, -1, 0), (-1, 0, 0))
    raise UsageError(f"unknown placement {placement!r}; valid: {', '.join(PLACEMENTS)}")


def wear(person: Person, placement: str, seed: int) -> Sensor:
    """A realistic sensor as worn by this person on one day: misaligned, biased, noisy."""
    segment, offset_m, axes = _worn(person, placement)
    rng = generator(seed, person.seed, PLACEMENTS.index(placement), 0x5E45)
    crooked = _crooked_rad(person, placement) + rng.normal(0.0, 0.02, 3)
    turn = turn_y(turn_x(np.eye(3)[:, :, None], crooked[0]), crooked[1])
    mount_33 = turn_z(turn, crooked[2])[:, :, 0] @ axes
    return Sensor(
        segment,
        offset_m,
        mount_33,
        _triple(rng.normal(_SCALE, 0.006, 3)),
        _triple(rng.normal(0.0, 0.006, 3)),
        _triple(rng.normal(0.0, 0.006, 3)),
        ACCEL_NOISE_G,
        GYRO_NOISE_RADS,
    )


def _crooked_rad(person: Person, placement: str) -> Float64:
    """How far off its ideal axes this person wears a sensor there (roll, pitch, yaw)."""
    own = person.mount_rad.get(placement)
    if own is not None:
        return np.array(own)
    rng = generator(person.seed, PLACEMENTS.index(placement), 0xC700)
    return np.radians(rng.normal(0.0, _CROOKED_DEG))


def ideal(person: Person, placement: str) -> Sensor:
    """The same placement without misalignment, bias or noise: only the physics."""
    segment, offset_m, axes = _worn(person, placement)
    return Sensor(segment, offset_m, axes)


def _triple(values: Float64) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))


def virtual_imu(
    motion: Motion, placement: str = "waist", seed: int = 0, sensor: Sensor | None = None
) -> Float32:
    """Readings of a sensor during a motion: float32 (T, 6), g and rad/s, at the motion's rate.

    Args:
        placement: waist (mounted as in UCI HAR), or another of PLACEMENTS.
        seed: of the day: re-mounting, bias and noise.
        sensor: any sensor, instead of a placement; `ideal(person, placement)` has no errors.
    """
    worn = wear(motion.person, placement, seed) if sensor is None else sensor
    origin = SKELETON_26.index(SEGMENT_ORIGIN[worn.segment])
    place = np.moveaxis(motion.joints_TJ3[:, origin], 0, -1)
    turned = np.moveaxis(motion.rotation_TS33[:, SEGMENTS.index(worn.segment)], 0, -1)
    margins = (MARGIN, MARGIN)
    reading = read(worn, extended(place, *margins), extended(turned, *margins), motion.rate_hz)
    return add_errors(reading, worn, generator(seed, 0x4015E), motion.rate_hz).T.astype(np.float32)


def extended(rows: Float64, before: int, after: int) -> Float64:
    """Extend a curve (..., T) past its ends in a straight line; a single frame stays constant."""
    if not before and not after:
        return rows
    first, last = rows[..., :1], rows[..., -1:]
    entry = rows[..., 1:2] - first if rows.shape[-1] > 1 else 0.0 * first
    leave = last - rows[..., -2:-1] if rows.shape[-1] > 1 else 0.0 * last
    begin = first - entry * np.arange(before, 0, -1)
    end = last + leave * np.arange(1, after + 1)
    return np.concatenate([begin, rows, end], axis=-1)


def read(sensor: Sensor, joint_3T: Float64, rotation_33T: Float64, rate_hz: float) -> Float64:
    """Noise-free readings (6, T - 4) of a segment's origin and frame with two frames of margin."""
    x, y, z = sensor.offset_m
    place = joint_3T + rotation_33T[:, 0] * x + rotation_33T[:, 1] * y + rotation_33T[:, 2] * z
    force = _second_derivative(place, rate_hz) / STANDARD_GRAVITY_MS2
    force[2] += 1.0
    now = rotation_33T[..., MARGIN:-MARGIN]
    spin = _first_derivative(rotation_33T, rate_hz)
    body = np.empty((6, now.shape[-1]))
    body[:3] = np.einsum("ijt,it->jt", now, force)
    body[3] = (now[:, 2] * spin[:, 1]).sum(axis=0)
    body[4] = (now[:, 0] * spin[:, 2]).sum(axis=0)
    body[5] = (now[:, 1] * spin[:, 0]).sum(axis=0)
    body[:3] = sensor.mount_33.T @ body[:3]
    body[3:] = sensor.mount_33.T @ body[3:]
    return body


def add_errors(
    reading_6T: Float64, sensor: Sensor, rng: np.random.Generator, rate_hz: float
) -> Float64:
    """Add the scale error, bias and noise of a real sensor."""
    noise = _noise(reading_6T.shape[1], rng, rate_hz)
    noise[:3] *= sensor.accel_noise_g
    noise[3:] *= sensor.gyro_noise_rads
    scale = np.array((*sensor.accel_scale, 1.0, 1.0, 1.0))[:, None]
    bias = np.array((*sensor.accel_bias_g, *sensor.gyro_bias_rads))[:, None]
    made: Float64 = reading_6T * scale + bias + noise
    return made


def _noise(frames: int, rng: np.random.Generator, rate_hz: float) -> Float64:
    """(6, T) noise of unit variance whose power falls above `NOISE_CORNER_HZ`."""
    keep = np.exp(-2.0 * np.pi * NOISE_CORNER_HZ / rate_hz)
    taps = int(np.ceil(-4.0 / np.log(keep)))
    kernel = keep ** np.arange(taps)
    kernel /= np.sqrt((kernel**2).sum())
    white = rng.standard_normal((6, frames + taps - 1))
    return np.stack([np.convolve(row, kernel, mode="valid") for row in white])


def _second_derivative(rows: Float64, rate_hz: float) -> Float64:
    """(…, T - 4), fourth-order accurate."""
    near = rows[..., 1:-3] + rows[..., 3:-1]
    far = rows[..., :-4] + rows[..., 4:]
    curved: Float64 = (16.0 * near - far - 30.0 * rows[..., 2:-2]) * (rate_hz * rate_hz / 12.0)
    return curved


def _first_derivative(rows: Float64, rate_hz: float) -> Float64:
    """(…, T - 4), fourth-order accurate."""
    near = rows[..., 3:-1] - rows[..., 1:-3]
    far = rows[..., 4:] - rows[..., :-4]
    slope: Float64 = (8.0 * near - far) * (rate_hz / 12.0)
    return slope
