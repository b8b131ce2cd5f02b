"""A browser is opened only where somebody sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.runtime.demo import opening
from edgehuman.runtime.demo.opening import can_open, open_page


@pytest.mark.parametrize(
    ("terminal", "platform", "environment", "seen"),
    [
        (True, "linux", {"DISPLAY": ":0"}, True),
        (True, "linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (True, "linux", {}, False),
        (False, "linux", {"DISPLAY": ":0"}, False),
        (True, "darwin", {}, True),
        (True, "darwin", {"SSH_CONNECTION": "1"}, False),
        (True, "win32", {}, True),
        (False, "win32", {}, False),
    ],
)
def test_only_with_a_terminal_and_a_display(
    terminal: bool, platform: str, environment: dict[str, str], seen: bool
) -> None:
    assert can_open(terminal, platform, environment) is seen


def test_the_page_is_opened_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(opening, "can_open", lambda *_: True)

    def browse(url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    assert open_page(tmp_path / "a b.html")
    assert asked == [(tmp_path / "a b.html").as_uri()]


def test_a_pipe_opens_nothing(tmp_path: Path) -> None:
    assert not open_page(tmp_path / "demo.html")
