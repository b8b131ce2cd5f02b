"""Turns: right-handed, about the body's own axes, and always rotations."""

from __future__ import annotations

import numpy as np

from edgehuman.simulate.body.rotation import (
    apply,
    frame_from,
    heading_matrix,
    turn_x,
    turn_y,
    turn_z,
)

QUARTER = np.pi / 2


def _turned(axis: str, vector: tuple[float, float, float]) -> list[float]:
    start = heading_matrix(np.zeros(1))
    turn = {"x": turn_x, "y": turn_y, "z": turn_z}[axis]
    made: list[float] = np.round(apply(turn(start, QUARTER), vector)[:, 0], 9).tolist()
    return made


def test_a_quarter_turn_carries_each_axis_to_the_next() -> None:
    assert _turned("z", (1.0, 0.0, 0.0)) == [0.0, 1.0, 0.0]
    assert _turned("y", (0.0, 0.0, 1.0)) == [1.0, 0.0, 0.0]
    assert _turned("x", (0.0, 1.0, 0.0)) == [0.0, 0.0, 1.0]


def test_heading_faces_the_angle() -> None:
    assert np.allclose(heading_matrix(np.array([QUARTER]))[:, 0, 0], [0.0, 1.0, 0.0])


def test_many_turns_stay_a_rotation() -> None:
    angle = np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    made = turn_z(turn_x(turn_y(heading_matrix(angle), 2 * angle), -angle), 0.3)
    product = np.einsum("jit,jkt->ikt", made, made)
    assert np.allclose(product, np.eye(3)[:, :, None])
    assert np.allclose(np.linalg.det(np.moveaxis(made, -1, 0)), 1.0)


def test_frame_from_keeps_up_and_straightens_left() -> None:
    up = np.array([[0.0], [0.0], [1.0]])
    frame = frame_from(up, np.array([[0.0], [2.0], [5.0]]))
    assert np.allclose(frame[:, :, 0], np.eye(3))
