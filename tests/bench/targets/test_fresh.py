"""Targets of a fresh machine: tracked files alone, an environment of their own, honest failures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgehuman.bench.contestants import FailedRun, NotMeasured
from edgehuman.bench.targets.fresh import demo_s, slim_mb
from tests import leaving

pytestmark = pytest.mark.skipif(
    not (shutil.which("git") and shutil.which("make")), reason="git or make is not here"
)
STREAM = 'printf "#!/bin/sh\\ntest \\$2 = zoo:activity" > slim/bin/edgehuman; chmod +x slim/bin/*\n'


def clone(folder: Path, makefile: str = "", page: str = "") -> Path:
    """A git clone with a Makefile and a page of the slim device; one file is not tracked."""
    (folder / "docs" / "howto").mkdir(parents=True)
    (folder / "Makefile").write_text(makefile)
    (folder / "docs" / "howto" / "slim.md").write_text(page)
    for words in (["init", "-q"], ["add", "-A"]):
        leaving.run(["git", "-C", str(folder), *words], check=True)
    (folder / "untracked").write_text("x")
    return folder


def test_the_demo_is_timed_where_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/here")
    made = 'test ! -e untracked && test -z "$$PYTHONPATH" && mkdir demo && touch demo/demo.html'
    assert 0 < demo_s(clone(tmp_path / "good", f"demo:\n\t@{made}\n")) < 60


@pytest.mark.parametrize(
    ("recipe", "why"),
    [("@echo no space left >&2; exit 3", "make demo: .*Error 3"), ("@true", "without demo/demo")],
)
def test_a_demo_that_fails_is_a_miss(recipe: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(FailedRun, match=why):
        demo_s(clone(tmp_path / "bad", f"demo:\n\t{recipe}\n"))


def test_the_slim_device_is_what_its_page_installs(tmp_path: Path) -> None:
    commands = f"mkdir -p slim/bin\nhead -c 2000000 /dev/zero > slim/library\n{STREAM}"
    page = f"# Slim\n\n## Install\n\nSo:\n\n```sh\n{commands}```\n\n```sh\nexit 1\n```\n"
    assert slim_mb(clone(tmp_path / "slim", page=page)) == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("## Install\n```sh\nexit 4\n```\n", "bash -ec"),
        (
            "## Install\n```sh\nmkdir -p slim/bin\ncp /bin/false slim/bin/edgehuman\n```\n",
            "run zoo",
        ),
        ("no commands", "no block of commands"),
    ],
)
def test_a_slim_device_that_fails_is_a_miss(page: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(FailedRun, match=why):
        slim_mb(clone(tmp_path / "slim", page=page))


def test_outside_a_clone_nothing_is_measured(tmp_path: Path) -> None:
    for measure in (demo_s, slim_mb):
        with pytest.raises(NotMeasured, match="is not a git clone"):
            measure(tmp_path)
