"""A teacher of NumPy alone, and a process that keeps its answers: nothing here imports torch.

Called as a script with a folder, it keeps the targets of `SAMPLES` records in it; with
"nurse", it has a child do so for every line that it reads, and kills it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import IMU_INPUT, OutputSpec, TrainingData
from edgehuman.distill.targets import cache
from edgehuman.distill.targets.targets import Targets
from edgehuman.records import Float32, Index

SAMPLES, VIEWS = 150, 2
IDS = [f"walk{number}" for number in range(SAMPLES)]
LABELS = tuple("abcde")
Answer = dict[str, Float32]


class MadeTeacher:
    """Logits and an embedding by one random matrix; it counts what it is asked.

    Args:
        labels: of its logits, as many as these.
        change: applied to each answer.
        begun: called at the start of each forward.
    """

    def __init__(
        self,
        seed: int = 0,
        labels: tuple[str, ...] = LABELS,
        kind: Any = "classes",
        change: Callable[[Answer], Answer] = lambda answer: answer,
        begun: Callable[[], object] = lambda: None,
        name: str = "made",
    ) -> None:
        self.name, self.labels, self.digest = name, labels, f"digest of {seed}"
        self.card_data = (TrainingData(f"set {seed}", "training", "CC0", "", 1, 1),)
        self.input, self.output = IMU_INPUT, OutputSpec(kind, labels)
        self.params, self.precision = 10, "fp32"
        self.forwards, self.answered = 0, 0
        self._change, self._begun = change, begun
        draw = np.random.default_rng(seed)
        self._map_CK = draw.normal(size=(6, len(labels))).astype(np.float32)
        self._map_CD = draw.normal(size=(6, 8)).astype(np.float32)

    def answer(self, record_N: NDArray[Any]) -> Answer:
        """Logits (N, K) and embedding (N, 8) of windows (N, T, 6)."""
        self.forwards, self.answered = self.forwards + 1, self.answered + len(record_N)
        self._begun()
        mean_NC = np.asarray(record_N.mean(axis=1), np.float32)
        return self._change({"logits": mean_NC @ self._map_CK, "embedding": mean_NC @ self._map_CD})


def records(index_B: Index, view: int) -> Float32:
    """Windows (B, 4, 6), drawn by sample and view."""
    made = [np.random.default_rng([view, index]).normal(size=(4, 6)) for index in index_B.tolist()]
    return np.asarray(made, np.float32)


def keep(folder: Path, teacher: MadeTeacher, **changes: Any) -> Targets:
    """Keep the teacher's answers in small shards, or with some arguments changed."""
    given = {
        "sample_ids": IDS,
        "views": VIEWS,
        "records": records,
        "preprocessing": "as it is",
        "batch": 16,
    }
    return cache.keep_targets(folder, teacher, **{**given, **changes})


def nurse() -> None:
    """Read "folder forwards wait" by the line; for each, a child of this process keeps the targets
    and is killed `wait` seconds after it began so many forwards. How it ended is printed.
    """
    for line in sys.stdin:
        folder, forwards, wait = line.rsplit(maxsplit=2)
        heard, told = os.pipe()
        begun = MadeTeacher(begun=partial(os.write, told, b"."))
        child = get_context("fork").Process(target=keep, args=(Path(folder), begun))
        child.start()
        os.close(told)
        with os.fdopen(heard, "rb") as stream:
            stream.read(int(forwards))  # fewer, if it ends sooner
        time.sleep(float(wait))
        child.kill()
        child.join()
        print(child.exitcode, flush=True)


if __name__ == "__main__":
    cache.SHARD_ROWS = 32
    cache.CHECKED = 40
    if sys.argv[1:] == ["nurse"]:
        nurse()
    else:
        keep(Path(sys.argv[1]), MadeTeacher())
