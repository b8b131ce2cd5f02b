"""Sources of phones that look again at once."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.runtime.imu.phones.push.POLL_S", 0.05)
