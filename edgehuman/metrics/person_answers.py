"""Decode the outputs of person networks: probabilities, joints, part maps.

The graph outputs logits and maps; this numpy and OpenCV code decodes them on the device, in
`evaluate` and during training. Joints are in pixels of the network's input, with integers at pixel
centres, as in COCO: cell i of a map of stride s is centred on (i + 1/2) s - 1/2.

Axes: N images, J joints, C channels of a map, A questions, H height, W width, X logits of a joint.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgehuman.card import Decision, OutputSpec
from edgehuman.errors import ArtefactError
from edgehuman.records import Float32, Index, Uint8

BINS_PER_PIXEL = 2
"""Classes of SimCC for each pixel of the input."""
SILHOUETTE = ("background", "person")
"""Labels of a part map that is a silhouette."""
_WITHIN_TWO = 0.9545  # of a Gaussian, within two sigma
_FLOOR = 1e-6
# Logits are upsampled in strips of about so many pixels (4 MB).
_STRIP = 1_000_000


def probabilities(logits: Float32) -> Float32:
    """Convert logits of independent yes/no questions to probabilities of yes."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)), np.float32)


def decode_joints(
    outputs: Float32, output: OutputSpec, size: tuple[int, int], decision: Decision | None = None
) -> Float32:
    """Decode the outputs of a network of joints, heat maps or SimCC, to joints (N, J, 3): x, y in
    pixels of the network's input, confidence 0..1.

    Args:
        size: height and width of the input.
        decision: of the card, for SimCC: its temperature sharpens or softens the presence, and a
            joint whose confidence is below its threshold is not there: confidence 0.

    Raises:
        ArtefactError: SimCC with another number of classes than the size has.
    """
    if output.kind != "simcc":
        return joints_of(outputs, size[0] / outputs.shape[2])
    own = BINS_PER_PIXEL * (size[0] + size[1]) + 1
    if outputs.shape[2] != own or output.dim != BINS_PER_PIXEL * size[1]:
        raise ArtefactError(
            f"found {outputs.shape[2]} numbers for each joint, {output.dim} of them of x; an input "
            f"of {size[1]}x{size[0]} pixels needs {own} and {BINS_PER_PIXEL * size[1]}"
        )
    decision = decision or Decision()
    joint_NJ3 = joints_of_simcc(outputs, BINS_PER_PIXEL * size[1], decision.temperature)
    joint_NJ3[joint_NJ3[..., 2] < decision.threshold, 2] = 0
    return joint_NJ3


def joints_of_simcc(logits_NJX: Float32, columns: int, temperature: float = 1.0) -> Float32:
    """Decode SimCC's classes, two a pixel, to joints (N, J, 3): x, y in pixels of the network's
    input, confidence 0..1.

    A place is the mean of the classes about the likeliest one. The confidence is the probability
    that the joint is there, times how much of the probability of each axis lies about that place:
    a flat row of classes says nothing.

    Args:
        columns: classes of x; those of y follow, and then the presence.
        temperature: divides the logit of the presence.
    """
    x_NJ, near_x_NJ = _place(logits_NJX[..., :columns])
    y_NJ, near_y_NJ = _place(logits_NJX[..., columns:-1])
    there_NJ = probabilities(logits_NJX[..., -1] / temperature)
    sure_NJ = there_NJ * np.sqrt(near_x_NJ * near_y_NJ)
    return np.stack([x_NJ, y_NJ, np.clip(sure_NJ, 0, 1)], axis=2).astype(np.float32)


def _place(logits_NJB: Float32) -> tuple[Float32, Float32]:
    """Pixel of the likeliest class, and the probability about it, as a share of a target's."""
    bins = logits_NJB.shape[2]
    prob_NJB = np.exp(logits_NJB - logits_NJB.max(axis=2, keepdims=True))
    prob_NJB /= prob_NJB.sum(axis=2, keepdims=True)
    best_NJ1 = prob_NJB.argmax(axis=2)[..., None]
    reach = 2 * simcc_sigma(bins)
    gap_NJB = np.arange(bins) - best_NJ1
    near_NJB = np.where(np.abs(gap_NJB) <= reach, prob_NJB, 0)
    mass_NJ = near_NJB.sum(axis=2)
    bin_NJ = best_NJ1[..., 0] + (near_NJB * gap_NJB).sum(axis=2) / mass_NJ
    pixel_NJ = (bin_NJ + 0.5) / BINS_PER_PIXEL - 0.5
    return np.asarray(pixel_NJ, np.float32), np.asarray(np.minimum(mass_NJ / _WITHIN_TWO, 1))


def simcc_sigma(bins: int) -> float:
    """Sigma of the Gaussian targets along a side, in classes: as in RTMPose (arXiv 2303.07399),
    4.9 for a width of 192 pixels and 5.66 for a height of 256.
    """
    return math.sqrt(bins / BINS_PER_PIXEL / 8)


def joints_of(heatmap_NJHW: Float32, stride: float = 4.0) -> Float32:
    """Decode heat maps to joints (N, J, 3): x, y in pixels of the network's input, confidence 0..1.

    Each peak is refined to the maximum of a parabola through the logarithms of it and its
    neighbours; for a Gaussian that is the centre (Zhang et al., "Distribution-aware coordinate
    representation", 2020, along each axis separately).
    """
    images, joints, height, width = heatmap_NJHW.shape
    flat_NJS = heatmap_NJHW.reshape(images, joints, height * width)
    peak_NJ = flat_NJS.argmax(axis=2)
    confidence_NJ = _value_at(flat_NJS, peak_NJ)
    place = []
    for cell_NJ, step, size in ((peak_NJ % width, 1, width), (peak_NJ // width, width, height)):
        # At the edge a neighbour is missing: use the centre of the cell.
        inside_NJ = (cell_NJ > 0) & (cell_NJ < size - 1)
        near = [
            np.log(np.maximum(_value_at(flat_NJS, peak_NJ + inside_NJ * offset), _FLOOR))
            for offset in (-step, 0, step)
        ]
        place.append((cell_NJ + _top(*near) + 0.5) * stride - 0.5)
    return np.stack([*place, np.clip(confidence_NJ, 0, 1)], axis=2).astype(np.float32)


def _value_at(flat_NJS: Float32, index_NJ: Index) -> Float32:
    return np.take_along_axis(flat_NJS, index_NJ[:, :, None], axis=2)[:, :, 0]


def _top(before: Float32, here: Float32, after: Float32) -> Float32:
    """Return the maximum of the parabola through three equally spaced values, -1/2 to 1/2."""
    bend = np.maximum(2 * here - before - after, _FLOOR)
    return np.asarray(np.clip((after - before) / (2 * bend), -0.5, 0.5), np.float32)


def parts_of(logits_CHW: Float32, height: int, width: int) -> Uint8:
    """Return the part of each pixel (height, width) from logits at a stride of 4 or 2.

    Logits are upsampled before the argmax, so that borders have the image's resolution. They are
    widened first and then heightened in strips of columns, as OpenCV does inside one resize, so
    that memory does not grow with pixels times parts.
    """
    if logits_CHW.shape[1:] == (height, width):
        return np.asarray(logits_CHW.argmax(axis=0), np.uint8)
    answer: Callable[[Float32, int], Uint8] = _likeliest
    if len(logits_CHW) == 2:
        # Interpolating is linear, so the sign of the difference tells which of two is ahead.
        logits_CHW, answer = (logits_CHW[1] - logits_CHW[0])[None], _is_positive
    rows = logits_CHW.shape[1]
    # Memory is taken once: to fetch it anew for each part costs more than the interpolation.
    wide_CHW = np.empty((len(logits_CHW), rows, width), np.float32)
    for one_HW, given_HW in zip(logits_CHW, wide_CHW, strict=True):
        _resize(one_HW, given_HW)
    part_HW = np.zeros((height, width), np.uint8)
    columns = max(1, _STRIP // height)
    for left in range(0, width, columns):
        strip = slice(left, left + columns)
        part_HW[:, strip] = answer(wide_CHW[:, :, strip], height)
    return part_HW


def _likeliest(logits_CHW: Float32, height: int) -> Uint8:
    """The part with the highest logit of each pixel, heightened to so many rows."""
    width = logits_CHW.shape[2]
    best_HW, logit_HW = np.empty((2, height, width), np.float32)
    is_ahead_HW = np.empty((height, width), np.bool_)
    number_HW = np.empty((height, width), np.uint8)
    part_HW = np.zeros((height, width), np.uint8)
    _resize(logits_CHW[0], best_HW)
    for part, one_HW in enumerate(logits_CHW[1:], start=1):
        _resize(one_HW, logit_HW)
        np.greater(logit_HW, best_HW, out=is_ahead_HW)
        # Numbers rise, so the largest of those that were ever ahead is the likeliest part.
        np.multiply(is_ahead_HW.view(np.uint8), np.uint8(part), out=number_HW)
        np.maximum(part_HW, number_HW, out=part_HW)
        np.maximum(best_HW, logit_HW, out=best_HW)
    return part_HW


def _is_positive(map_1HW: Float32, height: int) -> Uint8:
    """1 where a map, heightened to so many rows, is above 0."""
    tall_HW = np.empty((height, map_1HW.shape[2]), np.float32)
    _resize(map_1HW[0], tall_HW)
    return (tall_HW > 0).view(np.uint8)


def _resize(map_HW: Float32, given_HW: Float32) -> None:
    """Interpolate a map to the size of another, which is written."""
    import cv2

    contiguous = np.ascontiguousarray(map_HW, np.float32)
    size = given_HW.shape[1], given_HW.shape[0]
    cv2.resize(contiguous, size, dst=given_HW, interpolation=cv2.INTER_LINEAR)
