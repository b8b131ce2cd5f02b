"""Samples of crops: the dataset's people, and simulated ones among them, named in the card."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.load import PersonSet
from edgehuman.data.image.part_groups import grouped
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.simulate.image.people import PARTS
from edgehuman.tasks.image import composing, pose
from edgehuman.tasks.image.composing import compose
from edgehuman.tasks.image.parsing import train
from edgehuman.tasks.image.settings import ParsingConfig, PoseConfig
from edgehuman.tasks.image.splits import split_people
from tests.tasks.people import losses, quick


def test_without_simulated_people_the_dataset_stands_alone(
    people: PersonSet, tmp_path: Path
) -> None:
    config = quick(ParsingConfig, tmp_path, crops=True, parts="person")
    composed = compose(config, grouped(people, "person"), "parsing", "person")
    crop = composed.sample(0, np.random.default_rng(0))
    assert crop.image_HWC.shape == (*config.size, 3)
    assert composed.rows == ()


def test_people_held_out_for_selection_lend_nothing_to_those_who_learn(
    people: PersonSet, tmp_path: Path
) -> None:
    config = quick(ParsingConfig, tmp_path, crops=True, parts="person", select_share=0.5)
    composer = compose(config, grouped(people, "person"), "parsing", "person").composer
    splits = split_people(people, config.select_share, config.seed, "parsing")
    assert composer.lending_K is not None
    assert composer.lending_K.tolist() == splits.learn.tolist()
    assert len(splits.select)


def test_a_silhouette_learns_from_crops_with_simulated_people_among_them(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_DRAWN_EACH", 1)
    train(
        quick(
            ParsingConfig, tmp_path, crops=True, parts="person", simulated=0.5,
            simulated_people=5, steps=16, batch=6,
            autocast="bf16",
        )
    )  # fmt: skip
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    rows = load_network(tmp_path)[1].data
    assert [(row.dataset, row.simulated) for row in rows] == [
        ("made people", False),
        ("made people", False),
        ("simulated", True),
    ]


def test_joints_learn_with_simcc_and_the_card_decides_which_are_there(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pose, "HELD_OUT_CROPS", 64)
    outcome = pose.train(
        quick(PoseConfig, tmp_path, crops=True, head="simcc", steps=16, batch=6, select_share=0.3)
    )
    assert isinstance(outcome.data, dict)
    assert losses(tmp_path, "place")[-1] < losses(tmp_path, "place")[0]
    assert {"mean_oks", "ap", "ar"} <= set(outcome.data["metrics"])
    card = load_network(tmp_path)[1]
    assert (card.output.kind, card.output.dim) == ("simcc", 64)
    assert card.decision.threshold == outcome.data["decision"]["threshold"] > 0


def test_simulated_people_must_have_the_parts_of_the_dataset(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_DRAWN_EACH", 1)
    config = quick(ParsingConfig, tmp_path, crops=True, simulated=0.5, simulated_people=5)
    with pytest.raises(UsageError, match="other parts than made people; give --parts person"):
        compose(config, people, "parsing")
    (drawn,) = compose(config, dataclasses.replace(people, parts=PARTS), "parsing").among
    assert drawn.composer.persons.parts == PARTS


def test_people_of_other_sets_are_among_the_samples_and_in_the_card(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dark = [np.zeros_like(people.image(index)) for index in range(len(people))]
    other = dataclasses.replace(people, images=dark, dataset="dark people", licence="CC BY 4.0")
    monkeypatch.setattr(composing, "load_persons", lambda path, task, shape: other)
    monkeypatch.setattr(pose, "HELD_OUT_CROPS", 16)
    config = quick(
        PoseConfig, tmp_path, crops=True, head="simcc", also=("a", "b"), also_share=0.5, steps=2,
        batch=4, select_share=0.3, flip=0.0,
    )  # fmt: skip
    composed = compose(config, people, "pose")
    assert [each.share for each in composed.among] == [0.25, 0.25]
    assert [set(people.role_N[each.index_K]) for each in composed.among] == [{"train"}] * 2
    took: list[str] = []
    for each in (composed.composer, *(among.composer for among in composed.among)):
        name = each.persons.dataset
        monkeypatch.setattr(each, "sample", lambda index, rng, name=name: took.append(name))
    rng = np.random.default_rng(0)
    for _ in range(400):
        composed.sample(0, rng)
    assert took.count("dark people") == pytest.approx(200, abs=40)
    pose.train(config)
    rows = {(row.dataset, row.licence) for row in load_network(tmp_path)[1].data}
    assert ("dark people", "CC BY 4.0") in rows


def test_streets_are_those_of_other_photos(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = dataclasses.replace(grouped(people, "person"), dataset="photos")
    monkeypatch.setattr(composing, "load_persons", lambda path, task: photos)
    config = quick(PoseConfig, tmp_path, crops=True, streets="photos")
    composed = compose(config, people, "pose")
    assert [row.dataset for row in composed.rows] == ["photos"]
    composer = composed.composer
    assert composer.lenders.persons.dataset == "photos"
    assert composer.lending_K is not None
    assert set(photos.role_N[composer.lending_K]) == {"train"}


def test_people_of_other_sets_need_the_same_labels(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = quick(PoseConfig, tmp_path, crops=True, also=("a",))
    for change, said in (
        ({"keypoint_NJ3": people.keypoint_NJ3[:, :5]}, "5 joints"),
        ({"role_N": np.full(len(people), "test")}, "0 people for training"),
        ({"parts": ("background", "hat")}, "background, hat"),
    ):
        other = dataclasses.replace(people, **change)
        monkeypatch.setattr(composing, "load_persons", lambda path, task, shape, o=other: o)
        with pytest.raises(DataError, match=f"--also a has .*{said}"):
            compose(config, people, "pose")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"also": ("a",)}, "--also is .*; it must be left out without --crops"),
        ({"crops": True, "simulated": 0.5, "also_share": 0.5}, "--also-share is 0.5"),
        ({"crops": True, "simulated_people": 4}, "--simulated-people is 4; it must be at least 5"),
        ({"streets": "ccp"}, "--streets is ccp; it must be left out without --crops"),
        ({"ends": 0.2}, "--ends is 0.2; it must be 0 without --crops"),
        ({"crops": True, "ends": 0.6}, "--ends is 0.6; it must be from 0 to 0.5"),
        ({"cut": 2.0}, "--cut is 2.0"),
        ({"beside": -1.0}, "--beside is -1.0"),
        ({"acting": 0.5}, "--acting is 0.5; it must be 0 without --simulated"),
        ({"crops": True, "simulated": 0.2, "acting": 2.0}, "--acting is 2.0"),
        ({"turned": 0.5}, "--turned is 0.5; it must be 0 without --crops"),
        ({"crops": True, "turned": 1.5}, "--turned is 1.5; it must be from 0 to 1"),
    ],
)
def test_words_of_who_is_among_them(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        quick(PoseConfig, tmp_path, **changes)


def test_simulated_people_and_simcc_need_crops(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--simulated is 0\.5; it must be 0 without --crops"):
        quick(ParsingConfig, tmp_path, simulated=0.5)
    with pytest.raises(UsageError, match="--head is simcc"):
        quick(PoseConfig, tmp_path, head="simcc")
