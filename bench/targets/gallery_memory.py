"""Memory of a search in a gallery of a million embeddings, measured in a new process.

    python -m edgehuman.bench.targets.gallery_memory --gallery 1000000 --dim 256 --queries 64

It counts the peak resident memory of the whole process: Python, the float32 embeddings, and the
search for the nearest and for the first match of every query.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.entry import main
from edgehuman.config import require
from edgehuman.install import code_line
from edgehuman.outcome import Outcome

_CODE = """
import json, sys, time
import numpy as np
from edgehuman.bench.latency import peak_mb
from edgehuman.metrics.retrieval import Sightings, first_match_places, nearest
gallery, dim, queries, distance = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
rng = np.random.default_rng(0)
feature_GD = np.empty((gallery, dim), np.float32)
for start in range(0, gallery, 65536):
    part = feature_GD[start : start + 65536]
    part[:] = rng.standard_normal(part.shape, np.float32)
known = Sightings(feature_GD, np.arange(gallery))
chosen = rng.integers(0, gallery, queries)
noise_QD = 0.01 * rng.standard_normal((queries, dim), np.float32)
asked = Sightings(feature_GD[chosen] + noise_QD, chosen)
begin_s = time.perf_counter()
index_QK, _ = nearest(asked, known, 20, distance)
place_Q = first_match_places(asked, known, distance)
took_s = time.perf_counter() - begin_s
right = bool((index_QK[:, 0] == chosen).all() and (place_Q == 1).all())
print(json.dumps({"peak_mb": peak_mb(), "took_s": took_s, "right": right}))
"""


@dataclass(frozen=True, slots=True)
class GalleryMemoryConfig:
    """Measure the memory of a search in a large gallery."""

    gallery: int = 1_000_000
    """Embeddings in the gallery."""
    dim: int = 256
    """Numbers in an embedding."""
    queries: int = 64
    """Number of queries."""
    distance: str = "cosine"
    """euclidean or cosine."""

    def __post_init__(self) -> None:
        counted = ("gallery", "dim", "queries")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


def gallery_memory_mb(config: GalleryMemoryConfig) -> dict[str, float]:
    """Peak resident memory in MB and seconds of both searches.

    Raises:
        FailedRun: the process failed, or did not find what it was looking for.
    """
    words = [str(config.gallery), str(config.dim), str(config.queries), config.distance]
    done = subprocess.run(code_line(_CODE, *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedRun((done.stderr.strip().splitlines() or ["killed"])[-1])
    found = json.loads(done.stdout)
    if not found.pop("right"):
        raise FailedRun("the search did not find the embeddings of its queries")
    return {name: float(value) for name, value in found.items()}


def measure(config: GalleryMemoryConfig) -> Outcome:
    """One row: memory, and what the embeddings alone take."""
    found = gallery_memory_mb(config)
    own_mb = config.gallery * config.dim * 4 / 1e6
    data = {**found, "embeddings_mb": own_mb}
    text = (
        f"{config.gallery:,} embeddings of {config.dim} numbers ({own_mb:.0f} MB), "
        f"{config.queries} queries: peak {found['peak_mb']:.0f} MB, {found['took_s']:.1f} s"
    )
    return Outcome(data, text)


if __name__ == "__main__":
    sys.exit(main(GalleryMemoryConfig, measure))
