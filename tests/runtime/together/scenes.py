"""Made sides for the tests: frames without pictures, and sensors in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.geometry import COCO_17
from edgehuman.records import Float32, ImuRecording
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.imu.answer import StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL
from edgehuman.runtime.imu.stream import listen
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.together.clock import SensorClock
from edgehuman.runtime.together.joined import Joined
from edgehuman.runtime.together.order import Order
from edgehuman.runtime.together.results import Item
from edgehuman.runtime.together.sides import CameraSide, SensorSide, Side
from edgehuman.runtime.together.wearers import Wearers
from edgehuman.simulate.gait.worn import WornScene

BOX = np.array([10, 10, 50, 100], np.float32)


def activity() -> Model:
    """The wearable's model that ships."""
    return load("zoo:activity-int8")


def frame(
    t_s: float, people: Sequence[tuple[str, Float32 | None]] = (), event: str = ""
) -> FrameResult:
    """A frame's result: tracks with their joints."""
    found = tuple(
        Person(BOX, 0.9, joint_J3, COCO_17 if joint_J3 is not None else (), track=track)
        for track, joint_J3 in people
    )
    return FrameResult(str(round(t_s * 25)), None, t_s, 100, 100, found, event=event)


def camera(results: Sequence[FrameResult], order: Order[Item], name: str = "camera") -> CameraSide:
    """A side whose frames have these results."""
    frames = [
        TakenFrame(result.frame, number, result.t_s, event=result.event)
        for number, result in enumerate(results)
    ]
    return CameraSide(name, frames, lambda taken: results[taken.index], order, shown="door.mp4")


def sensor(
    name: str, imu_TC: Float32, order: Order[Item], model: Model, offset_s: float = 0.0
) -> SensorSide:
    """A recorded sensor of 50 Hz in g and rad/s."""
    recording = ImuRecording(imu_TC, 50.0, name)
    recogniser, source = listen(model, recording, StreamOptions(format=CANONICAL))
    recogniser.source = name
    return SensorSide(name, recogniser, source, SensorClock(offset_s), order)


def joined(scene: WornScene, model: Model, bound_s: float = 1.0) -> Joined:
    """A scene as sides: its frames, and its sensors from the camera's 0 on."""
    names = [f"worn-{n}" for n in range(len(scene.sensors))]
    order: Order[Item] = Order(["camera", *names], None)
    results = [
        frame(one.t_s, [(seen.track, seen.joint_J3) for seen in one.seen]) for one in scene.frames
    ]
    sensors = [
        sensor(name, one.imu_TC[one.stamp_s_T >= one.offset_s], order, model)
        for name, one in zip(names, scene.sensors, strict=True)
    ]
    sides: list[Side] = [camera(results, order), *sensors]
    rates_hz = dict.fromkeys(names, 50.0)
    return Joined(sides, order, Wearers(names, bound_s), rates_hz)
