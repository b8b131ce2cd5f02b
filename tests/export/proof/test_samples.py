"""Samples of an export: dealt out in turn, and refused where they are not what the card says."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman import catalogue
from edgehuman.card import Card, image_input
from edgehuman.data.image import labelled_people
from edgehuman.data.image.load import PersonSet
from edgehuman.data.imu import samples as windows_samples
from edgehuman.data.samples import Samples
from edgehuman.errors import DataError, UsageError
from edgehuman.export.proof.samples import balanced, load_samples
from edgehuman.records import WindowSet
from edgehuman.tables.records import Record
from tests.export.tiny import OUTPUTS, SIZE


def samples_of(labels: list[int], people: list[str]) -> Samples:
    array = np.arange(len(labels) * 6, dtype=np.float32).reshape(-1, 1, 6)
    return Samples(array, np.array(labels), np.array(people), "made")


def test_classes_take_turns() -> None:
    chosen = balanced(samples_of([0] * 10 + [1] * 2 + [2] * 10, ["p"] * 22), 9, seed=0)
    labels = np.array([0] * 10 + [1] * 2 + [2] * 10)[chosen]
    assert np.bincount(labels).tolist() == [4, 2, 3]


def test_people_take_turns_where_nothing_is_labelled() -> None:
    people = ["a"] * 50 + ["b"] * 5
    chosen = balanced(samples_of([-1] * 55, people), 10, seed=1)
    assert sorted(np.array(people)[chosen].tolist()) == ["a"] * 5 + ["b"] * 5


def test_the_seed_chooses(samples: Samples) -> None:
    first, again, other = (balanced(samples, 12, seed) for seed in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_a_sample_that_is_not_finite_is_refused(
    monkeypatch: pytest.MonkeyPatch, windows: WindowSet, card: Card
) -> None:
    imu_NTC = windows.imu_NTC.copy()
    imu_NTC[5, 7, 2] = np.nan
    broken = WindowSet(
        imu_NTC, windows.label_N, windows.subject_N, windows.is_test_N, windows.labels, ("made",)
    )
    monkeypatch.setattr(windows_samples, "load_windows", lambda path: broken)
    with pytest.raises(DataError, match=r"x.npz: 1 of 144 samples .*first: sample 5"):
        load_samples(card, "x.npz")


def test_records_of_another_shape_or_kind_are_refused(
    made_data: None, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = card.replace(input=card.input.__class__("ImuWindow", (256, 6), "float32", "g", 50.0))
    with pytest.raises(
        DataError, match=r"records have shape \(128, 6\), but tiny takes ImuWindow \(256, 6"
    ):
        load_samples(longer, "x.npz")
    monkeypatch.setattr(catalogue, "RECORDS", {**catalogue.RECORDS, "Sound": Record("imu")})
    outlines = card.replace(input=card.input.__class__("Sound", (480,), "uint8", "", 30.0))
    with pytest.raises(UsageError, match="Sound does not support 'samples'; records that do: Imu"):
        load_samples(outlines, "x.npz")


def test_data_without_the_labels_of_the_task_serves_without(
    people: PersonSet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = Card("p", "parsing", "made", 1, 1, image_input(*SIZE), OUTPUTS["parsing"])
    labelled = labelled_people.read_labelled(card, "made")
    assert labelled is not None
    images, known = labelled
    assert len(images) == 64  # the eight training people; the test part is never touched
    assert set(labelled_people.names_of(known)) == {f"made people:{i}" for i in range(8)}
    assert known.select(np.array([3, 1])).index_N.tolist() == [3, 1]
    assert labelled_people.read_labelled(card.replace(task="person-embedding"), "made") is None

    def none(data: str, task: str, shape: float) -> PersonSet:
        raise DataError("a folder of photos")

    monkeypatch.setattr(labelled_people, "load_persons", none)
    assert labelled_people.read_labelled(card, "made") is None
    assert "no labels for parsing: a folder of photos" in capsys.readouterr().err
