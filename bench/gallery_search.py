"""Time of an identification among many people, measured in a new process on one core.

    python -m edgehuman.bench.gallery_search --people 100000 --walks 4 --dim 256

The gallery is a file, encrypted and read back, as on a device. Every probe is a walk of a person
with noise; its answer and the three people behind it have to be those of scoring every walk.
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
import json, os, sys, tempfile, time
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[0]])
from pathlib import Path
import numpy as np
from edgehuman.bench.latency import peak_mb
from edgehuman.runtime.gallery import Gallery, read_gallery, write_gallery
from edgehuman.runtime.gallery.key import GalleryKeyConfig, key
people, walks, dim, queries = map(int, sys.argv[1:5])
distance, alike, sealed = sys.argv[5], float(sys.argv[6]), sys.argv[7] == "True"
rng = np.random.default_rng(0)
centre_PD = rng.standard_normal((people, dim), np.float32) + alike * rng.standard_normal(dim)
vector_GD = np.repeat(centre_PD.astype(np.float32), walks, axis=0)
vector_GD += 0.5 * rng.standard_normal(vector_GD.shape, np.float32)
names = [f"P{p}" for p in range(people)]
person_G = tuple(names[g // walks] for g in range(people * walks))
walk_G = tuple(f"w{g}" for g in range(people * walks))
made = Gallery("0" * 64, "m", distance, vector_GD, person_G, walk_G)
with tempfile.TemporaryDirectory() as folder:
    path, secret = Path(folder) / "known.gallery", Path(folder) / "known.key"
    begin_s = time.perf_counter()
    if sealed:
        key(GalleryKeyConfig(out=secret))
    write_gallery(path, made, secret if sealed else None)
    write_s, begin_s = time.perf_counter() - begin_s, time.perf_counter()
    gallery = read_gallery(path, secret if sealed else None)
    read_s, size_mb = time.perf_counter() - begin_s, path.stat().st_size / 1e6
begin_s = time.perf_counter()
gallery.prepare()
prepare_s = time.perf_counter() - begin_s
chosen_Q = rng.integers(0, people, queries)
probe_QD = centre_PD[chosen_Q] + 0.5 * rng.standard_normal((queries, dim))
probe_QD = probe_QD.astype(np.float32)
gallery.identify(probe_QD[0], 0.5)
times_ms, core_ms, found = [], [], []
for probe_D in probe_QD:
    begin_s, core_s = time.perf_counter(), time.thread_time()
    one = gallery.identify(probe_D, 0.5)
    shown = [(one.nearest, one.score), *one.others[:3]]
    times_ms.append((time.perf_counter() - begin_s) * 1e3)
    core_ms.append((time.thread_time() - core_s) * 1e3)
    found.append(shown)
peak = peak_mb()
right = True
for probe_D, shown in list(zip(probe_QD, found))[:10]:
    turned = gallery.turned(probe_D)
    every = gallery._people.rank(gallery._scores(turned))
    wanted = every[:4]
    right &= [name for name, _ in shown] == [name for name, _ in wanted]
    right &= bool(np.allclose([s for _, s in shown], [s for _, s in wanted], rtol=0, atol=1e-12))
named = float(np.mean([shown[0][0] == names[p] for shown, p in zip(found, chosen_Q)]))
p50, p99 = np.percentile(times_ms, [50, 99])
busy = np.percentile(core_ms, 99)
print(json.dumps({"p50_ms": p50, "p99_ms": p99, "core_p99_ms": busy, "named": named,
                  "write_s": write_s, "read_s": read_s, "prepare_s": prepare_s,
                  "file_mb": size_mb, "peak_mb": peak, "right": right}))
"""


@dataclass(frozen=True, slots=True)
class GallerySearchConfig:
    """Time identifications in a large gallery."""

    people: int = 100_000
    """People in the gallery."""
    walks: int = 4
    """Walks of each."""
    dim: int = 256
    """Numbers in a vector."""
    queries: int = 200
    """Number of identifications."""
    distance: str = "cosine"
    """euclidean or cosine."""
    alike: float = 0.0
    """How much all vectors have in common, in units of how much people differ."""
    sealed: bool = True
    """Write and read the gallery encrypted."""

    def __post_init__(self) -> None:
        counted = ("people", "walks", "dim", "queries")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


def gallery_search(config: GallerySearchConfig) -> dict[str, float]:
    """Milliseconds of an identification, and seconds and MB of what comes before.

    Raises:
        FailedRun: the process failed, or an answer was not that of scoring every walk.
    """
    words = [config.people, config.walks, config.dim, config.queries, config.distance]
    words += [config.alike, config.sealed]
    line = code_line(_CODE, *map(str, words))
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedRun((done.stderr.strip().splitlines() or ["killed"])[-1])
    found = json.loads(done.stdout)
    if not found.pop("right"):
        raise FailedRun("an answer differs from that of scoring every walk")
    return {name: float(value) for name, value in found.items()}


def measure(config: GallerySearchConfig) -> Outcome:
    """One row: the times, and what reading the gallery takes."""
    found = gallery_search(config)
    text = (
        f"{config.people:,} people of {config.walks} walks, {config.dim} numbers, "
        f"{config.distance}: identify p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms "
        f"({found['core_p99_ms']:.1f} ms of the core's own time); "
        f"read in {found['read_s']:.1f} s and prepared in {found['prepare_s']:.1f} s, "
        f"{found['file_mb']:.0f} MB on the disk, peak {found['peak_mb']:.0f} MB"
    )
    return Outcome(found, text)


if __name__ == "__main__":
    sys.exit(main(GallerySearchConfig, measure))
