"""`edgehuman gallery rekey`: another key, and nothing under the old one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.runtime.gallery import read_gallery, update_gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.gallery.store import change, log
from edgehuman.runtime.gallery.store.book import read_book
from edgehuman.runtime.gallery.terms import DAY_S, Consent, Terms
from edgehuman.runtime.gallery.threshold import ThresholdConfig, threshold
from tests.runtime.gait_words import run
from tests.runtime.gallery.made import known, quiet, vector, write_key, write_known

Capture = pytest.CaptureFixture[str]
TERMS = Terms(Consent("ANNA", "2026-11-30", "v3"), 30)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_key(tmp_path / "old.key"), write_key(tmp_path / "new.key")


@pytest.mark.parametrize("sealed", [True, False])
def test_all_is_there_under_the_new_key_alone(
    sealed: bool, keys: tuple[Path, Path], capsys: Capture, tmp_path: Path
) -> None:
    old, new = keys if sealed else (None, keys[1])
    path = write_known(tmp_path / "g.gallery", old, TERMS)
    for name, angle in (("CLEO", 3), ("DAN", 5)):
        update_gallery(
            path, lambda g, n=name, a=angle: g.enrol(n, n, vector(-1, a)), notify=quiet, key=old  # type: ignore[misc]
        )  # fmt: skip
    threshold(ThresholdConfig(gallery=path, apply=True, key=old))
    before, content = read_gallery(path, old), path.read_bytes()
    words = ["--key", old] if old else []
    code, out, err = run(capsys, "gallery", "rekey", path, *words, "--new-key", new)
    assert (code, err) == (0, "")
    assert ("Destroy the old key" in out) is sealed
    after = read_gallery(path, new)
    assert (after.person_G, after.walk_G, after.threshold) == (
        before.person_G, before.walk_G, before.threshold
    )  # fmt: skip
    assert after.identify(vector(3, 4), 0.9).score == pytest.approx(1, abs=1e-6)
    assert not np.allclose(after.vector_GD, before.vector_GD)  # another rotation
    assert [walk.consent for walk in read_book(path, read_key(new)).walks][:3] == [
        TERMS.consent
    ] * 3
    with pytest.raises(ArtefactError):
        read_gallery(path, old)
    with pytest.raises(ArtefactError):
        read_gallery(path)
    code, out, _ = run(capsys, "gallery", "audit", path, "--key", new)
    assert (code, '"rekey"' in out, "the chain holds" in out) == (0, True, True)
    with closing(sqlite3.connect(path)) as base:
        for secret, sealed_content in base.execute("SELECT secret, content FROM person"):
            assert secret not in content
            assert sealed_content not in content


def test_what_is_over_is_not_taken_along(
    keys: tuple[Path, Path], capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_known(tmp_path / "g.gallery", keys[0], Terms(None, 1))
    begin_s = read_book(path, read_key(keys[0])).walks[0].added_s
    monkeypatch.setattr("time.time", lambda: begin_s + 2 * DAY_S)
    words = ["--key", keys[0], "--new-key", keys[1]]
    assert run(capsys, "gallery", "rekey", path, *words)[0] == 0
    assert run(capsys, "gallery", "verify", path, "--key", keys[1])[0] == 0
    monkeypatch.undo()
    assert read_gallery(path, keys[1]).people() == {}


def test_a_stop_in_the_middle_leaves_the_old_key(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_known(tmp_path / "g.gallery", keys[0])

    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(log, "rechain", stop)
    old, new = (read_key(each) for each in keys)
    assert new is not None
    with pytest.raises(KeyboardInterrupt):
        change.rekey_book(path, old, new, quiet)
    assert read_gallery(path, keys[0]).people() == known().people()


def test_what_cannot_be_rekeyed_is_told(
    keys: tuple[Path, Path], capsys: Capture, tmp_path: Path
) -> None:
    old, new = keys
    path = write_known(tmp_path / "g.gallery", old)
    plain = write_known(tmp_path / "g.npz")
    for words, code, said in (
        ([path, "--key", old, "--new-key", old], 2, "is the key that the gallery has"),
        ([path, "--key", new, "--new-key", old], 1, "was encrypted with another key"),
        ([path, "--new-key", new], 1, "is encrypted: give its key"),
        ([path, "--key", old, "--new-key", tmp_path / "none"], 2, "cannot read"),
        ([plain, "--new-key", new], 2, "encrypt it with `edgehuman gallery convert`"),
        ([tmp_path / "none.gallery", "--new-key", new], 1, "no such gallery"),
    ):
        found, _, err = run(capsys, "gallery", "rekey", *words)
        assert (found, said in err) == (code, True), err
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE log SET line = '{}' WHERE n = 2")
    code, _, err = run(capsys, "gallery", "rekey", path, "--key", old, "--new-key", new)
    assert (code, "line 2 of the log was changed" in err) == (1, True)
    assert read_gallery(path, old).people() == known().people()
