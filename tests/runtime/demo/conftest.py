"""One demo, made once for all tests of its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgehuman.runtime.demo.demo import DemoConfig, demo


@dataclass(frozen=True)
class Made:
    """The page of a demo and its summary."""

    page: Path
    text: str
    data: Mapping[str, Any]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The demo as it ships, 50 s long, as fast as the machine can."""
    out = tmp_path_factory.mktemp("demo")
    outcome = demo(DemoConfig(seconds=50.0, speed=0.0, out=out, json=True))
    assert isinstance(outcome.data, Mapping)
    page = out / "demo.html"
    return Made(page, page.read_text(encoding="utf-8"), outcome.data)
