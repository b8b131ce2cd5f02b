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
from edgehuman.records import Float32, Index, WindowSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgehuman.distill.targets.targets import Targets
    from edgehuman.distill.teachers.teachers import Teacher
    from edgehuman.distill.teachers.trained import NetworkTeacher

TEACHER, STUDENT = "imuconv_4m", "imuconv_288k"
WINDOWS, FORWARD, BATCH = 2048, 256, 128
LABELS = tuple("abcdef")
AUGMENTED = {"rotation_deg": 20.0, "scale": 0.1, "jitter": 0.02, "time_warp": 0.1}


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
                _keep(Path(fresh) / "targets", teacher, WINDOWS)

        seconds = in_turns({"answers": answers, "kept": kept}, rounds, time.perf_counter)
    return seconds["answers"] / seconds["kept"]


def asked_of_a_second_student() -> float:
    """Windows that a second student asks of the teacher, besides the thousandth that opening the
    kept answers checks.
    """
    require_torch()
    with tempfile.TemporaryDirectory() as folder:
        counted = Counted(_teacher(Path(folder) / "teacher"))
        _keep(Path(folder) / "targets", counted, WINDOWS)
        counted.asked = 0
        targets = _keep(Path(folder) / "targets", counted, WINDOWS)
        for index_B in np.arange(WINDOWS).reshape(-1, FORWARD):
            targets.rows(index_B, 0)
    from edgehuman.distill.targets.cache import CHECKED

    return float(counted.asked - max(1, round(WINDOWS / CHECKED)))


def waiting_over_step(rounds: int = 3) -> float:
    """Share of a student's step that goes by until its batch is there: one pass over the windows,
    with the drawing of a whole view, and the teacher's kept answers.
    """
    require_torch()
    import torch

    from edgehuman.distill.objectives.weighted import build_objectives
    from edgehuman.distill.views import Views
    from edgehuman.tasks.imu.activity import prepare
    from edgehuman.tasks.imu.settings import ActivityConfig

    torch.set_num_threads(1)
    shapes = {"logits": (len(LABELS),)}
    objectives = build_objectives(["kd"], shapes, shapes, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        asked: dict[str, Any] = {"arch": STUDENT, "select_share": 0.0, **AUGMENTED}
        training = prepare(ActivityConfig(out=Path(folder) / "s", **asked), _labelled()).training
        assert training.samples is not None
        learner: Any = training.learner(training.network)
        views = Views(training.samples, learner, rounds + 1, 0)
        targets = _keep(Path(folder) / "targets", _teacher(Path(folder) / "teacher"), len(views))
        network = training.network.train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)
        batches: list[tuple[Any, Any]] = []
        passes = iter(range(rounds + 1))

        def read() -> None:
            view = next(passes)
            order = np.random.default_rng(view).permutation(len(views))
            batches.clear()
            for index_B in np.array_split(order, max(1, len(views) // BATCH)):
                said_BK = torch.from_numpy(targets.rows(index_B, 0)["logits"])
                batches.append((views.batch(index_B, view)[0], said_BK))

        def learn() -> None:
            for imu_BTC, said_BK in batches:
                optimiser.zero_grad(set_to_none=True)
                found = objectives({"logits": network(imu_BTC)}, {"logits": said_BK})
                torch.autograd.backward(found["distil"])
                optimiser.step()

        seconds = in_turns({"read": read, "learn": learn}, rounds, time.process_time)
    return seconds["read"] / (seconds["read"] + seconds["learn"])


def _labelled() -> WindowSet:
    """Windows of eight people, two of whom are test people."""
    number_N = np.arange(WINDOWS)
    person_N = np.array([f"p{number % 8}" for number in number_N])
    is_test_N = np.isin(person_N, ["p6", "p7"])
    return WindowSet(
        _windows(), number_N // 8 % len(LABELS), person_N, is_test_N, LABELS, ("made",)
    )


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

    network = build(TEACHER, num_classes=len(LABELS))
    card = Card(TEACHER, "activity", TEACHER, 0, 0, IMU_INPUT, OutputSpec("classes", LABELS))
    save_weights(folder, network.state_dict(), card)
    return NetworkTeacher(str(folder), Running())


def _keep(folder: Path, teacher: Teacher | Counted, count: int) -> Targets:
    from edgehuman.distill.targets.cache import keep_targets

    imu_NTC = _windows()

    def records(index_B: Index, view: int) -> Float32:
        return imu_NTC[index_B]

    names = [f"window {number}" for number in range(count)]
    given: Any = teacher
    return keep_targets(folder, given, names, 1, records, "none", kinds=("logits",), batch=FORWARD)
