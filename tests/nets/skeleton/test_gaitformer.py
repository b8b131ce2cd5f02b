"""GaitFormer: its size by hand, any width and number of frames. Table 2: test_gaitpt.py."""

from __future__ import annotations

import pytest
import torch

from edgehuman import catalogue
from edgehuman.nets.building import build
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from tests.nets.skeleton.test_gaitpt import walks


def test_one_size_counted_by_hand() -> None:
    d = 64
    layers = 9 * (16 * d * d + 10 * d + 2 * 16)
    total = 36 * d + d + layers + d + d * d + (d * 32 + 32) + (32 * 16 + 16)
    assert total == catalogue.NETWORKS["gaitformer_1"].params


@pytest.mark.parametrize(("width", "heads"), [(16, 1), (48, 3)])
def test_any_width_and_any_number_of_frames(width: int, heads: int) -> None:
    network = GaitFormer(width, depth=2, heads=heads).eval()
    for frames in (1, 7, 32):
        embedding_ND = network(walks(frames=frames))
        assert embedding_ND.shape == (2, width)
        assert network.project(embedding_ND).shape == (2, width // 4)
    assert network(torch.zeros(1, 4, 18, 3)).isfinite().all()


def test_the_embedding_is_invariant_to_place_and_size() -> None:
    network, skeleton_NTJ3 = build("gaitformer_1"), walks()
    moved_NTJ3 = skeleton_NTJ3.clone()
    moved_NTJ3[..., :2] = moved_NTJ3[..., :2] * 0.2 - 30
    torch.testing.assert_close(network(moved_NTJ3), network(skeleton_NTJ3), atol=1e-4, rtol=1e-3)


def test_frames_are_distinguished() -> None:
    network, skeleton_NTJ3 = build("gaitformer_1"), walks()
    assert (network(skeleton_NTJ3.flip(1)) - network(skeleton_NTJ3)).abs().max() > 0.01
