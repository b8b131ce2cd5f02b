"""The file to submit to GREW's server, which alone can score its official probes.

    edgehuman evaluate gait.onnx --data GREW-poses --submission grew.csv

GREW does not publish who walks in its official probes (test/probe). They are searched for in a
gallery of both walks of every test person, as the dataset's authors ask. A walk with a pause may be
read in parts; the mean vector of a probe's parts stands for it.

Axes: N walks, K of them with a vector, Q probes, G walks of the gallery, X the shape of a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgehuman.data.gait.walks import WalkSet, in_test
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_usable_file
from edgehuman.metrics.gait.submission import SUBMITTED, write_grew_submission
from edgehuman.metrics.gait.vectors import mean_vector
from edgehuman.metrics.retrieval import Distance
from edgehuman.progress import tell
from edgehuman.records import Bool, Float32, Index
from edgehuman.runtime.model import Model

DATASET = "grew"
Embed = Callable[[WalkSet], tuple[Float32, Index]]
"""Walks -> the vectors (K, ...) of those that are long enough, and their indices (K,)."""
_PERSON, _PROBE = "grew:", "grew:probe-"


def require_submittable(walks: WalkSet, path: Path) -> None:
    """Before anything is judged: whether there is something to submit, and a place to write it.

    Raises:
        UsageError, DataError: see `official_probes`; too few walks in the gallery; a path that
            cannot be written to.
    """
    official_probes(walks)
    if (held := int(in_test(walks).sum())) < SUBMITTED:
        raise DataError(
            f"found {held} walks of the test's people; --submission lists {SUBMITTED} for each "
            "probe: give all of GREW's test/gallery"
        )
    require_usable_file(path, "--submission")


def official_probes(walks: WalkSet) -> Bool:
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


def submit(walks: WalkSet, path: Path, embed: Embed, model: Model) -> dict[str, Any]:
    """Write the file; return its path and counts.

    Videos too short for a vector are left out, with a note on stderr.

    Args:
        embed: walks -> the vectors of those that are long enough.

    Raises:
        UsageError, DataError: see `official_probes` and `write_grew_submission`.
    """
    is_probe_N = official_probes(walks)
    distance = cast(Distance, model.card.output.distance)
    probes, gallery = walks.subset(is_probe_N), walks.subset(in_test(walks))
    probe_KX, kept_K = embed(probes)
    gallery_GX, kept_G = embed(gallery)
    video_K = probes.person_N[kept_K]
    own = {video: probe_KX[video_K == video] for video in np.unique(video_K).tolist()}
    videos = [video.removeprefix(_PROBE) for video in own]
    mean_QX = np.stack([mean_vector(part_KX, distance) for part_KX in own.values()])
    people = [person.removeprefix(_PERSON) for person in gallery.person_N[kept_G].tolist()]
    write_grew_submission(path, videos, mean_QX, gallery_GX, people, distance)
    left_out = len(np.unique(probes.person_N)) - len(videos)
    if left_out:
        said = f"{left_out} official probes are shorter than a window, so {path} leaves them out"
        tell(f"edgehuman: {said}")
    return {
        "path": str(path), "videos": len(videos), "gallery": len(people), "left_out": left_out
    }  # fmt: skip
