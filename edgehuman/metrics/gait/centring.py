"""The mean person of a gallery, taken away before directions are compared.

    centre_PD = people_centre(feature_GPD, person_G)
    unit_NPD = centred(unit_NPD, centre_PD)        of length 1 again

What a camera, a light or a pose network does to everybody alike moves all vectors the same way, and
the cosines of strangers rise with it: a threshold that was chosen elsewhere lets them pass. The
mean over the people of the gallery shows how far they moved. A few people show it badly, so
`PRIOR_PEOPLE` more count as if they stood at the origin: the network has to have its own mean
there, as one that is whitened has (`tasks.gait.whitening`).

Centring by the mean of the data at hand: Dehak et al., "Front-end factor analysis for speaker
verification", 2011; the shrinkage is that of a mean with a normal prior.

Axes: N walks, G walks of a gallery, P parts, D dimensions, H people, B walks of a block.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.records import Float64

PRIOR_PEOPLE = 3.0
"""Chosen on simulated people whom our own networks see before a drawn camera: of 3, 5 and 10 the
most at which galleries of 2 to 20 let no more than 5 % of strangers pass (docs/silhouettes.md)."""
_BLOCK = 4096


def people_centre(
    feature_GX: NDArray[np.floating],
    person_G: NDArray[np.integer],
    without: int | None = None,
    prior: float = PRIOR_PEOPLE,
) -> Float64:
    """The mean of the people's mean directions (P, D), shrunk towards the origin.

    Args:
        feature_GX: (G, D), or (G, P, D) with a vector per part; of any length but 0.
        person_G: whose each walk is.
        without: a person who does not count, as a stranger to the gallery would not.
        prior: people who count besides, at the origin.

    Raises:
        DataError: a vector of length 0.
    """
    if without is not None:
        feature_GX, person_G = feature_GX[person_G != without], person_G[person_G != without]
    parts_of = feature_GX.shape[1:] if feature_GX.ndim == 3 else (1, *feature_GX.shape[1:])
    total_X = np.zeros(int(np.prod(parts_of)))
    if not len(person_G):
        return total_X.reshape(parts_of)
    _, index_G, count_H = np.unique(person_G, return_inverse=True, return_counts=True)
    share_G = 1 / count_H[index_G.reshape(-1)]
    for start in range(0, len(person_G), _BLOCK):
        block_BX = unit(feature_GX[start : start + _BLOCK].astype(np.float64))
        total_X += share_G[start : start + _BLOCK] @ block_BX.reshape(len(block_BX), -1)
    return np.asarray((total_X / (len(count_H) + prior)).reshape(parts_of))


def compared_by(distance: str | None) -> str:
    """A way of comparing vectors, in words."""
    return "cosine, less the gallery's mean person" if distance == "centred" else str(distance)


def centred(unit_NPD: Float64, centre_PD: Float64) -> Float64:
    """Take a centre from vectors of length 1; scale to length 1 again.

    No vector vanishes: a centre of people at length 1 with a prior is shorter than 1.
    """
    return unit(unit_NPD - centre_PD)


def unit(feature_NX: Float64) -> Float64:
    """Scale the last axis to length 1.

    Raises:
        DataError: a vector of length 0.
    """
    length_NX = np.linalg.norm(feature_NX, axis=-1, keepdims=True)
    if not length_NX.all():
        raise DataError(
            f"found {(length_NX == 0).sum()} features of length 0, which have no cosine: "
            "use the Euclidean distance, or check the network that computed them"
        )
    return np.asarray(feature_NX / length_NX)
