"""Sets of pictures state what is labelled, and no terms that their publishers do not give."""

from __future__ import annotations

from edgehuman.tables.pictures import CAMERAS, PERSONS


def test_sets_of_frames_alone_are_read_by_their_readers_of_frames() -> None:
    for name, row in CAMERAS.items():
        assert row.read == row.frames, name
        assert row.pictures > 0, name
        assert not row.weights_may_ship, name


def test_sets_of_people_say_what_their_classes_are() -> None:
    assert {name for name, row in PERSONS.items() if not row.classes} == {"market1501", "msmt17"}
    assert [CAMERAS[name].classes for name in ("cihp", "lv_mhp_v2")] == [20, 59]
