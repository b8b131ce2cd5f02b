"""Detect the units of a 6-axis stream from physics.

Accelerometer: gravity is always present, so the median norm is near 1 in g and near 9.8 in m/s².

Gyroscope: in the sensor's frame, gravity rotates when the sensor does, da/dt = -w x a. So |w x a|,
with w as given, is at most about |da/dt| if w is in rad/s (other movement only adds to da/dt), and
57 times more if it is in deg/s. Over two-second stretches of five public datasets (waist, hip,
pocket, wrist, shin) the ratio is between 0.002 and 2.3 in rad/s; above `DEGREES_RATIO` it is deg/s.
In deg/s it falls below that in about one stretch in a hundred (rotation about the vertical), so
"deg/s" is conclusive and "rad/s" is checked again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import AccelUnit, GyroUnit
from edgehuman.records import IMU_RATE_HZ, STANDARD_GRAVITY_MS2, Float32, Float64

ACCEL_G_RANGE = (0.3, 4.0)
ACCEL_MS2_RANGE = (4.0, 30.0)
# A median norm over this is gravity in neither unit, whatever was declared.
IMPOSSIBLE = 100.0
_COUNTS_PER_G = (16384, 8192, 4096, 2048, 1024)  # of 12 to 16 bits at the usual ranges
DEGREES_RATIO = 2.5
STILL_RADS = 0.02
GYRO_LIMIT = 35.0  # 2000 deg/s in rad/s: the full scale of a wearable's gyroscope
ACCEL_CHANGE_FLOOR = 0.01  # g/s; a coarse accelerometer at rest does not change at all
STRETCH_S = 8.0
NUM_STRETCHES = 32


@dataclass(frozen=True, slots=True)
class GyroVerdict:
    """The gyroscope's unit according to one stretch.

    Attributes:
        unit: "rads" or "degs".
        still: True if the sensor turns too little to tell; the unit is then "rads".
        ratio: |w x a| over |da/dt|, w as given.
        turning: root mean square of w about its mean, as given.
    """

    unit: GyroUnit
    still: bool
    ratio: float
    turning: float


def accel_median(imu_TC: Float32) -> float:
    """Median norm of the accelerometer, as given; 0 if all rows are zero or there are none."""
    norm_T = np.linalg.norm(imu_TC[:, :3], axis=1)
    norm_T = norm_T[norm_T > 0]
    return float(np.median(norm_T)) if norm_T.size else 0.0


def judge_accel(imu_TC: Float32) -> AccelUnit:
    """ "g", "ms2", or "auto" if the median is in neither range."""
    median = accel_median(imu_TC)
    if ACCEL_G_RANGE[0] <= median < ACCEL_G_RANGE[1]:
        return "g"
    return "ms2" if ACCEL_MS2_RANGE[0] <= median <= ACCEL_MS2_RANGE[1] else "auto"


def _moving_mean(x_TC: Float64, width: int) -> Float64:
    sum_TC = np.cumsum(np.concatenate([np.zeros((1, x_TC.shape[1])), x_TC]), axis=0)
    mean_TC: Float64 = (sum_TC[width:] - sum_TC[:-width]) / width
    return mean_TC


def judge_gyro(imu_TC: Float32, rate_hz: float = IMU_RATE_HZ) -> GyroVerdict:
    """The gyroscope's unit from a few seconds of raw rows, sorted and about evenly spaced."""
    width, reach = max(1, round(0.2 * rate_hz)), max(1, round(0.1 * rate_hz))
    if imu_TC.shape[0] < 4 * (width + reach):
        return GyroVerdict("rads", True, 0.0, 0.0)
    scale = max(accel_median(imu_TC), 1e-6)
    smooth_TC = _moving_mean(imu_TC.astype(np.float64), width)
    accel_T3 = smooth_TC[:, :3] / scale
    gyro_T3 = smooth_TC[:, 3:] - smooth_TC[:, 3:].mean(axis=0)
    change_T3 = (accel_T3[2 * reach :] - accel_T3[: -2 * reach]) * rate_hz / (2 * reach)
    turn_T3 = np.cross(accel_T3, gyro_T3)[reach:-reach]
    change, turn = (float(np.sqrt((x**2).sum(axis=1).mean())) for x in (change_T3, turn_T3))
    ratio = turn / max(change, ACCEL_CHANGE_FLOOR)
    turning = float(np.sqrt((gyro_T3**2).sum(axis=1).mean()))
    if ratio > DEGREES_RATIO or turning > GYRO_LIMIT:
        return GyroVerdict("degs", False, ratio, turning)
    return GyroVerdict("rads", turning < STILL_RADS, ratio, turning)


def gyro_conflict(verdict: GyroVerdict, declared: GyroUnit) -> str:
    """A note if the stretch contradicts the declared unit, else ""."""
    followed = "the declared unit is used"
    if declared == "rads" and verdict.unit == "degs":
        return (
            "the gyroscope was declared in rad/s, but turns much faster than gravity: "
            f"it looks like deg/s; {followed}"
        )
    if declared == "degs" and verdict.ratio < 1.5 and verdict.turning > 0.5:
        return (
            "the gyroscope was declared in deg/s, but turns much slower than gravity: "
            f"it looks like rad/s; {followed}"
        )
    return ""


def require_gravity(imu_TC: Float32, declared: AccelUnit) -> AccelUnit:
    """The accelerometer's unit; an error if the stream contradicts physics or its declaration.

    A stream of zeros passes: a dead sensor is reported elsewhere.

    Raises:
        DataError: no gravity in either unit, an impossible norm, or not in the declared unit.
    """
    median, found = accel_median(imu_TC), judge_accel(imu_TC)
    if median == 0.0:
        return "g" if declared == "auto" else declared
    if declared == "mg" and found == "auto" and median < ACCEL_G_RANGE[1] * 1000:
        return "mg"
    if found == "auto" and (declared == "auto" or median > IMPOSSIBLE):
        cause = (
            "gravity seems to be removed; use the accelerometer with gravity"
            if median < ACCEL_G_RANGE[0]
            else _scale_hint(median)
        )
        raise DataError(
            f"the median norm of acceleration is {median:.4g}; with gravity it is about 1 in g "
            f"or 9.8 in m/s²; {cause}"
        )
    if declared != "auto" and found not in ("auto", declared):
        names = {"g": "g", "ms2": "m/s²", "mg": "milli-g"}
        raise DataError(
            f"acceleration was declared in {names[declared]}, but its median norm is "
            f"{median:.3g}, which is gravity in {names[found]}; use --accel-unit {found} or auto "
            f'(in Python: ImuFormat(accel_unit="{found}"))'
        )
    return found if declared == "auto" else declared


def _scale_hint(median: float) -> str:
    """What to divide an acceleration by whose median norm is far from gravity in g and in m/s²."""
    near = [count for count in _COUNTS_PER_G if abs(median / count - 1) < 0.15]
    if abs(median / 1000 - 1) < 0.15:
        known = "it looks like milli-g: give --accel-unit mg, or name the columns 'ax (mg)'"
        return f"{known}; counts of 1024 per g are near, too" if near else known
    if near:
        return f"it looks like raw counts of {near[0]} per g: divide acceleration by {near[0]}"
    return "it may be in milli-g (--accel-unit mg) or raw counts; scale those to g or m/s²"


def judge_recording(imu_TC: Float32, rate_hz: float = IMU_RATE_HZ) -> GyroVerdict:
    """The gyroscope's unit from a whole recording: the median of up to 32 stretches of 8 s, evenly
    spread.
    """
    size = max(1, round(STRETCH_S * rate_hz))
    last = max(0, imu_TC.shape[0] - size)
    starts = np.array(sorted(set(np.linspace(0, last, NUM_STRETCHES).astype(np.int64).tolist())))
    verdicts = [judge_gyro(imu_TC[start : start + size], rate_hz) for start in starts.tolist()]
    moving = [verdict for verdict in verdicts if not verdict.still] or verdicts
    return sorted(moving, key=lambda verdict: verdict.ratio)[len(moving) // 2]


def detect_units(imu_TC: Float32, rate_hz: float = IMU_RATE_HZ) -> tuple[AccelUnit, GyroUnit]:
    """Units of raw rows (T, 6) at about `rate_hz`: ("g" | "ms2", "rads" | "degs").

    Raises:
        DataError: the accelerometer shows gravity in neither unit.
    """
    return require_gravity(imu_TC, "auto"), judge_recording(imu_TC, rate_hz).unit


def unit_scale(accel_unit: AccelUnit, gyro_unit: GyroUnit) -> Float32:
    """Factors that convert raw columns to g and rad/s: (6,)."""
    scale_C = np.ones(6, np.float32)
    if accel_unit == "ms2":
        scale_C[:3] = 1 / STANDARD_GRAVITY_MS2
    elif accel_unit == "mg":
        scale_C[:3] = 1e-3
    if gyro_unit == "degs":
        scale_C[3:] = np.pi / 180
    return scale_C
