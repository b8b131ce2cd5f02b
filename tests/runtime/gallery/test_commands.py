"""`edgehuman gallery list|forget` ask nothing of a record: any gallery file will do."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.runtime.gallery import Gallery, read_gallery, write_gallery
from edgehuman.runtime.gallery.terms import DAY_S, Consent, Terms
from tests.runtime.gait_words import run
from tests.runtime.gallery.made import write_key, write_known


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """ANNA by two walks and BOB by one."""
    gallery = Gallery(
        "a" * 64,
        "outlines",
        "euclidean",
        np.eye(3, dtype=np.float32),
        ("ANNA", "ANNA", "BOB"),
        ("a-1", "a-2", "b-1"),
    )
    write_gallery(tmp_path / "known.npz", gallery)
    return tmp_path / "known.npz"


def test_people_walks_and_model_are_listed(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "list", str(known)]) == 0
    head, anna, bob = capsys.readouterr().out.splitlines()
    assert head == (
        f"{known}: 2 people, 3 walks, vectors of 3 by outlines (weights aaaaaaaaaaaa), compared by "
        "euclidean"
    )
    assert (anna.split(), bob.split()) == (["ANNA", "a-1,", "a-2"], ["BOB", "b-1"])
    assert main(["gallery", "list", str(known), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == {"ANNA": ["a-1", "a-2"], "BOB": ["b-1"]}


@pytest.mark.parametrize(
    ("words", "left", "said"),
    [
        (["--name", "ANNA"], {"BOB": 1}, "ANNA forgotten (2 walks); 1 people remain"),
        (["--walk", "a-2"], {"ANNA": 1, "BOB": 1}, "a-2 forgotten (1 walk); 2 people remain"),
    ],
)
def test_a_person_or_a_walk_is_forgotten(
    words: list[str], left: dict[str, int], said: str, known: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(["gallery", "forget", str(known), *words]) == 0
    assert capsys.readouterr().out == f"{known}: {said}\n"
    assert read_gallery(known).people() == left


@pytest.mark.parametrize("words", [[], ["--name", "CLEO"], ["--name", "BOB", "--walk", "b-1"]])
def test_what_cannot_be_forgotten_leaves_the_file(words: list[str], known: Path) -> None:
    before = known.read_bytes()
    assert main(["gallery", "forget", str(known), *words]) == 2
    assert known.read_bytes() == before


def test_a_missing_gallery_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "list", str(tmp_path / "none.npz")]) == 1
    assert "no such gallery; create it with `edgehuman gallery enroll`" in capsys.readouterr().err


# Stores ------------------------------------------------------------------------------------------


@pytest.fixture(params=["sealed", "plain", "npz"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[object]]:
    """A gallery of each form, and the flag that opens it."""
    if request.param == "npz":
        return write_known(tmp_path / "g.npz"), []
    key = write_key(tmp_path / "k.key") if request.param == "sealed" else None
    terms = Terms(Consent("ANNA", "2026-11-30", "v3"), 30)
    return write_known(tmp_path / "g.gallery", key, terms), ["--key", key] if key else []


def test_people_are_listed_shown_and_forgotten(
    stored: tuple[Path, list[object]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, key = stored
    code, out, _ = run(capsys, "gallery", "list", path, *key, "--json")
    said = json.loads(out)
    assert (code, said["people"]) == (0, {"ANNA": ["a1", "a2"], "BOB": ["b1"]})
    assert said.get("encrypted", False) == bool(key)
    code, out, _ = run(capsys, "gallery", "show", path, *key, "--name", "ANNA", "--json")
    said = json.loads(out)
    assert [row["walk"] for row in said["walks"]] == ["a1", "a2"]
    assert [row["own"] for row in said["walks"]] == pytest.approx([0.6, 0.6], abs=1e-6)
    assert [row["other"] for row in said["walks"]] == pytest.approx([0, 0.8], abs=1e-6)
    if path.suffix == ".gallery":
        assert said["walks"][0]["consent"] == {"by": "ANNA", "day": "2026-11-30", "text": "v3"}
        assert said["walks"][0]["keep_until"] > said["walks"][0]["enrolled"]
    out = run(capsys, "gallery", "show", path, *key, "--name", "BOB")[1]
    assert out.startswith("BOB: 1 walks\n  b1")
    code, out, err = run(capsys, "gallery", "forget", path, *key, "--name", "ANNA")
    assert (code, "ANNA forgotten (2 walks); 1 people remain" in out) == (0, True)
    assert ("copies made before" in err) == (path.suffix == ".gallery")
    code, _, err = run(capsys, "gallery", "show", path, *key, "--name", "ANNA")
    assert (code, "no person is called 'ANNA'; the gallery holds BOB" in err) == (2, True)


@pytest.mark.parametrize("vectors", [True, False])
def test_a_person_is_exported_and_the_log_says_so(
    vectors: bool, stored: tuple[Path, list[object]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, key = stored
    out = path.with_name("anna.json")
    words = ["--name", "ANNA", "--out", out, *(["--vectors"] if vectors else [])]
    assert run(capsys, "gallery", "export", path, *key, *words)[0] == 0
    said = json.loads(out.read_text())
    assert (said["person"], said["weights_sha256"], len(said["walks"])) == ("ANNA", "a" * 64, 2)
    if vectors:
        # As the model gave them, whatever the gallery's own coordinates.
        assert said["walks"][1]["vector"] == pytest.approx([3, 4], abs=1e-5)
    assert ("vector" in said["walks"][0]) is vectors
    assert "BOB" not in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600
    if path.suffix == ".gallery":
        assert [line["action"] for line in said["log"]] == ["enrol", "export"]
        assert said["walks"][0]["consent"]["text"] == "v3"
    assert run(capsys, "gallery", "export", path, *key, "--name", "EVE", "--out", out)[0] == 2


def test_whose_time_is_over_is_forgotten_on_request(
    stored: tuple[Path, list[object]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, key = stored
    words = ["gallery", "forget", path, *key, "--expired"]
    code, out, err = run(capsys, *words)
    if path.suffix == ".npz":
        assert (code, "nobody's time ends" in err) == (2, True)
        return
    assert (code, "0 walks forgotten" in out) == (0, True)
    later_s = time.time() + 31 * DAY_S
    monkeypatch.setattr("time.time", lambda: later_s)
    assert "3 walks whose time is over" in run(capsys, "gallery", "list", path, *key)[1]
    assert "3 walks forgotten whose time was over; 0 people" in run(capsys, *words)[1]
    assert b"ANNA" not in path.read_bytes()
    assert run(capsys, *words, "--name", "ANNA")[0] == 2
