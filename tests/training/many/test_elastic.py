"""A job that torchrun starts again goes on from its checkpoint; another job is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgehuman.errors import UsageError
from edgehuman.training.checkpoint import require_out
from edgehuman.training.loop import train_steps
from edgehuman.training.many import elastic
from tests import warm
from tests.training.many.killed import kill_often
from tests.training.toy import line_config, line_job


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process was started by torchrun --rdzv-id first."""
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "first")


def test_a_folder_of_the_same_job_is_resumed_without_being_asked(tmp_path: Path) -> None:
    train_steps(line_job(), line_config(tmp_path / "whole"))
    train_steps(line_job(), line_config(tmp_path / "parted", steps=40, save_every=10))
    state = torch.load(tmp_path / "parted" / "state.pt", weights_only=True)
    # As if it had been killed after its checkpoint of step 40, with more steps to go.
    assert state["step"] == 40
    resumed = train_steps(line_job(), line_config(tmp_path / "parted", steps=60))
    assert [row["step"] for row in resumed.records] == [*range(5, 65, 5)]


def test_a_job_that_was_killed_before_its_first_checkpoint_begins_again(tmp_path: Path) -> None:
    elastic.mark(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"half")
    assert not require_out(tmp_path, resume=False)
    assert train_steps(line_job(), line_config(tmp_path)).step == 40


@pytest.mark.parametrize("job", ["second", "", "none"])
def test_another_jobs_folder_is_refused(
    job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_steps(line_job(), line_config(tmp_path))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", job)
    with pytest.raises(UsageError, match="already contains a checkpoint"):
        train_steps(line_job(), line_config(tmp_path))


def test_a_refused_folder_stays_refused_when_torchrun_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    train_steps(line_job(), line_config(tmp_path))
    assert not (tmp_path / elastic.MARK).exists()
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "first")
    for restarts in ("0", "1"):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", restarts)
        with pytest.raises(UsageError, match="already contains a checkpoint"):
            train_steps(line_job(), line_config(tmp_path))


def test_without_an_id_the_agent_is_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    elastic.mark(tmp_path)
    assert elastic.is_started_again(tmp_path)
    monkeypatch.setattr("os.getppid", lambda: 1)
    assert not elastic.is_started_again(tmp_path)


@pytest.mark.slow
@pytest.mark.long
def test_a_job_whose_processes_are_killed_ends_as_one_left_alone(tmp_path: Path) -> None:
    python = warm.program(tmp_path / "python")
    assert kill_often(tmp_path, 2, 0.02, python) == 2


@pytest.mark.slow
@pytest.mark.longest
def test_twenty_kills(tmp_path: Path) -> None:
    python = warm.program(tmp_path / "python")
    assert kill_often(tmp_path, 20, 0.02, python, seed=1) == 20
