"""Splits by person; other datasets contribute only windows with the target's labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.records import WindowSet
from edgehuman.tasks.imu import splits as labelled
from edgehuman.tasks.imu.splits import join, labelled_splits, relabel


def people(windows: WindowSet) -> set[str]:
    return set(windows.subject_N.tolist())


def test_no_person_is_in_two_splits(made: WindowSet) -> None:
    splits = labelled_splits(["x"], hop=64, select_share=0.25)
    assert people(splits.test) == {"made:4", "made:5"}
    assert len(people(splits.select)) == 1
    assert people(splits.learn[0]) | people(splits.select) == {f"made:{i}" for i in range(4)}
    assert not people(splits.learn[0]) & people(splits.select)


def test_a_test_person_of_one_dataset_is_left_out_of_the_others(
    made: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(made, is_test_N=np.zeros(len(made), bool), dataset=("other",))
    monkeypatch.setattr(
        labelled, "load_windows", lambda path, hop, format: made if path == "x" else other
    )
    splits = labelled_splits(["x", "y"], hop=64, select_share=0.25)
    assert people(splits.learn[1]) == people(splits.learn[0])


def test_labels_are_matched_by_name(made: WindowSet) -> None:
    found = relabel(made, ("still", "slow"))
    assert found.labels == ("still", "slow")
    assert len(found) == len(made) * 2 // 3
    assert found.label_N[0] == 1
    assert set(found.label_N.tolist()) == {0, 1}


def test_joining_keeps_labels(made: WindowSet) -> None:
    twice = join([made, made])
    assert twice.label_N.tolist() == made.label_N.tolist() * 2
    assert twice.dataset == ("made",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label_N": -1}, "has no labels"),
        ({"is_test_N": False}, "has no test people"),
    ],
)
def test_an_unsuitable_target_is_an_error(
    made: WindowSet, monkeypatch: pytest.MonkeyPatch, change: dict[str, int], message: str
) -> None:
    arrays = {name: np.full_like(getattr(made, name), value) for name, value in change.items()}
    wrong = replace(made, **arrays)
    monkeypatch.setattr(labelled, "load_windows", lambda path, hop, format: wrong)
    with pytest.raises(DataError, match=message):
        labelled_splits(["x"], hop=64, select_share=0.25)


def test_a_dataset_without_a_common_label_is_refused(
    made: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(made, labels=("a", "b", "c"))
    monkeypatch.setattr(
        labelled, "load_windows", lambda path, hop, format: made if path == "x" else other
    )
    with pytest.raises(DataError, match="--data y has none of the labels slow, fast, still"):
        labelled_splits(["x", "y"], hop=64, select_share=0.25)


def test_a_name_that_no_dataset_has_is_refused_or_told(
    made: WindowSet, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled_splits(["x", "y"], 64, 0.25, naming={"slwo": ("walking",)})
    assert "no row is labelled slwo" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"--map slwo=.*: no row is labelled slwo; found slow"):
        labelled_splits(["x"], 64, 0.25, naming={"slwo": ("walking",)})


def test_given_labels_and_other_names_take_in_what_may_be_either(
    made: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(made, is_test_N=np.zeros(len(made), bool), labels=("a", "b", "c"))
    monkeypatch.setattr(
        labelled, "load_windows", lambda path, hop, format: made if path == "x" else other
    )
    naming = {"still": ("sitting",), "a": ("slow", "fast"), "b": ("sitting",)}
    labels = ("slow", "fast", "sitting", "cycling")
    splits = labelled_splits(["x", "y"], 64, 0.25, labels=labels, naming=naming)
    assert splits.labels == splits.test.labels[:4] == labels
    assert splits.learn[1].labels == (*labels, "slow|fast")
    assert set(splits.learn[1].label_N.tolist()) == {2, 4}
    assert splits.allowed_MK[4].tolist() == [True, True, False, False]
    assert splits.allowed_MK[:4].tolist() == np.eye(4, dtype=bool).tolist()
    assert splits.test.label_N.max() < 4
