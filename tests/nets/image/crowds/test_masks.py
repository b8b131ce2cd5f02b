"""A person's numbers are two small layers over the shared maps, counted by hand."""

from __future__ import annotations

import torch

from edgehuman.metrics.crowds.outside import NUMBERS, SHARED
from edgehuman.nets.image.crowds.masks import (
    Branch,
    MaskDecode,
    layers_of,
    quartered,
    woven,
)

GRID = (2, 3)


def test_124_numbers_are_two_layers() -> None:
    assert NUMBERS == 8 * 10 + 8 + 4 * 8 + 4 == 124
    number_NKW = torch.arange(124.0)[None, None]
    shapes = [(tuple(a.shape), tuple(b.shape)) for a, b in layers_of(number_NKW)]
    assert shapes == [((1, 1, 8, 10), (1, 1, 8)), ((1, 1, 4, 8), (1, 1, 4))]
    assert layers_of(number_NKW)[0][1][0, 0].tolist() == [80 + i for i in range(8)]


def numbers_that_pass(channel: int) -> torch.Tensor:
    """Weights that hand one input channel through, times 1, 2, 3 and 4 for the four answers."""
    number_W = torch.zeros(NUMBERS)
    (first, _), (last, _) = layers_of(number_W[None, None])
    first[0, 0, 0, channel] = 1
    last[0, 0, :, 0] = torch.tensor([1.0, 2, 3, 4])
    each = (first.flatten(), torch.zeros(8), last.flatten(), torch.zeros(4))
    return torch.cat(each)[None, None]


def decoded(number_NKW: torch.Tensor, point: tuple[float, float], stride: float) -> torch.Tensor:
    shared_NEhw = torch.zeros(1, SHARED, *GRID)
    shared_NEhw[0, 3, 1, 2] = 5
    point_NK2 = torch.tensor([[point]])
    decode = MaskDecode(GRID)
    mask_NKX = decode.forward(shared_NEhw, number_NKW, point_NK2, torch.tensor([[stride]]))
    return woven(mask_NKX.reshape(1, -1, *GRID))[0, 0]


def test_a_shared_map_is_handed_through_as_four_cells() -> None:
    mask_hw = decoded(numbers_that_pass(3), (0.0, 0.0), 8.0)
    assert mask_hw[2:, 4:].tolist() == [[5, 10], [15, 20]]
    assert mask_hw[:2].abs().max() == mask_hw[:, :4].abs().max() == 0


def test_places_are_relative_to_the_point_in_strides() -> None:
    # Columns lie at x = 4, 12 and 20; from x = 4 that is 0, 8 and 16 pixels: 8 strides are 64.
    mask_hw = decoded(numbers_that_pass(SHARED), (4.0, 4.0), 8.0)
    assert mask_hw[0].tolist() == [0, 0, 8 / 64, 16 / 64, 16 / 64, 32 / 64]
    far_hw = decoded(numbers_that_pass(SHARED), (4.0, 4.0), 32.0)
    assert far_hw[0, 4] == 16 / 256
    down_hw = decoded(numbers_that_pass(SHARED + 1), (4.0, 4.0), 8.0)
    assert down_hw[2, 0] == 8 / 64


def test_a_branch_without_a_fine_map_or_without_parts() -> None:
    for detail_width, num_parts in ((0, 3), (5, 3), (5, 0)):
        branch = Branch(16, detail_width, num_parts).eval()
        detail = torch.randn(2, detail_width, 8, 12) if detail_width else None
        with torch.inference_mode():
            shared_NEhw, part_NXhw = branch(torch.randn(2, 16, 4, 6), detail)
        assert shared_NEhw.shape == (2, SHARED, 4, 6)
        assert (None if part_NXhw is None else part_NXhw.shape) == (
            (2, 3 * 4, 4, 6) if num_parts else None
        )


def test_cells_are_woven_of_quarters_and_taken_apart_again() -> None:
    quarter_NXhw = torch.arange(8.0).reshape(1, 4, 1, 2)  # of each point its four cells, two points
    cell_NChw = woven(quarter_NXhw)
    assert cell_NChw[0, 0].tolist() == [[0, 2, 1, 3], [4, 6, 5, 7]]
    assert quartered(cell_NChw[:, 0])[0].tolist() == list(range(8))


def test_biases_of_the_first_layer_reach_every_cell() -> None:
    number_NKW = numbers_that_pass(3)
    number_NKW[0, 0, 80] = 2  # the bias of what is handed through
    mask_hw = decoded(number_NKW, (0.0, 0.0), 8.0)
    assert mask_hw[0, :2].tolist() == [2, 4]
    assert mask_hw[2:, 4:].tolist() == [[7, 14], [21, 28]]
