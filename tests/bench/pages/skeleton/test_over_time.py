"""The table of rules for names over time, on a scene that a person can compute."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton.over_time import (
    RULES,
    OverTimeConfig,
    Scene,
    mean_of_scores,
    measured,
    named,
    over_time,
    scene_of,
    table,
)
from edgehuman.errors import UsageError
from edgehuman.records import Float32
from edgehuman.runtime.evidence import Rule
from edgehuman.runtime.gallery import empty_gallery
from edgehuman.runtime.model import load
from tests.runtime.gait_models import gait_card


def at(degrees: float) -> Float32:
    turn = np.radians(degrees)
    return np.array((np.cos(turn), np.sin(turn)), np.float32)


@pytest.fixture
def scene() -> Scene:
    """P0 is at 0 degrees and P1 at 90; two strangers are at 30 and at 45, all the time."""
    gallery = empty_gallery(gait_card()).enrol("P0", "a", at(0)).enrol("P1", "b", at(90))
    tracks = [[at(degrees)] * 4 for degrees in (5, 85, 30, 45)]
    return Scene(np.array(tracks, np.float32), np.array([0, 1, 2, 3]), gallery, 2)


def test_who_is_named_after_each_window(scene: Scene) -> None:
    everybody = np.arange(4)
    found = named(scene, Rule(), 0.9, everybody)
    assert found.tolist() == [[-1, 0, 0, 0], [-1, 1, 1, 1], [-1] * 4, [-1] * 4]
    assert named(scene, Rule(1, 1, 1), 0.8, everybody)[:, -1].tolist() == [0, 1, 0, -1]


def test_rules_are_compared_where_as_many_strangers_are_named(scene: Scene) -> None:
    row = measured(scene, Rule(), 0.4)  # none of two; of which 0.5 would be one
    assert row["threshold"] == pytest.approx(np.cos(np.radians(30)), abs=1e-3)
    assert (row["right_windows"], row["wrong_windows"]) == (0.75, 0.0)
    assert (row["named_at_the_end"], row["names_lost"], row["windows_to_a_name"]) == (1, 0, 2)
    averaged = mean_of_scores(scene, 0.4, 8)
    assert (averaged["right_windows"], averaged["windows_to_a_name"]) == (1, 1)
    assert "| ours | 75.0 | 0.0 | 100.0 | 0.00 | 2.0 | 0.8" in table({"ours": row})


@pytest.mark.slow
def test_the_command_writes_the_table(tmp_path: Path) -> None:
    words = ["--people", "4", "--out", str(tmp_path), "--json"]
    assert main(OverTimeConfig, over_time, words) == 0
    data = json.loads((tmp_path / "table.json").read_text())
    assert [*data["rules"]] == [*RULES, "mean of the scores of 8"]
    assert data["tracks_of_known_people_and_strangers"] == [8, 8]


def test_windows_of_simulated_people_are_a_scene() -> None:
    found = scene_of(load("zoo:gait-skeleton-int8"), 4, 0)
    assert found.vector_NTD.shape == (16, 12, 77)
    assert found.gallery.people() == {"P0": 4, "P1": 4}


def test_wrong_words_are_refused() -> None:
    for words in ({"people": 3}, {"strangers": 1.0}):
        with pytest.raises(UsageError, match=f"--{next(iter(words))} is"):
            OverTimeConfig(**words)
