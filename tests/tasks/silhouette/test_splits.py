"""Batches of people with several walks, cut as the recipe says; splits by person."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError
from edgehuman.tasks.silhouette import splits as loaded
from edgehuman.tasks.silhouette.splits import SilhouetteBatches, is_simulated, load_splits
from edgehuman.training.processes import Place
from tests.data.outlines import joined, outlines
from tests.tasks.outlines import quick

HERE = Place(torch.device("cpu"), 0, 1, torch.float32)


def test_fixed_batches_repeat_for_a_step_and_differ_between_steps(tmp_path: Path) -> None:
    config = quick(tmp_path, frames=5)
    batches = SilhouetteBatches(outlines(role="train"), config.recipe("tiny_set"), config)
    silhouette_NTHW, length_N, person_N = batches(3, HERE)
    assert silhouette_NTHW.shape == (8, 5, 64, 64)
    assert silhouette_NTHW.dtype == torch.uint8
    assert length_N.tolist() == [5] * 8
    assert np.unique(person_N.numpy(), return_counts=True)[1].tolist() == [2, 2, 2, 2]
    again = batches(3, HERE)
    assert all(map(torch.equal, (silhouette_NTHW, length_N, person_N), again))
    assert not torch.equal(silhouette_NTHW, batches(4, HERE)[0])
    # Each sequence is of the person it is said to be: as wide as nobody else's bar.
    white_N = (silhouette_NTHW[:, 0, 30] > 0).sum(dim=1)
    assert white_N.tolist() == (2 + 3 * person_N).tolist()


def test_unfixed_sequences_repeat_their_frames_up_to_the_longest(tmp_path: Path) -> None:
    config = quick(tmp_path, arch="tiny_base", least=2, most=6, augmentation="none")
    batches = SilhouetteBatches(outlines(role="train"), config.recipe("tiny_base"), config)
    silhouette_NTHW, length_N, _ = batches(0, HERE)
    assert silhouette_NTHW.shape[1] == int(length_N.max())
    assert 2 <= int(length_N.min()) < int(length_N.max()) <= 6
    for row_THW, length in zip(silhouette_NTHW, length_N.tolist(), strict=True):
        for t in range(length, len(row_THW)):
            assert torch.equal(row_THW[t], row_THW[t % length])


def test_a_dataset_is_split_by_its_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks = joined(outlines(6, 4, role="train"), outlines(3, 4, first=7))
    monkeypatch.setattr(loaded, "load_silhouettes", lambda path: walks)
    splits = load_splits(quick(tmp_path, data="x"))
    assert splits.select is not None
    assert splits.test is not None
    assert (len(splits.learn), len(splits.select), len(splits.test)) == (16, 8, 12)
    assert not set(splits.learn.person_N) & set(splits.select.person_N)
    assert set(splits.select.role_N) == {"gallery", "probe"}


def alone(people: int) -> SilhouetteSet:
    """So many people with one walk, and four with several."""
    return joined(outlines(4, 3, role="train"), outlines(people, 1, role="train", first=5))


def test_people_with_one_walk_are_trained_on_but_not_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = quick(tmp_path, data="x")
    splits = load_splits(config, alone(2))
    assert splits.select is not None
    assert len(splits.select) == 6
    SilhouetteBatches(splits.learn, config.recipe("tiny_set"), config)
    assert "2 of 4 people have only one sample" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"made has 12 training people, 8 of them with a single"):
        load_splits(quick(tmp_path, data="x", select_share=0.5), alone(8))


def test_nobody_with_two_walks_is_refused(tmp_path: Path) -> None:
    config = quick(tmp_path, data="x", select_share=0.0)
    walks = load_splits(config, outlines(4, 1, role="train")).learn
    with pytest.raises(DataError, match="4 training people, 4 of them with only one sample"):
        SilhouetteBatches(walks, config.recipe("tiny_set"), config)
    walks = dataclasses.replace(walks, role_N=np.full(len(walks), "probe"))
    with pytest.raises(DataError, match="belong to the test split"):
        load_splits(config, walks)


def test_the_simulators_word() -> None:
    assert [is_simulated(word) for word in ("simulated", "simulated:9", "x/simulated")] == [
        True, True, False,
    ]  # fmt: skip
