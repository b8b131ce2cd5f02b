"""A recording of a camera and its sensors: that of each side, and what joins them.

    DIR/recording.json      the sensors, their offsets, where the clock is 0
    DIR/order.jsonl         the sides in the order in which their results were released
    DIR/camera/             frames, as `--record` of a camera alone keeps them
    DIR/sensor-1/           samples, as `--record` of a wearable alone keeps them

A replay reads each side as a file, and releases results in the recorded order: what came late comes
late again, so that the same wearers are found at the same times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from edgehuman.errors import DataError, UsageError
from edgehuman.files import cannot_write, require_own_folder, write_whole
from edgehuman.install import VERSION
from edgehuman.limits.sizes import read_regular
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.replay.folder import ABOUT, FORMAT, is_recording, read_about
from edgehuman.runtime.together.words import MOST_OFFSET_S, MOST_SENSORS, OF_FRAMES

KIND, ORDER, CAMERA = "together", "order.jsonl", OF_FRAMES
OF_SENSORS = 0.1
"""Their share of the room."""
_MOST_ORDER = 1 << 28
_MOST_RUN = 10**7
_MOST_ABOUT = 1 << 20
_MODE = 0o700
_FLUSH_S = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What joins the sides of a recording.

    Attributes:
        camera: the name of the camera's side.
        shown: its name in results, of one that do not say it themselves.
        sensors: names, in the order of their folders.
        offsets: seconds that were added, by sensor.
        bound_s: of their clocks.
        zero_ns: where the clock was 0, by the recorded monotonic clock; None: all sides had stamps
            of their own.
    """

    camera: str
    shown: str
    sensors: tuple[str, ...]
    offsets: Mapping[str, float]
    bound_s: float
    zero_ns: int | None


def folder_of(folder: Path, kept: Kept, side: str) -> Path:
    """Where a side is kept."""
    if side == kept.camera:
        return folder / CAMERA
    return folder / f"sensor-{kept.sensors.index(side) + 1}"


@dataclass(slots=True)
class Keeping:
    """Writes what joins the sides; see `keeping`."""

    folder: Path
    kept: Kept
    order: IO[str]
    _runs: list[list[Any]] = field(default_factory=list)
    _flushed_s: float = -math.inf

    def released(self, name: str, t_s: float) -> None:
        """Take note that a result of a side was released."""
        if self._runs and self._runs[-1][0] == name:
            self._runs[-1][1] += 1
        else:
            self._runs.append([name, 1])
        if t_s >= self._flushed_s + _FLUSH_S:
            self._flushed_s = t_s
            self.flush()

    def flush(self) -> None:
        """Write what was noted.

        Raises:
            UsageError: the disk is full.
        """
        try:
            for run in self._runs:
                self.order.write(to_json({"side": run[0], "count": run[1]}) + "\n")
            self.order.flush()
        except OSError as reason:
            raise UsageError(f"--record: {cannot_write(self.folder / ORDER, reason)}") from None
        self._runs.clear()

    def write_about(self, zero_ns: int | None) -> None:
        """Write where the clock is 0."""
        kept = self.kept
        row = {
            "format": FORMAT,
            "edgehuman": VERSION,
            "kind": KIND,
            "source": ", ".join([kept.camera, *kept.sensors]),
            "removed": 0,
            "camera": kept.camera,
            "shown": kept.shown,
            "sensors": list(kept.sensors),
            "offsets": dict(kept.offsets),
            "bound_s": kept.bound_s,
            "zero_ns": zero_ns,
        }
        write_whole(self.folder / ABOUT, to_json(row, indent=1).encode() + b"\n", UsageError)

    def close(self) -> None:
        """Nothing more comes."""
        self.flush()
        self.order.close()


def keeping(folder: Path, kept: Kept) -> Keeping:
    """Begin a recording in a new folder.

    Raises:
        UsageError: it holds files, or cannot be written to.
    """
    require_own_folder(folder, (), "--record")
    try:
        folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        order = (folder / ORDER).open("w", encoding="utf-8")
    except OSError as reason:
        raise UsageError(f"--record: {cannot_write(folder, reason)}") from None
    begun = Keeping(folder, kept, order)
    begun.write_about(kept.zero_ns)
    return begun


def is_of_both(path: str | Path) -> bool:
    """Whether a path is a recording of a camera and sensors."""
    if not is_recording(path):
        return False
    try:
        row = json_of(read_regular(Path(path) / ABOUT, _MOST_ABOUT, DataError))
    except (OSError, ValueError):  # whoever reads it says what is wrong
        return False
    return isinstance(row, dict) and row.get("kind") == KIND


def read_kept(folder: Path) -> Kept:
    """What joins the sides of a recording.

    Raises:
        DataError: damaged.
    """
    more = read_about(folder, KIND).more
    camera, names, offsets = more.get("camera"), more.get("sensors"), more.get("offsets")
    bound_s: Any = more.get("bound_s")
    zero_ns, shown = more.get("zero_ns"), more.get("shown")
    if (
        not (isinstance(camera, str) and isinstance(shown, str))
        or not isinstance(names, list)
        or not 0 < len(names) <= MOST_SENSORS
        or not all(isinstance(name, str) for name in names)
        or len({camera, *names}) != len(names) + 1
        or not isinstance(offsets, dict)
        or not all(_is_seconds(offsets.get(name)) for name in names)
        or not _is_seconds(bound_s)
        or not (zero_ns is None or type(zero_ns) is int)
    ):
        raise DataError(f"{folder / ABOUT}: does not say what joins its sides; record again")
    return Kept(
        camera, shown, tuple(names), {n: float(offsets[n]) for n in names}, float(bound_s), zero_ns
    )


def _is_seconds(value: object) -> bool:
    return type(value) in (int, float) and abs(float(value)) <= MOST_OFFSET_S  # type: ignore[arg-type]


def read_order(folder: Path) -> Iterator[str]:
    """The sides in the order of release; a line that was cut short is the end.

    Raises:
        DataError: a line that is none.
    """
    path = folder / ORDER
    if not path.is_file():
        return
    if path.stat().st_size > _MOST_ORDER:
        raise DataError(f"{path}: over {_MOST_ORDER:,} bytes; it is no order of results")
    with path.open("rb") as stream:
        while (line := stream.readline(4096)).endswith(b"\n"):
            try:
                row = json_of(line)
                name, count = row["side"], row["count"]
                if not isinstance(name, str) or type(count) is not int or count > _MOST_RUN:
                    raise ValueError("its side or count is none")
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{path}: a line is no order of results ({error})") from None
            for _ in range(count):
                yield name
