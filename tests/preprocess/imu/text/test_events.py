"""JSON of phone apps, one sensor an object, as rows of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.clock import tell_unit
from edgehuman.preprocess.imu.text.events import SensorEvents, is_event
from edgehuman.preprocess.imu.text.lines import RowParser
from edgehuman.preprocess.imu.text.stamps import require_wearable
from edgehuman.records import Float64

T0_NS = 3_925_657_519_043_709
Line = dict[str, Any]
App = Callable[[str, int, Sequence[float]], Line]


def sensagram(name: str, stamp_ns: int, xyz: Sequence[float]) -> Line:
    return {"type": f"android.sensor.{name}", "timestamp": stamp_ns, "values": list(xyz)}


def sensor_server(name: str, stamp_ns: int, xyz: Sequence[float]) -> Line:
    return {"accuracy": 3, **sensagram(name, stamp_ns, xyz)}


def logged(name: str, stamp_ns: int, xyz: Sequence[float]) -> Line:
    return {"name": name, "time": stamp_ns, "values": dict(zip("xyz", xyz, strict=True))}


def pushed(name: str, stamp_ns: int, xyz: Sequence[float]) -> Line:
    """Sensor Logger's push, of one reading."""
    entry = logged(name, stamp_ns, xyz)
    return {"messageId": 1, "sessionId": "s", "deviceId": "d", "payload": [entry]}


def exported(name: str, stamp_ns: int, xyz: Sequence[float]) -> Line:
    """An entry of Sensor Logger's file, whose numbers are strings."""
    texts = dict(zip("xyz", map(str, xyz), strict=True))
    return {"sensor": name, "time": str(stamp_ns), "seconds_elapsed": "0", **texts}


def stream(app: App, *names: str, seconds: float = 8.0) -> Iterator[str]:
    """Each sensor's own line of x, at 50 Hz, with stamps that differ by some milliseconds."""
    for k in range(round(seconds * 50)):
        for n, name in enumerate(names):
            t = k / 50 - 0.003 * n
            value = {"gravity": 9.0}.get(name, float(len(name)))
            stamp_ns = T0_NS + round(t * 1e9)
            yield json.dumps(app(name, stamp_ns, [value + t, 0.0, 1.0]))


def rows_of(lines: Sequence[str], size: int = 7, **options: Any) -> tuple[Float64, RowParser]:
    parser = RowParser("phone", **options)
    parts = [parser.parse(lines[at : at + size]) for at in range(0, len(lines), size)]
    stamp_T = np.concatenate([part.stamp_T for part in parts])
    imu_TC = np.concatenate([part.imu_TC for part in parts])
    return np.column_stack([stamp_T, imu_TC]), parser


@pytest.mark.parametrize(
    ("app", "accel", "gyro"),
    [
        (sensagram, "accelerometer", "gyroscope"),
        (sensor_server, "accelerometer", "gyroscope"),
        (sensor_server, "accelerometer_uncalibrated", "gyroscope_uncalibrated"),
        (pushed, "totalacceleration", "gyroscope"),
        (pushed, "accelerometeruncalibrated", "gyroscope"),
        (logged, "totalacceleration", "gyroscope"),
        (exported, "TotalAcceleration", "Gyroscope"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_both_sensors_are_joined(app: App, accel: str, gyro: str, strict: bool) -> None:
    others = ("gravity", "magnetic_field")
    row_T7, parser = rows_of(list(stream(app, accel, gyro, *others)), strict=strict)
    t_T = row_T7[:, 0] - T0_NS / 1e9
    assert len(row_T7) == 399
    assert (parser.bad, parser.rows) == (0, 399)
    np.testing.assert_allclose(t_T, np.arange(399) / 50, atol=1e-6)
    np.testing.assert_allclose(row_T7[:, 1], len(accel) + t_T, atol=1e-5)
    np.testing.assert_allclose(row_T7[:, 4], len(gyro) + t_T, atol=1e-5)
    assert parser.units.gyro == 1.0
    assert parser.events is not None
    assert parser.events.missing() == ""
    (remark,) = parser.events.remarks
    assert remark == (
        "both sensors are joined by their stamps: "
        f"{accel.lower().replace('_', '')} + {gyro.lower().replace('_', '')}"
    )


def test_what_has_gravity_is_chosen_from_all_that_sensor_logger_sends() -> None:
    names = ("accelerometer", "gyroscope", "gravity", "totalacceleration")
    row_T7, _ = rows_of(list(stream(pushed, *names)))
    t_T = row_T7[:, 0] - T0_NS / 1e9
    np.testing.assert_allclose(row_T7[:, 1], len("totalacceleration") + t_T, atol=1e-5)


@pytest.mark.parametrize(
    ("app", "linear"), [(pushed, "accelerometer"), (sensagram, "linear_acceleration")]
)
def test_gravity_that_comes_alone_is_added(app: App, linear: str) -> None:
    row_T7, parser = rows_of(list(stream(app, linear, "gyroscope", "gravity")))
    t_T = row_T7[:, 0] - T0_NS / 1e9
    assert len(row_T7) == 399
    np.testing.assert_allclose(row_T7[:, 1], len(linear) + t_T + 9.0 + t_T, atol=1e-5)
    np.testing.assert_allclose(row_T7[:, 3], 2.0)
    np.testing.assert_allclose(row_T7[:, 4], 9 + t_T, atol=1e-5)
    assert parser.events is not None
    assert "linearacceleration + gyroscope + gravity" in parser.events.remarks[0]


@pytest.mark.parametrize(
    ("app", "names", "said"),
    [
        (sensagram, ("accelerometer", "light"), "the gyroscope is missing (found accelerometer)"),
        (sensagram, ("gyroscope",), "the accelerometer is missing (found gyroscope)"),
        (sensagram, ("light",), "both sensors are missing (found light)"),
        (pushed, ("accelerometer", "gyroscope"), "acceleration is without gravity"),
        (sensagram, ("linear_acceleration", "gyroscope"), "acceleration is without gravity"),
    ],
)
def test_what_is_missing_is_said_once_after_a_few_seconds(
    app: App, names: Sequence[str], said: str
) -> None:
    lines = list(stream(app, *names))
    row_T7, parser = rows_of(lines[: 90 * len(names)])
    assert parser.events is not None
    assert parser.events.remarks == []
    assert len(row_T7) == 0
    _, parser = rows_of(lines)
    assert parser.events is not None
    assert said in parser.events.missing()
    assert len(parser.events.remarks) == 1


def test_a_sensor_that_stops_is_missed() -> None:
    begin = list(stream(sensagram, "accelerometer", "gyroscope", seconds=3))
    later = list(stream(sensagram, "accelerometer", seconds=9))[150:]
    _, parser = rows_of([*begin, *later])
    assert parser.events is not None
    assert parser.events.missing() == "no gyroscope for 3 s"


def test_it_can_start_with_one_and_get_the_other_later() -> None:
    alone = list(stream(sensagram, "accelerometer", seconds=4))
    both = list(stream(sensagram, "accelerometer", "gyroscope", seconds=8))[400:]
    row_T7, _ = rows_of([*alone, *both])
    assert row_T7[0, 0] - T0_NS / 1e9 == pytest.approx(4.0, abs=0.03)
    assert len(row_T7) == pytest.approx(199, abs=2)


@pytest.mark.parametrize("first", ["totalacceleration", "gyroscope"])
def test_a_batch_has_all_of_one_sensor_before_the_other(first: str) -> None:
    """Sensor Logger pushes some hundred milliseconds at a time."""
    second = "gyroscope" if first == "totalacceleration" else "totalacceleration"
    lines = []
    for begin in range(0, 400, 25):
        payload = [
            logged(name, T0_NS + 20_000_000 * k, [float(k), 0.0, 1.0])
            for name in (first, second)
            for k in range(begin, begin + 25)
        ]
        lines.append(json.dumps({"messageId": begin, "payload": payload}))
    row_T7, parser = rows_of(lines, size=1)
    assert parser.bad == 0
    np.testing.assert_allclose(row_T7[:, 1], np.arange(400))
    np.testing.assert_allclose(row_T7[:, 4], np.arange(400))


def test_stamps_of_an_unknown_app_in_milliseconds_are_told_to_be_declared() -> None:
    lines = [
        json.dumps({"type": name, "timestamp": 20 * k, "values": [0.0, 0.0, 9.8]})
        for k in range(600)
        for name in ("accelerometer", "gyroscope")
    ]
    row_T7, _ = rows_of(lines)
    with pytest.raises(DataError, match="give their unit with --stamp-unit"):
        require_wearable(row_T7[:, 0], tell_unit(row_T7[:, 0]))
    declared_T7, _ = rows_of(lines, stamp_unit="ms")
    np.testing.assert_allclose(np.diff(declared_T7[:, 0]), 20.0)


def test_a_declared_unit_of_the_stamps_is_kept() -> None:
    lines = list(stream(sensagram, "accelerometer", "gyroscope"))
    row_T7, _ = rows_of(lines, stamp_unit="ns")
    np.testing.assert_allclose(np.diff(row_T7[:, 0]), 2e7, atol=1e3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"type": "android.sensor.gyroscope", "timestamp": None, "values": [1, 2, 3]}, "no time"),
        ({"type": "android.sensor.gyroscope", "timestamp": 1, "values": [1, 2]}, "no time, x, y"),
        ({"type": "android.sensor.gyroscope", "values": [1, 2, 3]}, "no time, x, y"),
        ({"accuracy": 3, "timestamp": 1, "values": [1, 2, 3]}, 'without its "type"'),
        ({"payload": [7]}, "'7' in the payload"),
        ({"payload": [{"name": "gyroscope", "time": 1, "values": {"x": "a"}}]}, "no time, x, y"),
    ],
)
def test_an_event_that_cannot_be_read_is_dropped_and_told(wrong: Line, said: str) -> None:
    lines = list(stream(sensagram, "accelerometer", "gyroscope"))
    row_T7, parser = rows_of([*lines[:20], json.dumps(wrong), *lines[20:]], strict=False)
    assert (parser.bad, len(row_T7)) == (1, 399)
    assert said in parser.told[0]


def test_phyphox_and_its_empty_places() -> None:
    t = [k / 100 for k in range(500)]
    names = {"acc_time": 0.0, "accX": 1.0, "accY": 2.0, "accZ": 3.0}
    names |= {"gyr_time": 0.0, "gyrX": 4.0, "gyrY": 5.0, "gyrZ": 6.0}
    columns = {
        name: [s + more if name.endswith("time") else more for s in t]
        for name, more in names.items()
    }
    columns["accX"][7] = None  # type: ignore[call-overload]
    remote = {"buffer": {name: {"size": 0, "buffer": b} for name, b in columns.items()}}
    for record in (columns, remote, {**columns, "acc_time": None, "gyr_time": None, "t": t}):
        assert is_event(record)
        rows = SensorEvents(None).rows(record)
        assert len(rows) == 499
        assert rows[0] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_row_is_no_event() -> None:
    row = {"t": 0.0, "ax": 0.0, "ay": 0.0, "az": 1.0, "gx": 0.0, "gy": 0.0, "gz": 0.0}
    assert not is_event(row)
    assert not is_event({**row, "name": "left wrist"})


def signed(app: App, phone: Any, *names: str) -> Float64:
    """Rows of an app's events as they are read for a phone."""
    return rows_of(list(stream(app, *names)), phone=phone)[0]


@pytest.mark.parametrize("app", [pushed, logged, exported])
def test_an_iphone_s_acceleration_is_turned_and_its_rotation_is_not(app: App) -> None:
    names = ("accelerometer", "gyroscope", "gravity")
    android, ios = (signed(app, phone, *names) for phone in ("android", "ios"))
    np.testing.assert_array_equal(ios[:, 1:4], -android[:, 1:4])
    np.testing.assert_array_equal(ios[:, 4:], android[:, 4:])
    np.testing.assert_array_equal(android, signed(app, "standard", *names))
    np.testing.assert_array_equal(android, signed(app, None, *names))


def test_what_is_not_sensor_logger_s_keeps_its_signs() -> None:
    names = ("accelerometer", "gyroscope")
    np.testing.assert_array_equal(signed(sensagram, "ios", *names), signed(sensagram, None, *names))


def test_entries_of_a_message_may_stand_in_any_order() -> None:
    lines = [json.loads(line) for line in stream(pushed, "totalacceleration", "gyroscope")]
    parts = [lines[at : at + 40] for at in range(0, len(lines), 40)]
    messages = [
        {**part[0], "payload": [each["payload"][0] for each in reversed(part)]} for part in parts
    ]
    row_T7, parser = rows_of([json.dumps(message) for message in messages], size=1)
    assert len(row_T7) >= 395
    assert (np.diff(row_T7[:, 0]) > 0).all()
    assert parser.events is not None
    assert parser.events.report()["late"] == 0


def wrist(stamp_ns: int, **values: float) -> Line:
    kinds = ("acceleration", "gravity", "rotationRate")
    flat = {f"{kind}{axis}": values.get(kind, 0.0) for kind in kinds for axis in "XYZ"}
    return {"payload": [{"name": "wrist motion", "time": stamp_ns, "values": flat}]}


def test_a_watch_gives_both_sensors_in_one_event() -> None:
    lines = [
        json.dumps(
            wrist(T0_NS + n * 20_000_000, acceleration=0.1, gravity=0.5, rotationRate=n / 10)
        )
        for n in range(200)
    ]
    for phone, sign in (("standard", 1.0), ("ios", -1.0)):
        row_T7, parser = rows_of(lines, phone=phone)
        assert len(row_T7) == 200
        np.testing.assert_allclose(row_T7[:, 1:4], sign * 0.6, rtol=1e-6)
        np.testing.assert_allclose(row_T7[:, 5], np.arange(200) / 10, rtol=1e-6)
        assert parser.units.gyro == 1.0
    with_phone = [*stream(pushed, "totalacceleration", "gyroscope", seconds=4), *lines]
    _, parser = rows_of(with_phone)
    assert parser.events is not None
    assert parser.events.report()["read"] == ["totalacceleration", "gyroscope"]


@pytest.mark.parametrize("values", [7, [], None, {}, {"gravityX": "x"}, "text"])
def test_a_watch_s_event_without_its_numbers_is_dropped(values: Any) -> None:
    line = json.dumps({"payload": [{"name": "wrist motion", "time": T0_NS, "values": values}]})
    _, parser = rows_of([line], strict=False)
    assert (parser.bad, parser.rows) == (1, 0)
