"""GaitBody: mirror images, proportions, its GaitFormer's weights, and what the simulator says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.data.skeleton.bones import bone_lengths
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.nets.building import build, count_linear_flops, count_params
from edgehuman.nets.checkpoint import load_encoder, load_network
from edgehuman.nets.skeleton.gaitbody import BONES, SHARE, GaitBody, Proportions
from edgehuman.nets.skeleton.normalise import is_seen
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from edgehuman.training.checkpoint import save_weights

LEARNED = 64


@pytest.fixture(scope="module")
def walks() -> torch.Tensor:
    return torch.from_numpy(simulate_skeletons(20, 3, 1_000_000, 24).skeleton_NTJ3)


def mirrored(skeleton_NTJ3: torch.Tensor) -> torch.Tensor:
    made = skeleton_NTJ3[:, :, flip_indices("openpose18")].clone()
    made[..., 0] = torch.where(made[..., 2] > 0, 900.0 - made[..., 0], 0.0)
    return made


def test_a_walk_and_its_mirror_image_have_one_vector(walks: torch.Tensor) -> None:
    network = build("gaitbody_1", 3)
    with torch.inference_mode():
        one, other = network(walks), network(mirrored(walks))
    torch.testing.assert_close(one[:, :LEARNED], other[:, :LEARNED], atol=1e-4, rtol=1e-4)
    norm_N = one[:, :LEARNED].norm(dim=1)
    torch.testing.assert_close(norm_N, torch.ones_like(norm_N))
    torch.testing.assert_close(
        one[:, LEARNED:].sum(dim=1), other[:, LEARNED:].sum(dim=1), atol=1e-3, rtol=1e-3
    )


def test_proportions_are_those_of_the_baseline_in_standard_deviations(walks: torch.Tensor) -> None:
    part = Proportions()
    weighed_NB = part(walks[..., :2], is_seen(walks))
    share_NB = weighed_NB / part.per_spread_B + part.mean_B
    names = [
        (one if one in OPENPOSE_18 else side + one, side + other if other != "nose" else other)
        for one, other in BONES
        for side in (("",) if other == "nose" else ("r_", "l_"))
    ]
    for i in range(0, len(walks), 7):
        known = dict(zip(names, share_NB[i].tolist(), strict=True))
        expected = np.sort(bone_lengths(walks[i].numpy()))
        np.testing.assert_allclose(np.sort(list(known.values())), expected, atol=1e-5)


def test_they_are_standardised_by_the_simulator(walks: torch.Tensor) -> None:
    part = Proportions()
    weighed_NB = part(walks[..., :2], is_seen(walks))
    score_NB = weighed_NB / (SHARE / len(part.mean_B)) ** 0.5
    assert float(score_NB.mean(dim=0).abs().max()) < 0.6
    assert 0.5 < float(score_NB.std(dim=0).min()) < float(score_NB.std(dim=0).max()) < 1.6
    assert 0.6 * SHARE < float(weighed_NB.square().sum(dim=1).mean()) < 1.6 * SHARE


def test_a_bone_that_is_never_seen_says_nothing(walks: torch.Tensor) -> None:
    lost = walks.clone()
    lost[:, :, OPENPOSE_18.index("l_ankle")] = 0.0
    part = Proportions()
    weighed_NB = part(lost[..., :2], is_seen(lost))
    assert torch.equal(weighed_NB[:, -1], torch.zeros(len(lost)))
    nobody = torch.zeros(2, 24, 18, 3)
    with torch.inference_mode():
        assert torch.isfinite(build("gaitbody_1")(nobody)).all()
    assert torch.equal(part(nobody[..., :2], is_seen(nobody)), torch.zeros(2, len(part.mean_B)))


def test_it_begins_with_the_weights_of_its_gaitformer(tmp_path: Path, walks: torch.Tensor) -> None:
    inner, network = build("gaitformer_1", 5), build("gaitbody_1", 6)
    card = Card(
        "encoder", "gait-embedding", "gaitformer_1", 1, 1, skeleton_input(32),
        OutputSpec("embedding", distance="cosine", dim=64),
    )  # fmt: skip
    save_weights(tmp_path / "inner", inner.state_dict(), card)
    load_encoder(network, tmp_path / "inner", "gaitbody_1")
    with torch.inference_mode():
        torch.testing.assert_close(network.encoder(walks), inner(walks))  # type: ignore[operator]
    own = card.replace(arch="gaitbody_1", output=OutputSpec("embedding", distance="cosine", dim=77))
    save_weights(tmp_path / "own", network.state_dict(), own)
    again, _ = load_network(tmp_path / "own")
    other = build("gaitbody_1", 7)
    load_encoder(other, tmp_path / "own", "gaitbody_1")
    with torch.inference_mode():
        torch.testing.assert_close(again(walks), network(walks))
        torch.testing.assert_close(other(walks), network(walks))
    with pytest.raises(CheckpointError, match="contains gaitformer_1, but --arch is gaitptv2"):
        load_encoder(build("gaitptv2_deep_1"), tmp_path / "inner", "gaitptv2_deep_1")


def test_its_size_is_that_of_the_table() -> None:
    row, network = catalogue.NETWORKS["gaitbody_1"], build("gaitbody_1")
    assert count_params(network) == row.params
    assert count_linear_flops(network, torch.zeros(1, 24, 18, 3)) == row.flops


def test_a_width_of_its_own_is_that_of_the_whole_vector() -> None:
    network = build("gaitbody_1", dim=45)
    assert isinstance(network, GaitBody)
    assert (network.width, network.encoder.width) == (45, 32)
    assert network(torch.rand(2, 30, 18, 3)).shape == (2, 45)
    assert network.project(network(torch.rand(2, 30, 18, 3))).shape == (2, 8)
    with pytest.raises(UsageError, match="--dim is 13, of which 13 are the body's proportions"):
        build("gaitbody_1", dim=13)
