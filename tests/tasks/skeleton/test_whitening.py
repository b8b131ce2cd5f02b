"""A skeleton network is whitened by walks before several cameras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.tasks.gait.whitening import within_people
from edgehuman.tasks.skeleton.gait import train
from edgehuman.tasks.skeleton.settings import GaitConfig
from edgehuman.tasks.skeleton.whitening import embed_before_cameras, whiten_by
from edgehuman.training.skeleton.mistakes import DetectorMistakes

FRAMES = 24


class Plain(nn.Module):
    """The mean place of three joints, in tenths of a picture, and then a map."""

    def __init__(self) -> None:
        super().__init__()
        self.centre_D = nn.Parameter(torch.zeros(6))
        self.matrix_DD = nn.Parameter(torch.eye(6))

    def forward(self, skeleton_NTJ3: torch.Tensor) -> torch.Tensor:
        place_ND = skeleton_NTJ3[:, :, 2:5, :2].mean(dim=1).flatten(1) / 100
        return (place_ND - self.centre_D) @ self.matrix_DD

    def whiten(self, centre_PD: torch.Tensor, matrix_PDD: torch.Tensor) -> None:
        self.centre_D.data, self.matrix_DD.data = centre_PD[0], matrix_PDD[0]


@pytest.fixture(scope="module")
def walks() -> SkeletonSet:
    return load_skeletons("simulated", 5, 40, 2)


def test_a_walk_is_the_mean_of_its_windows_whatever_the_order_of_cameras(
    walks: SkeletonSet,
) -> None:
    found_ND = embed_before_cameras(Plain(), walks, FRAMES, DetectorMistakes(), 0)
    walk_TJ3 = walks.sequence(7)
    windows = [walk_TJ3[begin : begin + FRAMES] for begin in range(0, 96 - FRAMES + 1, 12)]
    expected_D = np.mean([each[:, 2:5, :2].mean(axis=0).ravel() for each in windows], axis=0)
    assert found_ND.shape == (80, 6)
    np.testing.assert_allclose(found_ND[7], expected_D / 100, rtol=1e-4)


def test_walks_before_one_camera_are_moved_alike_and_the_seed_decides(walks: SkeletonSet) -> None:
    mistakes = DetectorMistakes(dialect=1.0)
    plain, one, same, other = (
        embed_before_cameras(Plain(), walks, FRAMES, each, seed)
        for each, seed in ((DetectorMistakes(), 3), (mistakes, 3), (mistakes, 3), (mistakes, 4))
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3
    assert np.abs(one - plain).max() > 1e-3


def test_fitted_walks_are_white(walks: SkeletonSet) -> None:
    network = Plain()
    whiten_by(network, walks, FRAMES, DetectorMistakes(), 0.0, 0)
    feature_ND = embed_before_cameras(network, walks, FRAMES, DetectorMistakes(), 0)
    _, matrix_PDD = within_people(feature_ND[:, None], walks.person_N, 0.0)
    np.testing.assert_allclose(matrix_PDD[0], np.eye(6), atol=1e-2)
    np.testing.assert_allclose(feature_ND.mean(axis=0), 0.0, atol=1e-2)


def test_the_command_writes_a_judged_checkpoint_without_a_step(tmp_path: Path) -> None:
    start = GaitConfig(
        arch="gaitbody_1", people=6, walks=3, test_people=3, steps=1, batch=4, each=2,
        threads=1, out=tmp_path / "start",
    )  # fmt: skip
    train(start)
    config = GaitConfig(
        weights=tmp_path / "start", whiten=0.2, people=8, walks=3, test_people=3, threads=1,
        out=tmp_path / "white",
    )  # fmt: skip
    data: Any = train(config).data
    assert data["finished"]
    assert data["walks"] == {"learn": 18, "select": 6, "test": 9}
    network, card = load_network(tmp_path / "white")
    assert card.recipe == "gait whitening"
    assert not torch.equal(network.get_buffer("matrix_EE"), torch.eye(77))
    before, _ = load_network(tmp_path / "start")
    one, other = (each.state_dict()["encoder.class_token"] for each in (before, network))
    assert torch.equal(one, other)
    assert {"rank1", "map"} <= {metric.name for metric in card.metrics}


def test_without_weights_or_out_of_range_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"whiten is 0\.1; it must be given with --weights"):
        GaitConfig(whiten=0.1)
    with pytest.raises(UsageError, match="whiten is 2; it must be a share from 0 to 1"):
        GaitConfig(whiten=2, weights=tmp_path)
