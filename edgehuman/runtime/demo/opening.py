"""Open a file in the browser, where there is a person with a screen."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path


def can_open(terminal: bool, platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a browser window would be seen: standard output is a terminal, and there is a display
    that is not at the other end of an SSH connection.
    """
    if not terminal:
        return False
    if platform.startswith(("win", "cygwin", "darwin")):
        return "SSH_CONNECTION" not in environment
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_page(path: Path) -> bool:
    """Open the page if somebody would see it; whether that was tried with success."""
    if not can_open(sys.stdout.isatty(), sys.platform, os.environ):
        return False
    try:
        return webbrowser.open(path.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False
