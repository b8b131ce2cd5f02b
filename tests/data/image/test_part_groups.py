"""Groups of parts: every dataset's names have one, and masks and scores follow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.data.image.part_groups import LABELS, Grouping, group_of, grouped, grouping_with
from edgehuman.data.image.published.parsing import LIP_PARTS
from edgehuman.data.image.score import score
from edgehuman.errors import DataError
from edgehuman.simulate.image.figure.parts import PARTS as SIMULATED_PARTS
from tests.tasks.people import HEIGHT, WIDTH, made_people


@pytest.mark.parametrize("parts", [LIP_PARTS, SIMULATED_PARTS], ids=["lip", "simulated"])
def test_every_part_has_its_group(parts: tuple[str, ...]) -> None:
    assert {group_of(part, "garments") for part in parts} <= set(LABELS["garments"])
    assert [part for part in parts if group_of(part, "person") == "background"] == ["background"]


def test_every_garment_of_ccp_has_its_group(shared_data: Path) -> None:
    names = (shared_data / "ccp" / "labels.txt").read_text().split()[1:]
    assert len(names) == 58
    assert {group_of(name, "garments") for name in names} == set(LABELS["garments"][1:])


@pytest.mark.parametrize("grouping", ["person", "garments"])
def test_groups_are_parts_of_themselves(grouping: Grouping) -> None:
    assert [group_of(label, grouping) for label in LABELS[grouping]] == list(LABELS[grouping])


def test_a_garment_that_nobody_grouped() -> None:
    with pytest.raises(DataError, match=r"the part toga belongs to no group .*--parts person"):
        group_of("toga", "garments")
    assert group_of("toga", "person") == "person"


def test_masks_change_their_numbers_and_what_is_not_labelled_stays_so() -> None:
    people = dataclasses.replace(
        made_people(people=1, each=1),
        masks=[np.array([[0, 1, 2, 3, 255]], np.uint8)],
        parts=("background", "boots", "jeans", "tie"),
    )
    found = grouped(people, "garments")
    assert found.part(0).tolist() == [[0, 6, 4, 7, 255]]
    assert found.part(0).dtype == np.uint8
    assert [found.parts[i] for i in (6, 4, 7)] == ["shoes", "lower_clothes", "accessories"]
    assert grouped(people, "person").part(0).tolist() == [[0, 1, 1, 1, 255]]


@pytest.mark.parametrize("grouping", ["person", "garments"])
def test_a_model_of_groups_is_judged_on_ungrouped_and_on_grouped_labels(grouping: Grouping) -> None:
    people = dataclasses.replace(
        made_people(people=2, each=2), parts=("background", "coat", "pants")
    )
    labels = LABELS[grouping]
    assert grouping_with(labels) == grouping
    assert grouping_with(people.parts) is None
    logits_NCHW = np.random.default_rng(0).random((4, len(labels), 16, 8), np.float32)
    output, size = OutputSpec("segmentation", labels), (HEIGHT, WIDTH)
    one, other = (
        score(each, np.arange(4), lambda image_NHWC: logits_NCHW, output, size)
        for each in (people, grouped(people, grouping))
    )
    assert one.metrics == other.metrics
    assert one.per_label["background"] == pytest.approx(other.per_label["background"])
    assert one.metrics["mean_iou"] > 0
