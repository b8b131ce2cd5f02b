"""How near a student must come: angles and noise by hand, and the page on a few people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.pages.distil.nearness import (
    NearnessConfig,
    Row,
    build_page,
    crowding,
    render,
    shaken,
    turned,
)
from edgehuman.errors import UsageError


def test_vectors_are_turned_by_the_angle_in_their_own_directions() -> None:
    """Vectors of a plane in three dimensions stay in it."""
    rng = np.random.default_rng(0)
    vector_ND = np.pad(rng.normal(size=(50, 2)), ((0, 0), (0, 1))).astype(np.float32)
    found_ND = turned(vector_ND, 0.8, rng)
    unit_ND = vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True)
    np.testing.assert_allclose((found_ND * unit_ND).sum(axis=1), 0.8, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found_ND, axis=1), 1.0, atol=1e-5)
    assert np.abs(found_ND[:, 2]).max() < 1e-6


def test_joints_are_off_by_a_share_of_the_height() -> None:
    walk_TJ3 = np.zeros((200, 20, 3), np.float32)
    walk_TJ3[:, 0, 1], walk_TJ3[..., 2] = 2.0, 1.0
    moved_TJ3 = shaken(walk_TJ3, 0.01, np.random.default_rng(0)) - walk_TJ3
    assert moved_TJ3[..., :2].std() == pytest.approx(0.02, rel=0.03)
    assert not moved_TJ3[..., 2].any()


def test_the_table_by_hand() -> None:
    crowded = {"nearest": 0.9, "margin": 0.0125, "dimensions": 2.0}
    text = render([Row("someone", 0.99954, 0.5, 0.755)], NearnessConfig(people=3), crowded)
    assert "| someone | 0.9995 | 50.0 | 75.5 |" in text
    assert "SIMULATED people: 3, 18 walks" in text
    assert "cosine of 0.900 (mean), the next 0.0125 behind (median), in 2.0 dimensions" in text


def test_crowding_by_hand() -> None:
    """Four directions of a plane at 0, 60, 90 and 180 degrees."""
    angle_N = np.radians([0.0, 60.0, 90.0, 180.0])
    found = crowding(np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1).astype(np.float32))
    # Nearest: 60, 30, 30 and 90 degrees away; the next 90, 60, 90 and 120.
    cosines = np.cos(np.radians([[60, 90], [30, 60], [30, 90], [90, 120]]))
    assert found["nearest"] == pytest.approx(cosines[:, 0].mean(), abs=1e-6)
    assert found["margin"] == pytest.approx(np.median(cosines[:, 0] - cosines[:, 1]), abs=1e-6)
    assert 1 < found["dimensions"] < 2


def test_the_teacher_agrees_with_itself_the_less_the_more_is_changed() -> None:
    pytest.importorskip("torch")
    # The teacher stands in for a student too: it agrees with itself on all.
    config = NearnessConfig(students=("zoo:gait-skeleton",), people=4, json=True)
    rows = {row["asks"]: row for row in json.loads(build_page(config).text)["rows"]}
    itself = rows["zoo:gait-skeleton"]
    assert itself["same_walk"] == itself["same_person"] == 1.0
    assert itself["cosine"] == pytest.approx(1.0, abs=1e-5)
    cosines = [rows[f"teacher, joints {share} % of the height off"]["cosine"]
               for share in ("0.2", "0.5", "1")]  # fmt: skip
    assert 1 > cosines[0] > cosines[1] > cosines[2] > 0.9


def test_what_is_no_student_of_it_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=r"zoo:activity reads ImuWindow and gives classes; give"):
        build_page(NearnessConfig(teacher="zoo:activity", people=2))
    with pytest.raises(UsageError, match="people is 1; it must be at least 2"):
        NearnessConfig(people=1)
