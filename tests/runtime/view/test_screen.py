"""Lines redrawn in place: widths, sizes, and what a terminal is."""

from __future__ import annotations

import io
import os
import re
import time

import pytest

from edgehuman.errors import safe_name
from edgehuman.runtime.view.screen import (
    Notes,
    Screen,
    can_redraw,
    cells,
    clip,
    fit,
    flow,
    wants_colour,
)

RED, RESET = "\x1b[38;5;160m", "\x1b[0m"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def resize(monkeypatch: pytest.MonkeyPatch, columns: int, rows: int) -> None:
    size = os.terminal_size((columns, rows))
    monkeypatch.setattr("shutil.get_terminal_size", lambda *given: size)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("ANNA", 6, "ANNA  "),
        ("ANNABELLA", 6, "ANNAB…"),
        ("安娜", 6, "安娜  "),
        ("安娜安娜", 6, "安娜… "),
        ("e\u0301le\u0300ve", 5, "e\u0301le\u0300ve"),
        ("ANNA", 0, ""),
    ],
)
def test_names_are_padded_and_cut_by_columns_not_by_characters(
    text: str, width: int, expected: str
) -> None:
    assert fit(text, width) == expected
    assert cells(fit(text, width)) == width


def test_control_characters_of_a_name_never_reach_the_terminal() -> None:
    assert safe_name("AN\x1b[2JNA\r\n\u202eB") == "AN?[2JNA???B"


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("plain text", 5, "plain"),
        (f"{RED}██{RESET} walking", 4, f"{RED}██{RESET} w"),
        (f"{RED}████{RESET}", 2, f"{RED}██{RESET}"),
        ("short", 80, "short"),
    ],
)
def test_a_line_is_cut_without_its_colours_running_on(line: str, width: int, expected: str) -> None:
    assert clip(line, width) == expected


@pytest.mark.parametrize("width", [10, 20, 40, 80])
def test_phrases_flow_into_lines_that_fit(width: int) -> None:
    phrases = ["one two", "three", "four five", "six"]
    lines = list(flow(phrases, width))
    assert all(len(line) <= width or line.strip() in phrases for line in lines)
    assert re.split(r"\s{2,}|\n", "\n".join(line[1:] for line in lines)) == phrases


@pytest.mark.parametrize(
    ("term", "expected"), [("xterm-256color", True), ("dumb", False), (None, True)]
)
def test_a_dumb_terminal_cannot_redraw(
    term: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    if term is not None:
        monkeypatch.setenv("TERM", term)
    assert can_redraw(Terminal()) is expected
    assert not can_redraw(io.StringIO())


@pytest.mark.parametrize(("value", "expected"), [(None, True), ("", True), ("1", False)])
def test_no_color(value: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    assert wants_colour() is expected


def test_a_draw_replaces_the_lines_before(monkeypatch: pytest.MonkeyPatch) -> None:
    resize(monkeypatch, 20, 10)
    stream = Terminal()
    drawn = Screen(stream)
    drawn.draw(["one", "two"])
    drawn.draw(["three"])
    drawn.close()
    said = stream.getvalue()
    assert said.startswith("\x1b[?25l\x1b[2Kone\n\x1b[2Ktwo\n")
    assert "\x1b[2F\x1b[2Kthree\n" in said
    assert said.endswith("\x1b[?25h")


def test_a_draw_never_leaves_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    resize(monkeypatch, 20, 4)
    stream = Terminal()
    Screen(stream).draw(["x" * 50] * 30)
    lines = re.sub(r"\x1b\[[?0-9;]*\w", "", stream.getvalue()).splitlines()
    assert [len(line) for line in lines] == [19, 19, 19]


def test_a_resized_terminal_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    resize(monkeypatch, 80, 24)
    stream = Terminal()
    drawn = Screen(stream)
    drawn.draw(["one"])
    resize(monkeypatch, 40, 24)
    drawn.draw(["two"])
    assert "\x1b[2J\x1b[H\x1b[2Ktwo" in stream.getvalue()


def test_draws_are_at_most_ten_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    drawn = Screen(Terminal())
    assert drawn.is_due()
    drawn.draw(["one"])
    now_s += 0.05
    assert not drawn.is_due()
    now_s += 0.06
    assert drawn.is_due()


def test_notes_go_into_the_view_while_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    class View:
        said: list[str] = []  # noqa: RUF012

        def note(self, message: str) -> None:
            self.said.append(message)

    notes = Notes()
    notes("before")
    notes.view = View()
    notes("during")
    assert View.said == ["during"]
    assert capsys.readouterr().err == "edgehuman: before\n"
