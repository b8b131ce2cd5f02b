"""Time and memory of an identification among many people, each measured in a new process on one
core.

    python -m edgehuman.bench.gallery_search --people 100000 --walks 4 --dim 256
    python -m edgehuman.bench.gallery_search --people 1000000 --walks 1 --busy 1

The gallery is a file, encrypted by one process and read by another, as on a device. Every probe is
a walk of a person with noise; its answer and the three people behind it have to be those of scoring
every walk. With --busy, programs on the other cores copy memory all the while.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.entry import main
from edgehuman.config import require
from edgehuman.install import code_line
from edgehuman.outcome import Outcome

_ONE_CORE = """
import json, os, sys, time
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[0]])
from pathlib import Path
import numpy as np
from edgehuman.bench.latency import peak_mb, resident_mb
folder = Path(sys.argv[1])
path, secret, probes = folder / "known.gallery", folder / "known.key", folder / "probes.npz"
"""
_WRITE = """
from edgehuman.runtime.gallery import Gallery, write_gallery
from edgehuman.runtime.gallery.key import GalleryKeyConfig, key
people, walks, dim, queries = map(int, sys.argv[2:6])
distance, alike, sealed = sys.argv[6], float(sys.argv[7]), sys.argv[8] == "True"
rng = np.random.default_rng(0)
common_D = (alike * rng.standard_normal(dim)).astype(np.float32)
vector_GD = np.empty((people * walks, dim), np.float32)
chosen_Q, probe_QD = rng.integers(0, people, queries), np.empty((queries, dim), np.float32)
for start in range(0, people, 4096):
    centre_PD = rng.standard_normal((min(4096, people - start), dim), np.float32) + common_D
    noise_GD = 0.5 * rng.standard_normal((len(centre_PD) * walks, dim), np.float32)
    rows = slice(start * walks, (start + len(centre_PD)) * walks)
    vector_GD[rows] = np.repeat(centre_PD, walks, axis=0) + noise_GD
    here_Q = np.flatnonzero((chosen_Q >= start) & (chosen_Q < start + len(centre_PD)))
    probe_QD[here_Q] = centre_PD[chosen_Q[here_Q] - start]
probe_QD += 0.5 * rng.standard_normal(probe_QD.shape, np.float32)
np.savez(probes, probe_QD=probe_QD, chosen_Q=chosen_Q)
person_G = tuple(f"P{g // walks}" for g in range(people * walks))
walk_G = tuple(f"w{g}" for g in range(people * walks))
made = Gallery("0" * 64, "m", distance, vector_GD, person_G, walk_G)
begin_s = time.perf_counter()
if sealed:
    key(GalleryKeyConfig(out=secret))
write_gallery(path, made, secret if sealed else None)
print(json.dumps({"write_s": time.perf_counter() - begin_s}))
"""
_READ = """
from edgehuman.runtime.gallery import read_gallery
with np.load(probes) as found:
    probe_QD, chosen_Q = found["probe_QD"], found["chosen_Q"]
before_mb, begin_s = resident_mb(), time.perf_counter()
gallery = read_gallery(path, secret if secret.exists() else None)
read_s, begin_s = time.perf_counter() - begin_s, time.perf_counter()
read_mb = resident_mb() - before_mb
gallery.prepare()
prepare_s = time.perf_counter() - begin_s
gallery.identify(probe_QD[0], 0.5)
held_mb = resident_mb() - before_mb
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
named = float(np.mean([shown[0][0] == f"P{p}" for shown, p in zip(found, chosen_Q)]))
p50, p99 = np.percentile(times_ms, [50, 99])
core_p50, core_p99 = np.percentile(core_ms, [50, 99])
print(json.dumps({"p50_ms": p50, "p99_ms": p99, "core_p50_ms": core_p50, "core_p99_ms": core_p99,
                  "named": named, "read_s": read_s, "prepare_s": prepare_s,
                  "file_mb": path.stat().st_size / 1e6,
                  "vectors_mb": gallery.vector_GD.nbytes / 1e6,
                  "read_mb": read_mb, "held_mb": held_mb, "peak_mb": peak, "right": right}))
"""
_BUSY = """
import os, sys
import numpy as np
if hasattr(os, "sched_setaffinity"):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
one, other = np.ones(1 << 23), np.ones(1 << 23)
print(flush=True)
while os.getppid() == int(sys.argv[1]):
    np.copyto(one, other)
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
    busy: int = 0
    """Programs beside it that copy memory all the while, on the other cores."""

    def __post_init__(self) -> None:
        require(self, [(self.busy >= 0, "busy", "at least 0")])
        counted = ("people", "walks", "dim", "queries")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


def gallery_search(config: GallerySearchConfig) -> dict[str, float]:
    """Milliseconds of an identification, and seconds and MB of what comes before.

    Raises:
        FailedRun: the process failed, or an answer was not that of scoring every walk.
    """
    words = [config.people, config.walks, config.dim, config.queries, config.distance]
    words += [config.alike, config.sealed]
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        found = _ran(_ONE_CORE + _WRITE, folder, *map(str, words))
        with _busy(config.busy):
            found |= _ran(_ONE_CORE + _READ, folder)
    if not found.pop("right"):
        raise FailedRun("an answer differs from that of scoring every walk")
    return {name: float(value) for name, value in found.items()}


def _ran(code: str, *words: str) -> dict[str, float]:
    """What a new process prints."""
    done = subprocess.run(code_line(code, *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedRun((done.stderr.strip().splitlines() or ["killed"])[-1])
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextlib.contextmanager
def _busy(count: int) -> Iterator[None]:
    """So many programs that copy memory, at work for the block."""
    line = code_line(_BUSY, str(os.getpid()))
    running: Sequence[subprocess.Popen[bytes]] = [
        subprocess.Popen(line, stdout=subprocess.PIPE) for _ in range(count)
    ]
    try:
        for each in running:
            assert each.stdout is not None
            each.stdout.readline()
        yield
    finally:
        for each in running:
            each.kill()
            each.communicate()


def measure(config: GallerySearchConfig) -> Outcome:
    """One row: the times, and what reading the gallery takes."""
    found = gallery_search(config)
    beside = f", {config.busy} busy programs beside it" if config.busy else ""
    text = (
        f"{config.people:,} people of {config.walks} walks, {config.dim} numbers, "
        f"{config.distance}{beside}: identify p50 {found['p50_ms']:.1f} ms, p99 "
        f"{found['p99_ms']:.1f} ms ({found['core_p50_ms']:.1f} and {found['core_p99_ms']:.1f} ms "
        f"of the core's own time); read in {found['read_s']:.1f} s and prepared in "
        f"{found['prepare_s']:.1f} s, {found['file_mb']:.0f} MB on the disk; vectors "
        f"{found['vectors_mb']:.0f} MB, the whole gallery {found['held_mb']:.0f} MB, peak "
        f"{found['peak_mb']:.0f} MB"
    )
    return Outcome(found, text)


if __name__ == "__main__":
    sys.exit(main(GallerySearchConfig, measure))
