"""Rows of datasets of pictures: nothing of research alone may ship."""

from __future__ import annotations

from edgehuman.catalogue import load_object
from edgehuman.tables.datasets import DATASETS
from edgehuman.tables.pictures import CAMERAS, PERSONS
from edgehuman.tables.trainings import TEXT_REID


def test_every_row_is_in_the_table_of_all() -> None:
    for name, row in {**PERSONS, **CAMERAS}.items():
        assert DATASETS[name] == row
        assert row.pictures > 0


def test_the_datasets_with_captions_are_three_for_research_alone() -> None:
    with_captions = [
        name
        for name, row in PERSONS.items()
        if TEXT_REID in getattr(load_object(row.read).read, "tasks", ())
    ]
    assert with_captions == ["cuhk_pedes", "icfg_pedes", "rstp_reid"]
    assert {PERSONS[name].commercial for name in with_captions} == {"forbidden"}
    assert not any(PERSONS[name].weights_may_ship for name in with_captions)
