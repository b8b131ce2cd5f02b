"""The flags of sensors beside a camera, and what they say.

--worn anna=udp://:5555 ben=mqtt://127.0.0.1/ben --worn-offset anna=0.25
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from edgehuman.errors import UsageError
from edgehuman.reading.values import shown
from edgehuman.runtime.together.wearers import BOUND_S

if TYPE_CHECKING:
    from edgehuman.preprocess.imu.format import ImuFormat

WAIT_S = 3.0
"""Windows of zoo:activity come 1.3 to 2 s after their last sample, for its smoothing."""
MOST_WAIT_S, MOST_OFFSET_S = 60.0, 86_400.0
MOST_SENSORS = 32
OF_FRAMES = "camera"
"""The side of the frames, which no sensor may be named."""
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,39})=(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class WornFlags:
    """Sensors that are read beside the camera."""

    HELP_GROUP: ClassVar[str] = "sensors beside the camera"
    worn: tuple[str, ...] = ()
    """Sensors that people wear, SOURCE or NAME=SOURCE each, as of zoo:activity: walk.csv,
    anna=udp://:5555; who wears which is found by steps, if the model gives joints."""
    worn_model: str = "zoo:activity"
    """What answers for the sensors."""
    worn_offset: tuple[str, ...] = ()
    """Seconds that are added to the times of sensors: SECONDS for all, or NAME=SECONDS each."""
    worn_bound_s: float = BOUND_S
    """Beyond that, a sensor's clock is late or early by at most so much, 0 to 5 s."""
    worn_phone: str | None = None
    """Whose signs Sensor Logger's acceleration has: ios, android or standard."""
    worn_accel_unit: str = "auto"
    """Of the sensors' acceleration: auto, g, ms2 or mg."""
    worn_gyro_unit: str = "auto"
    """Of the sensors' rotation: auto, rads or degs."""
    wait_s: float = WAIT_S
    """Results come in the order of time, for which one waits at most so long for the other side; 0:
    at once."""

    @property
    def worn_format(self) -> ImuFormat:
        """How the sensors are read.

        Raises:
            UsageError: no such unit or phone.
        """
        return format_of(self.worn_accel_unit, self.worn_gyro_unit, self.worn_phone)

    def given_without_worn(self) -> list[str]:
        """Flags that say nothing where no sensor is read, as they are typed."""
        usual = WornFlags()
        names = ("worn_model", "worn_offset", "worn_bound_s", "worn_phone", "worn_accel_unit",
                 "worn_gyro_unit", "wait_s")  # fmt: skip
        return [
            f"--{name.replace('_', '-')}"
            for name in names
            if getattr(self, name) != getattr(usual, name)
        ]


def format_of(accel_unit: Any, gyro_unit: Any, phone: Any) -> ImuFormat:
    """How sensors are read; what reads them is imported here, as a run of frames alone needs none.

    Raises:
        UsageError: no such unit or phone.
    """
    from edgehuman.preprocess.imu.format import PHONES, ImuFormat

    if phone is not None and phone not in PHONES:
        raise UsageError(f"--worn-phone is {phone!r}; it must be one of: {', '.join(PHONES)}")
    return ImuFormat(accel_unit, gyro_unit, phone=phone)


def require_worn(flags: WornFlags) -> None:
    """Raises UsageError for a flag of the sensors where there is none."""
    for flag in flags.given_without_worn():
        raise UsageError(f"{flag} is for sensors beside the camera; add --worn SOURCE, or leave it")


def sensors_of(worn: Sequence[str] | Mapping[str, object]) -> dict[str, object]:
    """The sources of sensors by their names; one without a name is "worn", or "worn-2".

    Raises:
        UsageError: a name or a source twice, no source at all, too many, or no such name.
    """
    named: dict[str, object] = {}
    pairs = worn.items() if isinstance(worn, Mapping) else [_pair(each, worn) for each in worn]
    for name, source in pairs:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"a sensor is named {shown(name)}; give letters, digits, _ and -, a letter first"
            )
        if name == OF_FRAMES:
            raise UsageError(
                f"a sensor is named {OF_FRAMES}, which the frames are; give another name"
            )
        if name in named:
            raise UsageError(f"two sensors are named {name}; give each a name of its own")
        if isinstance(source, str) and not source.strip():
            raise UsageError(f"the sensor {name} has no source; give {name}=SOURCE")
        for other, held in named.items():
            if isinstance(source, str) and source == held:
                raise UsageError(
                    f"the sensors {other} and {name} are both {shown(source)}; one source is one "
                    "sensor, so read it once"
                )
        named[name] = source
    if len(named) > MOST_SENSORS:
        raise UsageError(f"{len(named)} sensors are given; at most {MOST_SENSORS} are read")
    return named


def _pair(word: str, worn: Sequence[str]) -> tuple[str, str]:
    """Name and source; a file whose name holds a `=` is a source."""
    found = None if os.path.exists(word) else _NAMED.fullmatch(word)
    if found is not None:
        return found[1], found[2]
    number = 1 + [each for each in worn if each == word or not _NAMED.fullmatch(each)].index(word)
    return ("worn" if number == 1 else f"worn-{number}"), word


def offsets_of(
    offsets: Iterable[str] | Mapping[str, float] | float, sensors: Iterable[str]
) -> dict[str, float]:
    """Seconds to be added, by sensor.

    Raises:
        UsageError: no number, over a day, no such sensor, or one twice.
    """
    names = list(sensors)
    found = dict.fromkeys(names, 0.0)
    if isinstance(offsets, (int, float)):
        return dict.fromkeys(names, _seconds(str(offsets)))
    if isinstance(offsets, Mapping):
        pairs = [(name, str(value)) for name, value in offsets.items()]
    else:
        pairs = [(word.rpartition("=")[0], word.rpartition("=")[2]) for word in offsets]
    given: set[str] = set()
    for name, value in pairs:
        for each in [name] if name else names:
            if each not in found:
                raise UsageError(
                    f"--worn-offset is for {shown(each)}, and no sensor is named so; give one of "
                    f"{', '.join(names)}"
                )
            if each in given:
                raise UsageError(f"--worn-offset is given twice for {each}; give one")
            given.add(each)
            found[each] = _seconds(value)
    return found


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not abs(number) <= MOST_OFFSET_S:
        raise UsageError(
            f"--worn-offset is {shown(value)}; give seconds from -{MOST_OFFSET_S:g} to "
            f"{MOST_OFFSET_S:g}, or NAME=SECONDS"
        )
    return number


def require_wait(wait_s: float) -> None:
    """Raises UsageError for a wait that is none."""
    if not 0 <= wait_s <= MOST_WAIT_S:
        raise UsageError(f"--wait-s is {wait_s:g}; give 0 to {MOST_WAIT_S:g} seconds")
