"""`edgehuman data list | check | simulate`, as a user meets them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.catalogue import DATASETS
from edgehuman.cli import main
from edgehuman.data.commands import ListConfig, list_datasets

Tree = Callable[[str], Path]


def test_the_list_says_where_and_under_what_terms() -> None:
    outcome = list_datasets(ListConfig())
    assert isinstance(outcome.data, list)
    rows = {row["name"]: row for row in outcome.data}
    assert set(rows) == set(DATASETS)
    assert rows["wisdm2019"]["licence"] == "CC BY 4.0"
    assert not rows["usc_had"]["weights_may_ship"]
    assert "https://sipi.usc.edu/had/" in outcome.text
    assert rows["market1501"]["pictures"] == 36_036
    assert "market1501: 36036 pictures, 1501 people\n" in outcome.text
    assert "uci_har: 30 people, 6 classes, 50 Hz, 3.7 h\n" in outcome.text
    json.dumps(outcome.data)


def test_check_of_another_dataset(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree("pamap2")
    assert main(["data", "check", str(root), "--dataset", "dsads"]) == 1
    assert "given as 'dsads', but it looks like 'pamap2'" in capsys.readouterr().err
    assert main(["data", "check", str(root), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["dataset"] == "pamap2"


def said_of(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["data", "check", str(path)]) == 1
    return capsys.readouterr().err


def test_check_of_what_no_record_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A near miss of any record is said; nobody is given the layouts of a record they never had."""
    (tmp_path / "holiday").mkdir()
    said = said_of(tmp_path, capsys)
    assert f"{tmp_path} is a folder with holiday; no known dataset has this layout" in said
    assert "Give --dataset to see what is missing" in said
    assert "uci_har" not in said
    poses = tmp_path / "poses.jsonl"
    poses.write_text('{"t": 0.0, "points": []}\n')
    assert 'poses.jsonl looks like pose_lines, but its first line has no "joints"' in said_of(
        poses, capsys
    )
    (tmp_path / "query").mkdir()
    (tmp_path / "bounding_box_test").mkdir()
    assert "looks like market1501, but bounding_box_train is missing" in said_of(tmp_path, capsys)
    assert "nowhere: no such file or folder" in said_of(tmp_path / "nowhere", capsys)


def test_check_of_a_dataset_lists_that_dataset_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "holiday").mkdir()
    assert main(["data", "check", str(tmp_path), "--dataset", "gait3d"]) == 1
    said = capsys.readouterr().err
    assert "Looked for:\n  gait3d: folders 0000/camid0_videoid2/seq0/" in said
    assert "casia_b" not in said
    assert main(["data", "check", str(tmp_path), "--dataset", "gait3"]) == 2
    assert "Did you mean 'gait3d'?" in capsys.readouterr().err


def help_of(kind: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    assert main(["data", "simulate", "--kind", kind, "--help"]) == 0
    return set(re.findall(r"^  (--[a-z][a-z-]*)", capsys.readouterr().out, re.MULTILINE))


def test_a_kind_has_flags_of_its_own_alone(capsys: pytest.CaptureFixture[str]) -> None:
    shared = {"--out", "--people", "--seed", "--json", "--recipe"}
    assert help_of("imu", capsys) == shared | {"--minutes", "--placement", "--rate-hz"}
    assert help_of("people", capsys) == shared | {"--each"}
    assert help_of("skeletons", capsys) == shared | {"--each", "--detector"}
    assert help_of("silhouettes", capsys) == shared | {"--each"}


@pytest.mark.parametrize(
    ("kind", "flag"), [("people", "--minutes"), ("skeletons", "--rate-hz"), ("imu", "--each")]
)
def test_a_flag_of_another_kind_is_unknown(
    kind: str, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "simulate", "--kind", kind, "--out", str(tmp_path), flag, "3"]) == 2
    assert flag in capsys.readouterr().err


def test_the_usual_kind_and_an_unknown_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data", "simulate", "--out", str(tmp_path)]
    assert main([*words, "--minutes", "0.1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["seconds"] == 6.0
    assert main([*words, "--kind", "pictures"]) == 2
    assert "Valid names: imu, skeletons, silhouettes, people" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("imu", "simulated_waist_01.csv"),
        ("people", "labels.jsonl"),
        ("skeletons", "poses/000000.jsonl"),
        ("silhouettes", "001/nm-01/090/001-nm-01-090-001.png"),
    ],
)
def test_what_is_simulated_replaces_nothing_of_somebody_else(
    kind: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data", "simulate", "--kind", kind, "--people", "1", "--out", str(tmp_path / "set")]
    words += ["--minutes", "0.1"] if kind == "imu" else ["--each", "2"]
    assert main(words) == 0
    assert main(words) == 0  # the same again
    files = [path for path in (tmp_path / "set").rglob("*") if path.is_file()]
    chosen = next((path for path in files if str(path).endswith(name)), files[0])
    chosen.write_text("somebody's own")
    before = {path: path.read_bytes() for path in files}
    capsys.readouterr()
    assert main(words) == 1
    assert "which is not replaced; choose a new folder" in capsys.readouterr().err
    assert {
        path: path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()
    } == before
