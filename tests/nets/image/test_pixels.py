"""Pixel normalisation by hand, and hidden cells."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.image.pixels import Pixels, cells_over, check_cells, spread_cells


def test_the_mean_colour_is_zero_and_one_deviation_is_one() -> None:
    pixels = Pixels(mean=(0.2, 0.4, 0.6), std=(0.1, 0.2, 0.5))
    image_NHWC = torch.tensor([51, 102, 153], dtype=torch.uint8).view(1, 1, 1, 3)
    assert pixels(image_NHWC).flatten().tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    white_NHWC = torch.full((1, 2, 4, 3), 255, dtype=torch.uint8)
    x_NCHW = pixels(white_NHWC)
    assert x_NCHW.shape == (1, 3, 2, 4)
    assert x_NCHW[0, :, 0, 0].tolist() == pytest.approx([8.0, 3.0, 0.8])


def test_colour_and_space_axes_are_not_mixed() -> None:
    image_NHWC = torch.zeros(1, 2, 3, 3, dtype=torch.uint8)
    image_NHWC[0, 1, 2, 0] = 255  # red, second row, third column
    x_NCHW = Pixels((0, 0, 0), (1, 1, 1))(image_NHWC)
    assert x_NCHW.nonzero().tolist() == [[0, 0, 1, 2]]


def test_the_normalisation_is_saved_with_the_weights() -> None:
    other = Pixels()
    other.load_state_dict(Pixels((0.5,) * 3, (0.5,) * 3).state_dict())
    black_NHWC = torch.zeros(1, 1, 1, 3, dtype=torch.uint8)
    assert other(black_NHWC).flatten().tolist() == pytest.approx([-1.0, -1.0, -1.0])


def test_cells_cover_a_map_with_rounding_up() -> None:
    assert cells_over((256, 128), 32) == (8, 4)
    assert cells_over((33, 1), 32) == (2, 1)


def test_cells_are_repeated_and_cropped() -> None:
    hidden_NHW = torch.tensor([[[True, False], [False, True]]])
    assert spread_cells(hidden_NHW, 2, (3, 4))[0, 0].int().tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 1, 1],
    ]


@pytest.mark.parametrize(
    "hidden_NHW", [torch.zeros(1, 8, 4, dtype=torch.bool), torch.zeros(2, 8, 4)]
)
def test_cells_of_another_size_or_type_are_refused(hidden_NHW: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"at stride 32 need bool \(2, 8, 4\)"):
        check_cells(torch.zeros(2, 3, 256, 128), hidden_NHW, 32)
