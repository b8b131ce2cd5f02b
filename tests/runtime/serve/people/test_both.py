"""Two galleries managed as one: in both or in neither, and what is said where that is not to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import ArtefactError, DataError, EdgehumanError, UsageError
from edgehuman.runtime.gallery import read_gallery, update_gallery
from edgehuman.runtime.gallery.store.book import read_book
from edgehuman.runtime.serve.people.asked import Enrol, Forget
from edgehuman.runtime.serve.people.both import BothKeepers
from edgehuman.runtime.serve.people.keeper import Keeper
from tests.runtime.gallery.made import gait_card, quiet, vector, write_key
from tests.runtime.serve.people.keeping import Kept

Pairs = tuple[Kept, Kept]


def enrol(track: str = "1", name: str = "CLEO") -> Enrol:
    return Enrol(track, name, "2026-03")


@pytest.fixture
def kept(tmp_path: Path) -> Pairs:
    return Kept(tmp_path / "joints.gallery"), Kept(tmp_path / "outlines.gallery")


def both(kept: Pairs) -> BothKeepers:
    return BothKeepers(("joints", kept[0].keeper()), ("outlines", kept[1].keeper()))


def people(kept: Pairs) -> list[dict[str, int]]:
    return [read_gallery(each.path).people() if each.path.exists() else {} for each in kept]


def add(kept: Kept, name: str, *place: float) -> None:
    update_gallery(kept.path, lambda known: known.enrol(name, f"{name} 1", vector(*place)),
                   gait_card(), quiet)  # fmt: skip


def test_who_is_enrolled_is_in_both_as_one_walk(kept: Pairs) -> None:
    done = both(kept).change(enrol())
    assert done["said"] == (
        "CLEO is enrolled with track 1: 1 walk by joints, 1 walk by outlines; a remark; a remark"
    )
    assert people(kept) == [{"CLEO": 1}] * 2
    first, second = (read_book(each.path, None) for each in kept)
    assert first.gallery.walk_G == second.gallery.walk_G
    assert [book.walks[0].consent is not None for book in (first, second)] == [True, True]
    assert [each.used[-1].people() for each in kept] == [{"CLEO": 1}] * 2


@pytest.mark.parametrize("which", [0, 1])
def test_who_is_refused_by_one_is_in_neither(kept: Pairs, which: int) -> None:
    add(kept[which], "ANNA", 1.0, 0.0)  # of the same walk
    before = people(kept)
    by = ("joints", "outlines")[which]
    with pytest.raises(DataError, match=f"by {by}: this walk .* is in the gallery already"):
        both(kept).change(enrol())
    assert people(kept) == before
    del kept[which].tracks.vectors["2"]
    with pytest.raises(DataError, match=f"by {by}: track 2 has left"):
        both(kept).change(enrol("2"))
    assert people(kept) == before


def fails(keeper: Keeper, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*words: object) -> Any:
        raise ArtefactError("the disk is full")

    monkeypatch.setattr(keeper, name, failing)


def test_what_the_second_cannot_write_is_taken_back(
    kept: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (each.keeper() for each in kept)
    keepers = BothKeepers(("joints", first), ("outlines", second))
    keepers.change(enrol("3", "DAN"))
    fails(second, "write", monkeypatch)
    with pytest.raises(DataError, match=r"the disk is full\. Nobody was enrolled"):
        keepers.change(enrol())
    assert people(kept) == [{"DAN": 1}] * 2
    assert kept[0].used[-1].people() == {"DAN": 1}
    monkeypatch.undo()
    keepers.change(enrol())  # it may be tried again
    assert people(kept) == [{"DAN": 1, "CLEO": 1}] * 2


def test_what_cannot_be_taken_back_is_said_with_what_mends_it(
    kept: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (each.keeper() for each in kept)
    fails(second, "write", monkeypatch)
    fails(first, "take_back", monkeypatch)
    with pytest.raises(DataError, match=r"is in .*joints.gallery and not in .*forget --walk"):
        BothKeepers(("joints", first), ("outlines", second)).change(enrol())
    assert people(kept) == [{"CLEO": 1}, {}]


def test_whoever_is_forgotten_is_in_neither(kept: Pairs) -> None:
    keepers = both(kept)
    add(kept[0], "ANNA", 0.0, 1.0)
    add(kept[1], "EVE", 0.0, 1.0)
    keepers.change(enrol())
    said = keepers.change(Forget("CLEO"))["said"]
    assert said.startswith("by joints: CLEO is forgotten (1 walk); 1 person left")
    assert "by outlines: CLEO is forgotten" in said
    assert people(kept) == [{"ANNA": 1}, {"EVE": 1}]
    keepers.change(Forget("EVE"))  # of the second alone
    assert people(kept) == [{"ANNA": 1}, {}]
    with pytest.raises(UsageError, match="no person or walk is called 'EVE'"):
        keepers.change(Forget("EVE"))


def test_who_is_forgotten_by_one_alone_is_said(
    kept: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (each.keeper() for each in kept)
    keepers = BothKeepers(("joints", first), ("outlines", second))
    keepers.change(enrol())
    fails(second, "forget", monkeypatch)
    with pytest.raises(DataError, match=r"forgotten in .*joints.gallery, and still in .*outlines"):
        keepers.change(Forget("CLEO"))


def test_everybody_of_both_is_listed_and_who_is_in_one_alone(kept: Pairs) -> None:
    keepers = both(kept)
    add(kept[0], "ANNA", 0.0, 1.0)
    add(kept[1], "EVE", 0.0, 1.0)
    keepers.change(enrol())
    del kept[1].tracks.vectors["2"]
    found = keepers.listing()
    assert {row["name"]: row.get("by") for row in found["people"]} == {
        "ANNA": "joints", "CLEO": None, "EVE": "outlines",
    }  # fmt: skip
    assert (found["gallery"], found["count"]) == ("joints.gallery and outlines.gallery", 3)
    assert [row["track"] for row in found["tracks"]] == ["1", "3", "4"]  # seen by both
    assert [row["name"] for row in keepers.listing("ev")["people"]] == ["EVE"]


def test_whoever_left_both_galleries_is_gone(kept: Pairs) -> None:
    keepers = both(kept)
    keepers.change(enrol())
    keepers.listing()
    forgotten: Callable[[Kept], object] = lambda each: update_gallery(  # noqa: E731
        each.path, lambda known: known.forget("CLEO"), notify=quiet
    )
    forgotten(kept[0])
    keepers.listing()
    assert keepers.gone() == set()
    forgotten(kept[1])
    keepers.listing()
    assert keepers.gone() == {"CLEO"}
    assert keepers.gone() == set()


def test_a_key_is_that_of_both(kept: Pairs, tmp_path: Path) -> None:
    key, other = write_key(tmp_path / "a.key"), write_key(tmp_path / "b.key")
    kept[0].key = kept[1].key = key
    both(kept).change(enrol())
    kept[1].key = other
    with pytest.raises(EdgehumanError, match="key"):
        both(kept).change(enrol("2", "DAN"))
    assert read_gallery(kept[0].path, key).people() == {"CLEO": 1}
