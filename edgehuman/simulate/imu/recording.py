"""Simulated recordings, windows and streams: a person, a day, a sensor.

Frames are made in blocks and only the sensor's readings are kept, so memory is constant for any
length. A long day is a chain of chapters; each begins and ends exactly in the person's average
standing posture, so that they join without a jump.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENT_ORIGIN, SEGMENTS, SKELETON_26
from edgehuman.records import (
    IMU_RATE_HZ,
    IMU_WINDOW,
    Float32,
    Float64,
    ImuRecording,
    Index,
    WindowSet,
)
from edgehuman.simulate.body.activities import ACTIVITIES, SIX, posture_after
from edgehuman.simulate.body.person import Person, sample_person
from edgehuman.simulate.body.schedule import (
    Bout,
    Schedule,
    random_schedule,
    transition_between,
)
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.body.walker import pose, prepare
from edgehuman.simulate.imu.sensor import MARGIN, Sensor, add_errors, extended, read, wear

Block = tuple[Float64, Float32, NDArray[np.int16]]

DRAWN_HZ = 100.0
BLOCK_S = 10.0
CHAPTER_MINUTES = 4.0
_TEST_SHARE = 5


def simulate_recording(
    seed: int,
    schedule: Schedule | None = None,
    placement: str = "waist",
    rate_hz: float = IMU_RATE_HZ,
    minutes: float | None = None,
    person: Person | None = None,
) -> ImuRecording:
    """Simulate a person's wearable over a schedule, or over `minutes` of a random day.

    Args:
        seed: of the person (unless `person` is given), the day and the sensor.
        placement: waist, or another of `sensor.PLACEMENTS`.
        rate_hz: 5 to 500 samples per second.
    """
    who = sample_person(seed) if person is None else person
    if (schedule is None) == (minutes is None):
        raise UsageError("give either a schedule or minutes, and not both")
    if schedule is not None:
        sensor = wear(who, placement, seed)
        _check_rate(rate_hz)
        blocks = list(_chapter(who, schedule, sensor, rate_hz, seed, settled=False))
    else:
        stream = simulate_stream(seed, placement, minutes, rate_hz, who)
        blocks = [(imu, label) for _, imu, label in stream]
    imu = np.concatenate([block[0] for block in blocks])
    label = np.concatenate([block[1] for block in blocks])
    return ImuRecording(
        imu, rate_hz, f"simulated:{who.seed}", label, ACTIVITIES, f"simulated {placement}"
    )


def simulate_stream(
    seed: int,
    placement: str = "waist",
    minutes: float | None = None,
    rate_hz: float = IMU_RATE_HZ,
    person: Person | None = None,
) -> Iterator[Block]:
    """Simulate an endless (or `minutes` long) day in blocks of about ten seconds, in constant
    memory.

    Yields:
        stamp_s_T (seconds since the start), imu_TC float32 (g, rad/s), label_T into ACTIVITIES.
    """
    who = sample_person(seed) if person is None else person
    sensor = wear(who, placement, seed)
    _check_rate(rate_hz)
    left = None if minutes is None else _num_samples(minutes, rate_hz)
    done = chapter = 0
    while left is None or left > 0:
        schedule = _chapter_schedule(seed, chapter)
        day_seed = child_seed(seed, chapter)
        for imu, label in _chapter(who, schedule, sensor, rate_hz, day_seed, settled=True):
            if left is not None:
                imu, label = imu[:left], label[:left]
                left -= len(label)
            if len(label):
                yield np.arange(done, done + len(label)) / rate_hz, imu, label
                done += len(label)
            if left == 0:
                return
        chapter += 1


def _check_rate(rate_hz: float) -> None:
    if not 5.0 <= rate_hz <= 500.0:
        raise UsageError(f"rate_hz is {rate_hz}; it must be 5 to 500 Hz")


def _num_samples(minutes: float, rate_hz: float) -> int:
    count = minutes * 60.0 * rate_hz
    if not 1.0 <= count < 2**53:
        raise UsageError(f"minutes is {minutes}; a recording needs at least one sample")
    return round(count)


def _chapter_schedule(seed: int, chapter: int) -> list[Bout]:
    """A part of a day that begins and ends standing."""
    made = random_schedule(child_seed(seed, chapter, 1), CHAPTER_MINUTES)
    left = posture_after(made[-1].activity)
    if left != "standing":
        made.append(Bout(transition_between(left, "standing"), 3.5))
    if made[-1].activity != "standing":
        made.append(Bout("standing", 5.0))
    # Whole seconds, so that a chapter is a whole number of samples.
    total_s = sum(bout.duration_s for bout in made)
    made[-1] = Bout("standing", made[-1].duration_s + np.ceil(total_s) - total_s)
    return made


def _chapter(
    person: Person,
    schedule: Schedule,
    sensor: Sensor,
    rate_hz: float,
    seed: int,
    settled: bool,
) -> Iterator[tuple[Float32, NDArray[np.int16]]]:
    """Readings and labels of one schedule, block by block."""
    finer = max(1, int(np.ceil(DRAWN_HZ / rate_hz)))
    drawn_hz = rate_hz * finer
    plan, plants = prepare(person, schedule, drawn_hz, seed, settled)
    rng = generator(seed, 0x4015E)
    joint = SKELETON_26.index(SEGMENT_ORIGIN[sensor.segment])
    segment = SEGMENTS.index(sensor.segment)
    reach = MARGIN + finer - 1
    size = finer * max(1, round(BLOCK_S * rate_hz))
    for first in range(0, plan.num_frames - plan.num_frames % finer, size):
        last = min(first + size, plan.num_frames - plan.num_frames % finer)
        begin, end = max(0, first - reach), min(plan.num_frames, last + reach)
        joints, rotation = pose(person, plan, plants, begin, end, (sensor.segment,))
        pads = (reach - (first - begin), reach - (end - last))
        reading = read(
            sensor, extended(joints[joint], *pads), extended(rotation[segment], *pads), drawn_hz
        )
        sampled = add_errors(_decimate(reading, finer), sensor, rng, rate_hz)
        yield sampled.T.astype(np.float32), plan.label_T[first:last:finer]


def _decimate(reading: Float64, finer: int) -> Float64:
    """Every `finer`-th reading after a triangular average over neighbours (margin finer - 1)."""
    if finer == 1:
        return reading
    weights = np.concatenate([np.arange(1, finer + 1), np.arange(finer - 1, 0, -1)]) / finer**2
    count = (reading.shape[-1] - 2 * (finer - 1)) // finer
    total = np.zeros((len(reading), count))
    for shift, weight in enumerate(weights):
        total += weight * reading[:, shift : shift + count * finer : finer]
    return total


def simulated_windows(
    people: int = 20,
    minutes: float = 6.0,
    seed: int = 0,
    placement: str = "waist",
    hop: int = IMU_WINDOW // 2,
    labels: tuple[str, ...] = SIX,
) -> WindowSet:
    """Simulate windows of 128 samples at 50 Hz of many people, each with a random day.

    A window has a label if all its samples share one of `labels`, else -1. Every fifth person is in
    the test split.
    """
    if people < 1 or hop < 1:
        raise UsageError(f"people is {people}, hop is {hop}; both must be at least 1")
    sets = [_windows(_person_seed(seed, i), minutes, placement, hop, labels) for i in range(people)]
    count_N = [len(label) for _, label in sets]
    index_N = np.repeat(np.arange(people), count_N)
    return WindowSet(
        np.concatenate([imu for imu, _ in sets]),
        np.concatenate([label for _, label in sets]),
        np.array([f"simulated:{_person_seed(seed, i)}" for i in range(people)])[index_N],
        index_N % _TEST_SHARE == _TEST_SHARE - 1,
        labels,
        (SIMULATED,),
        np.full(len(index_N), placement),
    )


def _person_seed(seed: int, number: int) -> int:
    return child_seed(seed, number)


def _windows(
    seed: int, minutes: float, placement: str, hop: int, labels: tuple[str, ...]
) -> tuple[Float32, Index]:
    recording = simulate_recording(seed, None, placement, minutes=minutes)
    if len(recording.imu_TC) < IMU_WINDOW:
        raise UsageError(
            f"minutes is {minutes}; one window needs {IMU_WINDOW / IMU_RATE_HZ / 60:.3f} minutes"
        )
    view = np.lib.stride_tricks.sliding_window_view
    imu_NTC = view(recording.imu_TC, IMU_WINDOW, axis=0)[::hop].transpose(0, 2, 1)
    label_NT = view(recording.label_T, IMU_WINDOW)[::hop]
    known = np.array([labels.index(name) if name in labels else -1 for name in ACTIVITIES])
    pure = (label_NT == label_NT[:, :1]).all(axis=1)
    return np.ascontiguousarray(imu_NTC), np.where(pure, known[label_NT[:, 0]], -1)
