"""Mistakes of whole sets of skeletons, each said in one line; sets with one are not loaded."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.pose_lines import write_lines
from edgehuman.data.skeleton_mistakes import empty_walks, find_mistakes
from edgehuman.data.skeleton_set import SkeletonSet, simulated_set
from edgehuman.data.skeletons import load_skeletons
from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, OPENPOSE_18, flip_indices


@pytest.fixture(scope="module")
def walks() -> SkeletonSet:
    return simulated_set(8, 4, seed=1)


def _with(walks: SkeletonSet, **changes: object) -> SkeletonSet:
    return dataclasses.replace(walks, **changes)  # type: ignore[arg-type]


def test_right_walks_have_no_mistakes(walks: SkeletonSet) -> None:
    assert find_mistakes(walks) == []


def test_every_kind_of_mistake_is_said(walks: SkeletonSet) -> None:
    [sides] = find_mistakes(
        _with(walks, skeleton_SJ3=walks.skeleton_SJ3[:, flip_indices("openpose18")])
    )
    assert "left and right are swapped" in sides
    [size] = find_mistakes(_with(walks, image_size_N2=walks.image_size_N2[:, ::-1]))
    assert "swap its width and height" in size
    [rate] = find_mistakes(_with(walks, rate_hz_N=np.full(len(walks), 60.0)))
    assert "steps a second" in rate
    empty = walks.skeleton_SJ3.copy()
    empty[:96] = 0.0
    nobody = empty_walks(_with(walks, skeleton_SJ3=empty))[0]
    assert nobody.startswith("1 walks show nobody (all joints 0), such as simulated:1:0:0")


def test_a_set_with_a_mistake_is_not_loaded_unless_insisted_on(
    tmp_path: Path, walks: SkeletonSet
) -> None:
    order = [OPENPOSE_18.index(name) for name in (*COCO_17, "neck")]
    few = walks.subset(np.arange(4))
    write_lines(_with(few, skeleton_SJ3=few.skeleton_SJ3[:, order]), tmp_path)
    with pytest.raises(DataError, match="in the order of COCO-17 with the neck after it; convert"):
        load_skeletons(tmp_path)
    assert len(load_skeletons(tmp_path, check=False)) == 4
