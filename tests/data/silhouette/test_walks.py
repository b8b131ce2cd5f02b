"""Sets of silhouettes: their rules, and subsets that share frames."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError
from tests.data.silhouette_trees import made_set


def test_a_subset_shares_the_frames_and_keeps_the_order_asked_for() -> None:
    walks = made_set(people=3, each=2, frames=4)
    part = walks.subset([4, 1])
    assert part.silhouette_SHW is walks.silhouette_SHW
    np.testing.assert_array_equal(part.sequence(0), walks.sequence(4))
    np.testing.assert_array_equal(part.subset([1]).sequence(0), walks.sequence(1))
    assert part.person_N.tolist() == walks.person_N[[4, 1]].tolist()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"silhouette_SHW": np.zeros((8, 32, 32), np.uint8)}, "normalise masks of other sizes"),
        ({"silhouette_SHW": np.zeros((8, 64, 64), np.float32)}, "float32"),
        ({"silhouette_SHW": np.zeros((7, 64, 64), np.uint8)}, "add up to 8"),
        ({"first_N": np.array([0, 6])}, "ends at frame 10, but there are 8"),
        ({"first_N": np.array([-1, 4])}, "from -1"),
    ],
)
def test_what_breaks_a_rule_is_told(change: dict[str, object], why: str) -> None:
    walks = made_set(people=2, each=1, frames=4)
    fields = {
        name: getattr(walks, name)
        for name in (
            *("name", "length_N", "person_N", "sequence_N", "view_N", "condition_N", "role_N"),
            *("rate_hz_N", "image_size_N2", "silhouette_SHW"),
        )
    }
    with pytest.raises(DataError, match=why):
        SilhouetteSet(**{**fields, **change})
