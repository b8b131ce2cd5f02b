"""A job of two processes under torchrun, one of which is killed again and again.

python -m tests.training.many.killed 20        twenty kills at random moments
"""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from edgehuman.training.loop import train_steps
from edgehuman.training.processes import Place
from tests import leaving, warm
from tests.training.toy import line_config, line_job
from tests.two_processes import ROOT, in_two_processes

SAVE_EVERY = 20
_PATIENCE_S = 120.0


def train_slowly(out: str, steps: int, pids: str, pause_s: float) -> None:
    """Train, and say who this is when it can be killed."""
    if pids:
        part = Path(pids) / f"part-{os.getpid()}"
        part.write_text(str(os.getpid()))
        part.replace(Path(pids) / os.environ["RANK"])
    job = line_job()
    quick = job.batch

    def slow(step: int, place: Place) -> tuple[Tensor, ...]:
        time.sleep(pause_s)
        return quick(step, place)

    config = line_config(Path(out), steps=steps, save_every=SAVE_EVERY, log_every=SAVE_EVERY)
    train_steps(dataclasses.replace(job, batch=slow), config)


def kill_often(folder: Path, kills: int, pause_s: float, python: Path, seed: int = 0) -> int:
    """Run a job that ends in spite of so many kills; returns how many there were.

    Raises:
        AssertionError: it failed, or ended with other weights than a job without kills.
    """
    chance = random.Random(seed)
    steps = SAVE_EVERY * (5 + 4 * kills)
    pids = folder / "pids"
    pids.mkdir()
    words = [str(python), "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone",
             f"--max-restarts={kills}", "-m", "tests.training.many.killed",
             str(folder / "job"), str(steps), str(pids), str(pause_s)]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with (folder / "said").open("w") as said:
        agent = leaving.start(
            words, cwd=ROOT, stdout=said, stderr=said,
            env={**environment, "PYTHON_EXEC": str(python)},
        )  # fmt: skip
        done, killed = 0, set[int]()
        while agent.poll() is None and done < kills:
            victim = _one_of(pids, chance, killed)
            if victim is None:
                time.sleep(0.05)
                continue
            time.sleep(chance.uniform(0.0, 2.0))
            killed.update(_pids(pids))
            try:
                os.kill(victim, signal.SIGKILL)
                done += 1
            except ProcessLookupError:
                continue
        code = agent.wait(timeout=_PATIENCE_S)
    assert code == 0, (folder / "said").read_text()[-6000:]
    in_two_processes(train_slowly, str(folder / "whole"), steps, "", 0.0)
    job, whole = (load_file(folder / name / "model.safetensors") for name in ("job", "whole"))
    assert all(torch.equal(job[name], whole[name]) for name in whole), "other weights"
    lines = [(folder / name / "metrics.jsonl").read_text().count("\n") for name in ("job", "whole")]
    assert lines[0] == lines[1], f"{lines[0]} lines of metrics, not {lines[1]}"
    return done


def _pids(folder: Path) -> list[int]:
    return [int((folder / name).read_text()) for name in ("0", "1") if (folder / name).is_file()]


def _one_of(folder: Path, chance: random.Random, killed: set[int]) -> int | None:
    """One of the two processes of the present start, when both have begun."""
    found = [pid for pid in _pids(folder) if pid not in killed]
    return chance.choice(found) if len(found) == 2 else None


if __name__ == "__main__":
    if len(sys.argv) > 2:
        train_slowly(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            python = warm.program(Path(folder) / "python")
            begin_s = time.monotonic()
            count = kill_often(Path(folder), int(sys.argv[1]), 0.02, python)
        print(f"{count} kills, the same weights, {time.monotonic() - begin_s:.0f} s")
