"""Splits are by person; batches hold several walks of each; unusable data is an error."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.errors import DataError
from edgehuman.tasks.skeleton import splits as gait_walks
from edgehuman.tasks.skeleton.splits import WalkBatches, load_splits, long_enough
from edgehuman.training.processes import Place
from tests.tasks.walkers import quick


def test_nobody_is_in_two_parts(tmp_path: Path) -> None:
    splits = load_splits(quick(tmp_path))
    assert splits.select is not None
    assert splits.test is not None
    people = [set(part.person_N) for part in (splits.learn, splits.select, splits.test)]
    assert not people[0] & people[1]
    assert not (people[0] | people[1]) & people[2]
    assert set(splits.select.role_N) == {"gallery", "probe"}


def test_batches_hold_people_with_several_walks_each(tmp_path: Path) -> None:
    config = quick(tmp_path)
    batches = WalkBatches(load_splits(config).learn, 14, config)
    place = Place(torch.device("cpu"), 0, 1, torch.float32)
    first = batches(3, place)
    source_NSJ3, length_N, person_N = first
    assert source_NSJ3.shape == (8, 14, 18, 3)
    assert length_N.tolist() == [14] * 8
    assert np.unique(person_N.numpy(), return_counts=True)[1].tolist() == [2, 2, 2, 2]
    assert all(torch.equal(one, other) for one, other in zip(first, batches(3, place), strict=True))
    assert not torch.equal(source_NSJ3, batches(4, place)[0])


def read_as(monkeypatch: pytest.MonkeyPatch, walks: SkeletonSet) -> None:
    monkeypatch.setattr(gait_walks, "load_skeletons", lambda path: walks)


def test_a_dataset_is_split_by_its_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks = simulated_set(8, 4, seed=1, frames=16)
    is_train_N = np.isin(walks.person_N, np.unique(walks.person_N)[:6])
    role_N = np.where(is_train_N, "train", walks.role_N)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=role_N))
    splits = load_splits(quick(tmp_path, data="x"))
    assert splits.select is not None
    assert splits.test is not None
    assert (len(splits.learn), len(splits.select), len(splits.test)) == (16, 8, 8)
    mixed = np.where(np.arange(len(walks)) % 4 == 0, "train", walks.role_N)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=mixed))
    with pytest.raises(DataError, match="8 people are in both training and test split"):
        load_splits(quick(tmp_path, data="x"))
    read_as(monkeypatch, walks)
    with pytest.raises(DataError, match="all of its 32 walks belong to the test"):
        load_splits(quick(tmp_path, data="x"))


def test_unusable_training_data_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(4, 4, seed=1, frames=16)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=np.full(len(walks), "train")))
    with pytest.raises(DataError, match="too few to hold 3 out"):
        load_splits(quick(tmp_path, data="x", select_share=0.8))
    with pytest.raises(DataError, match=r"none of 16 training walks has 17 .*the longest has 16\."):
        long_enough(walks, 17)
    alone = walks.subset([0, 4, 8, 12])
    with pytest.raises(DataError, match="several samples"):
        WalkBatches(alone, 14, quick(tmp_path))


def test_walks_shorter_than_a_window_are_reported_and_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    walks = simulated_set(2, 2, seed=1, frames=16)
    mixed = dataclasses.replace(
        walks, skeleton_SJ3=walks.skeleton_SJ3[:61], length_N=np.array([16, 16, 16, 13])
    )
    assert len(long_enough(mixed, 14)) == 3
    assert "left out 1 of 4 training walks shorter than 14 frames" in capsys.readouterr().err
    assert len(long_enough(mixed, 13)) == 4
    assert not capsys.readouterr().err
