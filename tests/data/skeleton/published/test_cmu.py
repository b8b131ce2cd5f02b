"""CMU's walks: bodies, takes, names, and a walk that stands still."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton.load import learnable, load_skeletons
from edgehuman.data.skeleton.published import cmu
from edgehuman.errors import DataError
from edgehuman.simulate.skeleton.motion import NAMES
from tests.simulate.skeleton.test_motion import measured


def compact(path: Path, **change: object) -> Path:
    walk, other, still = measured(40), measured(50, 100.0), np.repeat(measured()[:1], 30, axis=0)
    fields = {
        "joints": np.concatenate([walk, other, walk, still]).astype(np.float32),
        "length": np.array([40, 50, 40, 30]),
        "subject": np.array([2, 2, 7, 9]),
        "trial": np.array([1, 2, 1, 1]),
        "names": np.array(NAMES),
        "rate_hz": np.array(30.0),
    }
    np.savez(path, **{**fields, **change})  # type: ignore[arg-type]
    return path


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cmu, "BODIES", 3)
    monkeypatch.setattr(cmu, "TAKES", 2)


def test_each_subject_walks_on_several_bodies_before_several_cameras(tmp_path: Path) -> None:
    walks = load_skeletons(str(compact(tmp_path / "cmu.npz")))
    assert walks.name == "cmu_walk"
    assert len(set(walks.person_N.tolist())) == 2 * 3
    assert walks.sequence_N[:2].tolist() == ["cmu:02-00-0", "cmu:02-00-1"]
    assert walks.length_N[:2].tolist() == [40, 50]
    assert {each.why.partition("subject ")[2] for each in walks.left_out} == {
        "9: the walk is 0.00 m long; it must be at least 1 m"
    }
    assert len(learnable(walks, "--data cmu")) == 12
    assert "may not be resold" in walks.licence


def test_the_same_file_gives_the_same_walks(tmp_path: Path) -> None:
    path = str(compact(tmp_path / "cmu.npz"))
    one, other = load_skeletons(path), load_skeletons(path)
    assert np.array_equal(one.skeleton_SJ3, other.skeleton_SJ3)
    assert not np.array_equal(one.sequence(0)[:40], one.sequence(2)[:40])


def test_a_file_without_a_joint_is_refused(tmp_path: Path) -> None:
    names = np.array([name if name != "head" else "skull" for name in NAMES])
    with pytest.raises(DataError, match="found no head"):
        load_skeletons(str(compact(tmp_path / "cmu.npz", names=names)))
