"""What the outputs of a person network mean: answers with probabilities, joints, part maps.

The graph gives logits and maps; these few lines of numpy and OpenCV read them, on the device, in
`evaluate`, and while a task is learned. Joints are pixels of the network's input
with whole numbers at pixel centres, as in COCO: cell i of a map of stride s is centred on
(i + 1/2) s - 1/2.

Axes: N pictures, J joints, C channels of a map, A questions, H height, W width.
"""

from __future__ import annotations

import cv2
import numpy as np

from edgehuman.records import Float32, Index, Uint8

_FLOOR = 1e-6


def probabilities(logits: Float32) -> Float32:
    """Logits of independent yes/no questions -> probability of yes."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)), np.float32)


def joints_of(heatmap_NJHW: Float32, stride: float = 4.0) -> Float32:
    """Heat maps -> joints (N, J, 3): x, y in pixels of the network's input, confidence 0..1.

    The peak, moved to where a parabola through the logarithms of it and its neighbours is highest:
    for a Gaussian that is its centre (Zhang et al., "Distribution-aware coordinate representation",
    2020, along each axis by itself).
    """
    images, joints, height, width = heatmap_NJHW.shape
    flat_NJS = heatmap_NJHW.reshape(images, joints, height * width)
    peak_NJ = flat_NJS.argmax(axis=2)
    confidence_NJ = _value_at(flat_NJS, peak_NJ)
    place = []
    for cell_NJ, step, size in ((peak_NJ % width, 1, width), (peak_NJ // width, width, height)):
        # On the rim a neighbour is missing: the middle of the cell it is.
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
    """Where the parabola through three equally spaced values is highest, from -1/2 to 1/2."""
    bend = np.maximum(2 * here - before - after, _FLOOR)
    return np.asarray(np.clip((after - before) / (2 * bend), -0.5, 0.5), np.float32)


def parts_of(logits_CHW: Float32, height: int, width: int) -> Uint8:
    """Logits at stride 4 -> the part of every pixel (height, width), of a picture of that size.

    Logits are enlarged before they are compared, so that borders are as fine as the picture.
    """
    if logits_CHW.shape[1:] != (height, width):
        channels = np.ascontiguousarray(logits_CHW, np.float32)
        logits_CHW = np.stack(
            [
                cv2.resize(one_HW, (width, height), interpolation=cv2.INTER_LINEAR)
                for one_HW in channels
            ]
        )
    return np.asarray(logits_CHW.argmax(axis=0), np.uint8)
