"""`edgehuman gallery enroll` and `identify` of silhouettes, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.runtime.gallery import read_gallery
from tests.runtime.gait_words import run
from tests.runtime.gallery.made import write_key
from tests.runtime.outlines import ANNA, BOB, STRANGER, walk, write_outline_model, write_walk

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_outline_model(tmp_path / "outline.onnx")
    for number, frames in ((1, 40), (2, 45)):
        write_walk(tmp_path / "anna" / f"nm-0{number}", walk(ANNA, frames))
        write_walk(tmp_path / "bob" / f"nm-0{number}", walk(BOB, frames))
    return tmp_path


def enrol(capsys: Capture, folder: Path, name: str, *more: object) -> tuple[int, str, str]:
    return run(
        capsys, "gallery", "enroll", folder / "outline.onnx", "--source", folder / name.lower(),
        "--name", name, "--gallery", folder / "known.npz", *more,
    )  # fmt: skip


def test_two_people_are_enrolled_and_found(capsys: Capture, folder: Path) -> None:
    for name in ("ANNA", "BOB"):
        code, out, _ = enrol(capsys, folder, name)
        assert code == 0
        assert f"{name} enrolled by 2 walks" in out
    gallery = read_gallery(folder / "known.npz")
    assert gallery.vector_GD.shape == (4, 2, 4)
    # Walks of two people may have one name inside their folders.
    walks = ("anna/nm-01", "anna/nm-02", "bob/nm-01", "bob/nm-02")
    assert gallery.walk_G == tuple(f"{folder.name}/{walk}" for walk in walks)
    code, _, err = enrol(capsys, folder, "BOB")
    assert code != 0
    assert "bob/nm-01' is in the gallery already, as BOB" in err
    for name, body in (("a", ANNA), ("b", BOB), ("c", STRANGER)):
        write_walk(folder / "door" / name, walk(body, 5))
    words = ("--source", folder / "door", "--gallery", folder / "known.npz")
    code, out, _ = run(capsys, "gallery", "identify", folder / "outline.onnx", *words, "--json")
    assert code == 0
    assert [row["label"] for row in json.loads(out)["walks"]] == ["ANNA", "BOB", "unknown"]
    code, out, _ = run(capsys, "gallery", "list", folder / "known.npz")
    assert "4 walks, vectors of 2 parts of 4 by outline" in out


def test_one_walk_of_a_source_can_be_chosen(capsys: Capture, folder: Path) -> None:
    assert enrol(capsys, folder, "ANNA", "--walk", "nm-02")[0] == 0
    assert read_gallery(folder / "known.npz").walk_G == (f"{folder.name}/anna/nm-02",)
    code, _, err = enrol(capsys, folder, "BOB", "--walk", "nm-07")
    assert code != 0
    assert "--walk nm-07: no such walk" in err
    assert "nm-01, nm-02" in err


def test_mistakes_enrol_nobody(capsys: Capture, folder: Path) -> None:
    black = np.zeros((80, 100), np.uint8)
    write_walk(folder / "eve", [*walk(STRANGER, 2), black, black, black])
    code, _, err = enrol(capsys, folder, "EVE")
    assert code != 0
    assert "3 of 5 frames cannot be used (3 empty)" in err
    assert not (folder / "known.npz").exists()
    assert enrol(capsys, folder, "EVE", "--take-as-is")[0] == 0
    before = (folder / "known.npz").read_bytes()
    write_walk(folder / "dan", walk(STRANGER, 2))
    code, _, err = enrol(capsys, folder, "DAN")
    assert code != 0
    assert "eve' of EVE, but --name is DAN" in err
    assert (folder / "known.npz").read_bytes() == before


def test_the_gallery_of_another_model_is_refused(capsys: Capture, folder: Path) -> None:
    assert enrol(capsys, folder, "ANNA")[0] == 0
    write_outline_model(folder / "outline.onnx", sha="b" * 64)
    code, _, err = enrol(capsys, folder, "BOB")
    assert code != 0
    assert "vectors of different models cannot be compared" in err
    words = ("--source", folder / "bob", "--gallery", folder / "known.npz")
    assert run(capsys, "gallery", "identify", folder / "outline.onnx", *words)[0] != 0


def test_nobody_can_be_identified_without_an_answer(capsys: Capture, folder: Path) -> None:
    assert enrol(capsys, folder, "ANNA")[0] == 0
    write_walk(folder / "black", [np.zeros((80, 100), np.uint8)])
    words = ("--source", folder / "black", "--gallery", folder / "known.npz")
    code, _, err = run(capsys, "gallery", "identify", folder / "outline.onnx", *words)
    assert code != 0
    assert "no walk has an answer; the first: none of 1 frames can be used" in err


def test_people_are_enrolled_on_terms_in_an_encrypted_gallery(
    capsys: Capture, folder: Path
) -> None:
    key = write_key(folder / "k.key")
    words = ["--gallery", folder / "known.gallery", "--key", key]
    code, _, err = enrol(capsys, folder, "ANNA", *words)
    assert (code, "nothing says that ANNA agreed" in err) == (2, True)
    for name in ("ANNA", "BOB"):
        assert enrol(capsys, folder, name, *words, "--consent", "v3")[0] == 0
    shown = ["gallery", "show", words[1], "--name", "BOB", *words[2:], "--json"]
    code, out, _ = run(capsys, *shown)
    assert code == 0
    assert all(row["quality"] >= 40 for row in json.loads(out)["walks"])
    write_walk(folder / "bob" / "nm-03", walk(ANNA, 7))
    more = ["--walk", "nm-03", "--no-consent-record"]
    code, _, err = enrol(capsys, folder, "BOB", *words, *more)
    assert code != 0
    assert "ANNA" in err
    for name, body in (("a", ANNA), ("c", STRANGER)):
        write_walk(folder / "door" / name, walk(body, 5))
    source = ["--source", folder / "door", *words]
    code, out, _ = run(capsys, "gallery", "identify", folder / "outline.onnx", *source, "--json")
    assert [row["label"] for row in json.loads(out)["walks"]] == ["ANNA", "unknown"]
    code, out, _ = run(capsys, "run", folder / "outline.onnx", *source, "--json")
    assert [json.loads(line)["label"] for line in out.splitlines()] == ["ANNA", "unknown"]
    code, _, err = run(capsys, "run", folder / "outline.onnx", *source[:-2])
    assert (code, "is encrypted: give its key" in err) == (1, True)


def test_too_few_steps_enrol_nobody(capsys: Capture, folder: Path) -> None:
    """Fifteen frames are just over one step."""
    write_walk(folder / "eve", walk(STRANGER, 15))
    code, _, err = enrol(capsys, folder, "EVE")
    assert code == 1
    assert "eve shows too little of how somebody walks: 1." in err
    assert "steps were seen, and 2 are needed" in err
    assert not (folder / "known.npz").exists()
    assert enrol(capsys, folder, "EVE", "--take-as-is")[0] == 0
