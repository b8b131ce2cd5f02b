"""A kinematic walker: people, what they do, their skeleton in 3-D, and the sensors on it."""

from __future__ import annotations

from edgehuman.simulate.activities import ACTIVITIES, SIX
from edgehuman.simulate.person import Person, sample_person
from edgehuman.simulate.recording import (
    simulate_recording,
    simulate_stream,
    simulated_windows,
)
from edgehuman.simulate.schedule import Bout, Schedule, random_schedule, with_transitions
from edgehuman.simulate.sensor import PLACEMENTS, Sensor, ideal, virtual_imu, wear
from edgehuman.simulate.walker import Motion, walk

__all__ = [
    "ACTIVITIES",
    "PLACEMENTS",
    "SIX",
    "Bout",
    "Motion",
    "Person",
    "Schedule",
    "Sensor",
    "ideal",
    "random_schedule",
    "sample_person",
    "simulate_recording",
    "simulate_stream",
    "simulated_windows",
    "virtual_imu",
    "walk",
    "wear",
    "with_transitions",
]
