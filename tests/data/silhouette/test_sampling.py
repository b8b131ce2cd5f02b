"""Frames are drawn as OpenGait defines it, for a whole batch at once."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.silhouette.sampling import KINDS, Kind, Sampling, cut
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Index
from tests.data.silhouette_trees import made_set

LENGTHS = np.array([5, 30, 31, 44, 100, 400, 1, 29])


def drawn(sampling: Sampling, seed: int = 0, length_N: Index = LENGTHS) -> list[Index]:
    frame_S, count_N = sampling.draw(length_N, np.random.default_rng(seed))
    assert len(frame_S) == count_N.sum()
    return np.split(frame_S, np.cumsum(count_N)[:-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("skip", [0, 10])
def test_every_frame_belongs_to_its_walk_and_a_draw_repeats(kind: Kind, skip: int) -> None:
    sampling = Sampling(kind, skip=skip)
    for seed in range(20):
        parts = drawn(sampling, seed)
        assert len(parts) == len(LENGTHS)
        for frames, length in zip(parts, LENGTHS, strict=True):
            assert 0 <= frames.min() <= frames.max() < length
    np.testing.assert_array_equal(
        np.concatenate(drawn(sampling, 3)), np.concatenate(drawn(sampling, 3))
    )


def test_unordered_takes_different_frames_in_any_order_where_there_are_enough() -> None:
    shuffled = False
    for frames, length in zip(drawn(Sampling("fixed_unordered")), LENGTHS, strict=True):
        assert len(frames) == 30
        assert len(set(frames.tolist())) == 30 or length < 30
        shuffled |= bool((np.diff(frames) < 0).any())
    assert shuffled


def test_unordered_draws_every_frame_equally_often() -> None:
    length_N = np.full(4000, 50)
    frames, _ = Sampling("fixed_unordered").draw(length_N, np.random.default_rng(0))
    share = np.bincount(frames, minlength=50) / 4000
    np.testing.assert_allclose(share, 0.6, atol=0.04)
    first = np.bincount(frames.reshape(4000, 30)[:, 0], minlength=50) / 4000
    np.testing.assert_allclose(first, 0.02, atol=0.012)


@pytest.mark.parametrize("skip", [0, 4, 10])
def test_ordered_takes_frames_of_one_stretch_in_order(skip: int) -> None:
    sampling = Sampling("fixed_ordered", skip=skip)
    starts = set()
    for seed in range(60):
        for frames, length in zip(drawn(sampling, seed), LENGTHS, strict=True):
            assert len(frames) == 30
            # A shorter walk begins again, each time at a frame before the last.
            steps = np.where(np.diff(frames) > 0, np.diff(frames), np.diff(frames) + length)
            steps = steps if length > 1 else np.ones_like(steps)
            assert steps.min() >= 1 or length <= skip
            if length >= 30 + skip:
                assert frames[-1] - frames[0] <= 30 + skip - 1
            if length == 400:
                starts.add(int(frames[0]))
                assert (np.diff(frames) == 1).all() or skip
    assert len(starts) > 30


def test_a_short_walk_is_repeated_in_order() -> None:
    (frames,) = drawn(Sampling("fixed_ordered", frames=12), 1, np.array([5]))
    assert ((np.diff(frames) - 1) % 5 == 0).all()


@pytest.mark.parametrize("kind", ["unfixed_unordered", "unfixed_ordered"])
def test_unfixed_draws_a_number_for_each_walk(kind: Kind) -> None:
    counts = {len(part) for seed in range(60) for part in drawn(Sampling(kind, skip=3), seed)}
    assert counts == set(range(10, 51))
    (one,) = drawn(Sampling(kind, least=20, most=20), 0, np.array([60]))
    assert len(set(one.tolist())) == 20


def test_all_ordered_takes_the_first_frames() -> None:
    parts = drawn(Sampling("all_ordered", longest=50))
    for frames, length in zip(parts, LENGTHS, strict=True):
        np.testing.assert_array_equal(frames, np.arange(min(length, 50)))
    assert [len(part) for part in drawn(Sampling("all_ordered", longest=0))] == LENGTHS.tolist()


def test_a_batch_holds_the_frames_of_its_walks() -> None:
    walks = made_set(people=2, each=3, frames=7).subset([5, 0, 3])
    frames, count_N = cut(
        walks, np.array([2, 0]), Sampling("all_ordered"), np.random.default_rng(0)
    )
    assert count_N.tolist() == [7, 7]
    np.testing.assert_array_equal(frames[:7], walks.sequence(2))
    np.testing.assert_array_equal(frames[7:], walks.sequence(0))
    batch, _ = cut(walks, np.array([1, 1]), Sampling(frames=4), np.random.default_rng(0))
    own = {frame.tobytes() for frame in walks.sequence(1)}
    assert {frame.tobytes() for frame in batch.reshape(2, 4, 64, 64)[1]} <= own


@pytest.mark.parametrize(
    "change", [{"kind": "ordered"}, {"frames": 0}, {"skip": -1}, {"least": 9, "most": 8}]
)
def test_a_wrong_setting_is_told(change: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="must be"):
        Sampling(**change)  # type: ignore[arg-type]


def test_a_walk_without_frames_is_told() -> None:
    with pytest.raises(DataError, match="no frames"):
        Sampling().draw(np.array([3, 0]), np.random.default_rng(0))
