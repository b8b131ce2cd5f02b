"""Selection of walks, held-out people, batches of pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgehuman.data.silhouette.sampling import Sampling
from edgehuman.errors import DataError
from edgehuman.pretrain.diffusion.walks import (
    Pairs,
    at_most,
    held_out,
    load,
    long_enough,
    require_enough,
)
from edgehuman.records import Uint8
from edgehuman.training.processes import Place
from edgehuman.training.silhouette.augment import NONE
from tests.pretrain.made_silhouettes import made_set, walkers

PLACE = Place(torch.device("cpu"), 0, 1, torch.float32)


class Marked:
    """Writes a random number into a corner: the same in all frames of a subsequence."""

    def draw(self, rng: np.random.Generator) -> int:
        return int(rng.integers(1, 256))

    def made(self, silhouette_THW: Uint8, draw: int) -> Uint8:
        silhouette_THW = silhouette_THW.copy()
        silhouette_THW[:, -1, -1] = draw
        return silhouette_THW


marked = Marked()


def test_a_batch_holds_both_subsequences_of_the_same_walk_each_augmented() -> None:
    pairs = Pairs([walkers(2), walkers(3, length=9)], Sampling(frames=4), marked)
    assert len(pairs) == 10
    target_NTHW, seen_NTHW = pairs.batch(10, 0, 0, PLACE)
    assert target_NTHW.shape == seen_NTHW.shape == (10, 4, 64, 64)
    assert target_NTHW.dtype == torch.uint8
    # The columns tell the walk, the rows the frame.
    columns = [(side[:, :, 0] > 0).sum(dim=(1, 2)) for side in (target_NTHW, seen_NTHW)]
    assert torch.equal(*columns)
    rows = [(side[:, :, :, 20] > 0).sum(dim=2) for side in (target_NTHW, seen_NTHW)]
    assert (rows[0].diff(dim=1) == 1).all()
    assert not (rows[0] == rows[1].sort(dim=1).values).all(dim=1).any()
    marks = [side[:, 0, -1, -1] for side in (target_NTHW, seen_NTHW)]
    assert (marks[0] != marks[1]).sum() > 7


def test_a_batch_follows_from_seed_and_step() -> None:
    pairs = Pairs([walkers()], Sampling(frames=4), marked)
    first = pairs.batch(4, 3, 0, PLACE)
    assert all(map(torch.equal, first, pairs.batch(4, 3, 0, PLACE)))
    others = [pairs.batch(4, 4, 0, PLACE), pairs.batch(4, 3, 1, PLACE)]
    assert not any(torch.equal(first[0], other[0]) for other in others)
    # Two processes make one half each.
    halves = [pairs.batch(4, 3, 0, Place(PLACE.device, rank, 2, PLACE.dtype)) for rank in (0, 1)]
    for whole, *parts in zip(first, *halves, strict=True):
        assert torch.equal(whole, torch.cat(parts))


def test_the_same_subsequence_is_the_same_to_the_pixel() -> None:
    pairs = Pairs([walkers()], Sampling(frames=4), marked, same=True)
    assert torch.equal(*pairs.batch(6, 0, 0, PLACE))


def test_short_walks_are_left_out_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    walks = made_set((4, 5, 9), ("a", "a", "b"))
    assert long_enough(walks, 4, "--data x").length_N.tolist() == [5, 9]
    assert "--data x: left out 1 of 3 walks, of 4 frames or fewer" in capsys.readouterr().err
    said = "the longest of 3 walks has 9 frames, but --frames 9 needs walks of at least 10"
    with pytest.raises(DataError, match=said):
        long_enough(walks, 9, "--data x")


def test_people_with_two_walks_are_held_out_whole() -> None:
    walks = made_set((5,) * 7, ("a", "a", "b", "c", "c", "d", "d"))
    learn, exam = held_out(walks, 2, "--data x")
    assert set(learn.person_N.tolist()).isdisjoint(exam.person_N.tolist())
    assert "b" in learn.person_N
    assert len(exam) == 4
    with pytest.raises(DataError, match="--exam-people is 4, but of 4 training people 3 have"):
        held_out(walks, 4, "--data x")


def test_people_with_one_walk_each_need_no_exam() -> None:
    walks = made_set((5, 5, 5), ("a", "b", "c"))
    with pytest.raises(DataError, match="0 have at least two walks"):
        load("x", 0, 4, 0, 0, 2, walks)
    learn, exam = load("x", 0, 4, 0, 0, 0, walks)
    assert len(learn) == 3
    assert exam is None


def test_test_people_are_not_learned_from() -> None:
    walks = made_set((5,) * 4, ("a", "a", "b", "b"), ("gallery", "probe", "", ""))
    assert load("x", 0, 4, 0, 0, 0, walks)[0].person_N.tolist() == ["b", "b"]


def test_identities_and_their_first_walks_are_chosen() -> None:
    walks = made_set((5,) * 6, ("a", "b", "a", "b", "a", "c"))
    few = at_most(walks, 0, 2, 0)
    assert few.sequence_N.tolist() == ["s0", "s1", "s2", "s3", "s5"]
    assert len(np.unique(at_most(walks, 2, 0, 0).person_N)) == 2


def test_a_step_needs_as_many_walks() -> None:
    pairs = Pairs([walkers(2)], Sampling(frames=4), NONE)
    require_enough(pairs, 4, "x")
    with pytest.raises(DataError, match="--data x has 4 training walks, but a step needs 5"):
        require_enough(pairs, 5, "x")
