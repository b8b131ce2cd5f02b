"""GaitPTv2: the paper's table of sizes and operations, and the properties of the pyramid."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from edgehuman import catalogue
from edgehuman.nets.building import build, count_linear_flops, count_params
from edgehuman.nets.skeleton.gaitpt import GaitPt

NAMES = [
    name
    for name, row in catalogue.NETWORKS.items()
    if row.modality == "skeleton" and not row.begins
]
# Table 2 of arXiv 2504.07598: parameters and GFLOPs, as printed.
PAPER = {
    "gaitptv2_deep": [
        (154_696, "0.036"), (607_484, "0.145"), (2_408_356, "0.582"), (5_402_956, "1.308"),
        (9_591_284, "2.325"), (21_549_124, "5.229"), (38_281_876, "9.295"),
    ],
    "gaitptv2_wide": [
        (1_194_144, "0.246"), (4_754_208, "0.982"), (10_680_736, "2.210"), (18_973_728, "3.929"),
        (29_633_184, "6.138"), (42_659_104, "8.839"), (58_051_488, "12.03"),
    ],
    "gaitformer": [
        (605_008, "0.039"), (2_402_688, "0.156"), (5_393_328, "0.351"), (9_576_928, "0.624"),
        (14_953_488, "0.974"), (21_523_008, "1.403"), (29_285_488, "1.909"),
    ],
}  # fmt: skip


def walks(number: int = 2, frames: int = 12) -> Tensor:
    """Return noisy skeletons."""
    skeleton_NTJ3 = torch.rand(number, frames, 18, 3, generator=torch.Generator().manual_seed(0))
    skeleton_NTJ3[..., :2] *= 300
    return skeleton_NTJ3


def small(**changes: object) -> GaitPt:
    """Build a seeded pyramid with one or two narrow layers per stage."""
    torch.manual_seed(0)
    arguments: dict[str, object] = {
        "widths": (4, 8, 16, 32), "depths": (1, 1, 2, 1), "heads": (1, 2, 4, 8), "output": 32,
    }  # fmt: skip
    return GaitPt(**{**arguments, **changes}).eval()  # type: ignore[arg-type]


def test_the_catalogue_holds_twenty_one() -> None:
    assert sorted(NAMES) == sorted(f"{family}_{i}" for family in PAPER for i in range(1, 8))


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_operations_match_the_paper(name: str) -> None:
    row = catalogue.NETWORKS[name]
    family, _, number = name.rpartition("_")
    params, printed = PAPER[family][int(number) - 1]
    with torch.device("meta"):
        network = build(name)
        flops = count_linear_flops(network, torch.zeros(1, row.arguments["frames"], 18, 3))
    assert count_params(network) == row.params
    # Every deep size has twice its 34 layers fewer; see the module.
    assert params - row.params == (68 if family == "gaitptv2_deep" else 0)
    assert row.params_paper == f"{params:,}"
    assert flops == row.flops
    last_digit = 10.0 ** -len(printed.partition(".")[2])
    gap = abs(flops / 1e9 - float(printed))
    assert gap <= max(0.003 * float(printed), last_digit / 2)


def test_one_size_counted_by_hand() -> None:
    widths, places, depths, output = (4, 8, 16, 32), (18, 6, 3, 1), (2, 2, 12, 2), 32
    total = 2 * 4 + 3 * 4 * 8 + 2 * 8 * 16 + 3 * 16 * 32
    for i, (w, p, d) in enumerate(zip(widths, places, depths, strict=True)):
        modules = 1 if i == 3 else 2
        total += modules * (d * (16 * w * w + 10 * w + 2 * 4) + w) + w
        total += p * w * output
    total += 4 * output**2 + (32 * 16 + 16) + (16 * 8 + 8)
    assert total == catalogue.NETWORKS["gaitptv2_deep_1"].params


def test_any_number_of_frames_gives_one_embedding() -> None:
    network = small()
    for frames in (1, 5, 48):
        embedding_NE = network(walks(frames=frames))
        assert embedding_NE.shape == (2, 32)
        assert network.project(embedding_NE).shape == (2, 8)
    assert network.width == 32
    assert network.widths == (4, 8, 16, 32)


def test_samples_of_a_batch_are_independent() -> None:
    network, skeleton_NTJ3 = small(), walks(3)
    together = network(skeleton_NTJ3)
    alone = torch.cat([network(one) for one in torch.chunk(skeleton_NTJ3, 3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_the_embedding_is_invariant_to_place_and_size() -> None:
    network, skeleton_NTJ3 = small(), walks()
    moved_NTJ3 = skeleton_NTJ3.clone()
    moved_NTJ3[..., :2] = moved_NTJ3[..., :2] * 3.5 + 100
    torch.testing.assert_close(network(moved_NTJ3), network(skeleton_NTJ3), atol=1e-4, rtol=1e-3)


def test_an_empty_skeleton_has_finite_outputs_and_gradients() -> None:
    network = small()
    torch.autograd.backward(network.project(network(torch.zeros(2, 12, 18, 3))).sum())
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in network.parameters())


def test_time_joints_and_sides_are_distinguished() -> None:
    network, skeleton_NTJ3 = small(), walks()
    plain = network(skeleton_NTJ3)
    other_order = skeleton_NTJ3.clone()
    other_order[:, :, [3, 4]] = other_order[:, :, [4, 3]]
    for changed in (skeleton_NTJ3.flip(1), other_order):
        assert (network(changed) - plain).abs().max() > 0.01


def test_one_attention_call_per_layer_for_all_frames_and_joints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = []
    real = functional.scaled_dot_product_attention

    def counted(q: Tensor, k: Tensor, v: Tensor, **arguments: Any) -> Tensor:
        shapes.append(tuple(q.shape))
        return real(q, k, v, **arguments)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", counted)
    small()(walks(2, 12))
    # Two sequences of 12 frames; sequences x frames over places, sequences x places over 13 tokens.
    assert shapes == [
        (24, 1, 18, 4), (36, 1, 13, 4), (24, 2, 6, 4), (12, 2, 13, 4),
        (24, 4, 3, 4), (24, 4, 3, 4), (6, 4, 13, 4), (6, 4, 13, 4), (2, 8, 13, 4),
    ]  # fmt: skip


def test_any_width_can_be_built_and_the_scale_reaches_every_layer() -> None:
    network = small(widths=(12, 24, 24, 36), heads=(3, 6, 6, 9), output=20, attention_scale=0.25)
    assert network(walks()).shape == (2, 20)
    scales = {m.attention_scale for m in network.modules() if hasattr(m, "attention_scale")}
    assert scales == {0.25}


def test_a_pyramid_has_four_stages() -> None:
    with pytest.raises(ValueError, match="each must have 4 values"):
        small(widths=(4, 8))
