"""Labelled people for an export: which pictures are read, their names, and their metric."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.data.image import labelled_people
from edgehuman.data.image.labelled_people import names_of, read_labelled
from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError
from edgehuman.records import Float32
from tests.tasks.people import ATTRIBUTES, HEIGHT, PARTS, WIDTH, made_people

PARTS_OUTPUT = OutputSpec("segmentation", PARTS)
PARSING = Card("toy", "parsing", "toy", 1, 1, image_input(HEIGHT, WIDTH), PARTS_OUTPUT)


@pytest.fixture
def persons(monkeypatch: pytest.MonkeyPatch) -> PersonSet:
    """Ten people, eight pictures each, at every path; the last two are the test split."""
    persons = made_people(people=10, each=8)
    monkeypatch.setattr(labelled_people, "load_persons", lambda data, task, **words: persons)
    return persons


def mask_logits(persons: PersonSet, index_K: list[int]) -> Float32:
    """Logits (K, parts, H, W) that agree with the masks."""
    masks_KHW = np.stack([persons.part(i) for i in index_K])
    return np.moveaxis(np.eye(len(PARTS), dtype=np.float32)[masks_KHW], 3, 1)


def test_only_training_people_are_read(persons: PersonSet) -> None:
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    image_NHWC, people = labelled
    assert image_NHWC.shape == (64, HEIGHT, WIDTH, 3)
    assert image_NHWC.dtype == np.uint8
    assert set(persons.role_N[people.index_N].tolist()) == {"train"}
    np.testing.assert_array_equal(image_NHWC[5], persons.image(int(people.index_N[5])))
    assert people.sizes == [(HEIGHT, WIDTH)] * 64
    assert people.size == (HEIGHT, WIDTH)


def test_a_set_of_test_people_only_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    persons = made_people(people=2, each=6)
    monkeypatch.setattr(labelled_people, "load_persons", lambda data, task, **words: persons)
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    assert labelled[1].index_N.tolist() == list(range(12))


def test_a_large_set_is_sampled_evenly(persons: PersonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_people, "MOST_PICTURES", 4)
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    assert labelled[1].index_N.tolist() == [0, 21, 42, 63]


@pytest.mark.usefixtures("persons")
def test_people_are_named_by_dataset_and_number() -> None:
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    assert names_of(labelled[1])[[0, 7, 8, 63]].tolist() == [
        *("made people:0", "made people:0", "made people:1", "made people:7"),
    ]


def test_unidentified_people_are_named_by_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    persons = made_people(people=3, each=6)
    unknown = dataclasses.replace(persons, person_N=np.full(len(persons), -1))
    monkeypatch.setattr(labelled_people, "load_persons", lambda data, task, **words: unknown)
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    assert names_of(labelled[1]).tolist() == [f"picture {i}" for i in range(6)]


@pytest.mark.usefixtures("persons")
def test_a_selection_keeps_its_order() -> None:
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    people = labelled[1].select(np.array([3, 1]))
    assert people.index_N.tolist() == [3, 1]
    assert people.sizes == [(HEIGHT, WIDTH)] * 2


def test_the_metric_is_that_of_the_task(persons: PersonSet) -> None:
    labelled = read_labelled(PARSING, "made")
    assert labelled is not None
    people = labelled[1].select(np.array([3, 1]))
    right = people.metrics(mask_logits(persons, [3, 1]), PARTS_OUTPUT)
    assert next(iter(right)) == "mean_iou"
    assert right["mean_iou"] == 1.0
    swapped = people.metrics(mask_logits(persons, [1, 3]), PARTS_OUTPUT)
    assert swapped["mean_iou"] < 1.0


@pytest.mark.usefixtures("persons")
def test_a_task_without_labels_reads_none() -> None:
    assert read_labelled(PARSING.replace(task="person-embedding"), "made") is None


def test_data_without_labels_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(data: str, task: str, **words: Any) -> PersonSet:
        raise DataError("a folder of photos")

    monkeypatch.setattr(labelled_people, "load_persons", none)
    assert read_labelled(PARSING, "made") is None
    assert "no labels for parsing: a folder of photos" in capsys.readouterr().err


@pytest.mark.usefixtures("persons")
def test_labels_unknown_to_the_model_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    output = OutputSpec("attributes", ATTRIBUTES[:1])
    card = Card("toy", "attributes", "toy", 1, 1, image_input(HEIGHT, WIDTH), output)
    assert read_labelled(card, "made") is None
    assert "no labels for attributes: made people has the attributes" in capsys.readouterr().err


def test_simulated_people_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, float] = {}

    def load(data: str, task: str, **few: float) -> PersonSet:
        asked.update(few)
        return made_people(people=3, each=6)

    monkeypatch.setattr(labelled_people, "load_persons", load)
    assert read_labelled(PARSING, "simulated") is not None
    assert asked == {"people": 80, "each": 4, "shape": 0.5}
