"""What a training takes over of how its weights learn a sensor's mounting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import IMU_INPUT, Card, Decision, OutputSpec
from edgehuman.records import WindowSet
from edgehuman.tasks.imu.mounting import inherited, usual_axis
from edgehuman.tasks.imu.settings import ActivityConfig

UPRIGHT = ("walking", "walking_upstairs")


def card(upright: tuple[str, ...] = UPRIGHT) -> Card:
    output = OutputSpec("classes", ("walking", "walking_upstairs", "sitting"))
    decision = Decision(upright=upright)
    return Card("a", "activity", "imuconv_292k", 1, 1, IMU_INPUT, output, decision=decision)


def test_the_walking_classes_of_the_weights_are_those_of_the_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = ActivityConfig(weights=Path("zoo:activity"))
    found = inherited(config, card(), ("ironing", "walking"))
    assert found.upright_by == ("walking",)
    assert found.upright_share > 0
    assert found.facing_share > 0
    said = capsys.readouterr().err
    assert "--upright-by walking" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("labels", "flag"),
    [
        (("ironing", "gehen"), "--upright-by NAME"),
        (("ironing", "nordic_walk"), "--upright-by nordic_walk"),
    ],
)
def test_without_them_the_flag_is_told_in_one_line(
    labels: tuple[str, ...], flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ActivityConfig(weights=Path("zoo:activity"))
    assert inherited(config, card(), labels) == config
    said = capsys.readouterr().err.strip()
    assert said.endswith(flag)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("config", "learned"),
    [
        (ActivityConfig(upright_by=("ironing",)), card()),
        (ActivityConfig(mode="probe"), card()),
        (ActivityConfig(), card(())),
        (ActivityConfig(), None),
    ],
)
def test_what_is_given_or_not_known_is_left_as_it_is(
    config: ActivityConfig, learned: Card | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inherited(config, learned, ("walking", "ironing")) == config
    assert capsys.readouterr().err == ""


def windows(*up: tuple[float, float, float]) -> WindowSet:
    """A window of walking for each direction of gravity, then one of lying along z."""
    imu_NTC = np.zeros((len(up) + 1, 128, 6), np.float32)
    imu_NTC[:, :, :3] = np.array([*up, (0, 0, 1)], np.float32)[:, None]
    count = len(imu_NTC)
    label_N = np.array([0] * len(up) + [1])
    people = np.full(count, "recordings:anna")
    labels = ("walking", "lying")
    return WindowSet(imu_NTC, label_N, people, np.zeros(count, bool), labels, ("recordings",))


def test_the_usual_axis_is_that_of_walking() -> None:
    assert usual_axis(windows((0, -1, 0.2), (0.1, -1, 0)), ("walking",)) == ("-y",)
    assert usual_axis(windows((1, 0, 0), (0.9, 0.2, 0)), ("walking",)) == ("+x",)
    # Two people wear it in two ways; between two axes; nobody walks.
    assert usual_axis(windows((1, 0, 0), (0, 1, 0)), ("walking",)) == ()
    assert usual_axis(windows((0.6, 0.6, 0.6)), ("walking",)) == ()
    assert usual_axis(windows((1, 0, 0)), ("hiking",)) == ()
