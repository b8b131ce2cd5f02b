"""Ten views of one photo: crops, flips, colours, blur, with OpenCV and uint8 throughout.

Two globals of 256 x 128 and eight locals of 128 x 64: seven are random crops, the eighth is the
whole first global downscaled. Source: "Scale-Aware Pre-Training for Human-Centric Visual
Perception" (arXiv 2503.08201) and its released code, whose augmentations are DINO's (arXiv
2104.14294, appendix); crops are 0.4 to 0.6 times as wide as high.

Differences, for speed, that are negligible for a network:
- brightness, contrast, saturation, hue and grey are affine in RGB if hue is a rotation in the
  colour plane (YIQ) instead of HSV, so each view takes one 3 x 4 matrix. Values are clipped once,
  at the end.
- a crop over twice its view's size is halved by area averaging, then interpolated.
- a JPEG larger than its crops need is downscaled while decoding.

Axes: V view, H height, W width, C channel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from edgehuman.data.image.unlabelled.images import Images
from edgehuman.errors import UsageError
from edgehuman.preprocess.image.pixels import HEIGHT, WIDTH, decode_as, require_whole, resize
from edgehuman.records import Bool, Float32, Float64, Index, Uint8

Share = tuple[float, float]

_TRIES = 10
# A blur with a smaller radius than this changes no pixel value.
_LEAST_BLUR = 0.3
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


@dataclass(frozen=True, slots=True)
class ViewConfig:
    """Which views to make of a photo; the defaults are the paper's.

    Attributes:
        height, width: of a global view; a local one is half as high and half as wide.
        num_locals: random local crops, in pixels of the photo; one more is the whole first global.
        global_scale, local_scale: area of a crop relative to the photo, minimum and maximum.
        aspect: width over height of a crop, minimum and maximum.
        flip, jitter, grey: probability that a view is mirrored, colour-jittered, turned grey.
        brightness, contrast, saturation: largest change, as a fraction.
        hue: largest rotation, as a fraction of the circle.
        blur: probability of blur for the first global, the second and a local.
        blur_radius: of the Gaussian, pixels, minimum and maximum.
        solarise: probability that the second global is solarised (bright values inverted).
    """

    height: int = HEIGHT
    width: int = WIDTH
    num_locals: int = 7
    global_scale: Share = (0.8, 1.0)
    local_scale: Share = (0.05, 0.8)
    aspect: Share = (0.4, 0.6)
    flip: float = 0.5
    jitter: float = 0.8
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1
    grey: float = 0.2
    blur: tuple[float, float, float] = (1.0, 0.1, 0.5)
    blur_radius: Share = (0.1, 2.0)
    solarise: float = 0.2

    def __post_init__(self) -> None:
        shares = ("flip", "jitter", "grey", "solarise", "brightness", "contrast", "saturation")
        for name in (*shares, "hue", "blur"):
            value = getattr(self, name)
            most = 0.5 if name == "hue" else 1.0
            if not all(0 <= v <= most for v in np.atleast_1d(value)):
                raise UsageError(f"{name} is {value}; it must be from 0 to {most:g}")
        for name, most in (("global_scale", 1.0), ("local_scale", 1.0), ("aspect", math.inf)):
            low, high = getattr(self, name)
            if not 0 < low <= high <= most:
                raise UsageError(f"{name} is {low} to {high}; it must be ascending and above 0")
        if not 0 < self.blur_radius[0] <= self.blur_radius[1]:
            raise UsageError(f"blur_radius is {self.blur_radius}; it must be ascending and above 0")
        if self.height < 2 or self.width < 2 or self.height % 2 or self.width % 2:
            raise UsageError(f"views are {self.height}x{self.width}; both must be even, at least 2")
        if self.num_locals < 0:
            raise UsageError(f"num_locals is {self.num_locals}; it must be at least 0")

    @property
    def locals_(self) -> int:
        """Local views in all: the random crops and the whole."""
        return self.num_locals + 1


class Draw(NamedTuple):
    """Random parameters of the views of one photo; the first two are the globals.

    Attributes:
        box_V4: int (V, 4): y, x, height, width of each crop, pixels of the whole photo.
        flip_V: whether it is mirrored.
        order_V4: the order of brightness, contrast, saturation and hue.
        matrix_V444: the four as homogeneous colour matrices; contrast's slot holds its factor.
        grey_V: whether it is turned grey.
        radius_V: of the blur, pixels; 0: none.
        solarise: whether the second global is solarised.
    """

    box_V4: Index
    flip_V: Bool
    order_V4: Index
    matrix_V444: Float32
    grey_V: Bool
    radius_V: Float64
    solarise: bool


class Photo(NamedTuple):
    """A decoded photo.

    Attributes:
        image_HWC: uint8 RGB.
        shrunk: factor by which it is smaller than the file (1, 2, 4 or 8).
    """

    image_HWC: Uint8
    shrunk: int


@lru_cache(maxsize=8)
def _limits(config: ViewConfig) -> tuple[Float64, ...]:
    """Per view: minimum scale and its range (V, 1); probability of blur (V,)."""
    scales = [config.global_scale] * 2 + [config.local_scale] * config.num_locals
    low_V = np.array([low for low, _ in scales])[:, None]
    high_V = np.array([high for _, high in scales])[:, None]
    first, second, local = config.blur
    return low_V, high_V - low_V, np.array([first, second, *[local] * config.num_locals])


def draw_boxes(rng: np.random.Generator, config: ViewConfig, height: int, width: int) -> Index:
    """Draw crops (V, 4) of a photo: y, x, height, width; redrawn until scale and shape fit.

    If none of ten fits, the photo is too narrow or too wide for the requested shapes, and the
    largest centre crop of the nearest shape is used (as in torchvision).
    """
    low_V1, range_V1, _ = _limits(config)
    num_views = len(low_V1)
    unit_TV = rng.random((2, num_views, _TRIES))
    place_V2 = rng.random((num_views, 2))
    narrow, wide = math.log(config.aspect[0]), math.log(config.aspect[1])
    area_VT = height * width * (low_V1 + range_V1 * unit_TV[0])
    aspect_VT = np.exp(narrow + (wide - narrow) * unit_TV[1])
    wide_VT = np.rint(np.sqrt(area_VT * aspect_VT))
    high_VT = np.rint(np.sqrt(area_VT / aspect_VT))
    fits_VT = (wide_VT <= width) & (high_VT <= height) & (wide_VT > 0) & (high_VT > 0)
    view_V = np.arange(num_views)
    try_V = fits_VT.argmax(axis=1)
    size_V2 = np.stack([high_VT[view_V, try_V], wide_VT[view_V, try_V]], axis=1)
    room_V2 = np.array([height, width]) - size_V2
    corner_V2 = np.floor(place_V2 * (room_V2 + 1))
    none_V = ~fits_VT[view_V, try_V]
    if none_V.any():
        whole = _nearest_shape(config.aspect, height, width)
        size_V2[none_V], corner_V2[none_V] = whole[2:], whole[:2]
    box_V4: Index = np.concatenate([corner_V2, size_V2], axis=1).astype(np.int64)
    return box_V4


def _nearest_shape(aspect: Share, height: int, width: int) -> tuple[int, int, int, int]:
    high, wide = height, width
    if width / height < aspect[0]:
        high = max(round(width / aspect[0]), 1)
    elif width / height > aspect[1]:
        wide = max(round(height * aspect[1]), 1)
    return (height - high) // 2, (width - wide) // 2, high, wide


def draw(rng: np.random.Generator, config: ViewConfig, height: int, width: int) -> Draw:
    """Draw all random parameters for a photo; the random numbers do not depend on its size."""
    box_V4 = draw_boxes(rng, config, height, width)
    num_views = len(box_V4)
    unit_KV = rng.random((6, num_views))
    order_V4 = rng.random((num_views, 4)).argsort(axis=1)
    factor_4V = 2 * rng.random((4, num_views)) - 1
    factor_4V *= unit_KV[0] < config.jitter
    low, high = config.blur_radius
    radius_V = low + (high - low) * unit_KV[1]
    blurred_V = unit_KV[2] < _limits(config)[2]
    return Draw(
        box_V4,
        unit_KV[3] < config.flip,
        order_V4,
        colour_matrices(config, factor_4V.astype(np.float32)),
        unit_KV[4] < config.grey,
        np.where(blurred_V & (radius_V >= _LEAST_BLUR), radius_V, 0.0),
        bool(unit_KV[5, 1] < config.solarise),
    )


def colour_matrices(config: ViewConfig, factor_4V: Float32) -> Float32:
    """Brightness, contrast, saturation and hue (V, 4, 4, 4) for factors from -1 to 1."""
    matrix_V444 = np.zeros((factor_4V.shape[1], 4, 4, 4), np.float32)
    matrix_V444[..., 3, 3] = 1
    three = np.arange(3)
    for slot, most in ((0, config.brightness), (1, config.contrast)):
        matrix_V444[:, slot, three, three] = (1 + most * factor_4V[slot])[:, None]
    keep_V11 = (1 + config.saturation * factor_4V[2])[:, None, None]
    matrix_V444[:, 2, :3, :3] = keep_V11 * np.eye(3, dtype=np.float32) + (1 - keep_V11) * _LUMA
    turn_V11 = (2 * math.pi * config.hue * factor_4V[3])[:, None, None]
    still, cosine, sine = _hue_parts()
    matrix_V444[:, 3, :3, :3] = still + np.cos(turn_V11) * cosine + np.sin(turn_V11) * sine
    return matrix_V444


@lru_cache(maxsize=1)
def _hue_parts() -> tuple[Float32, Float32, Float32]:
    """Rotation of the colour plane as constant + cosine x matrix + sine x matrix, in RGB."""
    parts = (
        np.diag([1.0, 0, 0]),
        np.diag([0, 1.0, 1.0]),
        np.array([[0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]),
    )
    still, cosine, sine = (np.asarray(_FROM_YIQ @ part @ _TO_YIQ, np.float32) for part in parts)
    return still, cosine, sine


def fetch(
    images: Images, index: int, config: ViewConfig, rng: np.random.Generator
) -> tuple[Photo, Draw]:
    """Read one photo, decoded no larger than its crops need, and draw its parameters.

    Raises:
        ImageError: it cannot be read.
    """
    data = images.encoded(index)
    if data is None:
        image_HWC = images.read(index)
        return Photo(image_HWC, 1), draw(rng, config, *image_HWC.shape[:2])
    name = images.name(index)
    header = require_whole(data, name)
    if header.format != "JPEG":
        image_HWC = decode_as(data, header, name)
        return Photo(image_HWC, 1), draw(rng, config, *image_HWC.shape[:2])
    drawn = draw(rng, config, header.height, header.width)
    shrink = largest_shrink(drawn.box_V4, config)
    return Photo(decode_as(data, header, name, shrink), shrink), drawn


def largest_shrink(box_V4: Index, config: ViewConfig) -> int:
    """Largest factor to shrink the photo by before a crop has fewer pixels than its view."""
    need = np.array([config.height, config.width])
    surplus_V = (box_V4[:, 2:] / need).min(axis=1)
    surplus_V[2:] *= 2
    return 1 << min(max(int(math.log2(max(surplus_V.min(), 1.0))), 0), 3)


def cut(photo: Photo, drawn: Draw, config: ViewConfig) -> list[Uint8]:
    """Cut the crops at their views' sizes, mirrored where drawn."""
    levels = [photo.image_HWC]
    views: list[Uint8] = []
    for view, (y, x, high, wide) in enumerate((drawn.box_V4 / photo.shrunk).tolist()):
        part = 1 if view < 2 else 2
        rows, columns = config.height // part, config.width // part
        level = int(math.log2(max(min(high / rows, wide / columns), 1.0)))
        while len(levels) <= level:
            levels.append(_halved(levels[-1]))
        image_HWC, scale = levels[level], 1 << level
        top, left = int(y / scale), int(x / scale)
        bottom = max(round((y + high) / scale), top + 1)
        right = max(round((x + wide) / scale), left + 1)
        crop_HWC = image_HWC[top:bottom, left:right]
        sized = cv2.resize(crop_HWC, (columns, rows), interpolation=cv2.INTER_LINEAR)
        views.append(np.asarray(cv2.flip(sized, 1) if drawn.flip_V[view] else sized, np.uint8))
    return views


def _halved(image_HWC: Uint8) -> Uint8:
    """Average every 2 x 2 pixels; an odd last row or column is dropped."""
    rows, columns = image_HWC.shape[0] // 2, image_HWC.shape[1] // 2
    even = image_HWC[: 2 * rows, : 2 * columns]
    return np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def recolour(views: list[Uint8], drawn: Draw) -> list[Uint8]:
    """Apply brightness, contrast, saturation and hue in the drawn order, then grey, as one matrix
    per view.
    """
    mean_V4 = np.ones((len(views), 4, 1), np.float32)
    for view, image_HWC in enumerate(views):
        mean_V4[view, :3, 0] = cv2.mean(image_HWC)[:3]
    matrix_V44 = colour_chain(mean_V4, drawn)
    return [
        np.asarray(cv2.transform(image_HWC, matrix_V44[view, :3]), np.uint8)
        for view, image_HWC in enumerate(views)
    ]


def colour_chain(mean_V4: Float32, drawn: Draw) -> Float32:
    """Each view's colour changes as one homogeneous matrix (V, 4, 4).

    Args:
        mean_V4: each view's mean colour (V, 4, 1), homogeneous: contrast grows about its grey.
    """
    view_V = np.arange(len(mean_V4))
    chain_V44 = np.broadcast_to(np.eye(4, dtype=np.float32), (len(mean_V4), 4, 4))
    for slot_V in drawn.order_V4.T:
        step_V44 = drawn.matrix_V444[view_V, slot_V]
        contrast_V = slot_V == 1
        if contrast_V.any():
            seen_V4 = (chain_V44 @ mean_V4)[contrast_V, :3, 0]
            spare_V = 1 - step_V44[contrast_V, 0, 0]
            step_V44[contrast_V, :3, 3] = (spare_V * (seen_V4 @ _LUMA))[:, None]
        chain_V44 = step_V44 @ chain_V44
    chain_V44[drawn.grey_V, :3] = (_LUMA @ chain_V44[drawn.grey_V, :3])[:, None]
    return chain_V44


def blur(views: list[Uint8], drawn: Draw) -> list[Uint8]:
    """Blur by the drawn radius, then solarise the second global where drawn."""
    views = [
        _blurred(image_HWC, radius) if radius else image_HWC
        for image_HWC, radius in zip(views, drawn.radius_V.tolist(), strict=True)
    ]
    if drawn.solarise:
        views[1] = np.minimum(views[1], ~views[1])
    return views


def _blurred(image_HWC: Uint8, radius: float) -> Uint8:
    # Two passes with a float kernel take half the time of OpenCV's own Gaussian for uint8.
    kernel = cv2.getGaussianKernel(2 * math.ceil(2.5 * radius) + 1, radius, cv2.CV_32F)
    return np.asarray(cv2.sepFilter2D(image_HWC, -1, kernel, kernel), np.uint8)


def store(views: list[Uint8], global_VHWC: Uint8, local_VHWC: Uint8) -> None:
    """Copy the views into a batch's rows; the last local is the whole first global, downscaled."""
    for view, image_HWC in enumerate(views):
        (global_VHWC[view] if view < 2 else local_VHWC[view - 2])[...] = image_HWC
    local_VHWC[-1] = resize(views[0], local_VHWC.shape[1], local_VHWC.shape[2])


def make_views(
    images: Images,
    index: int,
    config: ViewConfig,
    rng: np.random.Generator,
    global_VHWC: Uint8,
    local_VHWC: Uint8,
) -> None:
    """Make all views of one photo in a batch's rows.

    Raises:
        ImageError: the photo cannot be read; nothing is written.
    """
    photo, drawn = fetch(images, index, config, rng)
    store(blur(recolour(cut(photo, drawn, config), drawn), drawn), global_VHWC, local_VHWC)
