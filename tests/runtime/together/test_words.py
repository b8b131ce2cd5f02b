"""The flags of sensors beside a camera."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.together.words import (
    WornFlags,
    offsets_of,
    require_wait,
    require_worn,
    sensors_of,
)


def test_names_are_given_or_made() -> None:
    assert sensors_of(["anna=udp://:5555", "b.csv"]) == {"anna": "udp://:5555", "worn": "b.csv"}
    assert sensors_of(["a.csv", "b.csv"]) == {"worn": "a.csv", "worn-2": "b.csv"}
    assert sensors_of({"anna": "walk.csv"}) == {"anna": "walk.csv"}
    # An address may hold a "=" behind its name.
    assert sensors_of(["x=serial:/dev/ttyUSB0?baud=9600"]) == {"x": "serial:/dev/ttyUSB0?baud=9600"}


def test_a_file_whose_name_holds_a_sign_is_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run=3.csv").touch()
    assert sensors_of(["run=3.csv"]) == {"worn": "run=3.csv"}


@pytest.mark.parametrize(
    ("worn", "message"),
    [
        (["a=1.csv", "a=2.csv"], "two sensors are named a; give each a name of its own"),
        (["a=1.csv", "b=1.csv"], "the sensors a and b are both '1.csv'; one source is one sensor"),
        (["camera=1.csv"], "a sensor is named camera, which the frames are; give another name"),
        (["a= "], "the sensor a has no source; give a=SOURCE"),
        ([f"a{n}={n}" for n in range(33)], "33 sensors are given; at most 32 are read"),
        ({"7": "x.csv"}, "a sensor is named '7'; give letters, digits, _ and -, a letter first"),
    ],
)
def test_wrong_sensors_are_named(worn: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sensors_of(worn)


def test_offsets_are_for_all_or_for_one() -> None:
    assert offsets_of((), ["a", "b"]) == {"a": 0.0, "b": 0.0}
    assert offsets_of(["1.5"], ["a", "b"]) == {"a": 1.5, "b": 1.5}
    assert offsets_of(["b=-2", "a=0.5"], ["a", "b"]) == {"a": 0.5, "b": -2.0}
    assert offsets_of(0.25, ["a"]) == {"a": 0.25}
    assert offsets_of({"a": 3}, ["a", "b"]) == {"a": 3.0, "b": 0.0}


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        (["x"], "--worn-offset is 'x'; give seconds from -86400 to 86400, or NAME=SECONDS"),
        (["nan"], "--worn-offset is 'nan'"),
        (["a=90000"], "--worn-offset is '90000'"),
        (["c=1"], "--worn-offset is for 'c', and no sensor is named so; give one of a, b"),
        (["1", "a=2"], "--worn-offset is given twice for a; give one"),
    ],
)
def test_wrong_offsets_are_named(offsets: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        offsets_of(offsets, ["a", "b"])


@pytest.mark.parametrize("wait_s", [-1.0, 61.0, float("nan")])
def test_a_wait_that_is_none_is_named(wait_s: float) -> None:
    with pytest.raises(UsageError, match="give 0 to 60 seconds"):
        require_wait(wait_s)


def test_flags_of_sensors_need_a_sensor() -> None:
    require_worn(WornFlags())
    with pytest.raises(UsageError, match="--worn-bound-s is for sensors beside the camera; add"):
        require_worn(WornFlags(worn_bound_s=2.0))
    assert WornFlags(worn_phone="ios").worn_format.phone == "ios"
    with pytest.raises(UsageError, match="--worn-phone is 'nokia'; it must be one of: ios, andr"):
        assert WornFlags(worn_phone="nokia").worn_format
    with pytest.raises(UsageError, match="mmhg"):
        assert WornFlags(worn_accel_unit="mmhg").worn_format
