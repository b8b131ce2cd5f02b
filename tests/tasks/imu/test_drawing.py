"""Which windows a step takes, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.records import WindowSet
from edgehuman.tasks.imu.drawing import balanced, window_names
from edgehuman.tasks.imu.settings import ActivityConfig


def test_balance_gives_each_set_its_share_and_each_class_of_it_the_same(made: WindowSet) -> None:
    prob_N = balanced([made, made.select(made.label_N == 0)], [3.0, 1.0])
    first, second = prob_N[: len(made)], prob_N[len(made) :]
    assert (first.sum(), second.sum()) == pytest.approx((0.75, 0.25))
    by_class = [first[made.label_N == label].sum() for label in range(3)]
    assert by_class == pytest.approx([0.25, 0.25, 0.25])
    with pytest.raises(UsageError, match="one number for each of the 1 datasets"):
        ActivityConfig(out=Path("x"), data=("x",), balance=(1.0, 2.0))


def test_every_window_has_a_name_of_its_own(made: WindowSet) -> None:
    names = window_names([made, made.select(made.label_N == 0)])
    assert len(set(names)) == len(names) > len(made)
    assert names[0].startswith(str(made.subject_N[0]))
