"""A student is trained under the rounding of its INT8 file, with itself as teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgehuman.card import Card
from edgehuman.distill import finish
from edgehuman.distill.finish import trained_in_int8
from edgehuman.distill.imu.settings import DistilActivity
from edgehuman.distill.qat.quantised import prepare as prepare_int8
from edgehuman.distill.views import Views
from edgehuman.export.graph import learnt
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.nets.checkpoint import load_network
from edgehuman.tasks.imu.activity import prepare
from edgehuman.training.checkpoint import STATE
from edgehuman.training.run import Job, Progress
from tests.tasks.conftest import made_windows

STEPS = 12


def config(out: Path, **changes: Any) -> DistilActivity:
    fields: dict[str, Any] = {
        "teacher": ("nobody",), "student": "imuconv_288k", "batch": 24, "threads": 1,
        "select_share": 0.25, "precision": "int8", "qat_steps": STEPS, "qat_lr": 1e-3,
        "save_every": 4, "log_every": 1,
    }  # fmt: skip
    return DistilActivity(out=out, **{**fields, **changes})


def student_of(settings: DistilActivity, views: int = 1) -> tuple[nn.Module, Card, Views]:
    """The untrained student, its card and what it learns from."""
    training = prepare(settings, made_windows()).training
    assert training.samples is not None
    learner: Any = training.learner(training.network)
    return training.network, training.card, Views(training.samples, learner, views, 0)


@pytest.fixture(scope="module")
def rounded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder of a quantisation-aware training, and its student."""
    settings = config(tmp_path_factory.mktemp("student") / "s")
    student, card, views = student_of(settings, 2)
    folder = trained_in_int8(settings, student, card, views)
    assert folder == settings.out / "qat"
    return folder, student


def test_the_checkpoint_holds_what_the_export_takes(rounded: tuple[Path, Any]) -> None:
    folder, student = rounded
    network, card = load_network(folder)
    assert card.recipe.endswith(f"{STEPS} steps of quantisation-aware training")
    found = learnt.read(folder, weights_sha256(network))
    assert found is not None
    assert found.target == "cpu"
    assert card.gallery_space == weights_sha256(student) != weights_sha256(network)
    records = torch.from_numpy(made_windows().imu_NTC[:8])
    with torch.no_grad():
        near = network(records) - student(records)
    assert 0 < float(near.abs().max()) < 0.5 * float(student(records).detach().abs().max())


def test_what_tensorrt_rounds_is_learned_for_tensorrt(tmp_path: Path) -> None:
    settings = config(tmp_path / "s", qat_steps=1, qat_layout="tensorrt")
    folder = trained_in_int8(settings, *student_of(settings))
    assert folder is not None
    found = learnt.read(folder, weights_sha256(load_network(folder)[0]))
    assert found is not None
    assert found.target == "tensorrt"


def test_a_rounding_that_starts_badly_learns_to_follow_the_float_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def narrow(student: Any, card: Any, target: Any, records: Any) -> Any:
        return prepare_int8(student, card, target, records / 20)

    monkeypatch.setattr(finish, "prepare", narrow)
    settings = config(tmp_path / "s", qat_steps=20, qat_lr=5e-3)
    trained_in_int8(settings, *student_of(settings))
    lines = map(json.loads, (tmp_path / "s" / "qat" / "metrics.jsonl").read_text().splitlines())
    losses = [line["loss"] for line in lines]
    assert len(losses) == 20
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:2])


def test_a_stopped_training_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(job: Job, settings: Any) -> Progress:
        return Progress(step=1, stopped=True)

    monkeypatch.setattr(finish, "train_steps", stopped)
    settings = config(tmp_path / "s")
    assert trained_in_int8(settings, *student_of(settings)) is None
    assert not (tmp_path / "s" / "qat" / learnt.FILE).exists()


def test_another_student_starts_again_and_the_same_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []

    def stopped(job: Job, settings: Any) -> Progress:
        started.append(settings.resume)
        (settings.out / STATE).touch()
        return Progress(step=1, stopped=True)

    monkeypatch.setattr(finish, "train_steps", stopped)
    settings = config(tmp_path / "s")
    student, card, views = student_of(settings)
    trained_in_int8(settings, student, card, views)
    trained_in_int8(settings, student, card, views)
    with torch.no_grad():
        next(student.parameters()).add_(1.0)
    trained_in_int8(settings, student, card, views)
    assert started == [False, True, False]
