"""The baseline of gait that needs no network: nearest neighbours of bone lengths in the image.

Axes: N walks, T frames, J joints, B bones.
"""

from __future__ import annotations

import numpy as np

from edgehuman.data.gait.score import judged_walks, vectors_of
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.geometry import LIMBS_18, OPENPOSE_18
from edgehuman.metrics.gait.protocols import PROTOCOLS, GaitScores, gait_scores, parts_of
from edgehuman.records import Bool, Float32, Float64

# Without eyes and ears, as not all datasets have them; the nose comes first.
_BODY = [limb for limb in LIMBS_18 if not limb[1].endswith(("_eye", "_ear"))]
_BONES = sorted(_BODY, key=lambda limb: limb[1] != "nose")


def bone_scores(walks: SkeletonSet, protocol: str, frames: int = 1) -> GaitScores:
    """Baseline for the same protocol: nearest neighbours of standardised bone lengths.

    Args:
        frames: walks shorter than this are left out, as for a network with such windows.

    Raises:
        DataError: as `score_walks`.
    """
    chosen = judged_walks(walks, protocol)
    chosen = chosen.subset(chosen.length_N >= frames)
    in_gallery_N, _ = parts_of(vectors_of(chosen, np.zeros((len(chosen), 1))), PROTOCOLS[protocol])
    vectors = vectors_of(chosen, bone_vectors(chosen, in_gallery_N))
    return gait_scores(vectors, PROTOCOLS[protocol], "euclidean")


def bone_vectors(walks: SkeletonSet, in_gallery_N: Bool) -> Float64:
    """Bone lengths (N, B) as standard scores of those of the gallery; one never seen: the mean."""
    length_NB = np.stack([bone_lengths(walks.sequence(i)) for i in range(len(walks))])
    mean_B = length_NB.sum(axis=0) / np.maximum((length_NB > 0).sum(axis=0), 1)
    length_NB = np.where(length_NB > 0, length_NB, mean_B)
    spread_B = length_NB[in_gallery_N].std(axis=0)
    return np.asarray((length_NB - mean_B) / np.where(spread_B > 0, spread_B, 1.0))


def bone_lengths(skeleton_TJ3: Float32) -> Float64:
    """Mean length (B,) of each bone in the image, as a share of their sum; 0 if never seen."""
    ends = [(OPENPOSE_18.index(a), OPENPOSE_18.index(b)) for a, b in _BONES]
    first_TB3 = skeleton_TJ3[:, [a for a, _ in ends]].astype(np.float64)
    second_TB3 = skeleton_TJ3[:, [b for _, b in ends]].astype(np.float64)
    seen_TB = (first_TB3[..., 2] > 0) & (second_TB3[..., 2] > 0)
    length_TB = np.linalg.norm(first_TB3[..., :2] - second_TB3[..., :2], axis=2) * seen_TB
    mean_B = length_TB.sum(axis=0) / np.maximum(seen_TB.sum(axis=0), 1)
    return np.asarray(mean_B / max(float(mean_B.sum()), 1e-12))
