"""Training sequences, how they are cut, and the zero-shot exam."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.pretrain.contrastive import walks
from edgehuman.pretrain.contrastive.walks import Exam, Walks, at_most, in_pairs, of_quality
from edgehuman.training.processes import Place
from tests.pretrain.made_walks import made_set

HERE = Place(torch.device("cpu"), 0, 1, torch.float32)
SIX = made_set((9, 5, 8, 7, 6, 4), ("a", "b", "a", "b", "c", "a"))


def names(learn: SkeletonSet) -> list[str]:
    return [str(name) for name in learn.sequence_N]


def test_sequences_of_an_identity_are_the_first_ones() -> None:
    assert names(at_most(SIX, 0, 2, seed=0)) == ["s0", "s1", "s2", "s3", "s4"]
    assert names(at_most(SIX, 0, 1, seed=0)) == ["s0", "s1", "s4"]
    assert names(at_most(SIX, 0, 0, seed=0)) == names(SIX)


def test_fewer_identities_are_a_subset_of_more() -> None:
    people = [set(at_most(SIX, count, 0, seed=3).person_N.tolist()) for count in (1, 2, 3)]
    assert [len(each) for each in people] == [1, 2, 3]
    assert people[0] < people[1] < people[2]


def test_quality_takes_the_best_or_the_worst() -> None:
    confidence_SJ = np.repeat([0.9, 0.5, 0.7], 4)[:, None].repeat(18, axis=1)
    confidence_SJ[::2] -= 0.1  # the same jitter in all
    three = made_set((4, 4, 4), ("a", "b", "c"), confidence_SJ.astype(np.float32))
    assert names(of_quality(three, 1 / 3, "top", 0)) == ["s0"]
    assert names(of_quality(three, 1 / 3, "bottom", 0)) == ["s1"]
    assert names(of_quality(three, 2 / 3, "top", 0)) == ["s0", "s2"]
    drawn = {names(of_quality(three, 1 / 3, "all", seed))[0] for seed in range(20)}
    assert drawn == {"s0", "s1", "s2"}


def test_a_batch_is_cut_from_its_sequences_and_padded_with_their_last_frame() -> None:
    learn = Walks([SIX], 6, "sequence")
    source, length = learn.batch(6, 0, 0, HERE)
    assert source.shape == (6, 1, 6, 18, 3)
    frame_NS = source[:, 0, :, 0, 0].numpy()
    own_N = (frame_NS[:, 0] // 1000).astype(int)
    assert sorted(own_N) == [0, 1, 2, 3, 4, 5]
    for row_S, own, count in zip(frame_NS, own_N, length[:, 0].tolist(), strict=True):
        assert count == min(6, SIX.length_N[own])
        steps_S = np.diff(row_S)
        assert (steps_S[: count - 1] == 1).all()
        assert (steps_S[count - 1 :] == 0).all()
        assert row_S[count - 1] - 1000 * own < SIX.length_N[own]
    again, _ = learn.batch(6, 0, 0, HERE)
    assert torch.equal(source, again)
    assert not torch.equal(source, learn.batch(6, 1, 0, HERE)[0])


def test_person_positives_are_two_different_sequences() -> None:
    learn = Walks([at_most(SIX, 0, 3, 0).subset([0, 1, 2, 3, 5])], 4, "person")
    person_of = {0: "a", 1: "b", 2: "a", 3: "b", 4: "a"}
    for step in range(30):
        source, _ = learn.batch(2, step, 0, HERE)
        assert source.shape == (2, 2, 4, 18, 3)
        first, second = (source[:, v, 0, 0, 0] // 1000 for v in (0, 1))
        for one, two in zip(first.tolist(), second.tolist(), strict=True):
            assert one != two
            assert person_of[SIX_ROW[one]] == person_of[SIX_ROW[two]]


# x of the made frames names the sequence of the whole set; "s5" is row 4 of the part without "c".
SIX_ROW = {0: 0, 1: 1, 2: 2, 3: 3, 5: 4}


def test_a_person_with_one_sequence_has_no_pair(capsys: pytest.CaptureFixture[str]) -> None:
    assert names(in_pairs(SIX)) == ["s0", "s1", "s2", "s3", "s5"]
    assert "made: left out 1 people with only one sequence" in capsys.readouterr().err
    with pytest.raises(DataError, match="1 of 3 people have one sequence; --positives person"):
        Walks([SIX], 4, "person")
    alone = made_set((9, 5, 8), ("a", "b", "c"))
    with pytest.raises(DataError, match=r"made: all 3 people have one .*or --positives sequence"):
        in_pairs(alone)


def test_a_walk_shorter_than_a_window_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uneven = made_set((60, 80, 100), ("a", "b", "c"))
    monkeypatch.setattr(walks, "load_skeletons", lambda path: uneven)
    assert names(walks.load("x", 0, 0, 0, frames=80)) == ["s1", "s2"]
    assert "--data x: sequences removed by filters: 1 short" in capsys.readouterr().err
    # The paper's minimum length still applies to shorter windows.
    assert names(walks.load("x", 0, 0, 0, frames=4)) == ["s0", "s1", "s2"]
    with pytest.raises(
        DataError, match=r"--data x: the longest walk has 100 frames .* --frames 100"
    ):
        walks.load("x", 0, 0, 0, frames=101)


def test_windows_longer_than_simulated_walks_are_refused_before_simulating(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walks, "load_skeletons", lambda *words: pytest.fail("too late"))
    with pytest.raises(DataError, match="--data simulated: the longest walk has 96 frames"):
        walks.load("simulated", 0, 4, 2, frames=97)
    with pytest.raises(DataError, match="exam: the longest walk has 96 frames"):
        Exam(8, 97, "cosine")


def test_test_sequences_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    long = made_set((60, 60, 60), ("a", "b", "c"))
    roles = np.array(["train", "gallery", "probe"])
    given: list[Any] = [dataclasses.replace(long, role_N=roles)]
    monkeypatch.setattr(walks, "load_skeletons", lambda path: given[0])
    assert names(walks.load("x", 0, 0, 0)) == ["s0"]
    given[0] = given[0].subset([1, 2])
    with pytest.raises(DataError, match="--data x: all of its 2 walks belong to the test"):
        walks.load("x", 0, 0, 0)
    both = dataclasses.replace(long, person_N=np.array(["a", "b", "a"]), role_N=roles)
    given[0] = both
    with pytest.raises(DataError, match="--data x: 1 people are in both training and test split"):
        walks.load("x", 0, 0, 0)
    # A walk without a role is left out with its person.
    given[0] = dataclasses.replace(both, role_N=np.array(["", "", "probe"]))
    assert names(walks.load("x", 0, 0, 0)) == ["s1"]


def test_exam_people_are_never_trained_on() -> None:
    learned = {name for seed in (0, 1) for name in walks.load("simulated", seed, 4, 2).person_N}
    exam = load_skeletons("simulated", walks.EXAM_WORLD, 8, 4)
    assert not learned & set(exam.person_N)
    outside = load_skeletons("simulated", 0, 8, 4)  # the walks of `edgehuman evaluate`
    assert not set(outside.person_N) & (learned | set(exam.person_N))


class Telling(nn.Module):
    """Gives everybody a vector of their own, told by a table; or the same one to all."""

    def __init__(self, exam: Exam, knows: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.exam, self.knows, self.done = exam, knows, 0

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        count = len(skeleton_NTJ3)
        person_N = self.exam.person_N[self.done : self.done + count]
        self.done += count
        feature_NE = torch.eye(8)[torch.from_numpy(person_N)]
        return feature_NE if self.knows else torch.ones(count, 8)


def test_the_exam_scores_recognition() -> None:
    exam = Exam(8, 16, "cosine")
    assert exam.skeleton_NTJ3.shape == (32, 16, 18, 3)
    assert exam(Telling(exam, True)) == {"rank1": 1.0, "rank5": 1.0, "map": 1.0}
    assert exam(Telling(exam, False))["rank1"] == 0.0


def test_the_card_lists_the_training_data() -> None:
    [row] = Walks([SIX], 4, "sequence").rows()
    assert (row.dataset, row.windows, row.subjects, row.simulated) == ("made", 6, 3, True)


def test_pairs_stand_before_the_detectors_asked_for() -> None:
    teacher, both = (walks.load("simulated", 0, 3, 4, detector=k) for k in ("teacher", "both"))
    different = [
        not np.array_equal(teacher.sequence(i), both.sequence(i)) for i in range(len(teacher))
    ]
    assert different == [False, True, False, True] * 3
