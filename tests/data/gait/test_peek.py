"""Poses and silhouettes lie in the same trees; the first pickles say which."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.data.gait.peek import DAMAGED, OTHER, PICTURES, are_pictures, kinds_in
from tests.data.silhouette_trees import write_pickle


def test_arrays_of_pictures_are_told_from_joints() -> None:
    assert are_pictures(np.zeros((5, 64, 44), np.float32))
    assert not are_pictures(np.zeros((5, 17, 3)))
    assert not are_pictures(np.zeros((64, 64)))
    assert not are_pictures([np.zeros((5, 64, 44))])


def test_the_first_three_pickles_are_looked_at(tmp_path: Path) -> None:
    assert kinds_in(tmp_path) == set()
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/c/1.pkl").write_bytes(b"cut")
    assert kinds_in(tmp_path) == {DAMAGED}
    write_pickle(tmp_path / "a/b/c/2.pkl", np.zeros((5, 17, 3)))
    write_pickle(tmp_path / "a/b/d/1.PKL", np.zeros((5, 64, 64)))
    write_pickle(tmp_path / "a/b/e/1.pkl", np.zeros((5, 64, 64)))
    assert kinds_in(tmp_path) == {DAMAGED, OTHER, PICTURES}
