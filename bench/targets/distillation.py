"""What distillation costs: a teacher's kept answers, written and read.

- a teacher's answers to some windows beside the same answers computed and kept
- what a second student asks of a teacher whose answers are kept
- what a step waits for its batch

Axes: N windows, T time.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman.bench.targets.ratios import in_turns, require_torch
from edgehuman.records import Float32, Index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgehuman.distill.targets.targets import Targets
    from edgehuman.distill.teachers.teachers import Teacher
    from edgehuman.distill.teachers.trained import NetworkTeacher

TEACHER, STUDENT = "imuconv_4m", "imuconv_288k"
WINDOWS, FORWARD, BATCH, STEPS = 2048, 256, 128, 20


class Counted:
    """A teacher that counts the windows it is asked about."""

    def __init__(self, teacher: NetworkTeacher) -> None:
        self.asked = 0
        self._teacher = teacher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Ask the teacher."""
        self.asked += len(record_N)
        return self._teacher.answer(record_N)


def writing_over_answering(rounds: int = 3) -> float:
    """Speed of computing and keeping a teacher's answers, over that of computing them."""
    require_torch()
    import torch

    torch.set_num_threads(1)
    imu_NTC = _windows()
    with tempfile.TemporaryDirectory() as folder:
        teacher = _teacher(Path(folder) / "teacher")

        def answers() -> None:
            for start in range(0, WINDOWS, FORWARD):
                teacher.answer(imu_NTC[start : start + FORWARD])

        def kept() -> None:
            with tempfile.TemporaryDirectory(dir=folder) as fresh:
                _keep(Path(fresh) / "targets", teacher, imu_NTC)

        seconds = in_turns({"answers": answers, "kept": kept}, rounds, time.perf_counter)
    return seconds["answers"] / seconds["kept"]


def asked_of_a_second_student() -> float:
    """Windows that a second student asks of the teacher, besides the thousandth that opening the
    kept answers checks.
    """
    require_torch()
    imu_NTC = _windows()
    with tempfile.TemporaryDirectory() as folder:
        counted = Counted(_teacher(Path(folder) / "teacher"))
        _keep(Path(folder) / "targets", counted, imu_NTC)
        counted.asked = 0
        targets = _keep(Path(folder) / "targets", counted, imu_NTC)
        for index_B in np.arange(WINDOWS).reshape(-1, FORWARD):
            targets.rows(index_B, 0)
    from edgehuman.distill.targets.cache import CHECKED

    return float(counted.asked - max(1, round(WINDOWS / CHECKED)))


def waiting_over_step(rounds: int = 3) -> float:
    """Share of a step that goes by until its batch is there: views and kept answers."""
    require_torch()
    import torch

    from edgehuman.distill.objectives.weighted import build_objectives
    from edgehuman.nets.building import build

    torch.set_num_threads(1)
    imu_NTC = _windows()
    network = build(STUDENT, num_classes=6).train()
    shapes = {"logits": (6,)}
    objectives = build_objectives(["kd"], shapes, shapes, seed=0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)
    with tempfile.TemporaryDirectory() as folder:
        targets = _keep(Path(folder) / "targets", _teacher(Path(folder) / "teacher"), imu_NTC)
        draw = np.random.default_rng(0).integers(0, WINDOWS, (STEPS, BATCH))
        batches: list[tuple[Any, Any]] = []

        def read() -> None:
            batches[:] = [
                (torch.from_numpy(imu_NTC[index_B]), torch.from_numpy(rows["logits"]))
                for index_B in draw
                for rows in [targets.rows(index_B, 0)]
            ]

        def learn() -> None:
            for imu_BTC, said_BK in batches:
                optimiser.zero_grad(set_to_none=True)
                found = objectives({"logits": network(imu_BTC)}, {"logits": said_BK})
                torch.autograd.backward(found["distil"])
                optimiser.step()

        seconds = in_turns({"read": read, "learn": learn}, rounds, time.process_time)
    return seconds["read"] / (seconds["read"] + seconds["learn"])


def _windows() -> Float32:
    draw = np.random.default_rng(0)
    return draw.normal(size=(WINDOWS, 128, 6)).astype(np.float32)


def _teacher(folder: Path) -> NetworkTeacher:
    """A network with random weights: its speed is that of a trained one."""
    from edgehuman.card import IMU_INPUT, Card, OutputSpec
    from edgehuman.distill.teachers.teachers import Running
    from edgehuman.distill.teachers.trained import NetworkTeacher
    from edgehuman.nets.building import build
    from edgehuman.training.checkpoint import save_weights

    labels = tuple("abcdef")
    network = build(TEACHER, num_classes=len(labels))
    card = Card(TEACHER, "activity", TEACHER, 0, 0, IMU_INPUT, OutputSpec("classes", labels))
    save_weights(folder, network.state_dict(), card)
    return NetworkTeacher(str(folder), Running())


def _keep(folder: Path, teacher: Teacher | Counted, imu_NTC: Float32) -> Targets:
    from edgehuman.distill.targets.cache import keep_targets

    def records(index_B: Index, view: int) -> Float32:
        return imu_NTC[index_B]

    names = [f"window {number}" for number in range(len(imu_NTC))]
    given: Any = teacher
    return keep_targets(folder, given, names, 1, records, "none", kinds=("logits",), batch=FORWARD)
