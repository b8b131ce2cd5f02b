"""The file to submit to GREW's server, which alone can score its official probes.

    edgehuman evaluate gait.onnx --data GREW-poses --submission grew.csv

GREW does not publish who walks in its official probes (test/probe). They are searched for in a
gallery of both walks of every test person, as the dataset's authors ask. A walk with a pause is
read in parts; the mean vector of a probe's parts stands for it.

Axes: N walks, Q probes, G walks of the gallery, D dimensions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgehuman.data.skeleton.load import in_test
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.protocols import write_grew_submission
from edgehuman.metrics.gait.vectors import embed_walks, mean_vector
from edgehuman.metrics.retrieval import Distance
from edgehuman.records import Bool, Float32, Text
from edgehuman.runtime.model import Model

DATASET = "grew"
_PERSON, _PROBE = "grew:", "grew:probe-"


def official_probes(walks: SkeletonSet) -> Bool:
    """Which walks (N,) are official probes.

    Raises:
        UsageError: another dataset. DataError: no official probes in it, or no gallery.
    """
    if walks.name != DATASET:
        raise UsageError(
            f"--submission is for GREW's official probes; the data is {walks.name}, so leave it out"
        )
    is_probe_N: Bool = np.char.startswith(walks.person_N, _PROBE)
    if not (is_probe_N.any() and in_test(walks).any()):
        raise DataError(
            f"found {is_probe_N.sum()} official probes and {in_test(walks).sum()} walks of the "
            "test's people; --submission needs GREW's test/probe and test/gallery"
        )
    return is_probe_N


def submit(model: Model, walks: SkeletonSet, path: Path, batch: int = 32) -> dict[str, Any]:
    """Write the file; return its path and counts.

    Videos shorter than a window are left out, with a note on stderr.

    Raises:
        UsageError, DataError: see `official_probes` and `write_grew_submission`.
    """
    is_probe_N = official_probes(walks)
    distance = cast(Distance, model.card.output.distance)
    probe_QD, video_Q = _vectors(model, walks.subset(is_probe_N), distance, batch)
    gallery_GD, person_G = _vectors(model, walks.subset(in_test(walks)), distance, batch)
    own = {video: probe_QD[video_Q == video] for video in np.unique(video_Q).tolist()}
    videos = [video.removeprefix(_PROBE) for video in own]
    mean_QD = np.stack([mean_vector(part_KD, distance) for part_KD in own.values()])
    people = [person.removeprefix(_PERSON) for person in person_G.tolist()]
    write_grew_submission(path, videos, mean_QD, gallery_GD, people, distance)
    left_out = len(np.unique(walks.person_N[is_probe_N])) - len(videos)
    if left_out:
        said = f"{left_out} official probes are shorter than a window, so {path} leaves them out"
        print(f"edgehuman: {said}", file=sys.stderr)
    return {
        "path": str(path), "videos": len(videos), "gallery": len(people), "left_out": left_out
    }  # fmt: skip


def _vectors(
    model: Model, walks: SkeletonSet, distance: Distance, batch: int
) -> tuple[Float32, Text]:
    """Vectors of the walks that hold at least one window, and who walks."""
    sequences = (walks.sequence(i) for i in range(len(walks)))
    frames = model.card.input.shape[0]
    vector_ND, kept_N = embed_walks(sequences, model.logits, frames, distance, batch)
    return vector_ND, walks.person_N[kept_N]
