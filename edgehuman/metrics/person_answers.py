"""Decode the outputs of person networks: probabilities, joints, part maps.

The graph outputs logits and maps; this numpy and OpenCV code decodes them on the device, in
`evaluate` and during training. Joints are in pixels of the network's input, with integers at pixel
centres, as in COCO: cell i of a map of stride s is centred on (i + 1/2) s - 1/2.

Axes: N images, J joints, C channels of a map, A questions, H height, W width.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float32, Index, Uint8

_FLOOR = 1e-6
# Logits are upsampled in strips of about so many pixels (4 MB).
_STRIP = 1_000_000


def probabilities(logits: Float32) -> Float32:
    """Convert logits of independent yes/no questions to probabilities of yes."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)), np.float32)


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
    """Return the part of each pixel (height, width) from logits at stride 4.

    Logits are upsampled before the argmax, so that borders have the image's resolution. They are
    widened first and then heightened in strips of columns, as OpenCV does inside one resize, so
    that memory does not grow with pixels times parts.
    """
    if logits_CHW.shape[1:] == (height, width):
        return np.asarray(logits_CHW.argmax(axis=0), np.uint8)
    wide = [_resized(one_HW, logits_CHW.shape[1], width) for one_HW in logits_CHW]
    part_HW = np.zeros((height, width), np.uint8)
    columns = max(1, _STRIP // height)
    for left in range(0, width, columns):
        strip = slice(left, left + columns)
        best_HW = _resized(wide[0][:, strip], height)
        for part, one_HW in enumerate(wide[1:], start=1):
            logit_HW = _resized(one_HW[:, strip], height)
            part_HW[:, strip][logit_HW > best_HW] = part
            np.maximum(best_HW, logit_HW, out=best_HW)
    return part_HW


def _resized(map_HW: Float32, height: int, width: int | None = None) -> Float32:
    """A map, interpolated to a height and a width, by default its own."""
    import cv2

    size = (map_HW.shape[1] if width is None else width, height)
    contiguous = np.ascontiguousarray(map_HW, np.float32)
    return np.asarray(cv2.resize(contiguous, size, interpolation=cv2.INTER_LINEAR), np.float32)
