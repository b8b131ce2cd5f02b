"""What a model of skeletons goes by, on walks whose answers can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.gait_ways import Walked, cosine, unit
from edgehuman.bench.pages.skeleton.reasons import (
    SECONDS,
    changes,
    held_still,
    middle,
    pairs,
    render,
)
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float32

NOSE, ANKLE = OPENPOSE_18.index("nose"), OPENPOSE_18.index("l_ankle")


def walk() -> Float32:
    """Four frames: the body moves by 10 pixels a frame, and the left ankle swings by 1."""
    walk_TJ3 = np.zeros((4, 18, 3), np.float32)
    walk_TJ3[..., 2] = 0.9
    walk_TJ3[..., 0] = np.arange(18) + 10 * np.arange(4)[:, None]
    walk_TJ3[:, ANKLE, 0] += np.array([1, -1, 1, -1])
    return walk_TJ3


def test_held_still_the_body_goes_on_and_nothing_moves_beside_the_hips() -> None:
    walk_TJ3 = walk()
    walk_TJ3[1, NOSE] = 0
    made_TJ3 = held_still(walk_TJ3)
    assert made_TJ3[:, ANKLE, 0].tolist() == [ANKLE + 10 * t for t in range(4)]
    assert made_TJ3[:, NOSE, 0].tolist() == [0, 0, 20, 30]  # unseen joints stay unseen
    assert (made_TJ3[..., 2] == walk_TJ3[..., 2]).all()


def test_the_middle_of_each_walk_and_all_of_a_shorter_one() -> None:
    walks = simulated_set(1, 2, 0, frames=30)
    made = middle(walks, 10)
    assert made.length_N.tolist() == [10, 10]
    np.testing.assert_array_equal(made.sequence(1), walks.sequence(1)[10:20])
    assert middle(walks, 99).length_N.tolist() == [30, 30]


def test_every_change_changes_what_it_says() -> None:
    walks = simulated_set(1, 2, 0, frames=30)
    made = changes(24.0)
    assert len(made) == 7 + len(SECONDS)
    no_ankles = made["without ankles"](walks).skeleton_SJ3
    hidden_J = (no_ankles[..., 2] == 0).all(axis=0)
    assert [name for name, hidden in zip(OPENPOSE_18, hidden_J, strict=True) if hidden] == [
        "r_ankle",
        "l_ankle",
    ]
    assert made["the middle 1 s"](walks).length_N.tolist() == [24, 24]
    assert made["as they are"](walks) is walks


def test_pairs_of_conditions_leave_the_walk_itself_out() -> None:
    """Person 1 walks in the second condition as person 0 does; within the first all are found."""
    walked = Walked(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 0, 0, 0, 1, 1]))
    vectors = [[1.0, 0], [1, 0.1], [0, 1], [0.1, 1], [1, 0.05], [1, 0.06]]
    found = pairs(walked, cosine(unit(np.array(vectors))))
    assert found[0] == [1.0, 0.5]
    assert found[1][0] == 0.75  # (1, 0.1) is nearer to (1, 0.06), which is person 1
    assert np.isnan(found[1][1])


def test_the_page_names_galleries_and_probes() -> None:
    data = {
        "people": 2, "walks": 6, "rank1": {"as they are": [0.5, 0.25, 0.75]},
        "conditions": ["s1", "s2"], "pairs": {"the model": [[1.0, 0.5], [0.5, float("nan")]]},
    }  # fmt: skip
    text = render(data)
    assert "| as they are | 50.0 [25.0, 75.0] |" in text
    assert "| the model: gallery, and probes of | s1 | s2 |" in text
    assert "| s1 | 100.0 | 50.0 |" in text


@pytest.mark.parametrize("name", ["without the face", "held still beside the hips"])
def test_what_is_left_is_skeletons(name: str) -> None:
    walks = simulated_set(1, 2, 0, frames=30)
    assert changes(24.0)[name](walks).skeleton_SJ3.shape == walks.skeleton_SJ3.shape
