"""Time of a query in words among many photos, measured in a new process on one core.

    python -m edgehuman.bench.text_search --photos 100000 --dim 320

From the sentence to the nearest photos: its tokens, the text encoder on onnxruntime, and the
ranking. The encoder has the default size and random weights, and a vocabulary of bytes alone, so
that a sentence has more tokens than one of a trained vocabulary.
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
import os, sys, time
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[0]])
import tempfile
from pathlib import Path
import numpy as np
import torch
from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.outcome import to_json
from edgehuman.export.graph.trace import to_onnx
from edgehuman.nets.image.sentences import TextEncoder, text_card
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.open import open_engine
from edgehuman.runtime.image.search.ranking import nearest
from edgehuman.runtime.image.sentences import Sentences
photos, dim, queries = map(int, sys.argv[1:4])
torch.manual_seed(0)
text = TextEncoder((), dim, 384, 6).eval()
card = Card("timed", "text-reid", "vit_tiny", 0, 0, image_input(), OutputSpec("embedding", dim=dim))
model = to_onnx(text, text_card(card, text))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "timed.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    sentences = Sentences(open_engine(path))
vector_PD = np.random.default_rng(0).standard_normal((photos, dim), np.float32)
vector_PD /= np.linalg.norm(vector_PD, axis=1, keepdims=True)
query = "woman in a red coat"
tokens = len(sentences.bpe.ids(query))
query_D = sentences.vectors([query])[0]
vector_PD[photos // 2] = query_D
times_ms, core_ms, right = [], [], True
for _ in range(queries):
    begin_s, core_s = time.perf_counter(), time.thread_time()
    index_K, _ = nearest(vector_PD, sentences.vectors([query])[0], 20)
    times_ms.append((time.perf_counter() - begin_s) * 1e3)
    core_ms.append((time.thread_time() - core_s) * 1e3)
    right &= int(index_K[0]) == photos // 2
print(to_json({"p50_ms": np.median(times_ms), "core_p50_ms": np.median(core_ms),
                  "p99_ms": np.percentile(times_ms, 99), "tokens": tokens, "right": right}))
"""


@dataclass(frozen=True, slots=True)
class TextSearchConfig:
    """Time queries in words among many photos."""

    photos: int = 100_000
    """Vectors to rank."""
    dim: int = 320
    """Numbers in a vector; 320 of tinyvit_5m."""
    queries: int = 100
    """Number of queries."""

    def __post_init__(self) -> None:
        counted = ("photos", "dim", "queries")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


def text_search(config: TextSearchConfig) -> dict[str, float]:
    """Milliseconds of a query, by the clock and of the core's own time.

    Raises:
        FailedRun: the process failed, or the photo of the query's own vector was not first.
    """
    words = (config.photos, config.dim, config.queries)
    line = code_line(_CODE, *map(str, words))
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedRun((done.stderr.strip().splitlines() or ["killed"])[-1])
    found = json.loads(done.stdout)
    if not found.pop("right"):
        raise FailedRun("the photo of the query's own vector was not the first")
    return {name: float(value) for name, value in found.items()}


def measure(config: TextSearchConfig) -> Outcome:
    """One row: the times."""
    found = text_search(config)
    text = (
        f"{config.photos:,} photos of {config.dim} numbers, a sentence of {found['tokens']:.0f} "
        f"tokens: p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms "
        f"({found['core_p50_ms']:.1f} ms of the core's own time)"
    )
    return Outcome(found, text)


if __name__ == "__main__":
    sys.exit(main(TextSearchConfig, measure))
