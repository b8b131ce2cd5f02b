"""What gait on cameras costs is measured beside the same runs of the same models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench import walking
from edgehuman.bench.targets.table import TARGETS
from edgehuman.records import Float64
from edgehuman.runtime.gait.walkers import Wanted


class Engine:
    """Adds one."""

    def run(self, given: Float64) -> Float64:
        return np.asarray(given + 1)


def test_calls_are_recorded_frame_by_frame_and_can_be_made_again() -> None:
    detector, other = Engine(), Engine()
    recorded = walking._Recorded()
    with recorded.of([detector, other]):
        for frame in range(2):
            given: Float64 = np.full(1, float(frame))
            detector.run(given)
            assert other.run(given).tolist() == [frame + 1]
            given[:] = 99  # what is recorded is a copy
    other.run(np.zeros(1))  # recorded no more
    assert [[given.tolist() for _, given in calls] for calls in recorded.calls] == [
        [[0], [0]],
        [[1], [1]],
    ]
    run, given = recorded.calls[1][0]
    assert run(given).tolist() == [2]


def test_a_gallery_of_nobody_goes_with_the_run(tmp_path: Path) -> None:
    for wanted in walking.WANTED:
        models = walking._models(wanted)
        words = walking._words(wanted, tmp_path, tmp_path / "film.avi", models[2])
        assert (words.json, words.gallery) == (True, tmp_path / "known.npz")
        assert (tmp_path / "known.npz").is_file()


def test_they_are_targets() -> None:
    goals = {target.name: (target.sense, target.goal) for target in TARGETS}
    for wanted in walking.WANTED:
        assert goals[f"frames-gait-{wanted}"] == ("at most", 1.15)
        assert goals[f"gait-rate-{wanted}"] == ("at least", 10.0)
    assert goals["gait-rate-fused"] == ("at least", 10.0)


@pytest.mark.long
@pytest.mark.parametrize("wanted", walking.WANTED)
def test_ten_frames_a_second_of_eight_people_on_one_core(wanted: Wanted) -> None:
    assert walking.frames_per_second(wanted) >= 10


@pytest.mark.long
def test_ten_frames_a_second_with_both_models() -> None:
    assert walking.fused_frames_per_second() >= 10
