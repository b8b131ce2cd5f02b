"""`edgehuman data convert` of poses: every format as lines that every command reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.flags import choose
from tests.preprocess.skeleton.formats import written
from tests.preprocess.skeleton.formats.written import WRITERS

WALK = written.walk()
_LINES = "edgehuman.data.skeleton.convert:ConvertConfig"
_WEARABLES = "edgehuman.data.imu.convert:ConvertConfig"


@pytest.mark.parametrize("name", ["openpose shares", "alphapose cmu", "mediapipe csv", "yolo id"])
def test_a_converted_file_loads_as_the_same_walk(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = WRITERS[name][1](tmp_path, WALK), tmp_path / "poses.jsonl"
    words = ["data", "convert", str(path), "--rate-hz", "30", "--size", "1920x1080"]
    assert main([*words, "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["tracks"], said["lines"]) == (1, written.FRAMES)
    found = load_skeletons(out)
    np.testing.assert_allclose(found.sequence(0)[..., :2], WALK[..., :2], atol=0.02)
    assert found.rate_hz_N.tolist() == pytest.approx([30.0])
    assert len(json.loads(out.read_text().splitlines()[0])["joints"]) == 18


def test_several_files_keep_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for name in ("anna", "bob"):
        inside = tmp_path / f"for_{name}"
        inside.mkdir()
        written.openpose("body25", inside, WALK).rename(folder / name)
    out = tmp_path / "poses.jsonl"
    assert main(["data", "convert", str(folder), "--rate-hz", "30", "--out", str(out)]) == 0
    assert f"{2 * written.FRAMES} lines of 2 tracks, from openpose" in capsys.readouterr().out
    ids = {json.loads(line)["id"] for line in out.read_text().splitlines()}
    assert ids == {"anna:0", "bob:0"}


def test_what_is_assumed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written.rtmlib(tmp_path, WALK)
    assert main(["data", "convert", str(path), "--out", str(tmp_path / "o.jsonl")]) == 0
    assert "note: 24 frames per second are assumed" in capsys.readouterr().out


def test_what_a_check_of_the_lines_will_refuse_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = written.rtmlib(tmp_path, WALK[..., [1, 0, 2]]), tmp_path / "o.jsonl"
    assert main(["data", "convert", str(path), "--rate-hz", "30", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "note: `edgehuman data check` refuses it: track 0: bodies lie along x" in said
    assert main(["data", "check", str(out)]) == 1
    right = written.rtmlib(tmp_path, WALK)
    assert main(["data", "convert", str(right), "--rate-hz", "30", "--out", str(out)]) == 0
    assert "refuses" not in capsys.readouterr().out.rpartition("lines of")[2]


def test_an_id_that_is_too_long_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written.alphapose("coco17", tmp_path, WALK)
    rows = json.loads(path.read_text())
    rows[3]["idx"] = "x" * 200
    path.write_text(json.dumps(rows))
    assert main(["data", "convert", str(path), "--out", str(tmp_path / "o.jsonl")]) == 1
    said = capsys.readouterr().err
    assert f"{path}: object 3: id is '{'x' * 40}'; give 1 to 64 printable characters" in said
    folder = tmp_path / "both"
    folder.mkdir()
    for name in ("a" * 70, "b"):
        (folder / f"{name}.json").write_text(json.dumps(rows[:3]))
    assert main(["data", "convert", str(folder), "--out", str(tmp_path / "o.jsonl")]) == 1
    assert "id '3' and the file's name are 72 characters together" in capsys.readouterr().err


def test_an_input_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written.own_lines("openpose18", tmp_path, WALK)
    before = path.read_bytes()
    assert main(["data", "convert", str(path), "--out", str(path)]) == 2
    assert "--out" in capsys.readouterr().err
    folder = written.openpose("body25", tmp_path, WALK)
    inside = folder / "old.jsonl"
    inside.write_text("mine")
    assert main(["data", "convert", str(folder), "--out", str(inside)]) == 2
    assert "is one of the input's files" in capsys.readouterr().err
    assert (path.read_bytes(), inside.read_text()) == (before, "mine")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a.json", "--out", "o.txt", "--kind", "skeletons"], 2, "a file that ends in .jsonl"),
        (["a.json", "--out", "o.jsonl", "--size", "big"], 2, "--size is 'big'"),
        (["a.json", "--out", "o.jsonl", "--layout", "mine"], 2, "--layout is 'mine'"),
        (["none.json", "--out", "o.jsonl"], 1, "none.json: no such file"),
        (["a.json", "--out", "o.jsonl"], 1, "the form of these poses is not known. Known are"),
        (["poses.csv", "--out", "o.jsonl"], 1, "is casia_b and needs no conversion"),
    ],
)
def test_what_cannot_be_converted_is_named(
    words: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text('{"a": 1}')
    Path("poses.csv").write_text("image_name,a\n1/001-nm-01-000/000001.jpg,1\n")
    assert main(["data", "convert", *words]) == code
    assert said in capsys.readouterr().err
    assert not Path("o.jsonl").exists()


def test_what_is_converted_is_chosen_by_kind_by_the_output_or_by_the_files(tmp_path: Path) -> None:
    path = str(written.alphapose("coco17", tmp_path, WALK))
    assert choose.convert([path, "--out", "a"])[0] == _LINES
    assert choose.convert([path, "--out", "a.npz"])[0] == _WEARABLES
    assert choose.convert(["none", "--out", "a.jsonl"])[0] == _LINES
    assert choose.convert(["none", "--out=a.npz", "--kind", "skeletons"])[0] == _LINES
    assert choose.convert(["none", "--out", "a"])[0] == _WEARABLES
