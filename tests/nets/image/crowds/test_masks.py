"""A person's numbers are three small layers over the shared maps, counted by hand."""

from __future__ import annotations

import torch

from edgehuman.nets.image.crowds.masks import NUMBERS, SHARED, Branch, MaskDecode, layers_of

GRID = (2, 3)


def test_196_numbers_are_three_layers() -> None:
    assert NUMBERS == 8 * 10 + 8 + 8 * 8 + 8 + 4 * 8 + 4 == 196
    number_NKW = torch.arange(196.0)[None, None]
    shapes = [(tuple(a.shape), tuple(b.shape)) for a, b in layers_of(number_NKW)]
    assert shapes == [
        ((1, 1, 8, 10), (1, 1, 8)), ((1, 1, 8, 8), (1, 1, 8)), ((1, 1, 4, 8), (1, 1, 4)),
    ]  # fmt: skip
    assert layers_of(number_NKW)[0][1][0, 0].tolist() == [80 + i for i in range(8)]


def numbers_that_pass(channel: int) -> torch.Tensor:
    """Weights that hand one input channel through, times 1, 2, 3 and 4 for the four answers."""
    number_W = torch.zeros(NUMBERS)
    (first, _), (second, _), (last, _) = layers_of(number_W[None, None])
    first[0, 0, 0, channel], second[0, 0, 0, 0] = 1, 1
    last[0, 0, :, 0] = torch.tensor([1.0, 2, 3, 4])
    return torch.cat([
        first.flatten(), torch.zeros(8), second.flatten(), torch.zeros(8), last.flatten(),
        torch.zeros(4),
    ])[None, None]  # fmt: skip


def decoded(number_NKW: torch.Tensor, point: tuple[float, float], stride: float) -> torch.Tensor:
    shared_NEhw = torch.zeros(1, SHARED, *GRID)
    shared_NEhw[0, 3, 1, 2] = 5
    point_NK2 = torch.tensor([[point]])
    decode = MaskDecode(GRID)
    return decode.forward(shared_NEhw, number_NKW, point_NK2, torch.tensor([[stride]]))


def test_a_shared_map_is_handed_through_as_four_cells() -> None:
    mask_hw = decoded(numbers_that_pass(3), (0.0, 0.0), 8.0).reshape(4, 6)
    assert mask_hw[2:, 4:].tolist() == [[5, 10], [15, 20]]
    assert mask_hw[:2].abs().max() == mask_hw[:, :4].abs().max() == 0


def test_places_are_relative_to_the_point_in_strides() -> None:
    # Columns lie at x = 4, 12 and 20; from x = 4 that is 0, 8 and 16 pixels: 8 strides are 64.
    mask_hw = decoded(numbers_that_pass(SHARED), (4.0, 4.0), 8.0).reshape(4, 6)
    assert mask_hw[0].tolist() == [0, 0, 8 / 64, 16 / 64, 16 / 64, 32 / 64]
    far_hw = decoded(numbers_that_pass(SHARED), (4.0, 4.0), 32.0).reshape(4, 6)
    assert far_hw[0, 4] == 16 / 256
    down_hw = decoded(numbers_that_pass(SHARED + 1), (4.0, 4.0), 8.0).reshape(4, 6)
    assert down_hw[2, 0] == 8 / 64


def test_a_branch_without_a_fine_map_or_without_parts() -> None:
    for detail_width, num_parts in ((0, 3), (5, 3), (5, 0)):
        branch = Branch(16, detail_width, num_parts).eval()
        detail = torch.randn(2, detail_width, 8, 12) if detail_width else None
        with torch.inference_mode():
            shared_NEhw, part_NChw = branch(torch.randn(2, 16, 4, 6), detail)
        assert shared_NEhw.shape == (2, SHARED, 4, 6)
        assert (None if part_NChw is None else part_NChw.shape) == (
            (2, 3, 8, 12) if num_parts else None
        )
