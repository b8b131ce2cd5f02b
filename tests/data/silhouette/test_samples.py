"""Stretches of walks calibrate and judge an export."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgehuman.data.silhouette import samples
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError
from tests.data.silhouette_trees import made_set


def card(frames: int) -> Any:
    return SimpleNamespace(name="gaitset", input=SimpleNamespace(shape=(frames, 64, 64)))


@pytest.fixture(autouse=True)
def walks(monkeypatch: pytest.MonkeyPatch) -> SilhouetteSet:
    made = made_set(people=2, each=2, frames=7)
    monkeypatch.setattr(samples, "load_silhouettes", lambda *_, **__: made)
    return made


def test_walks_are_cut_into_stretches(walks: SilhouetteSet) -> None:
    found = samples.read_samples(card(3), "simulated:20")
    assert found.array.shape == (8, 3, 64, 64)
    np.testing.assert_array_equal(found.array[1], walks.sequence(0)[3:6])
    assert found.person_N.tolist() == ["p0"] * 4 + ["p1"] * 4
    assert found.source == "simulated walks"
    assert len(samples.read_samples(card(3), "a", most=4)) == 4
    assert samples.read_samples(card(3), "a").source == "walks of made"


def test_walks_too_short_are_told() -> None:
    with pytest.raises(DataError, match="has the 30 silhouettes that gaitset needs"):
        samples.read_samples(card(30), "a")
