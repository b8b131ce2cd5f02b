"""`edgehuman gallery list|forget` ask nothing of a record: any gallery file will do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.runtime.gallery import Gallery, read_gallery, write_gallery


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
