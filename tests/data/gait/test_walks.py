"""Sets of sequences: what belongs together, and parts of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.data.gait.walks import frame_rows, random_cut
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError


def small(**changes: Any) -> SkeletonSet:
    """Walks of 2, 3 and 1 frames; frame number s is at x = s everywhere."""
    skeleton = np.zeros((6, 18, 3), np.float32)
    skeleton[..., 0] = np.arange(6)[:, None]
    skeleton[..., 2] = 0.7
    parts: dict[str, Any] = {
        "name": "made",
        "skeleton_SJ3": skeleton,
        "length_N": np.array([2, 3, 1]),
        "person_N": np.array(["a", "a", "b"]),
        "sequence_N": np.array(["a0", "a1", "b0"]),
        "view_N": np.array(["000", "090", "000"]),
        "condition_N": np.array(["nm", "nm", "cl"]),
        "role_N": np.array(["gallery", "probe", ""]),
        "rate_hz_N": np.array([24.0, 24.0, 30.0]),
        "image_size_N2": np.zeros((3, 2), np.int64),
    }
    return SkeletonSet(**{**parts, **changes})


def test_sequences_and_parts() -> None:
    walks = small()
    assert len(walks) == 3
    assert walks.sequence(1)[:, 0, 0].tolist() == [2, 3, 4]
    part = walks.subset([2, 1])
    assert part.sequence_N.tolist() == ["b0", "a1"]
    assert part.skeleton_SJ3[:, 0, 0].tolist() == [5, 2, 3, 4]
    assert part.sequence(1)[:, 0, 0].tolist() == [2, 3, 4]
    assert walks.subset(walks.role_N == "gallery").person_N.tolist() == ["a"]
    assert frame_rows(np.array([4, 0]), np.array([2, 1])).tolist() == [4, 5, 0]
    with pytest.raises(IndexError, match="sequence 3 is out of range; there are 3"):
        walks.sequence(3)
    with pytest.raises(DataError, match="no sequence is selected"):
        walks.subset(np.zeros(3, bool))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"person_N": np.array(["a"])}, r"person_N is \(1,\); it needs one entry per sequence, 3"),
        ({"image_size_N2": np.zeros((3, 3), np.int64)}, r"image_size_N2 is \(3, 3\)"),
        ({"length_N": np.array([2, 3, 2])}, "add up to 7 frames, but there are 6"),
        ({"length_N": np.array([3, 3, 0])}, "every sequence needs at least one frame"),
        ({"length_N": np.empty(0, np.int64)}, "made: has no sequence"),
        ({"sequence_N": np.array(["x", "x", "y"])}, "1 duplicate sequence names, such as 'x'"),
        ({"role_N": np.array(["gallery", "Probe", ""])}, "unknown role 'Probe'; valid: 'train'"),
        ({"skeleton_SJ3": np.zeros((6, 17, 3), np.float32)}, r"shape is \(6, 17, 3\)"),
        ({"skeleton_SJ3": np.full((6, 18, 3), np.nan, np.float32)}, "frame 0 has a value"),
        ({"skeleton_SJ3": np.full((6, 18, 3), 2.0, np.float32)}, "confidence is 2"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        small(**changes)


def test_a_cut_stays_inside_its_sequence_and_a_short_one_ends_on_its_last_frame() -> None:
    start_N, length_N = np.array([0, 2]), np.array([2, 30])
    generator = np.random.default_rng(0)
    begun = set()
    for _ in range(300):
        row_NS, cut_N = random_cut(start_N, length_N, 4, generator)
        assert cut_N.tolist() == [2, 4]
        assert row_NS[0].tolist() == [0, 1, 1, 1]
        assert np.diff(row_NS[1]).tolist() == [1, 1, 1]
        begun.add(int(row_NS[1, 0]))
    # Every place at which four frames fit, the first and the last among them.
    assert begun == set(range(2, 29))
