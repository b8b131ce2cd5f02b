"""Mistakes of half of a walk's frames are found, each once; those of one frame are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.silhouette.mistakes import find_mistakes, kinds_of, require_right
from edgehuman.errors import DataError
from tests.data.silhouette_trees import made_set, records


def test_a_kind_is_found_where_half_of_the_frames_show_it() -> None:
    good = records(8)
    assert kinds_of(good) == []
    assert kinds_of(255 - good) == ["inverted"]
    assert kinds_of(0 * good) == ["empty"]
    assert kinds_of(np.roll(good, 9, axis=2)) == ["size"]
    mixed = good.copy()
    mixed[:3] = 255 - mixed[:3]
    assert kinds_of(mixed) == []
    mixed[:5] = 255 - good[:5]
    assert kinds_of(mixed) == ["inverted"]


def test_walks_are_named_and_a_set_full_of_mistakes_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    walks = made_set(people=10, each=4, frames=3)
    require_right(walks, "here")
    frames = walks.silhouette_SHW.copy()
    frames[walks.rows(7)] = 0
    one = dataclasses.replace(walks, silhouette_SHW=frames)
    (mistake,) = find_mistakes(one)
    assert mistake.walks == ("w7",)
    assert mistake.said.startswith("1 of 40 walks show nobody")
    require_right(one, "here")
    assert "here: 1 of 40 walks show nobody" in caplog.text
    frames[walks.rows(9)] = 0
    with pytest.raises(DataError, match="2 of 40 walks show nobody"):
        require_right(one, "here")
