"""Loading, rates, filters, quality ordering, and what sets are refused for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgehuman.catalogue import DATASETS
from edgehuman.data.skeleton.load import (
    filtered,
    find_layout,
    in_test,
    layouts,
    learnable,
    load_skeletons,
    quality_scores,
    resampled,
)
from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.errors import DataError, UsageError


@pytest.fixture(scope="module")
def walks() -> SkeletonSet:
    return simulated_set(5, 4, seed=3)


def test_the_word_simulated_needs_no_file(walks: SkeletonSet) -> None:
    loaded = load_skeletons("simulated", seed=3, people=5, each=4)
    np.testing.assert_array_equal(loaded.skeleton_SJ3, walks.skeleton_SJ3)


def test_every_skeleton_dataset_has_a_layout() -> None:
    names = {layout.dataset for layout in layouts()}
    assert {name for name, row in DATASETS.items() if row.modality == "skeleton"} < names
    assert {"pose_lines", "openpose", "alphapose"} < names


def test_mixed_rates_become_one(walks: SkeletonSet) -> None:
    rates = np.where(np.arange(len(walks)) % 2, 30.0, 24.0)
    even = resampled(dataclasses.replace(walks, rate_hz_N=rates))
    assert set(even.rate_hz_N) == {24.0}
    # 96 frames at 30 a second are 95 / 30 s: 77 frames at 24.
    assert even.length_N.tolist() == [96, 77] * 10
    np.testing.assert_array_equal(even.sequence(2), walks.sequence(2))
    assert resampled(even) is even


def test_the_papers_filters(walks: SkeletonSet) -> None:
    skeleton = walks.skeleton_SJ3.copy()
    start = walks.start_N
    skeleton[start[0] : start[0] + 96] = 0.0
    skeleton[start[1] : start[1] + 96, :, 2] *= 0.5
    length = walks.length_N.copy()
    length[2:4] = 48, 144
    changed = dataclasses.replace(walks, skeleton_SJ3=skeleton, length_N=length)
    # 48 frames at 30 a second are too few: at 24 they are 38.
    rates = np.where(np.arange(len(walks)) == 2, 30.0, 24.0)
    kept, dropped = filtered(dataclasses.replace(changed, rate_hz_N=rates))
    assert dropped == {"empty": 1, "short": 1, "unsure": 1}
    assert kept.sequence_N.tolist() == walks.sequence_N.tolist()[3:]
    all_long, dropped = filtered(changed)
    assert dropped["short"] == 0
    assert len(all_long) == 18
    with pytest.raises(DataError, match=r"20 are shorter than 500 frames.*none is left"):
        filtered(walks, min_frames=500)
    with pytest.raises(DataError, match=r"have a mean confidence of 0\.99 or less"):
        filtered(walks, min_confidence=0.99)


def test_better_detectors_have_better_quality(walks: SkeletonSet) -> None:
    skeleton = walks.skeleton_SJ3.copy()
    first = slice(0, 96)
    skeleton[first, :, 2] = 0.95
    made = dataclasses.replace(walks, skeleton_SJ3=skeleton)
    before_N, after_N = quality_scores(walks), quality_scores(made)
    assert after_N.argmax() == 0
    assert after_N[0] > before_N[0]
    np.testing.assert_array_equal(after_N[1:], before_N[1:])


def with_roles(walks: SkeletonSet, roles: list[str]) -> SkeletonSet:
    """The same walks, four of each person; everybody's walks have these roles, person by person."""
    return dataclasses.replace(walks, role_N=np.array(roles))


def test_only_training_walks_are_learned_from_where_there_are_any(walks: SkeletonSet) -> None:
    roles = ["train"] * 4 + ["train", "", "", "train"] + [""] * 4 + ["gallery", "probe"] * 4
    given = with_roles(walks, roles)
    assert (
        learnable(given, "x").sequence_N.tolist() == walks.sequence_N[[0, 1, 2, 3, 4, 7]].tolist()
    )
    assert np.flatnonzero(in_test(given)).tolist() == list(range(12, 20))


def test_walks_without_a_role_of_people_in_the_test_are_not_learned_from(
    walks: SkeletonSet,
) -> None:
    roles = ["gallery", "probe", "", ""] + ["", "", "", "probe"] + [""] * 12
    assert learnable(with_roles(walks, roles), "x").sequence_N.tolist() == (
        walks.sequence_N[8:].tolist()
    )
    with pytest.raises(DataError, match="x: all of its 8 walks belong to the test split or to"):
        learnable(with_roles(walks, roles).subset(np.arange(8)), "x")


def test_nobody_is_in_training_and_in_the_test(walks: SkeletonSet) -> None:
    roles = ["train"] * 7 + ["probe"] + ["gallery"] * 12
    with pytest.raises(
        DataError, match="x: 1 people are in both training and test split, such as sim"
    ):
        learnable(with_roles(walks, roles), "x")


def test_paths_that_hold_no_poses_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        load_skeletons(tmp_path / "none")
    (tmp_path / "a.txt").write_text("a")
    for path in (tmp_path, tmp_path / "a.txt"):
        with pytest.raises(DataError, match=r"no known dataset has (.|\n)*  casia_b: "):
            load_skeletons(path)
    with pytest.raises(UsageError, match="casia"):
        find_layout(tmp_path, "casia_c")


def test_a_rate_out_of_range_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="people is 0"):
        load_skeletons("simulated", people=0)
