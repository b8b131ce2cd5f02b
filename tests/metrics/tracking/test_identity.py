"""IDF1 against numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.tracking.identity import identities, of_several
from edgehuman.metrics.tracking.sequence import Sequence
from tests.metrics.tracking.examples import gap, ids, swap


def test_exchanged_tracks() -> None:
    found = identities(swap())
    assert (found.tp, found.fn, found.fp, found.f1) == (4, 4, 4, 0.5)


def test_a_new_track_after_a_gap() -> None:
    found = identities(gap())
    assert (found.tp, found.fn, found.fp) == (2, 3, 2)
    assert found.f1 == pytest.approx(4 / 9)
    assert found.metrics() == {"idf1": pytest.approx(4 / 9), "idr": 0.4, "idp": 0.5}


def test_videos_are_summed_and_nothing_is_0() -> None:
    both = of_several([identities(swap()), identities(gap())])
    assert (both.tp, both.fn, both.fp) == (6, 7, 6)
    nothing = identities(Sequence([ids(0)], [ids()], [np.zeros((1, 0))]))
    assert (nothing.tp, nothing.fn, nothing.f1) == (0, 1, 0)
