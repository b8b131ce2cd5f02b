"""Gaussian targets by hand, and joints decoded from their maps."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import Tensor

from edgehuman.errors import DataError
from edgehuman.tasks.image.heatmaps import Grid, Refinement, decode_heatmaps, gaussian_targets

GRID = Grid((256, 128), (64, 32))
HALVES = Grid((256, 128), (64, 32), "half")
# One cell is one pixel, so that numbers can be read off.
PLAIN = Grid((24, 20), (24, 20))
Centres = Literal["whole", "half"]


def joint(x: float, y: float, visibility: float = 2) -> Tensor:
    return torch.tensor([[[x, y, visibility]]])


def test_whole_centres_align_the_outermost_cells_and_pixels() -> None:
    corners_2 = torch.tensor([[0.0, 0.0], [127.0, 255.0]])
    assert GRID.to_map(corners_2).tolist() == [[0, 0], [31, 63]]


def test_half_centres_align_a_cell_with_its_four_pixels() -> None:
    assert HALVES.to_map(torch.tensor([[0.0, 2.0], [128.0, 254.0]])).tolist() == [
        [-0.5, 0.0],
        [31.5, 63.0],
    ]


@pytest.mark.parametrize("grid", [GRID, HALVES])
def test_to_map_and_to_image_are_inverse(grid: Grid) -> None:
    xy = torch.tensor([[3.3, 200.7], [-5.0, 300.0]])
    assert torch.allclose(grid.to_image(grid.to_map(xy)), xy, atol=1e-4)


def test_a_target_is_a_gaussian_of_height_one_cut_at_three_sigma() -> None:
    target_NJHW, weight_NJ = gaussian_targets(joint(8, 10), PLAIN)
    map_HW = target_NJHW[0, 0]
    assert weight_NJ.tolist() == [[1.0]]
    assert map_HW[10, 8] == 1
    assert map_HW[10, 9].item() == pytest.approx(math.exp(-1 / 8))
    assert map_HW[12, 9].item() == pytest.approx(math.exp(-5 / 8))
    assert map_HW[10, 14].item() == pytest.approx(math.exp(-36 / 8))
    assert map_HW[10, 15] == 0


def test_a_target_is_centred_on_the_exact_joint() -> None:
    map_HW = gaussian_targets(joint(8.5, 10), PLAIN)[0][0, 0]
    assert map_HW[10, 8].item() == pytest.approx(math.exp(-0.25 / 8))
    assert map_HW[10, 8] == map_HW[10, 9]


@pytest.mark.parametrize(
    ("made", "weight"),
    [
        (joint(8, 10, visibility=1), 1),
        (joint(8, 10, visibility=0), 0),
        (joint(math.nan, 10, visibility=0), 0),
        (joint(-6, 10), 1),
        (joint(-6.1, 10), 0),
        (joint(19 + 6.1, 10), 0),
        (joint(8, 500), 0),
    ],
)
def test_only_labelled_joints_near_the_map_count(made: Tensor, weight: float) -> None:
    target_NJHW, weight_NJ = gaussian_targets(made, PLAIN)
    assert weight_NJ.item() == weight
    assert target_NJHW.isfinite().all()
    assert bool(target_NJHW.any()) == bool(weight)


@pytest.mark.parametrize(("centres", "mirror"), [("whole", 127.0), ("half", 128.0)])
def test_mirroring_commutes_with_making_maps(centres: Centres, mirror: float) -> None:
    grid = Grid((256, 128), (64, 32), centres)
    straight = gaussian_targets(joint(37.2, 90.4), grid)[0]
    mirrored = gaussian_targets(joint(mirror - 37.2, 90.4), grid)[0]
    assert torch.allclose(mirrored.flip(3), straight, atol=1e-5)


JOINTS = torch.tensor(
    [[[40.3, 100.9, 2], [81.7, 181.2, 2], [63.5, 127.5, 2], [42.2, 51.1, 2], [80.0, 210.0, 2]]]
)


@pytest.mark.parametrize("grid", [GRID, HALVES])
@pytest.mark.parametrize(("refine", "error_px"), [("dark", 0.02), ("quarter", 1.1), ("none", 2.1)])
def test_joints_are_decoded_from_their_targets(
    grid: Grid, refine: Refinement, error_px: float
) -> None:
    target_NJHW, _ = gaussian_targets(JOINTS, grid)
    found_NJ3 = decode_heatmaps(target_NJHW, grid, refine)
    assert (found_NJ3[..., :2] - JOINTS[..., :2]).abs().max() < error_px
    assert ((found_NJ3[..., 2] > 0.9) & (found_NJ3[..., 2] <= 1)).all()


@pytest.mark.parametrize("blur_sigma", [0.0, 2.0])
def test_joints_at_the_edge_are_decoded(blur_sigma: float) -> None:
    rim = torch.tensor([[[0.3, 10.0, 2], [19.0, 22.8, 2], [8.4, 0.0, 2]]])
    target_NJHW, _ = gaussian_targets(rim, PLAIN)
    found_NJ3 = decode_heatmaps(target_NJHW, PLAIN, blur_sigma=blur_sigma)
    assert torch.allclose(found_NJ3[..., :2], rim[..., :2], atol=1e-3)


def test_a_quarter_of_a_cell_towards_the_higher_neighbour() -> None:
    heat_NJHW = torch.zeros(1, 1, 24, 20)
    heat_NJHW[0, 0, 10, 8], heat_NJHW[0, 0, 10, 9] = 1.0, 0.5
    assert decode_heatmaps(heat_NJHW, PLAIN, "quarter").tolist() == [[[8.25, 10.0, 1.0]]]
    assert decode_heatmaps(heat_NJHW, PLAIN, "none").tolist() == [[[8.0, 10.0, 1.0]]]
    corner_NJHW = torch.zeros(1, 1, 24, 20)
    corner_NJHW[0, 0, 0, 0] = 0.5
    assert decode_heatmaps(corner_NJHW, PLAIN, "quarter").tolist() == [[[0.0, 0.0, 0.5]]]


CHOICES: list[tuple[str, Refinement, float]] = [
    ("plain", "none", 0.0),
    ("raw", "dark", 0.0),
    ("blurred", "dark", 2.0),
]


def test_blurring_helps_on_noisy_maps() -> None:
    generator = torch.Generator().manual_seed(0)
    joint_NJ3 = JOINTS.expand(20, -1, -1)
    target_NJHW, _ = gaussian_targets(joint_NJ3, GRID)
    noisy_NJHW = target_NJHW + 0.05 * torch.randn(target_NJHW.shape, generator=generator)
    error_px = {}
    for name, refine, blur_sigma in CHOICES:
        found_NJ3 = decode_heatmaps(noisy_NJHW, GRID, refine, blur_sigma)
        error_px[name] = (found_NJ3 - joint_NJ3)[..., :2].norm(dim=2).mean().item()
    assert error_px["blurred"] < 0.5 < error_px["raw"] < error_px["plain"]


@pytest.mark.parametrize("refine", ["dark", "quarter", "none"])
@pytest.mark.parametrize("value", [0.0, -1.0, 1e6])
def test_a_flat_map_gives_a_finite_joint_of_its_height(refine: Refinement, value: float) -> None:
    found_NJ3 = decode_heatmaps(torch.full((2, 3, 24, 20), value), PLAIN, refine)
    assert found_NJ3.isfinite().all()
    assert (found_NJ3[..., 2] == value).all()


def test_wrong_input_is_an_error() -> None:
    with pytest.raises(DataError, match=r"maps \(1, 1, 20, 24\)"):
        decode_heatmaps(torch.zeros(1, 1, 20, 24), PLAIN)
    with pytest.raises(DataError, match=r"keypoints \(1, 17, 2\)"):
        gaussian_targets(torch.zeros(1, 17, 2), PLAIN)
    with pytest.raises(DataError, match="at least 3"):
        Grid((256, 128), (2, 32))
