"""README runs, is short, and says what its commands print; every page names commands that are."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from edgehuman import cli
from tests import leaving
from tests.docs.commands import commands, wrong
from tests.docs.fences import ROOT, fences, run_page

README = ROOT / "README.md"
MAX_WORDS = 700
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]


def test_readme_takes_three_minutes_to_read() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= MAX_WORDS


def test_readme_has_ten_lines_of_python_and_one_picture() -> None:
    (python,) = [fence for fence in fences(README) if fence.language == "python"]
    assert len(python.code.splitlines()) == 10
    assert len(re.findall(r"!\[", README.read_text(encoding="utf-8"))) == 1


@pytest.mark.slow
def test_the_blocks_of_readme_run(tmp_path: Path) -> None:
    done = run_page([fence for fence in fences(README) if fence.runs], tmp_path)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def test_every_page_names_commands_and_flags_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)  # recipes are named from here
    breaches = [
        f"{page.relative_to(ROOT)}: {command}: {what}"
        for page in PAGES
        for command in commands(page.read_text(encoding="utf-8"))
        if (what := wrong(command))
    ]
    assert not breaches, "\n  ".join([f"{len(breaches)} commands are not known:", *breaches])


EVALUATED = [
    ("zoo:activity --data uci_har.npz", "macro_f1", "0.970"),
    ("zoo:activity-int8 --data uci_har.npz", "macro_f1", "0.972"),
    (
        "zoo:activity --data usc_had.npz --split all --shared-labels --mounting learn "
        "--map walking_forward=walking walking_left=walking "
        "walking_right=walking running_forward=running sleeping=laying",
        "macro_f1",
        "0.867",
    ),
    ("zoo:person-garments --data ccp", "mean_iou", "0.483"),
    ("zoo:gait-silhouette --data kth_walk.npz --random-networks 1", "rank1", "0.545"),
]
GAIT = "python -m edgehuman.bench.pages.skeleton.gait"
BENCH = "edgehuman bench zoo:activity zoo:activity-int8 --against torch,compile"


def results() -> dict[str, str]:
    """The rows of the table of results, by their command."""
    lines = README.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and line.endswith("` |")]
    return {row.split("`")[-2]: row for row in rows if "edgehuman" in row.split("`")[-2]}


def test_every_result_is_run_by_a_test() -> None:
    evaluated = {f"edgehuman evaluate {words}" for words, _, _ in EVALUATED}
    assert set(results()) <= {*evaluated, BENCH}
    assert len(results()) == 5


@pytest.mark.slow
@pytest.mark.longest
def test_the_page_of_gait_says_what_its_command_prints(tmp_path: Path) -> None:
    done = leaving.run(
        [sys.executable, *GAIT.split()[1:]],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    printed = re.findall(r"^\| [^|]+\| [^|]+\| ([\d.]+)", done.stdout, re.MULTILINE)
    assert len(printed) == 3
    stated = re.findall(r"\d+\.\d", (ROOT / "docs" / "gait.md").read_text(encoding="utf-8"))
    assert set(printed) <= set(stated)


@pytest.mark.slow
@pytest.mark.longest
def test_the_row_of_speed_runs_every_engine_that_it_names(tmp_path: Path) -> None:
    done = leaving.run(
        [sys.executable, "-m", *BENCH.split(), "--json"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(done.stdout)["rows"]
    engines = {(row["model"], row["engine"].split()[0]) for row in rows}
    # torch.compile needs a compiler; without one its rows say so.
    able = ("compile",) if any(map(shutil.which, ("g++", "c++", "clang++"))) else ()
    for model in ("zoo:activity", "zoo:activity-int8"):
        for engine in ("onnxruntime", "torch", *able):
            assert (model, engine) in engines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "metric", "said"),
    [
        pytest.param(*row, marks=pytest.mark.longest if "kth" in row[0] else pytest.mark.long)
        for row in EVALUATED
    ],
)
def test_readme_says_what_its_commands_print(
    words: str,
    metric: str,
    said: str,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(shared_data)
    assert cli.main(["evaluate", *words.split(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert f"{found['metrics'][metric]:.3f}" == said
    if "kth_walk" in words:  # the baselines beside it are printed by the same command
        row = results()[f"edgehuman evaluate {words}"]
        assert all(f"{100 * each[metric]:.1f} %" in row for each in found["baselines"].values())
    percent = f"{100 * float(said):.1f}"
    assert any(number in README.read_text(encoding="utf-8") for number in (said, percent))
