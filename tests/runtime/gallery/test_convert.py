"""`edgehuman gallery convert`: from .npz to a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.runtime.gallery import read_gallery
from tests.runtime.gait_words import enrol, run
from tests.runtime.gallery.made import known, vector, write_key, write_known

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("sealed", [True, False])
def test_everybody_is_there_and_the_old_file_stays(
    sealed: bool, capsys: Capture, tmp_path: Path
) -> None:
    old, new = write_known(tmp_path / "people.npz"), tmp_path / "people.gallery"
    key = write_key(tmp_path / "k.key") if sealed else None
    before = old.read_bytes()
    words = ["--key", key] if key else []
    code, out, err = run(capsys, "gallery", "convert", old, "--out", new, *words)
    assert (code, "2 people, 3 walks" in out, "delete it" in out) == (0, True, True)
    assert "nothing says that these 2 people agreed" in err
    assert ("is new and not encrypted" in err) is not sealed
    assert old.read_bytes() == before
    gallery = read_gallery(new, key)
    assert (gallery.person_G, gallery.walk_G) == (known().person_G, known().walk_G)
    assert gallery.identify(vector(3, 4), 0.9).score == pytest.approx(1, abs=1e-6)
    assert new.stat().st_mode & 0o777 == 0o600


def test_the_model_goes_on_with_it(capsys: Capture, folder: Path) -> None:
    assert enrol(capsys, folder, "ANNA")[0] == 0
    words = ["gallery", "convert", folder / "g.npz", "--out", folder / "g.gallery"]
    assert run(capsys, *words)[0] == 0
    more = ["--gallery", folder / "g.gallery", "--consent", "v3"]
    assert enrol(capsys, folder, "BOB", *more)[0] == 0
    assert read_gallery(folder / "g.gallery").people() == {"ANNA": 1, "BOB": 1}


def test_what_cannot_be_converted_is_told(capsys: Capture, tmp_path: Path) -> None:
    old, new = write_known(tmp_path / "g.npz"), write_known(tmp_path / "g.gallery")
    (tmp_path / "text.npz").write_text("text")
    for words, code, said in (
        ([new, "--out", tmp_path / "x.gallery"], 2, "is a gallery in SQLite already"),
        ([old, "--out", new], 2, "is there already"),
        ([old, "--out", tmp_path / "x.npz"], 2, "would be in .npz again"),
        ([tmp_path / "none.npz", "--out", tmp_path / "x.gallery"], 1, "no such gallery"),
        ([tmp_path / "text.npz", "--out", tmp_path / "x.gallery"], 1, "not a readable gallery"),
        ([old, "--out", tmp_path / "x.gallery", "--key", old], 2, "is no key"),
    ):
        found, _, err = run(capsys, "gallery", "convert", *words)
        assert (found, said in err) == (code, True), err
    assert not (tmp_path / "x.gallery").exists()
