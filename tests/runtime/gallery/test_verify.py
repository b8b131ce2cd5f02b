"""`edgehuman gallery verify`: what is wrong with a gallery."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edgehuman.runtime.gallery import update_gallery
from edgehuman.runtime.gallery.store.book import read_book
from edgehuman.runtime.gallery.terms import DAY_S, Terms
from tests.runtime.gait_words import run
from tests.runtime.gallery.made import quiet, vector, write_key, write_known

Capture = pytest.CaptureFixture[str]


def wrong(capsys: Capture, path: Path, *words: object) -> dict[str, str]:
    code, out, _ = run(capsys, "gallery", "verify", path, *words, "--json")
    said = json.loads(out)
    found = {each["what"]: each["wrong"] for each in said["checks"] if each["wrong"]}
    assert (code, said["ok"]) == (1 if found else 0, not found)
    return found


def test_a_whole_gallery_is_whole(capsys: Capture, tmp_path: Path) -> None:
    key = write_key(tmp_path / "k.key")
    assert wrong(capsys, write_known(tmp_path / "sealed.gallery", key), "--key", key) == {}
    assert wrong(capsys, write_known(tmp_path / "plain.gallery")) == {}
    assert wrong(capsys, write_known(tmp_path / "g.npz")) == {}
    code, out, _ = run(capsys, "gallery", "verify", tmp_path / "plain.gallery")
    assert (code, "ok     the records: 3 walks" in out) == (0, True)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_files_that_others_may_read_are_told(capsys: Capture, tmp_path: Path) -> None:
    key = write_key(tmp_path / "k.key")
    path = write_known(tmp_path / "g.gallery", key)
    path.chmod(0o640)
    key.chmod(0o604)
    found = wrong(capsys, path, "--key", key)
    assert set(found) == {"who may read the file", "who may read the key"}
    assert "mode 640): chmod 600" in found["who may read the file"]


def test_a_changed_record_a_changed_log_and_what_is_over_are_told(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = write_key(tmp_path / "k.key")
    path = write_known(tmp_path / "g.gallery", key, Terms(None, 1))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE log SET line = '{}' WHERE n = 1")
        base.execute("UPDATE walk SET id = 'x' WHERE n = 1")
    assert set(wrong(capsys, path, "--key", key)) == {"the records", "the log"}
    path = write_known(tmp_path / "plain.gallery", None, Terms(None, 1))
    begin_s = read_book(path, None).walks[0].added_s
    monkeypatch.setattr("time.time", lambda: begin_s + 2 * DAY_S)
    assert wrong(capsys, path) == {"retention": "3 walks are over and not forgotten yet"}


def test_walks_that_somebody_took_out_are_told(capsys: Capture, tmp_path: Path) -> None:
    """Whoever lacks the key can take rows out, and not say so in the log."""
    key = write_key(tmp_path / "k.key")
    path = write_known(tmp_path / "g.gallery", key)
    update_gallery(path, lambda old: old.forget(walk="a1"), notify=quiet, key=key)
    update_gallery(path, lambda old: old.enrol("CLEO", "c", vector(1, 1)), notify=quiet, key=key)
    assert wrong(capsys, path, "--key", key) == {}
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("DELETE FROM walk WHERE n = 2")
        base.execute("DELETE FROM person WHERE id NOT IN (SELECT person FROM walk)")
    found = wrong(capsys, path, "--key", key)
    assert found == {
        "the walks, by the log": "walks were added or taken out without a line in the log"
    }


def test_a_damaged_page_is_told(capsys: Capture, tmp_path: Path) -> None:
    path = write_known(tmp_path / "g.gallery")
    content = bytearray(path.read_bytes())
    content[2 * 4096 + 3 : 2 * 4096 + 5] = b"\x00\xff"  # cells of the second table's page
    path.write_bytes(content)
    code, out, err = run(capsys, "gallery", "verify", path)
    assert code == 1
    assert "WRONG" in out or "is damaged" in err
    code, _, err = run(capsys, "gallery", "verify", tmp_path / "none.gallery")
    assert (code, "no such gallery" in err) == (1, True)
