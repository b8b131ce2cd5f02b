"""Gait energy images: the mean silhouette of a walk, compared without a network.

Source: Han and Bhanu, "Individual Recognition Using Gait Energy Image", TPAMI 2006. A baseline: a
network that does not beat it has learned nothing about gait.

Axes: N walks, H rows, W columns, X pixels.
"""

from __future__ import annotations

import numpy as np

from edgehuman.data.gait.score import judged_walks, protocol_of, vectors_of
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.metrics.gait.protocols import PROTOCOLS, GaitScores, gait_scores
from edgehuman.records import Float32

# The columns that networks read: ten are cut from each side.
_MIDDLE = slice(10, 54)


def energy_images(walks: SilhouetteSet) -> Float32:
    """Return the mean silhouette of every walk, (N, 64, 44) from 0 to 1."""
    image_NHW = np.empty((len(walks), 64, 44), np.float32)
    for i in range(len(walks)):
        walks.sequence(i)[:, :, _MIDDLE].mean(axis=0, dtype=np.float32, out=image_NHW[i])
    image_NHW /= 255
    return image_NHW


def energy_scores(walks: SilhouetteSet, protocol: str | None = None) -> GaitScores:
    """Score the nearest neighbours by Euclidean distance of the energy images.

    Raises:
        DataError: fewer than two people in the gallery, or no probes.
    """
    name = protocol_of(walks, protocol)
    chosen = judged_walks(walks, name)
    vectors = vectors_of(chosen, energy_images(chosen).reshape(len(chosen), -1))
    return gait_scores(vectors, PROTOCOLS[name], "euclidean")
