"""The commit of a training is that of edgehuman's own source, or it is unknown."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from edgehuman.training import ledger
from edgehuman.training.ledger import UNKNOWN, commit, versions
from tests.leaving import run

GIT = shutil.which("git") or ""
needs_git = pytest.mark.skipif(not GIT, reason="there is no git here")
OURS = '[project]\nname = "edgehuman"\n'


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GIT_")}
    done = run([GIT, "-C", str(root), *who, *words], capture_output=True, text=True, check=True,
               env=environment)  # fmt: skip
    return done.stdout.strip()


def repository(root: Path, name: str = "edgehuman") -> Path:
    (root / "edgehuman").mkdir(parents=True)
    (root / "edgehuman" / "card.py").write_text("# ours\n")
    (root / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return root


@needs_git
def test_a_checkout_of_ours_gives_its_commit_and_says_whether_it_was_changed(
    tmp_path: Path,
) -> None:
    root = repository(tmp_path / "ours")
    head = git(root, "rev-parse", "--short=12", "HEAD")
    (root / "a run's output.txt").write_text("untracked")
    assert commit(root) == head
    (root / "edgehuman" / "card.py").write_text("# changed\n")
    assert commit(root) == f"{head}-dirty"


@needs_git
@pytest.mark.parametrize("kind", ["worktree", "shallow"])
def test_worktrees_and_shallow_clones_count(tmp_path: Path, kind: str) -> None:
    root, other = repository(tmp_path / "ours"), tmp_path / "other"
    if kind == "worktree":
        git(root, "worktree", "add", "-q", str(other))
    else:
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", str(other))
    assert commit(other) == git(root, "rev-parse", "--short=12", "HEAD")


@needs_git
def test_somebody_elses_repository_around_an_installed_package_is_unknown(tmp_path: Path) -> None:
    theirs = repository(tmp_path / "theirs", "their-project")
    site = theirs / ".venv" / "site-packages"
    site.mkdir(parents=True)
    assert commit(site) == UNKNOWN
    assert commit(theirs) == UNKNOWN, "a copy of edgehuman at the top of their repository"
    (site / "pyproject.toml").write_text(OURS)
    assert commit(site) == UNKNOWN
    (site / ".git").write_text("gitdir: ../../.git")  # git takes it for the top, but of no commit
    assert len(commit(site)) != 12


@needs_git
def test_variables_of_another_repository_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, other = repository(tmp_path / "ours"), repository(tmp_path / "other")
    git(other, "commit", "-q", "--allow-empty", "-m", "two")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(other)
    assert commit(root) == git(root, "rev-parse", "--short=12", "HEAD")


def test_without_git_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(OURS)
    monkeypatch.setenv("PATH", "")
    assert commit(tmp_path) == UNKNOWN
    monkeypatch.delenv("PATH")
    assert commit(tmp_path) == UNKNOWN


def put_git(folder: Path, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 60",  # hangs
        "echo fatal: detected dubious ownership >&2; exit 128",  # safe.directory
        "echo; exit 0",
        "printf '\\377\\376'",
        "kill -9 $$",
    ],
)
def test_a_git_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    put_git(tmp_path / "bin", script)
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(OURS)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(ledger, "_TIMEOUT_S", 0.3)
    start = time.monotonic()
    assert commit(tmp_path) == UNKNOWN
    assert time.monotonic() - start < 10


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_git_of_the_current_folder_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_git(tmp_path, f"touch {tmp_path / 'ran'}")
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(OURS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    assert commit(tmp_path) == UNKNOWN
    assert not (tmp_path / "ran").exists()


def test_the_versions_are_those_in_use() -> None:
    assert {"python", "numpy"} <= set(versions())
