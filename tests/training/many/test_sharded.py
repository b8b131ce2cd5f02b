"""Weights that are shared out learn what whole ones learn, and resume; some settings cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.training.loop import train_steps
from edgehuman.training.many import pieces
from edgehuman.training.many.parallel import require_shardable
from edgehuman.training.optimiser import make_optimiser
from tests.training.many.shared_out import STEPS, config, job, train_until
from tests.two_processes import in_two_processes


@pytest.mark.parametrize(
    ("changes", "world", "said"),
    [
        ({}, 1, "needs several processes"),
        ({"ema": 0.9}, 2, "give --ema 0"),
        ({"autocast": "fp16"}, 2, "give --autocast bf16 or off"),
    ],
)
def test_what_cannot_be_shared_out(
    changes: dict[str, object], world: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        require_shardable(config(tmp_path, **changes), world)
    require_shardable(config(tmp_path, **changes, shard="off"), world)


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
@pytest.mark.slow
@pytest.mark.long
def test_two_processes_that_share_weights_learn_what_one_learns(tmp_path: Path) -> None:
    alone = train_steps(job(), config(tmp_path / "alone", shard="off"))
    with pytest.raises(AssertionError):  # both die at step 5
        in_two_processes(train_until, str(tmp_path / "run"), 5)
    assert [path.name for path in (tmp_path / "run").glob("pieces-*")] == ["pieces-000000004"]
    in_two_processes(resume, str(tmp_path / "run"))
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in lines if "loss" in row]
    assert losses == pytest.approx([row["loss"] for row in alone.records if "loss" in row], 1e-4)
    assert len(losses) == STEPS
    # The best weights, those of step 4, came through the pieces.
    first, second = (load_file(tmp_path / f"{name}/model.safetensors") for name in ("alone", "run"))
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)
    # One process reads what two wrote.
    trained = job()
    optimiser = make_optimiser(trained.model, config(tmp_path))
    found = pieces.load(tmp_path / "run", trained.model, optimiser, trained.product)
    assert (found["step"], found["best"]["step"]) == (STEPS, 4)
    whole = torch.load(tmp_path / "alone/state.pt", weights_only=True)
    for name, value in trained.model.state_dict().items():
        assert torch.allclose(value, whole["model"][name], atol=1e-5), name
    moments = [row["exp_avg"] for row in optimiser.state.values()]
    kept = [whole["optimiser"]["state"][n]["exp_avg"] for n in range(len(moments))]
    assert all(torch.allclose(*pair, atol=1e-5) for pair in zip(moments, kept, strict=True))
    with pytest.raises(CheckpointError, match="resume it under torchrun with --shard fsdp"):
        train_steps(job(), config(tmp_path / "run", shard="off", resume=True))


def resume(out: str) -> None:
    train_until(out, None, resume=True)
