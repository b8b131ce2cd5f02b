"""Simulated people serve every task; who is tested is nobody that is learned from."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.load import load_persons
from edgehuman.errors import UsageError


def test_retrieval_splits_by_person_and_asks_across_cameras() -> None:
    persons = load_persons("simulated", "reid", people=10, each=6)
    assert persons.simulated
    assert persons.dataset == "simulated"
    roles = {
        role: set(persons.person_N[persons.role_N == role].tolist())
        for role in ("train", "query", "gallery")
    }
    assert roles["query"] == roles["gallery"] == {4, 9}
    assert roles["train"] == {0, 1, 2, 3, 5, 6, 7, 8}
    for person in (4, 9):
        here_N = persons.person_N == person
        asked = persons.camera_N[here_N & (persons.role_N == "query")]
        kept = persons.camera_N[here_N & (persons.role_N == "gallery")]
        assert (len(asked), len(kept)) == (2, 4)
        assert all((kept != camera).any() for camera in asked)
    assert persons.image(3).shape == (256, 128, 3)
    assert np.array_equal(persons.image(3), load_persons("simulated", "reid", 10, 6).image(3))


@pytest.mark.parametrize(
    ("task", "joints"), [("pose", 17), ("landmarks", 133), ("attributes", 0), ("parsing", 0)]
)
def test_every_other_task_has_its_labels(task: str, joints: int) -> None:
    persons = load_persons("simulated", task, people=5, each=1)
    assert persons.role_N.tolist() == ["train"] * 4 + ["test"]
    if joints:
        assert persons.keypoint_NJ3.shape == (5, joints, 3)
        assert (persons.keypoint_NJ3[..., 2] > 0).mean() > 0.3
        assert (persons.area_N > 500).all()
    if task == "attributes":
        assert persons.attribute_NA.shape == (5, len(persons.attributes))
        assert set(np.unique(persons.attribute_NA).tolist()) == {0, 1}
    if task == "parsing":
        part_HW = persons.part(2)
        assert part_HW.shape == persons.image(2).shape[:2]
        assert 1 < len(np.unique(part_HW)) <= len(persons.parts)


def test_a_person_is_drawn_once() -> None:
    persons = load_persons("simulated", "parsing", people=5, each=1)
    assert persons.image(1) is persons.image(1)


@pytest.mark.parametrize(("task", "people", "each"), [("reid", 5, 2), ("pose", 4, 2)])
def test_too_few_people(task: str, people: int, each: int) -> None:
    with pytest.raises(UsageError, match=f"got {people} simulated people with {each} pictures"):
        load_persons("simulated", task, people, each)
