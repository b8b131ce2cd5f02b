"""A silhouette network that learns in seconds."""

from __future__ import annotations

import dataclasses

import pytest

from edgehuman import catalogue
from tests.tasks.outlines import TINY


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tiny_set` and `tiny_base`, of the families of GaitSet and GaitBase, are in the catalogue."""
    for name, (like, arguments) in TINY.items():
        row = dataclasses.replace(catalogue.NETWORKS[like], arguments=arguments)
        monkeypatch.setitem(catalogue.NETWORKS, name, row)
