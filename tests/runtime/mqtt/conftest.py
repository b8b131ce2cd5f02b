"""One broker for the tests of a module, and quick reconnections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.mqtt.broker import PROGRAM, Broker


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost connections are tried again at once."""
    monkeypatch.setattr("edgehuman.runtime.mqtt.link.FIRST_PAUSE_S", 0.05)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if PROGRAM is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    pytest.importorskip("paho.mqtt")
    found = Broker(tmp_path_factory.mktemp("broker")).start()
    yield found
    found.kill()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Broker]:
    """A broker of one test, which may be killed."""
    if PROGRAM is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    pytest.importorskip("paho.mqtt")
    found = Broker(tmp_path).start()
    yield found
    found.kill()
