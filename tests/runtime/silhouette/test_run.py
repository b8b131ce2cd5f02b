"""`edgehuman run` of a silhouette model, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.runtime.gait_words import run
from tests.runtime.outlines import ANNA, BOB, STRANGER, walk, write_outline_model, write_walk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model, and who walks by."""
    write_outline_model(tmp_path / "outline.onnx")
    for name, body in (("anna", ANNA), ("bob", BOB), ("eve", STRANGER)):
        write_walk(tmp_path / "door" / name, walk(body, 5))
    write_walk(tmp_path / "anna", walk(ANNA, 8))
    return tmp_path


def enrolled(capsys: pytest.CaptureFixture[str], folder: Path) -> Path:
    known = folder / "known.npz"
    words = ("gallery", "enroll", folder / "outline.onnx", "--source", folder / "anna")
    assert run(capsys, *words, "--name", "ANNA", "--gallery", known)[0] == 0
    return known


def test_every_walk_is_one_line_of_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    known = enrolled(capsys, folder)
    code, out, err = run(
        capsys, "run", folder / "outline.onnx", "--source", folder / "door", "--gallery", known,
        "--json", "--save", folder / "seen.jsonl",
    )  # fmt: skip
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(row["walk"], row["label"]) for row in rows] == [
        ("anna", "ANNA"),
        ("bob", "unknown"),
        ("eve", "unknown"),
    ]
    assert all({"score", "distance", "used", "how"} <= set(row) for row in rows)
    assert (folder / "seen.jsonl").read_text() == out
    assert "3 walks, 0 of them without an answer; 15 of 15 frames used" in err


def test_without_a_gallery_there_are_no_names(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, _ = run(capsys, "run", folder / "outline.onnx", "--source", folder / "anna")
    assert code == 0
    assert "anna" in out
    assert "8 of 8 frames, running maximum" in out
    assert "score" not in out


def test_one_bad_walk_does_not_end_the_run(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write_walk(folder / "door" / "black", [np.zeros((80, 100), np.uint8)] * 3)
    code, out, err = run(capsys, "run", folder / "outline.onnx", "--source", folder / "door")
    assert code == 0
    assert "0 of 3 frames (3 empty): no answer" in out
    assert "4 walks, 1 of them without an answer" in out
    assert "black: frame 1.png shows nobody" in err


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((80, 100), np.uint8), "shows nobody"),
        (np.full((80, 100), 255, np.uint8), "has a white background"),
        (np.dstack([walk(ANNA, 1)[0], *[np.zeros((80, 100), np.uint8)] * 2]), "colour picture"),
    ],
)
def test_a_source_without_an_answer_is_an_error(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    picture: np.ndarray,  # type: ignore[type-arg]
    said: str,
) -> None:
    bad = write_walk(folder / "bad", [picture] * 2)
    code, _, err = run(capsys, "run", folder / "outline.onnx", "--source", bad)
    assert code != 0
    assert f"{bad}: its walk has no answer: none of 2 frames can be used" in err
    assert said in err


def test_wrong_words_are_told_before_the_work(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    model, known = folder / "outline.onnx", enrolled(capsys, folder)
    (folder / "nothing").mkdir()
    for words, said in (
        (("--source", folder / "nothing"), "is empty; give a folder of PNG masks"),
        (("--source", folder / "nowhere"), "no such file or folder"),
        (("--source", folder / "anna", "--threshold", "3"), "threshold is 3"),
        (("--source", folder / "anna", "--gallery", folder / "no.npz"), "no such gallery"),
        (("--source", folder / "anna", "--gallery", known, "--save", known), "file of --gallery"),
    ):
        code, out, err = run(capsys, "run", model, *words)
        assert (code != 0, out) == (True, "")
        assert said in err
    write_outline_model(folder / "other.onnx", sha="b" * 64)
    code, _, err = run(
        capsys, "run", folder / "other.onnx", "--source", folder / "anna", "--gallery", known
    )
    assert code != 0
    assert "vectors of different models cannot be compared" in err


def test_the_help_of_a_model_says_what_it_reads(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, _ = run(capsys, "run", folder / "outline.onnx", "--help")
    assert code == 0
    assert "a folder of PNG masks" in " ".join(out.split())
