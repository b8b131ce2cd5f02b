"""What features differ by: on made features, and the table of made checkpoints."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from edgehuman.bench.pages.silhouette import features
from edgehuman.bench.pages.silhouette.features import (
    RANDOM,
    FeaturesConfig,
    between,
    build_table,
    spread,
)
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.building import build
from tests.data.outlines import outlines

PEOPLE, VIEWS = 6, 4


def test_the_shares_are_those_of_what_the_features_are_made_of() -> None:
    walks = outlines(PEOPLE, VIEWS, 5)
    views = np.array([f"{i % VIEWS:03d}" for i in range(PEOPLE * VIEWS)])
    walks = dataclasses.replace(walks, view_N=views)
    rng = np.random.default_rng(0)
    person_N = np.unique(walks.person_N, return_inverse=True)[1]
    of_view_ND = rng.standard_normal((VIEWS, 8))[np.arange(len(walks)) % VIEWS]
    of_person_ND = rng.standard_normal((PEOPLE, 8))[person_N]
    alone = spread(of_view_ND.astype(np.float32), walks)
    assert alone["between_views"] == pytest.approx(1, abs=1e-6)
    assert alone["between_people"] == pytest.approx(0, abs=1e-6)
    assert alone["effective_rank"] <= VIEWS - 1 + 1e-3
    # Views and people are crossed, so their parts of the variance add up.
    both = spread((of_view_ND + of_person_ND).astype(np.float32), walks)
    assert both["between_views"] + both["between_people"] == pytest.approx(1, abs=1e-5)
    assert 0 < both["first_direction"] < 1 < both["effective_rank"]


def test_one_direction_has_rank_one() -> None:
    line_ND = np.outer(np.arange(-2.0, 3.0), np.ones(4)).astype(np.float32)
    walks = outlines(5, 1, 5)
    found = spread(line_ND, walks)
    assert found["effective_rank"] == pytest.approx(1, abs=1e-5)
    assert found["first_direction"] == pytest.approx(1)
    assert between(line_ND, np.array(["a"] * 5)) == pytest.approx(0, abs=1e-9)


def test_the_table_has_the_random_network_and_every_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "VIEWS_DEG", (0.0, 90.0))
    with pytest.raises(CheckpointError):
        build_table(FeaturesConfig((tmp_path / "none",), people=2))

    def read(folder: Path) -> tuple[dict[str, torch.Tensor], SimpleNamespace]:
        network = build("gaitset_small", int(folder.name))
        return network.state_dict(), SimpleNamespace(arch="gaitset_small")

    monkeypatch.setattr("edgehuman.nets.checkpoint.read_weights", read)
    found = build_table(FeaturesConfig((tmp_path / "0", tmp_path / "1"), people=2))
    assert isinstance(found.data, dict)
    rows = found.data["rows"]
    # The weights of seed 0 are those of the random network.
    assert rows["0"] == rows[RANDOM] != rows["1"]
    assert "simulated" in found.text.splitlines()[0]
    assert [line.split(" | ")[0] for line in found.text.splitlines()[4:]] == [
        f"| {RANDOM}",
        "| 0",
        "| 1",
    ]


def test_wrong_words_are_told() -> None:
    with pytest.raises(UsageError, match="--people is 1"):
        FeaturesConfig((Path("x"),), people=1)
    with pytest.raises(UsageError, match="at least one folder"):
        FeaturesConfig(())
