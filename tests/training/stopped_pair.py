"""Trainings of two processes that a signal stops, at every kind of moment, for tests and loops.

python -m tests.training.stopped_pair 40        forty trainings, by turns and at random moments
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn

from edgehuman.training import checkpoint
from edgehuman.training.loop import train_steps
from tests.training.toy import line_config, line_job
from tests.two_processes import in_two_processes

STEPS = 4000
MOMENTS = ("joining", "agreeing", "evaluating", "saving", "any")


def stop_at(moment: str, rank: int, folder: str, after_s: float) -> None:
    """Train until one process gets SIGTERM; both must end at one step, before the last."""
    here = int(os.environ["RANK"])
    gets_it = here == rank
    sent: list[float] = []

    def send() -> None:
        if not sent:
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

    def evaluate(product: nn.Module) -> Mapping[str, float]:  # in process 0 alone
        if gets_it and moment == "evaluating":
            send()
        time.sleep(0.1)
        return {}

    def sending(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            done = call(*given, **named)
            send()
            return done

        return called

    def sending_later(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if not timers:
                timers.append(threading.Timer(after_s if moment == "any" else 0.05, send))
                timers[0].start()
            return call(*given, **named)

        return called

    timers: list[threading.Timer] = []
    if gets_it and (moment == "any" or (moment == "evaluating" and rank)):
        # Process 1 waits here while process 0 evaluates.
        distributed.all_reduce = sending_later(distributed.all_reduce)
    if gets_it and moment == "joining":
        distributed.init_process_group = sending(distributed.init_process_group)
    if gets_it and moment == "agreeing":
        distributed.all_reduce = sending(distributed.all_reduce)
    if gets_it and moment == "saving":
        checkpoint.save_state = sending(checkpoint.save_state)
    job = line_job(evaluate=evaluate, evaluate_at_start=moment == "evaluating")
    config = line_config(Path(folder), steps=STEPS, save_every=3 if moment == "saving" else STEPS)
    progress = train_steps(job, config)
    if gets_it:
        assert sent, "nothing was sent"
        assert time.monotonic() - sent[0] < 10, "it took too long"
    assert progress.stopped, f"process {here} did not stop"
    assert progress.step < STEPS
    (Path(folder) / f"step-{here}").write_text(str(progress.step))


def stop_pair(moment: str, rank: int, after_s: float = 0.0) -> None:
    """Raises AssertionError unless both processes end at one step, with its checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        in_two_processes(stop_at, moment, rank, folder, after_s)
        steps = {(Path(folder) / f"step-{each}").read_text() for each in (0, 1)}
        state = torch.load(Path(folder) / "state.pt", weights_only=True)
    assert steps == {str(state["step"])}


if __name__ == "__main__":
    chance = random.Random(0)
    count = int(sys.argv[1])
    for number in range(count):
        moment, rank = MOMENTS[number % len(MOMENTS)], (number // len(MOMENTS)) % 2
        if moment == "saving":
            rank = 0  # which alone saves
        stop_pair(moment, rank, chance.uniform(0.0, 3.0))
        print(f"{number + 1}/{count}: {moment}, process {rank}", flush=True)
