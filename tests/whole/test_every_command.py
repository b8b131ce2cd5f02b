"""The commands that `.ci/versions` tries on an installed wheel are all commands."""

from __future__ import annotations

import subprocess

import pytest

from edgehuman import cli
from tests.whole.every_command import LINES, Line, forgotten, wrong

RUN, PRETRAIN = Line(("run", "zoo:activity"), True), Line(("pretrain",), False)
NAMED = "edgehuman: torch is not installed; run: pip install 'edgehuman[train]'\n"


def test_no_command_is_forgotten() -> None:
    assert forgotten() == set()
    assert forgotten([RUN, PRETRAIN]) == {*cli.COMMANDS, "help", "-V"} - {"run", "pretrain"}


def test_the_models_that_ship_are_all_run() -> None:
    from edgehuman.runtime.zoo import zoo_names

    run = {line.words[1] for line in LINES if line.command == "run"}
    assert set(zoo_names()) <= run


@pytest.mark.parametrize(
    ("line", "code", "out", "err", "right"),
    [
        (RUN, 0, "walking", "", True),
        (RUN, 0, "", "", False),
        (RUN, 1, "walking", "edgehuman: no", False),
        (RUN, 0, "walking", "x.py:1: DeprecationWarning: old", False),
        (PRETRAIN, 1, "", NAMED, True),
        (PRETRAIN, 1, "", "Traceback (most recent call last):\n" + NAMED, False),
        (PRETRAIN, 1, "", "edgehuman: torch is not there", False),
        (PRETRAIN, 0, "", NAMED, False),
    ],
)
def test_what_is_wrong_with_a_result(
    line: Line, code: int, out: str, err: str, right: bool
) -> None:
    done = subprocess.CompletedProcess(line.words, code, out, err)
    assert (wrong(line, done) == "") is right
