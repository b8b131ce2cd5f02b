"""What people's sensors do to one and the same person, who stands for 6 s and then walks.

Each kind is made from the same simulated recording, and run through the model that ships: right, or
unknown with a reason; never a wrong activity. The text formats have their tests in preprocess.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.records import Float32, Float64, ImuRecording
from edgehuman.runtime.imu.answer import UNLIKE, Recogniser, StreamOptions
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.model import Model, load
from edgehuman.simulate.body.schedule import Bout
from edgehuman.simulate.imu.recording import simulate_recording

RATE_HZ = 100.0
SETTLED_S = 12.0
"""By then its wearer has walked for three windows."""
Stream = tuple[Float64, Float32]
UP_AXES = {
    "landscape": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
    "other landscape": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "flat": [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
    "face down": [[0, 0, -1], [0, 1, 0], [1, 0, 0]],
    "upside down": [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
    "aslant": [[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]],
}


@cache
def model() -> Model:
    return load("zoo:activity")


@cache
def person(activity: str = "walking") -> ImuRecording:
    return simulate_recording(
        7, [Bout("standing", 6.0), Bout(activity, 24.0)], rate_hz=RATE_HZ, placement="waist"
    )


def stream(activity: str = "walking") -> Stream:
    imu_TC = person(activity).imu_TC.copy()
    return np.arange(len(imu_TC)) / RATE_HZ, imu_TC


def answers(made: Stream, **format: object) -> tuple[list[ImuResult], list[str]]:
    notes: list[str] = []
    options = StreamOptions(format=ImuFormat(**format))  # type: ignore[arg-type]
    recogniser = Recogniser(model(), "made", options, notes.append)
    stamp_s_T, imu_TC = made
    no_label_T = np.full(len(stamp_s_T), -1, np.int64)
    results = []
    for start in range(0, len(stamp_s_T), 50):
        rows = slice(start, start + 50)
        block = SampleBlock(stamp_s_T[rows], imu_TC[rows], no_label_T[rows])
        results += recogniser.push(block)
    return results + recogniser.close(), notes


def turned(rotation: object) -> Callable[[Stream], Stream]:
    rotation_33 = np.array(rotation, np.float32)

    def turn(made: Stream) -> Stream:
        stamp_s_T, imu_TC = made
        sensors = imu_TC.reshape(-1, 2, 3) @ rotation_33.T
        return stamp_s_T, sensors.reshape(-1, 6)

    return turn


def slower(made: Stream, rate_hz: float, lost: float = 0.0, jitter: float = 0.0) -> Stream:
    rng = np.random.default_rng(3)
    stamp_s_T = np.arange(0, made[0][-1], 1 / rate_hz)
    imu_TC = np.stack([np.interp(stamp_s_T, made[0], column) for column in made[1].T], axis=1)
    kept_T = rng.random(len(stamp_s_T)) >= lost
    stamp_s_T = stamp_s_T + rng.uniform(-jitter, jitter, len(stamp_s_T)) / rate_hz
    return stamp_s_T[kept_T], imu_TC[kept_T].astype(np.float32)


def clock_back(made: Stream) -> Stream:
    stamp_s_T = made[0] + 7200.0
    stamp_s_T[1500:] -= 3600.0
    return stamp_s_T, made[1]


def scaled(accel: float, gyro: float = 1.0) -> Callable[[Stream], Stream]:
    factor_C = np.array([accel] * 3 + [gyro] * 3, np.float32)
    return lambda made: (made[0], made[1] * factor_C)


KINDS: dict[str, Callable[[Stream], Stream]] = {
    "as it is": lambda made: made,
    **{f"mounted {name}": turned(rotation) for name, rotation in UP_AXES.items()},
    "m/s2 and deg/s": scaled(9.80665, 180 / np.pi),
    "25 Hz with jitter": lambda made: slower(made, 25.0, jitter=0.2),
    "20 Hz that loses 2 percent": lambda made: slower(made, 20.0, lost=0.02),
    "12.5 Hz that loses 2 percent": lambda made: slower(made, 12.5, lost=0.02),
    "400 Hz": lambda made: slower(made, 400.0),
    "a clock that steps back an hour": clock_back,
}
POSTURES = ("sitting", "standing", "laying")


@pytest.mark.parametrize("kind", KINDS)
def test_walking_is_walking_and_no_posture_is_wrong(kind: str) -> None:
    results, _ = answers(KINDS[kind](stream()))
    begun = [one for one in results if one.t_s < 5.9]
    assert {one.label for one in begun} <= {"standing", "unknown"}, kind
    assert all(one.reason for one in begun if one.label == "unknown")
    later = [
        one for one in results[len(begun) :] if one.t_s > SETTLED_S or kind.startswith("a clo")
    ]
    walks = [one.label == "walking" for one in later]
    assert np.mean(walks) >= (0.8 if kind.startswith("a clock") else 0.95), kind
    assert not [one.label for one in later if one.label in POSTURES and one.t_s > SETTLED_S]


@pytest.mark.parametrize("kind", [name for name in KINDS if name.startswith("mounted")])
def test_a_turned_sensor_is_said(kind: str) -> None:
    _, notes = answers(KINDS[kind](stream()))
    assert any("learnt from walking" in note for note in notes)
    assert sum("Walk a few steps" in note for note in notes) == 1


def test_acceleration_without_gravity_is_never_answered_and_said() -> None:
    stamp_s_T, imu_TC = stream()
    imu_TC[:, :3] -= imu_TC[:, :3].mean(axis=0)
    results, notes = answers((stamp_s_T, imu_TC))
    assert {one.label for one in results} == {"unknown"}
    assert any("no constant part of 1 g" in note for note in notes)


def test_milli_g_declared_as_g_is_refused_and_the_flag_is_named() -> None:
    with pytest.raises(DataError, match=r"looks like milli-g: give --accel-unit mg"):
        answers(scaled(1000.0)(stream()), accel_unit="g")


def test_jogging_is_running() -> None:
    results, _ = answers(stream("jogging"))
    assert np.mean([one.label == "running" for one in results if one.t_s > SETTLED_S]) > 0.9


def test_slow_gait_is_walking() -> None:
    stamp_s_T, imu_TC = stream()
    imu_TC[:, 3:] /= 1.4
    gravity_3 = imu_TC[:, :3].mean(axis=0)
    imu_TC[:, :3] = gravity_3 + (imu_TC[:, :3] - gravity_3) / 1.4**2
    results, _ = answers((stamp_s_T * 1.4, imu_TC))
    walks = [one.label == "walking" for one in results if one.t_s > 1.4 * SETTLED_S]
    assert np.mean(walks) > 0.9


def test_what_was_never_learnt_is_unknown() -> None:
    stamp_s_T, imu_TC = stream()
    t_T = stamp_s_T[800:]
    machine = 1.5 * np.sign(np.sin(2 * np.pi * 11 * t_T)) + np.sin(2 * np.pi * 17 * t_T)
    imu_TC[800:, 1] += machine.astype(np.float32)  # a drill: the arm that holds it walks
    imu_TC[800:, 4] += 9 * machine.astype(np.float32)
    results, _ = answers((stamp_s_T, imu_TC))
    late = [one for one in results if one.t_s > SETTLED_S]
    told = [one.label in ("unknown", "other") for one in late]
    assert np.mean(told) > 0.9
    assert {one.reason for one in late if one.label == "unknown"} <= {UNLIKE}
