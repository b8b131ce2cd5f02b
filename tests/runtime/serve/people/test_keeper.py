"""The gallery as the page manages it: what is done, what is refused, and what stays."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import ArtefactError, DataError, EdgehumanError, UsageError
from edgehuman.runtime.gallery import read_gallery, update_gallery
from edgehuman.runtime.gallery.audit import AuditConfig, audit
from edgehuman.runtime.gallery.store import database
from edgehuman.runtime.gallery.store.book import read_book
from edgehuman.runtime.gallery.store.database import Database
from edgehuman.runtime.lock import locked
from edgehuman.runtime.serve.people import keeper as module
from edgehuman.runtime.serve.people.asked import Enrol, Forget
from tests.runtime.gallery.made import gait_card, quiet, vector, write_key, write_known
from tests.runtime.serve.people.keeping import Kept


def enrol(track: str = "1", name: str = "CLEO", **more: object) -> Enrol:
    return Enrol(track, name, "2026-03", **more)  # type: ignore[arg-type]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "known.gallery")


def test_somebody_is_enrolled_with_their_consent_and_known_at_once(kept: Kept) -> None:
    keeper = kept.keeper()
    assert (keeper.listing()["people"], kept.used) == ([], [])
    done = keeper.change(enrol(by="her mother", keep_days=30))
    assert done["said"] == (
        "CLEO is enrolled with track 1, 5 windows: 1 walk of CLEO, 1 person in all; a remark"
    )
    assert kept.used[-1].people() == read_gallery(kept.path).people() == {"CLEO": 1}
    (person,) = keeper.listing()["people"]
    (walk,) = person["walks"]
    assert walk["consent"]["by"] == "her mother"
    assert walk["consent"]["text"] == "2026-03"
    assert walk["keep_until"] > walk["enrolled"]
    assert read_book(kept.path, None).walks[0].quality == 71
    assert "is new and not encrypted" in kept.told[0]
    data: Any = audit(AuditConfig(gallery=kept.path)).data
    assert [line["action"] for line in data["lines"]] == ["create", "enrol"]


def test_somebody_is_forgotten_and_the_run_knows(kept: Kept) -> None:
    write_known(kept.path)
    keeper = kept.keeper()
    assert [row["name"] for row in keeper.listing()["people"]] == ["ANNA", "BOB"]
    said = keeper.change(Forget(" ANNA "))["said"]
    assert said.startswith("ANNA is forgotten (2 walks); 1 person left")
    assert kept.used[-1].people() == {"BOB": 1}
    with pytest.raises(UsageError, match="no person or walk is called 'EVE'"):
        keeper.change(Forget("EVE"))
    assert keeper.listing()["count"] == 1


def test_a_name_is_found_by_a_part_of_it(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    write_known(kept.path)
    keeper = kept.keeper()
    assert [row["name"] for row in keeper.listing("nn")["people"]] == ["ANNA"]
    monkeypatch.setattr(module, "MOST_LISTED", 1)
    found = keeper.listing()
    assert (len(found["people"]), found["found"], found["count"]) == (1, 2, 2)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (enrol("4"), "too short a time"),
        (enrol("9"), "has left"),
        (enrol("3", "unknown"), "nobody can be called"),
        (enrol("3", "Not  yet"), "nobody can be called"),
        (enrol(name="a\x00b"), "found the name"),
        (enrol(name="a\x00b"), "printable"),
        (enrol(keep_days=0), "keep_days|keep-days"),
        (enrol(by="a\u202eb"), "printable"),
        (enrol("1", "BOB"), "in the gallery already, as ANNA's"),
        (Forget("CLEO"), "no person"),
    ],
)
def test_what_is_refused_leaves_the_gallery(kept: Kept, asked: Enrol | Forget, words: str) -> None:
    write_known(kept.path)
    before = kept.path.read_bytes()
    with pytest.raises(EdgehumanError, match=words):
        kept.keeper().change(asked)
    assert (kept.path.read_bytes(), kept.used) == (before, [])


def test_a_walk_is_enrolled_once_and_not_as_two_people(kept: Kept) -> None:
    keeper = kept.keeper()
    keeper.change(enrol("1", "CLEO"))
    kept.tracks.vectors["1"] = (0.99, 0.1)  # a window later
    for name in ("DAN", "CLEO"):
        with pytest.raises(DataError, match="was enrolled as CLEO already"):
            keeper.change(enrol("1", name))
    keeper.change(Forget("CLEO"))
    keeper.change(enrol("1", "DAN"))
    assert read_gallery(kept.path).people() == {"DAN": 1}


def test_a_walk_that_looks_like_somebody_else_is_refused(kept: Kept) -> None:
    update_gallery(
        kept.path,
        lambda old: old.enrol("ANNA", "a", vector(1, 0.1)).enrol("BOB", "b", vector(0, 1)),
        gait_card(),
        quiet,
    )
    with pytest.raises(DataError, match=r"walks like ANNA \(0\.995\) and not like BOB"):
        kept.keeper().change(enrol("1", "BOB"))


def test_two_who_enrol_at_once_are_both_enrolled(kept: Kept) -> None:
    keeper = kept.keeper()
    threads = [
        threading.Thread(target=keeper.change, args=(enrol(track, name),))
        for track, name in (("1", "CLEO"), ("2", "DAN"), ("3", "EVE"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_gallery(kept.path).people() == {"CLEO": 1, "DAN": 1, "EVE": 1}


def test_a_gallery_that_another_program_goes_on_using_is_left(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_known(kept.path)
    keeper = kept.keeper()
    monkeypatch.setattr("edgehuman.runtime.lock.locked.__kwdefaults__", None, raising=False)
    defaults = (*locked.__wrapped__.__defaults__[:0], 0.05, "", 0o600)  # type: ignore[attr-defined]
    monkeypatch.setattr(locked.__wrapped__, "__defaults__", defaults)  # type: ignore[attr-defined]
    held, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(kept.path, quiet):
            held.set()
            leave.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    with pytest.raises(UsageError, match="nothing was changed"):
        keeper.change(enrol())
    leave.set()
    other.join()
    keeper.change(enrol("3"))
    assert read_gallery(kept.path).people() == {"ANNA": 2, "BOB": 1, "CLEO": 1}


def test_another_key_and_a_full_disk_are_told_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = write_key(tmp_path / "1.key"), write_key(tmp_path / "2.key")
    path = write_known(tmp_path / "known.gallery", first)
    for key, words in (
        (second, "encrypted with another key"),
        (None, "is encrypted: give its key"),
    ):
        wrong = Kept(path, key).keeper()
        with pytest.raises(ArtefactError, match=words):
            wrong.change(enrol("3"))
        with pytest.raises(ArtefactError, match=words):
            wrong.listing()
    begin = Database.__init__

    def limited(self: Database, path: Path, write: bool, new: bool = False) -> None:
        begin(self, path, write, new)
        if write:
            self.run("PRAGMA max_page_count = 1")

    monkeypatch.setattr(database.Database, "__init__", limited)
    kept = Kept(path, first)
    keeper, told = kept.keeper(), ""
    for place in range(200):  # until the pages that there are hold no more
        track = f"t{place}"
        kept.tracks.vectors[track] = (1.0, 0.5 + place / 100)
        try:
            keeper.change(enrol(track, f"P{place} " + "x" * 180))
        except UsageError as error:
            told = str(error)
            break
    assert "full" in told
    assert "the gallery is unchanged. Free some space" in told
    monkeypatch.undo()
    people = read_gallery(path, first).people()
    assert {"ANNA", "BOB"} <= {*people}
    assert len(people) == 2 + len(kept.used)  # whoever was answered is there


def test_what_another_program_changed_is_seen_and_used(kept: Kept) -> None:
    write_known(kept.path)
    keeper = kept.keeper()
    keeper.listing()
    update_gallery(kept.path, lambda old: old.forget("ANNA"), notify=quiet)
    assert [row["name"] for row in keeper.listing()["people"]] == ["BOB"]
    assert kept.used[-1].people() == {"BOB": 1}
    assert (keeper.gone(), keeper.gone()) == ({"ANNA"}, set())


def test_what_another_program_changed_before_anybody_looked_is_used(kept: Kept) -> None:
    write_known(kept.path)
    keeper = kept.keeper()
    update_gallery(kept.path, lambda old: old.forget("ANNA"), notify=quiet)
    keeper.listing()
    assert kept.used[-1].people() == {"BOB": 1}


def test_a_gallery_without_a_place_for_consent_is_not_managed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--serve-gallery: .*npz.*gallery convert"):
        Kept(tmp_path / "known.npz").keeper()
