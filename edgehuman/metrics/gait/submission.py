"""The submission file of GREW's server, from vectors.

Axes: Q probes, G gallery sequences, K ranks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.files import write_whole
from edgehuman.metrics.retrieval import Distance, Sightings, nearest

SUBMITTED = 20
"""Walks of the gallery that a submission lists for each probe."""


def write_grew_submission(
    path: Path,
    video_Q: Sequence[str],
    probe_QX: NDArray[np.floating],
    gallery_GX: NDArray[np.floating],
    person_G: Sequence[str],
    distance: Distance = "euclidean",
) -> None:
    """Write the submission file for GREW's server: the people of the 20 nearest walks per probe.

    A person may occur several times in a row, because the list is of sequences.

    Args:
        video_Q: the probes' video ids (GREW stores them instead of a view).
        probe_QX, gallery_GX: vectors.
        person_G: identity of each gallery walk.

    Raises:
        DataError: unequal lengths, or fewer than 20 walks in the gallery.
        UsageError: the file cannot be written.
    """
    if len(gallery_GX) < SUBMITTED:
        raise DataError(
            f"found {len(gallery_GX)} walks in the gallery; a submission needs {SUBMITTED} per "
            "probe: enrol more walks"
        )
    if len(video_Q) != len(probe_QX) or len(person_G) != len(gallery_GX):
        raise DataError(
            f"found {len(video_Q)} videos for {len(probe_QX)} probes and {len(person_G)} people "
            f"for {len(gallery_GX)} walks; give one of each"
        )
    probe = Sightings(probe_QX, np.zeros(len(probe_QX), np.int64))
    gallery = Sightings(gallery_GX, np.zeros(len(gallery_GX), np.int64))
    near_QK, _ = nearest(probe, gallery, SUBMITTED, distance)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["videoId", *(f"rank{k}" for k in range(1, SUBMITTED + 1))])
    for video, near_K in zip(video_Q, near_QK.tolist(), strict=True):
        rows.writerow([video, *(person_G[g] for g in near_K)])
    write_whole(path, text.getvalue().encode(), UsageError)
