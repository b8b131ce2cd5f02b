"""JSON of apps that send one sensor at a time, joined to rows of both sensors.

| app | an object |
|---|---|
| SensaGram 1.x, SensorServer 6.x (Android) | `{"type": "android.sensor.gyroscope", "timestamp": ns,
  "values": [x, y, z], "accuracy": 3}` |
| Sensor Logger 1.x push | `{"messageId": 0, "sessionId": "", "deviceId": "", "payload": [{"name":
  "gyroscope", "time": ns, "values": {"x": 0, "y": 0, "z": 0}}]}`; also the entries alone |
| phyphox 1.x remote access | `{"buffer": {"acc_time": {"buffer": [s, ...]}, "accX": ...}}`; also
  the lists alone |
| Sensorstream IMU+GPS (Android) | a row of numbers (`text.tagged`) |

Acceleration has to be with gravity. `accelerometer` is, in Android's own words; in Sensor Logger it
is not: `totalacceleration` or `accelerometeruncalibrated` is used there, else `accelerometer` plus
`gravity` (all that iPhones give). Android and Sensor Logger write rotation in rad/s. An iPhone's
acceleration and gravity have the opposite sign on every axis; its gyroscope has not. A watch's
`wrist motion` holds gravity, acceleration and rotation at once, and is read where the phone's own
sensors are not sent.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgehuman.preprocess.imu.format import Phone
from edgehuman.preprocess.imu.text.columns import plain
from edgehuman.preprocess.imu.text.joining import MAX_HELD, Sample, SensorJoiner
from edgehuman.preprocess.imu.text.paces import Paces, Rest

SETTLE_S, SETTLE_ROWS = 1.0, 512  # what there is by then is chosen from
PATIENCE_S = 3.0  # after so long without it, a sensor is missing
OTHERS_ENOUGH = 100  # events of other sensors alone
_SHOWN = 20
_ANDROID = "android.sensor."
_NAMES = ("type", "name", "sensor")
_TIMES = ("timestamp", "time", "t")
_WITH_GRAVITY = ("totalacceleration", "accelerometer", "accelerometeruncalibrated")
_WITHOUT_GRAVITY = "linearacceleration"
_GYROSCOPES = ("gyroscope", "gyroscopeuncalibrated")
_GRAVITY = "gravity"
_WRIST, _WRIST_TURN = "wristmotion", "wristrotation"
_KNOWN = {*_WITH_GRAVITY, _WITHOUT_GRAVITY, *_GYROSCOPES, _GRAVITY}
_SAID = {_WITHOUT_GRAVITY: "accelerometer", _WRIST: "wrist motion", _WRIST_TURN: "wrist motion"}
_TURNED = {*_WITH_GRAVITY, _WITHOUT_GRAVITY, _GRAVITY, _WRIST}  # by iOS


def is_event(record: Mapping[str, Any]) -> bool:
    """Whether an object is of one of these apps, rather than a row with a key for each column."""
    return (
        isinstance(record.get("payload"), list)
        or "values" in record
        or isinstance(record.get("buffer"), dict)
        or ({"x", "y", "z"} <= record.keys() and any(name in record for name in _NAMES))
        or any(isinstance(record.get(key), list) for key in ("accX", "accx", "ax"))
    )


class SensorEvents:
    """Joins the events of one stream.

    Args:
        per_second: units of a stamp in a second; None: nanoseconds for apps, seconds for phyphox.
        phone: whose signs Sensor Logger's acceleration has; None: Android's, which the standard
            frames of the app have too.

    Attributes:
        count, other: events read, and those of other sensors.
        finite: events of the sensors that are read, with a stamp and three numbers.
        in_rads: whether an app was seen that writes rotation in rad/s.
        remarks: what is read, and what is missing, in words.
        paces: of the sensors.
    """

    def __init__(self, per_second: float | None, phone: Phone | None = None) -> None:
        self.count = 0
        self.other = 0
        self.finite = 0
        self.in_rads = False
        self.remarks: list[str] = []
        self.paces = Paces()
        self._per_second = per_second
        self._sign = -1.0 if phone == "ios" else 1.0
        self._rest = Rest(f"--phone {phone}" if phone else "without --phone")
        self._logger = False
        self._held: dict[str, deque[Sample]] = {}
        self._joiner: SensorJoiner | None = None
        self._sensors: tuple[str, ...] = ()
        self._others: dict[str, None] = {}
        self._first_s = math.nan
        self._newest_s = math.nan

    def rows(self, record: Mapping[str, Any]) -> list[list[float]]:
        """The rows that an object completes: stamp in the declared unit, else in seconds, then ax
        ay az gx gy gz.

        Raises:
            ValueError: no such object; nothing of it is used.
        """
        return self.rows_of(list(self._samples(record)))

    def rows_of(self, samples: Sequence[tuple[str, Sample]]) -> list[list[float]]:
        """The rows that samples of named sensors complete, as `rows`; their stamps in seconds."""
        rows = [row for name, sample in samples for row in self._push(name, sample)]
        self._look_for_missing()
        six = [[row[0], *self._six(row[1:])] for row in rows]
        if self._logger and _WRIST not in self._sensors:
            self._look_at_rest(six)
        per_second = self._per_second or 1.0
        return [[row[0] * per_second, *row[1:]] for row in six]

    def rows_of_tagged(self, samples: Sequence[tuple[str, Sample]]) -> list[list[float]]:
        """The rows that samples of `text.tagged` complete."""
        self.count += len(samples)
        self.other += not samples
        self.in_rads = True
        return self.rows_of(samples)

    def slow(self, wanted_hz: float) -> str:
        """Which of the sensors are too slow for a model, in words; "" if none is, or is known."""
        said = {name: _SAID.get(name, name) for name in self._sensors}
        return self.paces.slow(said, wanted_hz)

    def missing(self) -> str:
        """The sensor that the stream lacks, in words; "" while nothing is known to be missing."""
        if self._joiner is not None:
            newest_s = self._joiner.newest_s
            last_s = max(newest_s.values(), default=0.0)
            gone = [
                name
                for name in self._sensors
                if last_s - newest_s.get(name, -math.inf) > PATIENCE_S
            ]
            return f"no {' and no '.join(gone)} for {PATIENCE_S:g} s" if gone else ""
        if not self._held and self.other >= OTHERS_ENOUGH:
            return f"both sensors are missing (found {', '.join(self._others)}): switch them on"
        if not self._newest_s - self._first_s >= PATIENCE_S:
            return ""
        seen = ", ".join(self._held) or "other sensors"
        if not any(name in self._held for name in _GYROSCOPES):
            return f"the gyroscope is missing (found {seen}): switch it on in the app"
        if _WITHOUT_GRAVITY in self._held:
            return (
                f"acceleration is without gravity (found {seen}): switch on TotalAcceleration, or "
                "Gravity beside it, or Android's accelerometer"
            )
        return f"the accelerometer is missing (found {seen}): switch it on in the app"

    def report(self) -> dict[str, Any]:
        """Counts, for the summary."""
        joiner = self._joiner
        return {
            "read": list(self._sensors),
            "events": self.count,
            "of_other_sensors": self.other,
            "late": 0 if joiner is None else joiner.late,
            "unjoined": 0 if joiner is None else joiner.unjoined,
        }

    def _samples(self, record: Mapping[str, Any]) -> Iterator[tuple[str, Sample]]:
        lists = _lists(record)
        if lists:
            yield from self._of_phyphox(lists)
            return
        payload = record.get("payload")
        logger = isinstance(payload, list)
        found = []
        for entry in payload if isinstance(payload, list) else [record]:
            if not isinstance(entry, dict):
                raise ValueError(f"{str(entry)[:40]!r} in the payload is no sensor's event")
            name, known = _name(entry, logger)
            self.count += 1
            self.in_rads |= known
            own = logger or _is_logged(entry)
            self._logger |= own
            if name == _WRIST:
                found += self._of_wrist(entry)
            elif name in _KNOWN:
                found.append((name, self._signed(name, self._sample(entry), own)))
            else:
                self.other += 1
                if len(self._others) < _SHOWN:
                    self._others[name[:_SHOWN]] = None
        # The entries of a message may stand in any order.
        yield from sorted(found, key=lambda each: each[1][0]) if logger else found

    def _signed(self, name: str, sample: Sample, logger: bool) -> Sample:
        if self._sign > 0 or not logger or name not in _TURNED:
            return sample
        return sample[0], -sample[1], -sample[2], -sample[3]

    def _of_wrist(self, entry: Mapping[str, Any]) -> list[tuple[str, Sample]]:
        """Acceleration with gravity and rotation of a watch, which come in one event."""
        given, stamp = entry.get("values", entry), entry.get("time")
        values = given if isinstance(given, dict) else {}
        three = {
            kind: self._sample(
                {"values": [values.get(f"{kind}{axis}") for axis in "XYZ"], "t": stamp}
            )
            for kind in ("acceleration", "gravity", "rotationRate")
        }
        stamp_s, *linear = three["acceleration"]
        pull = three["gravity"][1:]
        x, y, z = (a + b for a, b in zip(linear, pull, strict=True))
        both = self._signed(_WRIST, (stamp_s, x, y, z), True)
        return [(_WRIST, both), (_WRIST_TURN, three["rotationRate"])]

    def _sample(self, entry: Mapping[str, Any]) -> Sample:
        values = entry.get("values", entry)
        if isinstance(values, dict):
            values = [values.get(axis) for axis in "xyz"]
        stamp = next((entry[key] for key in _TIMES if key in entry), None)
        try:
            x, y, z = (float(value) for value in values[:3])
            stamp_s = float(stamp) / (self._per_second or 1e9)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise ValueError(
                f"no time, x, y and z in a sensor's event: {str(entry)[:60]}"
            ) from None
        return stamp_s, x, y, z

    def _of_phyphox(self, lists: Mapping[str, list[Any]]) -> Iterator[tuple[str, Sample]]:
        times = next((lists[key] for key in ("acc_time", "t", "time") if key in lists), None)
        for sensor, stem, letter in (("accelerometer", "acc", "a"), ("gyroscope", "gyr", "g")):
            own = lists.get(f"{stem}_time", times)
            axes = [lists.get(f"{stem}{axis}", lists.get(f"{letter}{axis}")) for axis in "xyz"]
            if own is None or any(axis is None for axis in axes):
                continue
            for numbers in zip(own, *(axis for axis in axes if axis is not None), strict=False):
                if any(not isinstance(number, (int, float)) for number in numbers):
                    continue  # phyphox writes null where a buffer is not filled
                try:
                    t, x, y, z = (float(number) for number in numbers)
                except OverflowError:
                    raise ValueError("a whole number that is too large to be a sample") from None
                self.count += 1
                self.in_rads = True
                yield sensor, (t / (self._per_second or 1.0), x, y, z)

    def _push(self, name: str, sample: Sample) -> list[list[float]]:
        if not all(map(math.isfinite, sample)):
            return []
        self.finite += 1
        self._newest_s = sample[0]
        self.paces.add(name, sample[0])
        if self._joiner is not None:
            return self._joiner.push(name, sample)
        if math.isnan(self._first_s) or sample[0] < self._first_s - PATIENCE_S:
            self._first_s = sample[0]
            self._held.clear()
        held = self._held.setdefault(name, deque(maxlen=MAX_HELD))
        held.append(sample)
        settled = sample[0] - self._first_s >= SETTLE_S or len(held) >= SETTLE_ROWS
        self._sensors = self._chosen() if settled else ()
        if not self._sensors:
            return []
        return self._begin()

    def _chosen(self) -> tuple[str, ...]:
        """The sensors to join, the first of which tells the instants; none while one lacks."""
        gyro = next((name for name in _GYROSCOPES if name in self._held), None)
        accel = next((name for name in _WITH_GRAVITY if name in self._held), None)
        if gyro is not None and accel is not None:
            return accel, gyro
        if gyro is not None and _WITHOUT_GRAVITY in self._held and _GRAVITY in self._held:
            return _WITHOUT_GRAVITY, gyro, _GRAVITY
        return (_WRIST, _WRIST_TURN) if _WRIST in self._held else ()

    def _begin(self) -> list[list[float]]:
        self._joiner = SensorJoiner(self._sensors)
        self.remarks.append(f"both sensors are joined by their stamps: {' + '.join(self._sensors)}")
        held, self._held = self._held, {}
        merged = sorted((sample, name) for name in self._sensors for sample in held.get(name, ()))
        return [row for sample, name in merged for row in self._joiner.push(name, sample)]

    def _six(self, values: list[float]) -> list[float]:
        """ax ay az gx gy gz: gravity, if it came alone, is added."""
        if len(values) == 6:
            return values
        return [*(a + b for a, b in zip(values[:3], values[6:], strict=True)), *values[3:6]]

    def _look_at_rest(self, rows: Sequence[Sequence[float]]) -> None:
        for row in rows:
            self._rest.add(row)
        if self._rest.remark and self._rest.remark not in self.remarks:
            self.remarks.append(self._rest.remark)

    def _look_for_missing(self) -> None:
        missing = self.missing()
        if missing and missing not in self.remarks:
            self.remarks.append(missing)


def _name(entry: Mapping[str, Any], logger: bool) -> tuple[str, bool]:
    """A sensor in the words of Android, whatever the app calls it, and whether the app is known."""
    given = next((entry[key] for key in _NAMES if isinstance(entry.get(key), str)), None)
    if given is None:
        raise ValueError(
            'a sensor\'s event without its "type" or "name": let the app send both sensors'
        )
    android = given.startswith(_ANDROID)
    name = plain(given.removeprefix(_ANDROID)).replace("_", "")
    logger |= _is_logged(entry)
    if logger and not android and name == "accelerometer":
        name = _WITHOUT_GRAVITY
    return name, logger or android


def _is_logged(entry: Mapping[str, Any]) -> bool:
    """Whether an event that stands alone is Sensor Logger's."""
    return "seconds_elapsed" in entry or isinstance(entry.get("values"), dict)


def _lists(record: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The columns of an object of lists, by their plain names."""
    buffers = record.get("buffer")
    if isinstance(buffers, dict):
        pairs = {key: b.get("buffer") for key, b in buffers.items() if isinstance(b, dict)}
    elif "payload" in record or "values" in record:
        return {}
    else:
        pairs = dict(record)
    return {plain(key): value for key, value in pairs.items() if isinstance(value, list)}
