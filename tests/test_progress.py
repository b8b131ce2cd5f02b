"""Progress bars do not flood a pipe."""

from __future__ import annotations

import io
import sys

import pytest

from edgehuman.progress import progress_bar, tell


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said_of(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **named: object) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    for _ in progress_bar(range(5000), "steps", **named):
        pass
    return stream.getvalue()


def test_a_pipe_gets_the_first_and_the_last_state_as_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = said_of(monkeypatch, io.StringIO()).splitlines()
    assert len(lines) == 2
    assert "0/5000" in lines[0]
    assert "5000/5000" in lines[1]


@pytest.mark.parametrize("named", [{}, {"leave": False}])
def test_a_pipe_gets_no_control_characters(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, object]
) -> None:
    said = said_of(monkeypatch, io.StringIO(), **named)
    assert not set("\r\x1b") & set(said)


def test_a_short_bar_that_would_vanish_says_nothing_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert said_of(monkeypatch, io.StringIO(), leave=False) == ""


def test_a_terminal_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\r" in said_of(monkeypatch, Terminal())


@pytest.mark.parametrize("terminal", [False, True])
def test_what_stands_before_a_bar_commands_no_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of people, files and addresses stand there."""
    wild = "packing \x1b]0;owned\x07\x9b31m\u202e" + "y" * 5000
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    progress_bar(total=1, desc=wild).close()
    progress_bar(range(1), wild).close()
    said = stream.getvalue()
    assert said.count("packing ?]0;owned??31m?yyy") >= 2
    assert not set("\x1b\x07\x9b\u202e") & set(said)
    assert "y" * 200 not in said


def test_a_line_is_told_above_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(total=2) as bar:
        tell("step 1: loss 0.5")
        bar.update(2)
    lines = stream.getvalue().splitlines()
    assert lines[1] == "step 1: loss 0.5"
