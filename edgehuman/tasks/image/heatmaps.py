"""Encode joints as heat maps and decode them: Gaussian targets, sub-cell coordinates.

Sources: Huang et al., "The Devil Is in the Details: Delving Into Unbiased Data Processing" (UDP),
arXiv 1911.07524, for the scale between pixels and cells and the Gaussian at the exact joint;
Zhang et al., "Distribution-Aware Coordinate Representation" (DARK), arXiv 1910.06278, section 3.2,
for the decoding; Newell et al., arXiv 1603.06937, for the quarter-cell offset. Different here, for
joints at the edge of a map: the expansion is taken one cell inside, without blurring.

Decoding does not branch on values, so it can be exported with the network.

Axes: N persons, J joints, H and W of the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.errors import DataError

Refinement = Literal["dark", "quarter", "none"]

# As in the published code: Gaussians end at three sigma; maps are clamped to this range before the
# logarithm; a longer Newton step would leave the peak it started from.
_REACH_SIGMAS = 3.0
_FLOOR, _CEILING = 1e-3, 50.0
_LONGEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class Grid:
    """How the cells of a map are placed on the image.

    Attributes:
        image_size, map_size: height, width.
        centres: "whole": pixel centres have integer coordinates and the outermost cells lie on the
            outermost pixels (UDP); a mirror image maps x to W - 1 - x. "half": pixel centres are at
            halves and a cell covers its share of the image; a mirror image maps x to W - x.
    """

    image_size: tuple[int, int]
    map_size: tuple[int, int]
    centres: Literal["whole", "half"] = "whole"

    def __post_init__(self) -> None:
        if min(*self.image_size, *self.map_size) < 3:
            raise DataError(
                f"found an image of {self.image_size} and a map of {self.map_size}; "
                "each side must be at least 3"
            )

    def to_map(self, xy: Tensor) -> Tensor:
        """Convert pixels (..., 2), x before y, to cells."""
        scale_2, shift = self._scale_and_shift(xy)
        return xy * scale_2 - shift

    def to_image(self, xy: Tensor) -> Tensor:
        """Convert cells (..., 2), x before y, to pixels."""
        scale_2, shift = self._scale_and_shift(xy)
        return (xy + shift) / scale_2

    def _scale_and_shift(self, like: Tensor) -> tuple[Tensor, float]:
        less = 1 if self.centres == "whole" else 0
        image_2, map_2 = (
            torch.tensor([width - less, height - less], dtype=like.dtype, device=like.device)
            for height, width in (self.image_size, self.map_size)
        )
        return map_2 / image_2, 0.0 if less else 0.5


def gaussian_targets(keypoint_NJ3: Tensor, grid: Grid, sigma: float = 2.0) -> tuple[Tensor, Tensor]:
    """Return target maps and their weights.

    Args:
        keypoint_NJ3: x, y in pixels and visibility: 0 not labelled, 1 hidden, 2 visible.
        sigma: in cells; 2 suits maps of 64 x 48.

    Returns:
        Maps (N, J, H, W) with a Gaussian of height 1 at the exact joint, float32, and weights
        (N, J): 1, or 0 if the joint is not labelled or its Gaussian lies outside the map.

    Raises:
        DataError: wrong keypoint shape, or a sigma that is not positive.
    """
    if keypoint_NJ3.dim() != 3 or keypoint_NJ3.shape[2] != 3 or sigma <= 0:
        raise DataError(
            f"found keypoints {tuple(keypoint_NJ3.shape)} and sigma {sigma}; "
            "give (N, J, 3) and a sigma above 0"
        )
    centre_NJ2 = grid.to_map(keypoint_NJ3[..., :2].float())
    reach = _REACH_SIGMAS * sigma
    height, width = grid.map_size
    last_2 = centre_NJ2.new_tensor([width - 1, height - 1])
    near_NJ = ((centre_NJ2 >= -reach) & (centre_NJ2 <= last_2 + reach)).all(dim=2)
    counts_NJ = near_NJ & (keypoint_NJ3[..., 2] > 0)
    # A joint of weight 0 may have any coordinates, even NaN; move it far outside the map.
    centre_NJ2 = torch.where(counts_NJ[..., None], centre_NJ2, -1e4)
    row_NJW, column_NJH = (
        _gaussian(centre_NJ2[..., axis], size, sigma, reach)
        for axis, size in enumerate((width, height))
    )
    return column_NJH[..., :, None] * row_NJW[..., None, :], counts_NJ.float()


def _gaussian(centre_NJ: Tensor, size: int, sigma: float, reach: float) -> Tensor:
    cell_X = torch.arange(size, device=centre_NJ.device)
    gap_NJX = cell_X - centre_NJ[..., None]
    nearest_NJ1 = torch.floor(centre_NJ[..., None] + 0.5)
    height_NJX = torch.exp(-0.5 * (gap_NJX / sigma) ** 2)
    return height_NJX * ((cell_X - nearest_NJ1).abs() <= reach)


def decode_heatmaps(
    heat_NJHW: Tensor, grid: Grid, refine: Refinement = "dark", blur_sigma: float = 2.0
) -> Tensor:
    """Decode maps to joints (N, J, 3): x, y in pixels, and the height of the peak.

    Args:
        heat_NJHW: of the grid's map size.
        refine: "dark": the peak of a Gaussian fitted to the neighbours; "quarter": a quarter of a
            cell towards the higher neighbour; "none": the centre of the highest cell.
        blur_sigma: smoothing before "dark", in cells, about that of the targets; 0: none.

    Raises:
        DataError: the maps do not have the grid's map size.
    """
    if heat_NJHW.dim() != 4 or tuple(heat_NJHW.shape[2:]) != grid.map_size:
        raise DataError(f"found maps {tuple(heat_NJHW.shape)}; the grid has {grid.map_size}")
    heat_NJHW = heat_NJHW.float()
    height, width = grid.map_size
    peak_NJ, index_NJ = heat_NJHW.flatten(2).max(dim=2)
    cell_NJ2 = torch.stack([index_NJ % width, index_NJ // width], dim=2)
    last_2 = torch.tensor([width - 1, height - 1], device=cell_NJ2.device)
    inside_NJ2 = torch.minimum(cell_NJ2.clamp(min=1), last_2 - 1)
    if refine == "dark":
        near_NJ9 = _smoothed(heat_NJHW, inside_NJ2, blur_sigma)
        # The logarithm of a Gaussian is a parabola.
        place_NJ2 = inside_NJ2 + _newton_step(near_NJ9.clamp(_FLOOR, _CEILING).log())
    elif refine == "quarter":
        slope_NJ2 = _slope(_square_about(heat_NJHW, inside_NJ2, 1).flatten(2))
        place_NJ2 = cell_NJ2 + 0.25 * slope_NJ2.sign() * (cell_NJ2 == inside_NJ2)
    else:
        place_NJ2 = cell_NJ2.float()
    return torch.cat([grid.to_image(place_NJ2), peak_NJ[..., None]], dim=2)


def _smoothed(heat_NJHW: Tensor, cell_NJ2: Tensor, blur_sigma: float) -> Tensor:
    """Return the blurred 3 x 3 values around each cell, (N, J, 9); not blurred near the edge."""
    near_NJ9 = _square_about(heat_NJHW, cell_NJ2, 1).flatten(2)
    if blur_sigma <= 0:
        return near_NJ9
    reach = round(2.5 * blur_sigma)
    tap_X = torch.arange(-1 - reach, 2 + reach, device=heat_NJHW.device)
    row_3 = torch.arange(-1, 2, device=heat_NJHW.device)
    weight_3X = torch.exp(-0.5 * ((tap_X - row_3[:, None]) / blur_sigma) ** 2)
    weight_3X = weight_3X * ((tap_X - row_3[:, None]).abs() <= reach)
    weight_3X = weight_3X / weight_3X.sum(dim=1, keepdim=True)
    # Blur only what the nine values need: a hundredth of the map.
    padded_NJHW = functional.pad(heat_NJHW, (reach, reach, reach, reach))
    wide_NJXX = _square_about(padded_NJHW, cell_NJ2 + reach, 1 + reach)
    blurred_NJ9 = (weight_3X @ wide_NJXX @ weight_3X.T).flatten(2)
    height, width = heat_NJHW.shape[2:]
    last_2 = torch.tensor([width - 1, height - 1], device=cell_NJ2.device)
    from_rim_NJ = torch.minimum(cell_NJ2, last_2 - cell_NJ2).amin(dim=2)
    # Zeros beyond the edge pull a blurred peak inwards, by a cell at worst.
    return torch.where((from_rim_NJ > 1.25 * blur_sigma)[..., None], blurred_NJ9, near_NJ9)


def _square_about(map_NJHW: Tensor, cell_NJ2: Tensor, reach: int) -> Tensor:
    """Return the values up to `reach` cells from each cell, (N, J, 2 reach + 1, 2 reach + 1)."""
    width = map_NJHW.shape[3]
    near_X = torch.arange(-reach, reach + 1, device=cell_NJ2.device)
    near_XX = near_X[:, None] * width + near_X
    middle_NJ = cell_NJ2[..., 1] * width + cell_NJ2[..., 0]
    index_NJX = middle_NJ[..., None] + near_XX.flatten()
    near_NJX = map_NJHW.flatten(2).gather(2, index_NJX)
    return near_NJX.reshape(*middle_NJ.shape, 2 * reach + 1, 2 * reach + 1)


def _slope(near_NJ9: Tensor) -> Tensor:
    """Return central differences along x and y, (N, J, 2)."""
    along_x, along_y = near_NJ9[..., 5] - near_NJ9[..., 3], near_NJ9[..., 7] - near_NJ9[..., 1]
    return torch.stack([along_x, along_y], dim=2) / 2


def _newton_step(near_NJ9: Tensor) -> Tensor:
    """Return the Newton step from the centre of 3 x 3 values (rows from the top) to the maximum of
    the parabola through them, (N, J, 2); 0 if the surface has no maximum."""
    slope_NJ2 = _slope(near_NJ9)
    middle_NJ = near_NJ9[..., 4]
    bend_xx = near_NJ9[..., 5] + near_NJ9[..., 3] - 2 * middle_NJ
    bend_yy = near_NJ9[..., 7] + near_NJ9[..., 1] - 2 * middle_NJ
    bend_xy = (near_NJ9[..., 8] + near_NJ9[..., 0] - near_NJ9[..., 6] - near_NJ9[..., 2]) / 4
    determinant = bend_xx * bend_yy - bend_xy**2
    has_top = (bend_xx < 0) & (determinant > 1e-12)
    safe = torch.where(has_top, determinant, 1.0)
    slope_x, slope_y = slope_NJ2.unbind(dim=2)
    step_x = (bend_xy * slope_y - bend_yy * slope_x) / safe
    step_y = (bend_xy * slope_x - bend_xx * slope_y) / safe
    step_NJ2 = torch.stack([step_x, step_y], dim=2).clamp(-_LONGEST_STEP, _LONGEST_STEP)
    return torch.where(has_top[..., None], step_NJ2, 0.0)
