"""Samples of crops: the dataset's people, and simulated ones among them, named in the card."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.load import PersonSet
from edgehuman.data.image.part_groups import grouped
from edgehuman.errors import UsageError
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


def test_simulated_people_and_simcc_need_crops(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--simulated is 0\.5; it must be 0 without --crops"):
        quick(ParsingConfig, tmp_path, simulated=0.5)
    with pytest.raises(UsageError, match="--head is simcc"):
        quick(PoseConfig, tmp_path, head="simcc")
