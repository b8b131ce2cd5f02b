"""Rows of datasets of pictures: what is labelled, and nothing of research alone may ship."""

from __future__ import annotations

from edgehuman.catalogue import load_object
from edgehuman.tables.datasets import DATASETS
from edgehuman.tables.pictures import CAMERAS, PERSONS
from edgehuman.tables.trainings import TEXT_REID

CAPTIONS = ["cuhk_pedes", "icfg_pedes", "rstp_reid"]


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
    assert with_captions == CAPTIONS
    assert {PERSONS[name].commercial for name in with_captions} == {"forbidden"}
    assert not any(PERSONS[name].weights_may_ship for name in with_captions)


def test_sets_of_frames_alone_are_read_by_their_readers_of_frames() -> None:
    for name, row in CAMERAS.items():
        assert row.read == row.frames, name
        assert not row.weights_may_ship, name


def test_sets_of_people_say_what_their_classes_are() -> None:
    without = {name for name, row in PERSONS.items() if not row.classes}
    assert without == {"market1501", "msmt17", *CAPTIONS}
    assert [CAMERAS[name].classes for name in ("cihp", "lv_mhp_v2")] == [20, 59]
