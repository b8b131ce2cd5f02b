"""Steps of a training: gradients in parts, what a NaN leaves, and resuming with other settings."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from edgehuman.errors import CheckpointError
from edgehuman.training.loop import train_steps
from edgehuman.training.processes import Place, open_place
from edgehuman.training.run import Run
from tests.training.toy import Line, line_config, line_job

TOY = Path(__file__).parent / "toy.py"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_accumulation_gives_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    jobs = [line_job(), line_job()]
    for job in jobs:
        assert isinstance(job.model, Line)
        job.model.drop.p = 0.0
    train_steps(jobs[0], line_config(tmp_path / "one"))
    train_steps(jobs[1], line_config(tmp_path / "four", accumulate=4))
    one, four = weights(tmp_path / "one"), weights(tmp_path / "four")
    torch.testing.assert_close(one, four, atol=1e-5, rtol=0)


def test_a_float16_scaler_survives_steps_of_nan(tmp_path: Path) -> None:
    config = line_config(tmp_path, threads=1)
    with open_place(config) as place:
        run = Run(line_job(poison_from=0), config, place)
        run.scaler = torch.amp.GradScaler("cpu", enabled=True)
        before = run.model.state_dict()["map.weight"].clone()
        scale = run.scaler.get_scale()
        assert [run.step() for _ in range(3)] == [None, None, None]
        assert torch.equal(run.model.state_dict()["map.weight"], before)
        assert run.scaler.get_scale() < scale


class Normed(nn.Module):
    """A network with means of batches, which a NaN in one batch would spoil for good."""

    def __init__(self) -> None:
        super().__init__()
        self.map, self.norm = nn.Linear(1, 1), nn.BatchNorm1d(1)

    def forward(self, x_N1: Tensor) -> dict[str, Tensor]:
        return {"loss": (self.norm(self.map(x_N1)) - x_N1).square().mean()}


def test_a_batch_of_nan_leaves_no_trace(tmp_path: Path) -> None:
    job = line_job()

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        (x_N1,) = job.batch(step, place)
        return (x_N1 * (float("nan") if step in (0, 3) else 1.0),)

    model = Normed()
    again = dataclasses.replace(job, model=model, product=model, batch=batch)
    train_steps(again, line_config(tmp_path, steps=8))
    assert all(tensor.isfinite().all() for tensor in weights(tmp_path).values())
    assert int(weights(tmp_path)["norm.num_batches_tracked"]) == 6


def test_a_resumed_run_uses_the_new_weight_decay(tmp_path: Path) -> None:
    train_steps(line_job(), line_config(tmp_path, steps=2))
    config = line_config(tmp_path, resume=True, weight_decay=0.5)
    with open_place(config) as place:
        run = Run(line_job(), config, place)
        run.resume(tmp_path / "state.pt")
    assert [group["weight_decay"] for group in run.optimiser.param_groups] == [0.5, 0.0]
    assert len(run.optimiser.state) == 2
    with pytest.raises(
        CheckpointError, match="use the same --weight-decay and --optimiser as before"
    ):
        train_steps(line_job(), line_config(tmp_path, resume=True, optimiser="adam"))
