"""A gait network that learns in seconds."""

from __future__ import annotations

import dataclasses

import pytest

from edgehuman import catalogue
from tests.tasks.walkers import FRAMES, TINY


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tiny_gait` is in the catalogue."""
    row = catalogue.NETWORKS["gaitptv2_deep_1"]
    arguments = {**TINY, "frames": FRAMES}
    monkeypatch.setitem(
        catalogue.NETWORKS,
        "tiny_gait",
        dataclasses.replace(row, arguments=arguments),
    )
