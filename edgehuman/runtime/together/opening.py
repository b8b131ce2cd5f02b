"""From words to sides: what is read, by which clock, and what answers.

If anything is live, all is: times are those of this machine's clock since the run began, and what
is recorded is played at its pace. Else every side has its own stamps, and nothing is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.reading.secrets import without_secrets
from edgehuman.runtime.image.camera.address import live_address
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.answer import Watching, answer_frame
from edgehuman.runtime.image.frames.follow import Followers
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.image.frames.several import Sources, open_source
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.imu.answer import Recogniser, StreamOptions, require_activity
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.source import LIVE
from edgehuman.runtime.imu.stream import listen
from edgehuman.runtime.loop.address import scheme_of
from edgehuman.runtime.loop.live import close_unread
from edgehuman.runtime.loop.play import Playable
from edgehuman.runtime.model import Model
from edgehuman.runtime.replay.folder import is_recording
from edgehuman.runtime.together.clock import SensorClock, Zero
from edgehuman.runtime.together.following import Following, Pace
from edgehuman.runtime.together.joined import Joined
from edgehuman.runtime.together.order import Order
from edgehuman.runtime.together.recording import CAMERA, Kept, folder_of, read_order
from edgehuman.runtime.together.results import Item
from edgehuman.runtime.together.sides import CameraSide, SensorSide
from edgehuman.runtime.together.wearers import Wearers
from edgehuman.runtime.tracks.numbers import Numbers


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be read beside the camera.

    Attributes:
        sensors: source by name.
        load: gives a model for each of them.
        offsets: seconds that are added to their times, by name.
        bound_s: beyond that, their clocks are late or early by at most so much.
        wait_s: for how long a result waits for other sides.
        format: how samples are read.
        seconds: end after so much time.
        seed: of simulated people.
        replay: the recording whose sensors these are.
    """

    sensors: Mapping[str, object]
    load: Callable[[], Model]
    offsets: Mapping[str, float]
    bound_s: float
    wait_s: float
    format: ImuFormat = field(default_factory=ImuFormat)
    seconds: float | None = None
    seed: int = 0
    replay: tuple[Path, Kept] | None = None


@dataclass(slots=True)
class Sensor:
    """One sensor, opened and not yet read."""

    recogniser: Recogniser
    source: Playable[SampleBlock]


@dataclass(slots=True)
class Opened:
    """All sides, opened and not yet read.

    Attributes:
        sources: of frames.
        sensors: by name.
        zero: where the clock is 0; None: all sides have stamps of their own.
        camera: the name of the camera's side.
        shown: its name in what is said of it: that of the source, if there is one.
    """

    sources: Sources
    sensors: dict[str, Sensor]
    zero: Zero | None
    camera: str
    shown: str

    @property
    def kept_zero_ns(self) -> int | None:
        """For a recording."""
        return None if self.zero is None else self.zero.ns

    def close(self) -> None:
        """Let go of what was never read."""
        self.sources.close()
        for sensor in self.sensors.values():
            close_unread(sensor.source)


def is_live_camera(source: object) -> bool:
    """Whether frames come at their own pace."""
    return isinstance(source, Camera) or live_address(str(source), pipelines=True) is not None


def is_live_sensor(source: object) -> bool:
    """Whether samples come at their own pace."""
    if isinstance(source, str):
        return scheme_of(source) in LIVE
    return isinstance(source, Playable) and source.live


def is_simulated(source: object) -> bool:
    """Whether samples are a simulated person's, and never end."""
    return isinstance(source, str) and source.partition(":")[0] == SIMULATED


def open_sides(
    names: Sequence[str | Path | Camera],
    asked: Asked,
    policy: str | None,
    every: int,
    notify: Callable[[str], object],
) -> Opened:
    """Open cameras and sensors.

    Raises:
        UsageError, DataError, ArtefactError: as of each alone; or one source is both; or frames
            have no times.
    """
    for name, source in asked.sensors.items():
        if isinstance(source, (str, Path)) and str(source) in map(str, names):
            raise UsageError(
                f"--source and the sensor {name} are both {without_secrets(str(source))}; a "
                "camera's frames and a sensor's samples come from two sources: give each its own"
            )
    lives = [is_live_camera(name) for name in names]
    worn_live = any(map(is_live_sensor, asked.sensors.values()))
    live = asked.replay is None and (any(lives) or worn_live)
    if live:
        policy = _paced(names, lives, policy, notify)
    opened = [
        name if isinstance(name, Camera) else open_source(name, policy, every, pipelines=True)
        for name in names
    ]
    sources = Sources(opened, asked.seconds)
    for source in opened:
        if not isinstance(source, Camera) and not source.video:
            raise UsageError(
                f"{source.name}: photos have no times, so no sensor goes with them; give a video "
                "or a camera, or leave --worn out"
            )
    zero = Zero(time.monotonic_ns()) if live else None
    if asked.replay is not None and asked.replay[1].zero_ns is not None:
        zero = Zero(asked.replay[1].zero_ns)
    kept = None if asked.replay is None else asked.replay[1]
    shown = (sources.names[0] if len(sources.names) == 1 else "") if kept is None else kept.shown
    found = Opened(sources, {}, zero, CAMERA if kept is None else kept.camera, shown)
    try:
        for name in asked.sensors:
            found.sensors[name] = _sensor(name, asked, live, notify)
    except BaseException:
        found.close()
        raise
    return found


def _paced(
    names: Sequence[str | Path | Camera],
    lives: Sequence[bool],
    policy: str | None,
    notify: Callable[[str], object],
) -> str | None:
    """The policy of a live run, in which a video is played at its pace.

    Raises:
        UsageError: another policy; a recording of frames alone.
    """
    for name, is_live in zip(names, lives, strict=True):
        if is_live:
            continue
        if is_recording(str(name)):
            raise UsageError(
                f"{name} is a recording of frames alone, and a live sensor goes with another time; "
                "give a recorded sensor, or a recording of both"
            )
        if policy not in (None, "latest"):
            raise UsageError(
                f"--policy {policy}: {name} is played at its pace beside what is live, as a camera "
                "would be; leave --policy out"
            )
        notify(f"{name} is played at its pace, as a live source goes with it")
        policy = "latest"
    return policy


def _sensor(name: str, asked: Asked, live: bool, notify: Callable[[str], object]) -> Sensor:
    source = asked.sensors[name]
    model = asked.load()
    try:
        require_activity(model)
    except ArtefactError as error:
        raise ArtefactError(f"--worn-model: {error}") from None
    paced = live and isinstance(source, str) and not is_live_sensor(source)
    if paced:
        notify(f"{source} is played at its pace, as a live source goes with it")
    if asked.replay is not None:
        source = folder_of(*asked.replay, name)
    elif is_simulated(source):
        notify(f"the sensor {name} is {source}: a simulated person's (edgehuman's own)")
    options = StreamOptions(format=asked.format)
    recogniser, opened = listen(model, source, options, paced, asked.seed, notify)  # type: ignore[arg-type]
    recogniser.source = name
    return Sensor(recogniser, opened)


def joined_of(
    opened: Opened,
    watching: Watching,
    asked: Asked,
    numbers: Numbers,
    notify: Callable[[str], object],
    through: Callable[[Iterable[TakenFrame]], Iterable[TakenFrame]] = lambda frames: frames,
    done: Callable[[TakenFrame, FrameResult], object] = lambda taken, result: None,
    keep: Callable[[str, SampleBlock, int], object] = lambda name, block, at_ns: None,
    released: Callable[[str, float], object] = lambda name, t_s: None,
    begun: Callable[[int], object] = lambda zero_ns: None,
) -> Joined:
    """The sides, joined and not yet begun.

    Args:
        through: what frames pass on their way, in their thread.
        done, keep: called with each frame and its result, and with each block of a sensor.
        released: called with the side of each result.
        begun: called when the first frame of a video says where the clock is 0.
    """
    followers, zero = Followers(watching.score, numbers), opened.zero
    live = zero is not None and asked.replay is None
    script: Iterable[str] = () if asked.replay is None else read_order(asked.replay[0])
    wait_s = asked.wait_s if live else None
    order: Order[Item] = Order([opened.camera, *opened.sensors], wait_s, script)
    frames: Iterable[TakenFrame] = opened.sources
    if zero is not None and live:
        if opened.sources.has_camera:
            opened.sources.zero_ns = zero.ns
        else:
            frames = _zeroed(frames, zero, begun)
    if zero is None and asked.replay is None:
        frames = _leading(frames, opened.sensors, asked)
    camera = CameraSide(
        opened.camera,
        through(frames),
        lambda taken: answer_frame(watching, taken, followers.of(taken)),
        order,
        done,
        opened.sources.close,
        shown=opened.shown or opened.camera,
    )
    sensors = [
        SensorSide(
            name,
            one.recogniser,
            one.source,
            SensorClock(asked.offsets[name], zero),
            order,
            zero,
            lambda block, at_ns, name=name: keep(name, block, at_ns),  # type: ignore[misc]
            asked.seconds,
            notify,
        )
        for name, one in opened.sensors.items()
    ]
    rates_hz = {name: one.recogniser.rate_hz for name, one in opened.sensors.items()}
    wearers = Wearers(opened.sensors, asked.bound_s)
    return Joined([camera, *sensors], order, wearers, rates_hz, released, notify)


def _leading(
    frames: Iterable[TakenFrame], sensors: Mapping[str, Sensor], asked: Asked
) -> Iterable[TakenFrame]:
    """The frames of a video with which simulated sensors, that never end, end."""
    video = Pace()
    for name, one in sensors.items():
        if is_simulated(asked.sensors[name]):
            one.source = Following(one.source, video)
    return video.through(frames)


def _zeroed(
    frames: Iterable[TakenFrame], zero: Zero, begun: Callable[[int], object]
) -> Iterator[TakenFrame]:
    """The frames of a video that is played at its pace; the first says where the clock is 0."""
    is_first = True
    for taken in frames:
        if is_first and taken.t_s is not None and taken.grabbed_ns:
            zero.ns = taken.grabbed_ns - round(taken.t_s * 1e9)
            begun(zero.ns)
            is_first = False
        yield taken
