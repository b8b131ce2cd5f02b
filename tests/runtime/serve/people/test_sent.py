"""Whose names leave this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.runtime.gallery import update_gallery
from edgehuman.runtime.gallery.terms import Consent, Terms
from edgehuman.runtime.serve.people.sent import Sent, consenting
from tests.runtime.gallery.made import gait_card, quiet, vector, write_key, write_known

AGREED = Terms(Consent("ANNA", "2026-03-01", "2026-03"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """ANNA agreed for each of her walks, BOB for one of two, and CLEO for none."""
    path = tmp_path / "known.gallery"
    for name, walk, terms in (
        ("ANNA", "a1", AGREED),
        ("ANNA", "a2", AGREED),
        ("BOB", "b1", AGREED),
        ("BOB", "b2", Terms()),
        ("CLEO", "c1", Terms()),
    ):
        place = float(len(walk) + ord(walk[0]) + ord(walk[1]))

        def added(old: Any, name: str = name, walk: str = walk, place: float = place) -> Any:
            return old.enrol(name, walk, vector(1, place))

        update_gallery(path, added, gait_card(), quiet, None, terms)
    return path


def row(label: str, nearest: str) -> dict[str, Any]:
    others = [{"label": name, "score": 0.5} for name in ("ANNA", "BOB", "CLEO") if name != nearest]
    return {"label": label, "raw_label": nearest, "others": others, "embedding": [1.0]}


def names(row: dict[str, Any]) -> set[str]:
    return {name for name in ("ANNA", "BOB", "CLEO") if name in str(row)}


def test_who_agreed_for_every_walk_is_named(path: Path, tmp_path: Path) -> None:
    assert consenting([path], None) == {"ANNA"}
    sent = Sent("consented", path, None)
    assert (sent.name("ANNA"), sent.name("BOB"), sent.name("unknown")) == ("ANNA", "", "")
    assert names(sent.row(row("ANNA", "ANNA"))) == {"ANNA"}
    kept = sent.row(row("BOB", "BOB"))
    assert (kept["label"], "raw_label" in kept, names(kept)) == ("known", False, {"ANNA"})
    assert names(sent.row(row("unknown", "CLEO"))) == {"ANNA"}
    assert "embedding" not in kept


def test_nobody_is_named_unless_it_is_asked_for_and_all_are_where_it_is(path: Path) -> None:
    kept = Sent("none", path, None).row(row("ANNA", "ANNA"))
    assert (kept["label"], names(kept), "others" in kept) == ("known", set(), False)
    assert names(Sent("all", path, None).row(row("CLEO", "CLEO"))) == {"ANNA", "BOB", "CLEO"}
    assert Sent("none", path, None).row({"t": 1, "label": ""}) == {"t": 1, "label": ""}


def test_who_withdraws_is_named_no_more(path: Path) -> None:
    sent = Sent("consented", path, None)
    update_gallery(path, lambda old: old.forget("ANNA"), notify=quiet)
    assert "ANNA" in sent
    sent.refresh()
    assert "ANNA" not in sent


def test_a_gallery_without_a_place_for_consent_names_nobody(tmp_path: Path) -> None:
    assert consenting([write_known(tmp_path / "known.npz")], None) == frozenset()
    assert consenting([tmp_path / "none.gallery"], None) == frozenset()
    assert "ANNA" not in Sent("consented", None, None)
    key = write_key(tmp_path / "k.key")
    sealed = write_known(tmp_path / "sealed.gallery", key, AGREED)
    assert consenting([sealed], key) == {"ANNA", "BOB"}
