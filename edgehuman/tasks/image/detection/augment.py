"""Augment frames with the boxes of their people.

    view_HWC, box_M4, kind_M = vary(frame_HWC, people, variation, rng, 320, 416)

A window is cut from the frame, or the frame gets a border; it is mirrored, scaled into the
network's input with its shape kept, and its light and quality change. The border stays as the
runtime makes it. A person of whom the window shows less than 30 % becomes a region to ignore.

Boxes are x1, y1, x2, y2 in continuous pixels. Axes: H height, W width, M people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.frames.set import People
from edgehuman.preprocess.image.letterbox import GREY, Letterbox, fit
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float32, Index, Uint8
from edgehuman.tasks.image.augment import change_light

NOBODY, PERSON, IGNORED = 0, 1, 2
"""Kinds of a box: padding, a person, a region to ignore."""
MOST_PEOPLE = 300
LEAST_SEEN = 0.3
"""Share of a person's box that must be in the window."""
_SMALLEST_PX = 2.0
_ASPECT = 1.25
_SMALLEST_WINDOW_PX = 8
# Share of the windows that are drawn wherever, with people or without.
_ANYWHERE = 0.15
_DARKEST, _BRIGHTEST_DARK = 0.08, 0.5
_MOST_NOISE = 22.0
_QUALITY = (15, 75)
_MOST_BLUR_PX = 1.8


@dataclass(frozen=True, slots=True)
class Variation:
    """How much a view may differ from the frame.

    Attributes:
        flip: probability of a mirror image.
        nearest, farthest: sides of the window, as shares of the frame's.
        light: largest relative change of brightness, contrast and each colour's gain.
        dark, grey, blur, noise, jpeg: probabilities of each.
    """

    flip: float = 0.0
    nearest: float = 1.0
    farthest: float = 1.0
    light: float = 0.0
    dark: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    jpeg: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """Where a window lies in a frame, pixels; it may leave the frame."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class View:
    """An augmented view of a frame.

    Attributes:
        image_HWC: uint8 RGB, of the network's size.
        box_M4, kind_M: of the people in it; index_M: which of the frame's each is.
        window: what is shown of the frame, and `place`, where that lies in the view.
        is_flipped: whether the view is then mirrored.
    """

    image_HWC: Uint8
    box_M4: Float32
    kind_M: Uint8
    index_M: Index
    window: Window
    place: Letterbox
    is_flipped: bool


def vary(
    frame_HWC: Uint8,
    people: People,
    variation: Variation,
    rng: np.random.Generator,
    height: int,
    width: int,
) -> tuple[Uint8, Float32, Uint8]:
    """Return an augmented view (height, width, 3), its boxes (M, 4), and their kinds (M,)."""
    view = draw_view(frame_HWC, people, variation, rng, height, width)
    return view.image_HWC, view.box_M4, view.kind_M


def draw_view(
    frame_HWC: Uint8,
    people: People,
    variation: Variation,
    rng: np.random.Generator,
    height: int,
    width: int,
) -> View:
    """Return an augmented view (height, width, 3), and how it was made."""
    window = draw_window(frame_HWC.shape[0], frame_HWC.shape[1], people, variation, rng)
    view_HWC, place, inner = show(frame_HWC, window, height, width)
    view_HWC = view_HWC.copy()  # it may be the frame itself
    rows, columns = inner
    view_HWC[rows, columns] = spoil(np.ascontiguousarray(view_HWC[rows, columns]), variation, rng)
    box_M4, kind_M, index_M = boxes_in(people, window, place, *frame_HWC.shape[:2])
    is_flipped = bool(rng.random() < variation.flip)
    if is_flipped:
        view_HWC = np.ascontiguousarray(view_HWC[:, ::-1])
        box_M4 = np.stack(
            (width - box_M4[:, 2], box_M4[:, 1], width - box_M4[:, 0], box_M4[:, 3]), axis=1
        )
    return View(view_HWC, box_M4, kind_M, index_M, window, place, is_flipped)


def draw_window(
    rows: int, columns: int, people: People, variation: Variation, rng: np.random.Generator
) -> Window:
    """Draw a window whose sides are shares of the frame's, alike but for a fifth, and evenly
    distributed in scale; most windows hold the centre of somebody, if the frame has people.
    """
    if variation.nearest == variation.farthest == 1:
        return Window(0, 0, columns, rows)
    share = np.exp(rng.uniform(np.log(variation.nearest), np.log(variation.farthest)))
    aspect = np.sqrt(np.exp(rng.uniform(-1, 1) * np.log(_ASPECT)))
    wide = max(_SMALLEST_WINDOW_PX, round(float(columns * share * aspect)))
    tall = max(_SMALLEST_WINDOW_PX, round(float(rows * share / aspect)))
    person_M4 = people.box_M4[~people.ignore_M]
    within: tuple[float | None, float | None] = (None, None)
    if len(person_M4) and rng.random() >= _ANYWHERE:
        x1, y1, x2, y2 = person_M4[rng.integers(len(person_M4))].tolist()
        within = (x1 + x2) / 2, (y1 + y2) / 2
    left, top = _start(rng, columns, wide, within[0]), _start(rng, rows, tall, within[1])
    return Window(left, top, wide, tall)


def _start(rng: np.random.Generator, whole: int, part: int, within: float | None) -> int:
    """Where a part begins: in the whole if it is shorter, else around it; with a place in it."""
    low, high = min(0, whole - part), max(0, whole - part)
    if within is not None and 0 <= within < whole:
        low, high = max(low, int(within) - part + 1), min(high, int(within))
    return int(rng.integers(low, high + 1))


def show(
    frame_HWC: Uint8, window: Window, height: int, width: int
) -> tuple[Uint8, Letterbox, tuple[slice, slice]]:
    """Return a window at the network's size, where it lies there, and the rows and columns that
    show the frame.
    """
    rows, columns = frame_HWC.shape[:2]
    top, left = max(0, window.top), max(0, window.left)
    bottom = min(rows, window.top + window.height)
    right = min(columns, window.left + window.width)
    seen_HWC = frame_HWC[top:bottom, left:right]
    pads = (
        *(top - window.top, window.top + window.height - bottom),
        *(left - window.left, window.left + window.width - right),
    )
    scale = min(height / window.height, width / window.width)
    if scale < 1 and any(pads):  # smaller first: a border around a large frame is larger still
        tall, wide = (max(1, round(n * scale)) for n in seen_HWC.shape[:2])
        seen_HWC = cv2.resize(seen_HWC, (wide, tall), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        pads = tuple(round(pad * scale) for pad in pads)  # type: ignore[assignment]
    if any(pads):
        seen_HWC = cv2.copyMakeBorder(  # type: ignore[assignment]
            seen_HWC, *pads, cv2.BORDER_CONSTANT, value=(GREY, GREY, GREY)
        )
    view_HWC, inside = fit(np.ascontiguousarray(seen_HWC), height, width)
    # From the window's own pixels, whatever was scaled first.
    across, down = inside.width * inside.scale_x, inside.height * inside.scale_y
    place = Letterbox(
        across / window.width, down / window.height, inside.left, inside.top,
        window.height, window.width,
    )  # fmt: skip
    shown_4 = place.to_input(
        np.array([[left, top, right, bottom]], np.float32)
        - np.array([window.left, window.top] * 2, np.float32)
    )[0]
    x1, y1 = (max(0, int(np.floor(n))) for n in shown_4[:2])
    x2, y2 = (int(np.ceil(n)) for n in shown_4[2:])
    return view_HWC, place, (slice(y1, min(y2, height)), slice(x1, min(x2, width)))


def boxes_in(
    people: People, window: Window, place: Letterbox, rows: int, columns: int
) -> tuple[Float32, Uint8, Index]:
    """Return the boxes that a window shows, clipped to it, in pixels of the input, their kinds, and
    which of the people each is.

    A person's box counts as seen by the share of its part in the frame that is in the window.
    """
    whole_4 = np.array([0, 0, columns, rows], np.float32)
    in_frame_M4 = _clipped(people.box_M4, whole_4)
    corner_4 = np.array([window.left, window.top] * 2, np.float32)
    window_4 = np.array([0, 0, window.width, window.height], np.float32)
    seen_M4 = _clipped(in_frame_M4 - corner_4, window_4)
    seen_M4 = _clipped(seen_M4, whole_4 - corner_4)
    share_M = _area(seen_M4) / np.maximum(_area(in_frame_M4), 1e-6)
    box_M4 = place.to_input(seen_M4)
    side_M = (box_M4[:, 2:] - box_M4[:, :2]).min(axis=1, initial=np.inf)
    is_person_M = ~people.ignore_M & (share_M >= LEAST_SEEN) & (side_M >= _SMALLEST_PX)
    kind_M = np.where(is_person_M, PERSON, IGNORED).astype(np.uint8)
    is_there_M = _area(box_M4) > 0
    return box_M4[is_there_M], kind_M[is_there_M], np.flatnonzero(is_there_M)


def in_order(box_M4: Float32, kind_M: Uint8, most: int = MOST_PEOPLE) -> Index:
    """Return the places of at most so many boxes: people first, the largest if there are more."""
    return np.asarray(np.lexsort((-_area(box_M4), kind_M))[:most], np.int64)


def padded(box_M4: Float32, kind_M: Uint8) -> tuple[Float32, Uint8]:
    """Return boxes and kinds of exactly `MOST_PEOPLE`, `in_order`; the rest is `NOBODY`."""
    order_M = in_order(box_M4, kind_M)
    full_M4 = np.zeros((MOST_PEOPLE, 4), np.float32)
    kind = np.full(MOST_PEOPLE, NOBODY, np.uint8)
    full_M4[: len(order_M)], kind[: len(order_M)] = box_M4[order_M], kind_M[order_M]
    return full_M4, kind


def spoil(image_HWC: Uint8, variation: Variation, rng: np.random.Generator) -> Uint8:
    """Change light and quality, as cameras do."""
    image_HWC = change_light(image_HWC, variation.light, rng)
    steps: tuple[tuple[float, Callable[[Uint8, np.random.Generator], Uint8]], ...] = (
        (variation.grey, _without_colour),
        (variation.dark, _darkened),
        (variation.blur, _blurred),
        (variation.noise, _with_noise),
        (variation.jpeg, _compressed),
    )
    for share, step in steps:
        if rng.random() < share:
            image_HWC = step(image_HWC, rng)
    return image_HWC


def _without_colour(image_HWC: Uint8, rng: np.random.Generator) -> Uint8:
    grey_HW = cv2.cvtColor(image_HWC, cv2.COLOR_RGB2GRAY)
    return np.repeat(grey_HW[..., None], 3, axis=2)


def _darkened(image_HWC: Uint8, rng: np.random.Generator) -> Uint8:
    gain = np.exp(rng.uniform(np.log(_DARKEST), np.log(_BRIGHTEST_DARK)))
    table = np.clip(np.arange(256) * gain, 0, 255).astype(np.uint8)
    return _with_noise(cv2.LUT(image_HWC, table), rng, share=0.3)  # type: ignore[arg-type]


def _blurred(image_HWC: Uint8, rng: np.random.Generator) -> Uint8:
    sigma = float(rng.uniform(0.4, _MOST_BLUR_PX))
    return cv2.GaussianBlur(image_HWC, (0, 0), sigma)  # type: ignore[return-value]


def _with_noise(image_HWC: Uint8, rng: np.random.Generator, share: float = 1.0) -> Uint8:
    noise_HWC = rng.standard_normal(image_HWC.shape, np.float32)
    noise_HWC *= share * rng.uniform(0.1, 1.0) * _MOST_NOISE
    return np.clip(image_HWC + noise_HWC, 0, 255).astype(np.uint8)


def _compressed(image_HWC: Uint8, rng: np.random.Generator) -> Uint8:
    quality = int(rng.integers(*_QUALITY))
    ok, data = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    with foreign():
        return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]


def _clipped(box_M4: Float32, into_4: Float32) -> Float32:
    return np.clip(box_M4, np.tile(into_4[:2], 2), np.tile(into_4[2:], 2)).astype(np.float32)


def _area(box_M4: NDArray[Any]) -> NDArray[Any]:
    side_M2 = np.maximum(box_M4[:, 2:] - box_M4[:, :2], 0)
    return np.asarray(side_M2[:, 0] * side_M2[:, 1])
