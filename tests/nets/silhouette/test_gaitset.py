"""GaitSet: the numbers of the published network, and where its two branches meet."""

from __future__ import annotations

import torch

from edgehuman.nets.silhouette.gaitset import GaitSet
from tests.nets.silhouette.recipe import FIRST, require_as_published, waves


def test_the_numbers_of_the_published_network() -> None:
    require_as_published("gaitset", *FIRST["gaitset"])


def test_the_branch_over_pooled_frames_begins_as_a_copy_with_weights_of_its_own() -> None:
    network = GaitSet((4, 4, 8), width=4)
    for i in (2, 3):
        one, other = (network.get_submodule(f"{kind}_block{i}") for kind in ("set", "global"))
        for (_, a), (_, b) in zip(one.named_parameters(), other.named_parameters(), strict=True):
            assert torch.equal(a, b)
            assert a is not b


def test_the_parts_of_the_set_stand_before_those_of_the_branch() -> None:
    network = GaitSet((4, 4, 8), width=4).eval()
    sils_NTHW = waves(1, 3)
    with torch.inference_mode():
        before = network.backbone(sils_NTHW)
        network.global_block3.get_parameter("0.weight").zero_()
        after = network.backbone(sils_NTHW)
    assert torch.equal(before[:, :, :31], after[:, :, :31])
    # Without it the branch is the set's own maximum.
    torch.testing.assert_close(after[:, :, 31:], after[:, :, :31])
