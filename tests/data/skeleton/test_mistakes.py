"""Mistakes of whole sets of skeletons, each said in one line; sets with one are not loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton import mistakes as skeleton_mistakes
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.mistakes import empty_walks, find_mistakes
from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.data.skeleton.write import write_lines
from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, OPENPOSE_18, flip_indices
from edgehuman.records import Float32
from edgehuman.simulate.skeleton.walks import simulate_skeletons


@pytest.fixture(scope="module")
def walks() -> SkeletonSet:
    return simulated_set(8, 4, seed=1)


def _with(walks: SkeletonSet, **changes: object) -> SkeletonSet:
    return dataclasses.replace(walks, **changes)  # type: ignore[arg-type]


def _reordered(skeleton_SJ3: Float32) -> Float32:
    return skeleton_SJ3[:, [OPENPOSE_18.index(name) for name in (*COCO_17, "neck")]]


def _upwards(skeleton_SJ3: Float32) -> Float32:
    return np.asarray(skeleton_SJ3 * [1, -1, 1] + [0, 1080, 0], np.float32)


def _shares(skeleton_SJ3: Float32) -> Float32:
    return np.asarray(skeleton_SJ3 / [1920, 1080, 1], np.float32)


def _changed(walks: SkeletonSet, wrong: list[int], change: Callable[[Float32], Float32]) -> Float32:
    """All frames; those of some walks changed."""
    made = walks.skeleton_SJ3.copy()
    for i in wrong:
        frames = slice(int(walks.start_N[i]), int(walks.start_N[i] + walks.length_N[i]))
        made[frames] = change(made[frames])
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_right_walks_have_no_mistakes(seed: int) -> None:
    assert find_mistakes(simulated_set(60, 5, seed=seed)) == []


def test_every_kind_of_mistake_is_said(walks: SkeletonSet) -> None:
    [sides] = find_mistakes(
        _with(walks, skeleton_SJ3=walks.skeleton_SJ3[:, flip_indices("openpose18")])
    )
    assert sides.said.startswith("left and right are swapped")
    assert len(sides.walks) == len(walks)
    [size] = find_mistakes(_with(walks, image_size_N2=walks.image_size_N2[:, ::-1]))
    assert "swap its width and height" in size.said
    [rate] = find_mistakes(_with(walks, rate_hz_N=np.full(len(walks), 60.0)))
    assert "steps per second" in rate.said
    assert ", or nobody walks there. " in rate.said
    assert rate.said.endswith(
        "Give the rate at which the frames were taken, for example in poses.jsonl by `t`, and in "
        "walks.jsonl by rate_hz"
    )
    assert rate.walks == tuple(walks.sequence_N.tolist())
    empty = walks.skeleton_SJ3.copy()
    empty[:96] = 0.0
    nobody = empty_walks(_with(walks, skeleton_SJ3=empty))[0]
    assert nobody.startswith("1 walks show nobody (all joints 0), such as simulated:1:0:0")


def test_walks_that_do_not_show_their_sides_go_with_the_others() -> None:
    """Only half of twelve mirrored walks show that they are."""
    walks = simulated_set(3, 4, seed=5)
    [sides] = find_mistakes(
        _with(walks, skeleton_SJ3=walks.skeleton_SJ3[:, flip_indices("openpose18")])
    )
    assert sides.said.startswith("left and right are swapped")
    assert len(sides.walks) == 12


@pytest.mark.parametrize(
    ("wrong", "change", "said"),
    [
        ([1, 4, 7, 9], _reordered, "in the order of COCO-17 with the neck after it; convert them"),
        ([1, 4], _upwards, "y must point down from the top"),
        ([1, 4], _shares, "joints must be in pixels: multiply x"),
        ([1, 4], lambda a: a[:, flip_indices("openpose18")], "left and right are swapped"),
    ],
)
def test_some_wrong_walks_among_right_ones_are_named(
    wrong: list[int], change: Callable[[Float32], Float32], said: str
) -> None:
    walks = simulated_set(3, 4, seed=5)
    names = tuple(walks.sequence_N[wrong].tolist())
    [found] = find_mistakes(_with(walks, skeleton_SJ3=_changed(walks, wrong, change)))
    assert found.said.startswith(f"{len(wrong)} of 12 walks, such as {names[0]}, {names[1]}")
    assert said in found.said
    assert (found.walks, found.refused) == (names, True)


def test_walks_that_jump_or_stand_are_named_and_taken(walks: SkeletonSet) -> None:
    def jumping(skeleton_TJ3: Float32) -> Float32:
        made = skeleton_TJ3.copy()
        made[48:, :, 0] = np.where(made[48:, :, 2] > 0, made[48:, :, 0] + 900, 0)
        return made

    made = _with(walks, skeleton_SJ3=_changed(walks, [3, 5, 8], jumping))
    [found] = find_mistakes(made)
    assert found.said.startswith("3 of 32 walks, such as simulated:1:0:3, simulated:1:1:1")
    assert "the body moves further between two frames than a body can, once, at 2" in found.said
    assert (len(found.walks), found.refused, found.sure) == (3, False, True)

    def still(skeleton_TJ3: Float32) -> Float32:
        made = np.repeat(skeleton_TJ3[:1], len(skeleton_TJ3), axis=0)
        made[..., 2] = np.maximum(made[..., 2], 0.1)
        return made

    [found] = find_mistakes(_with(walks, skeleton_SJ3=_changed(walks, [4], still)))
    assert "the legs do not move, and the body stays: somebody stands still" in found.said
    assert (found.walks, found.refused) == (("simulated:1:1:0",), False)


def test_one_weak_sign_is_no_mistake(tmp_path: Path) -> None:
    """A rate at which walkers would be slow is a remark, and no reason to refuse the set."""
    few = simulated_set(1, 2, seed=3, frames=240)
    [found] = find_mistakes(_with(few, rate_hz_N=np.full(2, 12.0)))
    assert found.said.startswith("at 12 Hz there are 0.")
    assert "if the frames were taken at about 2" in found.said
    assert (found.refused, found.sure) == (False, False)


def test_sets_of_a_detector_that_is_sure_of_every_face_are_right(walks: SkeletonSet) -> None:
    """Confidences tell nothing of a face from behind; motion does, also of swapped sides."""
    sure = walks.skeleton_SJ3.copy()
    sure[..., 2] = (sure[..., 2] > 0).astype(np.float32)
    assert find_mistakes(_with(walks, skeleton_SJ3=sure)) == []
    [found] = find_mistakes(_with(walks, skeleton_SJ3=sure[:, flip_indices("openpose18")]))
    assert found.said.startswith("left and right are swapped: ")
    assert "who comes closer has the left shoulder on the left" in found.said
    assert (len(found.walks), found.refused) == (32, True)


def test_short_walks_are_judged_together(walks: SkeletonSet) -> None:
    """Ten frames each tell nothing alone."""
    rows = np.concatenate([np.arange(10) + start for start in walks.start_N])
    short = _with(
        walks,
        skeleton_SJ3=_upwards(walks.skeleton_SJ3[rows]),
        length_N=np.full(len(walks), 10, np.int64),
    )
    [found] = find_mistakes(short)
    assert found.said.startswith("the neck is below the ankles in 100% of frames")
    assert len(found.walks) == 32


def test_walks_of_another_rate_are_judged_by_themselves(walks: SkeletonSet) -> None:
    rates_hz = np.where(np.arange(len(walks)) < 8, 8.0, 24.0)
    [found] = find_mistakes(_with(walks, rate_hz_N=rates_hz))
    assert found.said.startswith("8 of 32 walks, such as simulated:1:0:0, ")
    assert "at 8 Hz people take 0." in found.said
    assert (found.walks, found.refused) == (tuple(walks.sequence_N[:8].tolist()), True)


def test_a_walk_that_steps_unlike_the_others_is_named_and_taken() -> None:
    """Every third frame of one walk, said to be 24 a second: three times the steps."""
    walks = simulated_set(4, 4, seed=1, frames=288)
    fast = 288 + np.arange(0, 288, 3)
    rows = np.concatenate([np.arange(288), fast, np.arange(576, len(walks.skeleton_SJ3))])
    lengths = np.where(np.arange(len(walks)) == 1, 96, 288)
    [found] = find_mistakes(
        _with(walks, skeleton_SJ3=walks.skeleton_SJ3[rows], length_N=lengths.astype(np.int64))
    )
    assert found.said.startswith("1 of 16 walks, such as simulated:1:0:1: at 24 Hz")
    assert found.said.endswith("or nobody walks there")
    assert not found.refused


@pytest.mark.parametrize(("rate_hz", "frames"), [(60, 48), (30, 26), (12, 24), (50, 100)])
def test_short_right_walks_have_no_mistakes(rate_hz: int, frames: int) -> None:
    made = simulate_skeletons(30, 4, seed=5, frames=frames, rate_hz=rate_hz)
    short = _with(
        simulated_set(30, 4, seed=5),
        skeleton_SJ3=made.skeleton_NTJ3.reshape(-1, 18, 3),
        length_N=np.full(120, frames, np.int64),
        rate_hz_N=np.full(120, float(rate_hz)),
    )
    assert find_mistakes(short) == []


def test_of_a_large_set_some_walks_are_looked_at(
    tmp_path: Path, walks: SkeletonSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skeleton_mistakes, "MOST_JUDGED", 20)
    write_lines(_with(walks, skeleton_SJ3=_changed(walks, list(range(16)), _upwards)), tmp_path)
    with pytest.raises(DataError, match=r"\(checked 20 of its 32 walks\): \d+ of 20 walks, such"):
        load_skeletons(tmp_path)


def test_a_set_with_a_mistake_is_not_loaded_unless_insisted_on(
    tmp_path: Path, walks: SkeletonSet
) -> None:
    few = walks.subset(np.arange(4))
    write_lines(_with(few, skeleton_SJ3=_reordered(few.skeleton_SJ3)), tmp_path)
    with pytest.raises(DataError, match="COCO-17 with the neck after it; convert") as caught:
        load_skeletons(tmp_path)
    assert f"Then try again; verify with `edgehuman data check {tmp_path}`" in str(caught.value)
    assert "Python" not in str(caught.value)
    assert len(load_skeletons(tmp_path, check=False)) == 4


def test_a_set_with_some_wrong_walks_is_not_loaded_and_says_which(
    tmp_path: Path, walks: SkeletonSet
) -> None:
    write_lines(_with(walks, skeleton_SJ3=_changed(walks, [2, 3], _reordered)), tmp_path)
    with pytest.raises(DataError, match="2 of 32 walks, such as simulated:1:0:2, simu") as caught:
        load_skeletons(tmp_path)
    said = (
        f"remove these walks; `edgehuman data check {tmp_path} --json` lists them all (wrong_walks)"
    )
    assert said in str(caught.value)


def test_one_wrong_walk_of_many_is_remarked_on(
    tmp_path: Path, walks: SkeletonSet, caplog: pytest.LogCaptureFixture
) -> None:
    write_lines(_with(walks, skeleton_SJ3=_changed(walks, [2], _upwards)), tmp_path)
    assert len(load_skeletons(tmp_path)) == 32
    assert "1 of 32 walks, such as simulated:1:0:2: the neck is below" in caplog.text
    assert "they are used anyway" in caplog.text
