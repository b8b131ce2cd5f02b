"""Whitening within people, by hand; what cannot be whitened is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgehuman.card import Card, OutputSpec, silhouette_input, skeleton_input
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network
from edgehuman.tasks.gait.whitening import require_whitening, whiten, within_people
from edgehuman.training.checkpoint import save_weights

TWO = np.array(["a", "a", "b", "b"])
# a's walks differ by 2 along x and by 1 along y, b's alike: variances of 2 and 1/2 about people.
WALKS_N1D = np.array([[1.0, 0.5], [-1.0, -0.5], [11.0, 4.5], [9.0, 5.5]])[:, None]


def test_by_hand() -> None:
    centre_PD, matrix_PDD = within_people(WALKS_N1D, TWO, shrink=0.0)
    np.testing.assert_allclose(centre_PD, [[5.0, 2.5]])
    # Four walks about two means leave two degrees of freedom: (1 + 1 + 1 + 1) / 2, and a quarter.
    np.testing.assert_allclose(matrix_PDD, [[[2**-0.5, 0.0], [0.0, 2**0.5]]], atol=1e-12)


def test_shrinking_goes_as_far_as_the_same_for_all_directions() -> None:
    _, matrix_PDD = within_people(WALKS_N1D, TWO, shrink=1.0)
    np.testing.assert_allclose(matrix_PDD, [np.eye(2) * 1.25**-0.5], atol=1e-12)
    _, half_PDD = within_people(WALKS_N1D, TWO, shrink=0.5)
    values = np.diag([1.625**-0.5, 0.875**-0.5])
    np.testing.assert_allclose(half_PDD[0], values, atol=1e-12)


def test_afterwards_one_persons_walks_differ_alike_everywhere() -> None:
    rng = np.random.default_rng(0)
    person_N = np.repeat(np.arange(40), 5).astype(str)
    mix_PDD = rng.standard_normal((2, 3, 3))
    noise_NPD = np.einsum("npd,pde->npe", rng.standard_normal((200, 2, 3)), mix_PDD)
    feature_NPD = noise_NPD + np.repeat(rng.standard_normal((40, 2, 3)), 5, axis=0)
    centre_PD, matrix_PDD = within_people(feature_NPD, person_N, shrink=0.0)
    made_NPD = np.einsum("npd,pde->npe", feature_NPD - centre_PD, matrix_PDD)
    again_PD, identity_PDD = within_people(made_NPD, person_N, shrink=0.0)
    np.testing.assert_allclose(again_PD, 0.0, atol=1e-12)
    np.testing.assert_allclose(identity_PDD, np.tile(np.eye(3), (2, 1, 1)), atol=1e-9)


def test_who_walks_once_says_nothing_about_differences() -> None:
    person_N = np.array([*TWO, "c"])
    feature_NPD = np.concatenate([WALKS_N1D, np.full((1, 1, 2), 100.0)])
    _, matrix_PDD = within_people(feature_NPD, person_N, shrink=0.0)
    _, expected_PDD = within_people(WALKS_N1D, TWO, shrink=0.0)
    np.testing.assert_allclose(matrix_PDD, expected_PDD)


def test_a_direction_without_differences_does_not_explode() -> None:
    flat_N1D = WALKS_N1D * np.array([1.0, 0.0])
    _, matrix_PDD = within_people(flat_N1D, TWO, shrink=0.0)
    assert np.isfinite(matrix_PDD).all()
    assert matrix_PDD.max() <= 1e3 / np.sqrt(1.0) + 1e-6


def test_people_with_one_walk_each_or_with_equal_walks() -> None:
    with pytest.raises(DataError, match="4 people with one walk each; whitening needs"):
        within_people(WALKS_N1D, np.array(list("abcd")), 0.1)
    with pytest.raises(DataError, match="all have the same embedding"):
        within_people(np.repeat(WALKS_N1D[:1], 4, axis=0), TWO, 0.1)


@pytest.mark.parametrize("arch", ["gaitbody_1", "gaitset_small"])
def test_a_network_embeds_as_the_matrix_says_once_and_again(arch: str) -> None:
    network = build(arch, 3)
    record = torch.rand(6, 24, 18, 3) * 100 if arch == "gaitbody_1" else None
    if record is None:
        record = (torch.rand(6, 4, 64, 64) > 0.5).to(torch.uint8) * 255
    with torch.inference_mode():
        before_NPD = network.eval()(record)
        feature_NPD = before_NPD if before_NPD.ndim == 3 else before_NPD[:, None]
    feature_NPD = feature_NPD.numpy()
    person_N = np.array(list("aabbcc"))
    for _ in range(2):
        centre_PD, matrix_PDD = within_people(feature_NPD, person_N, 0.3)
        expected_NPD = np.einsum("npd,pde->npe", feature_NPD - centre_PD, matrix_PDD)
        whiten(network, feature_NPD, person_N, 0.3)
        with torch.inference_mode():
            found = network(record).numpy()
        feature_NPD = found if found.ndim == 3 else found[:, None]
        np.testing.assert_allclose(feature_NPD, expected_NPD, rtol=2e-2, atol=2e-3)


def test_a_network_that_takes_none_in_is_named() -> None:
    with pytest.raises(UsageError, match="--whiten: Linear takes no whitening in; use gaitbody_1"):
        require_whitening(nn.Linear(2, 2))
    with pytest.raises(UsageError, match="GaitFormer takes no whitening in"):
        require_whitening(build("gaitformer_1"))
    gaitgl = build("gaitgl")
    with pytest.raises(UsageError, match="GaitGl's head is no linear layer of each part"):
        gaitgl.whiten(torch.zeros(1, 1), torch.zeros(1, 1, 1))  # type: ignore[operator]


@pytest.mark.parametrize("arch", ["gaitbody_1", "gaitset_small"])
def test_a_whitened_checkpoint_is_read_back(arch: str, tmp_path: Path) -> None:
    network = build(arch, 3)
    parts, width = (1, 77) if arch == "gaitbody_1" else (62, 96)
    rng = np.random.default_rng(0)
    whiten(
        network, rng.standard_normal((6, parts, width), np.float32), np.array(list("aabbcc")), 0.5
    )
    shown = skeleton_input(24) if arch == "gaitbody_1" else silhouette_input()
    output = OutputSpec("embedding", distance="cosine", dim=width)
    save_weights(
        tmp_path, network.state_dict(), Card(arch, "gait-embedding", arch, 1, 1, shown, output)
    )
    found, _ = load_network(tmp_path, own=True)
    before, after = network.state_dict(), found.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    plain = set(build(arch, 3).state_dict())
    assert set(before) - plain == ({"centre_E", "matrix_EE"} if parts == 1 else {"head.bias"})
