"""From words to sides: which clock, and what cannot go together."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.model import load
from edgehuman.runtime.together.opening import Asked, is_live_sensor, open_sides
from tests.runtime.together import scenes


def asked(sensors: dict[str, object], model: str = "zoo:activity-int8") -> Asked:
    return Asked(
        sensors=sensors,
        load=lambda: load(model),
        offsets=dict.fromkeys(sensors, 0.0),
        bound_s=1.0,
        wait_s=1.0,
    )


@pytest.fixture
def video(tmp_path: Path) -> str:
    path = str(tmp_path / "door.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 12.0, (64, 64))
    for number in range(6):
        writer.write(np.full((64, 64, 3), 30 * number, np.uint8))
    writer.release()
    return path


@pytest.fixture
def walk(tmp_path: Path) -> str:
    path = tmp_path / "walk.csv"
    rows = [f"{n / 50},1,0,0,0.1,0,0" for n in range(200)]
    path.write_text("\n".join(["t,ax,ay,az,gx,gy,gz", *rows]))
    return str(path)


def test_recorded_sides_have_their_own_stamps(video: str, walk: str) -> None:
    opened = open_sides([video], asked({"anna": walk}), None, 1, pytest.fail)
    assert opened.zero is None
    assert (opened.camera, opened.shown) == ("camera", video)
    assert not opened.sensors["anna"].source.live
    opened.close()


def test_a_video_beside_a_live_sensor_is_played_at_its_pace(video: str) -> None:
    told: list[str] = []
    opened = open_sides([video], asked({"anna": "udp://127.0.0.1:0"}), None, 1, told.append)
    assert told == [f"{video} is played at its pace, as a live source goes with it"]
    assert opened.zero is not None
    opened.close()
    with pytest.raises(UsageError, match=r"--policy all: .* is played at its pace beside what is"):
        open_sides([video], asked({"anna": "udp://127.0.0.1:0"}), "all", 1, told.append)


def test_one_source_cannot_be_both(video: str) -> None:
    with pytest.raises(UsageError, match=r"are both .*door\.avi; a camera"):
        open_sides([video], asked({"anna": video}), None, 1, pytest.fail)


def test_a_camera_model_is_no_model_of_sensors(video: str, walk: str) -> None:
    swapped = asked({"anna": walk}, "zoo:person-pose-int8")
    with pytest.raises(ArtefactError, match=r"--worn-model: zoo:person-pose-int8 is for the task"):
        open_sides([video], swapped, None, 1, pytest.fail)


def test_photos_have_no_times(tmp_path: Path, walk: str) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(UsageError, match="photos have no times, so no sensor goes with them"):
        open_sides([tmp_path / "a.png"], asked({"anna": walk}), None, 1, pytest.fail)


def test_a_sensor_as_camera_and_a_video_as_sensor_are_errors(video: str, walk: str) -> None:
    with pytest.raises((DataError, UsageError), match=r"walk\.csv"):
        open_sides([walk], asked({"anna": "x.csv"}), None, 1, pytest.fail)
    with pytest.raises(DataError, match=r"door\.avi"):
        open_sides([video], asked({"anna": video + "/../door.avi"}), None, 1, pytest.fail)


def test_what_is_live() -> None:
    assert is_live_sensor("udp://:5555")
    assert is_live_sensor("mqtt://h/t")
    assert not is_live_sensor("walk.csv")
    assert not is_live_sensor("simulated:wrist")
    assert scenes.activity().name == "zoo:activity-int8"
