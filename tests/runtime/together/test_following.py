"""A sensor that never ends follows a video."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgehuman import cli
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.together.following import AHEAD_S, Following, Pace
from tests.runtime.together.test_opening import video
from tests.runtime.together.test_playing import MODELS

__all__ = ["video"]


class Endless:
    """A second of samples a block, from the hundredth second on."""

    name, live = "simulated:wrist", False

    def __init__(self) -> None:
        self.closed = False

    def __enter__(self) -> Endless:
        return self

    def __exit__(self, *exception: object) -> None:
        self.closed = True

    def __iter__(self) -> Iterator[SampleBlock]:
        second = 100
        while True:
            stamp_s_T = np.array([float(second)])
            imu_TC = np.zeros((1, 6), np.float32)
            yield SampleBlock(stamp_s_T, imu_TC, np.zeros(1, np.int64))
            second += 1

    def report(self) -> dict[str, Any]:
        return {"rows": 7}


def frames(seconds: int) -> Iterator[TakenFrame]:
    for t in range(seconds):
        yield TakenFrame(str(t), t, float(t), None, 4, 4)


def test_it_stays_ahead_of_the_frames_and_ends_with_them() -> None:
    pace, source = Pace(), Endless()
    following = Following(source, pace)
    taken: list[float] = []
    with following:
        blocks = iter(following)
        while len(taken) < AHEAD_S + 1:  # seconds 0 to 10, before there is a frame
            taken.append(float(next(blocks).stamp_s_T[0]) - 100)
        more: list[float] = []
        rest = threading.Thread(
            target=lambda: more.extend(float(each.stamp_s_T[0]) - 100 for each in blocks)
        )
        rest.start()
        assert not more
        assert len([*pace.through(frames(14))]) == 14
        rest.join(5)
        assert not rest.is_alive()
    assert taken[-1] == AHEAD_S
    assert more[-1] >= 13
    assert more[-1] <= 13 + AHEAD_S
    assert source.closed
    assert following.report() == {"rows": 7}


def test_a_video_that_breaks_off_ends_it_too() -> None:
    pace = Pace()
    broken = pace.through(frames(3))
    next(broken)
    broken.close()
    found = [float(each.stamp_s_T[0]) for each in Following(Endless(), pace)]
    assert found == [100.0]


def test_a_simulated_sensor_is_said_and_ends_with_the_video(
    video: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--source", video, "--worn", "anna=simulated:wrist", "--json"]
    assert cli.main(["run", *MODELS, *given]) == 0
    out, err = capsys.readouterr()
    assert "the sensor anna is simulated:wrist: a simulated person's" in err
    rows = [json.loads(line) for line in out.splitlines()]
    assert {row["source"] for row in rows if row.get("event") == "ended"} == {video, "anna"}
    assert max(row["t_s"] for row in rows) <= AHEAD_S + 1
