"""`edgehuman gallery audit`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edgehuman.runtime.gallery import update_gallery
from tests.runtime.gait_words import run
from tests.runtime.gallery.made import quiet, write_key, write_known

Capture = pytest.CaptureFixture[str]


def test_the_log_is_shown_and_holds(capsys: Capture, tmp_path: Path) -> None:
    key = write_key(tmp_path / "k.key")
    path = write_known(tmp_path / "g.gallery", key)
    code, out, _ = run(capsys, "gallery", "audit", path, "--key", key, "--json")
    said = json.loads(out)
    assert (code, said["holds"], len(said["lines"])) == (0, True, 3)
    head, old = said["head"], path.read_bytes()
    update_gallery(path, lambda gallery: gallery.forget("ANNA"), notify=quiet, key=key)
    code, out, _ = run(capsys, "gallery", "audit", path, "--key", key, "--head", head)
    assert (code, "4 lines, and the chain holds" in out) == (0, True)
    assert "ANNA" not in out
    # An older copy of the whole file holds in itself; the head that was noted tells it.
    newer = json.loads(run(capsys, "gallery", "audit", path, "--key", key, "--json")[1])["head"]
    path.write_bytes(old)
    assert run(capsys, "gallery", "audit", path, "--key", key)[0] == 0
    code, out, _ = run(capsys, "gallery", "audit", path, "--key", key, "--head", newer)
    assert (code, "is not in the log" in out) == (1, True)


def test_a_changed_line_is_told(capsys: Capture, tmp_path: Path) -> None:
    path = write_known(tmp_path / "g.gallery")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE log SET line = replace(line, 'v3', 'v4'), hash = hash || '0'")
    code, out, _ = run(capsys, "gallery", "audit", path)
    assert (code, "the log was changed: line 1" in out) == (1, True)


def test_an_npz_gallery_has_no_log(capsys: Capture, tmp_path: Path) -> None:
    code, _, err = run(capsys, "gallery", "audit", write_known(tmp_path / "g.npz"))
    assert (code, "has no log" in err) == (2, True)
    code, _, err = run(capsys, "gallery", "audit", tmp_path / "none.gallery")
    assert (code, "no such gallery" in err) == (1, True)
