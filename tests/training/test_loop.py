"""The training loop: learns, resumes bit for bit, handles signals, NaN and many processes."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from edgehuman.errors import CheckpointError, TrainingError, UsageError
from edgehuman.training import loggers
from edgehuman.training.loop import train_steps
from edgehuman.training.optimiser import make_optimiser
from edgehuman.training.processes import Place
from tests.leaving import run
from tests.training.toy import Line, line_config, line_job
from tests.two_processes import ROOT, torchrun

TOY = Path(__file__).parent / "toy.py"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_the_loss_falls_and_the_folder_is_complete(tmp_path: Path) -> None:
    progress = train_steps(line_job(), line_config(tmp_path / "run"))
    losses = [record["loss"] for record in progress.records if "loss" in record]
    assert losses[-1] < 0.5 * losses[0]
    names = {path.name for path in (tmp_path / "run").iterdir() if path.is_file()}
    assert names == {"model.safetensors", "config.toml", "state.pt", "metrics.jsonl"}
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [5, 10, 15, 20, 25, 30, 35, 40]


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_resuming_repeats_the_uninterrupted_run_bit_for_bit(tmp_path: Path, ema: float) -> None:
    train_steps(line_job(), line_config(tmp_path / "whole", ema=ema))
    job = line_job()
    stop = job.batch

    def batch_then_signal(step, place):  # type: ignore[no-untyped-def]
        if step == 16:
            os.kill(os.getpid(), signal.SIGTERM)
        return stop(step, place)

    parted = line_config(tmp_path / "parted", ema=ema)
    interrupted = type(job)(job.model, batch_then_signal, job.product, job.card)
    assert train_steps(interrupted, parted).step == 17
    resumed = train_steps(line_job(), line_config(tmp_path / "parted", ema=ema, resume=True))
    assert resumed.step == 40
    whole, again = weights(tmp_path / "whole"), weights(tmp_path / "parted")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_ten_nan_steps_end_the_run_and_keep_the_last_good_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"step 24: no finite loss in 10 consecutive steps.*Lower --lr"
    ):
        train_steps(line_job(poison_from=15), line_config(tmp_path))
    kept = weights(tmp_path)
    assert all(tensor.isfinite().all() for tensor in kept.values())


@pytest.mark.parametrize("ema", [0.0, 0.5])
def test_weights_of_nan_do_not_replace_good_ones(tmp_path: Path, ema: float) -> None:
    job = line_job()

    def spoil(step: int) -> None:
        if step == 14:
            with torch.no_grad():
                job.model.get_parameter("map.bias").fill_(float("nan"))

    config = line_config(tmp_path, steps=15, ema=ema)
    with pytest.raises(TrainingError, match=r"step 15: the weights hold NaN.*\(map.bias: 1 of 1\)"):
        train_steps(dataclasses.replace(job, after_step=spoil), config)
    assert all(tensor.isfinite().all() for tensor in weights(tmp_path).values())
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 10


def test_a_score_of_nan_selects_nothing(tmp_path: Path) -> None:
    scores = iter([0.5, float("nan")])
    job = line_job(evaluate=lambda product: {"score": next(scores)}, select_by="score")
    with pytest.raises(TrainingError, match=r"step 20: score is nan; .* keeps the last good"):
        train_steps(job, line_config(tmp_path))
    assert torch.load(tmp_path / "state.pt", weights_only=True)["best"]["score"] == 0.5


def test_a_test_loss_of_nan_fails_and_a_score_of_nothing_does_not(tmp_path: Path) -> None:
    job = line_job(evaluate=lambda product: {"valid_loss": float("nan")})
    with pytest.raises(TrainingError, match="step 10: valid_loss is nan"):
        train_steps(job, line_config(tmp_path / "loss"))
    job = line_job(evaluate=lambda product: {"auroc": float("nan")})
    assert train_steps(job, line_config(tmp_path / "score")).step == 40
    lines = (tmp_path / "score" / "metrics.jsonl").read_text()
    assert '"auroc": null' in lines
    assert "NaN" not in lines


def test_two_trainings_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    config = line_config(tmp_path / "run")
    job = line_job()
    refused: list[str] = []

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        if step in (1, 15):  # before the first checkpoint and after it
            with pytest.raises(UsageError) as error:
                train_steps(line_job(), dataclasses.replace(config, resume=step > 1))
            refused.append(str(error.value))
        return job.batch(step, place)

    train_steps(dataclasses.replace(job, batch=batch), config)
    assert len(refused) == 2
    assert all(f"process id {os.getpid()} is training there" in said for said in refused)
    assert not list((tmp_path / "run").glob(".*"))


def test_what_a_killed_training_left_is_swept_and_its_lock_does_not_block(tmp_path: Path) -> None:
    names = [f".{name}.1-0a0b0c0d-0.partial" for name in ("state.pt", "model.safetensors")]
    for name in (*names, ".config.toml.1-0a0b0c0d-1.before", ".state.pt.lock"):
        (tmp_path / name).write_text("of a killed one")
    train_steps(line_job(), line_config(tmp_path, steps=2))
    assert not list(tmp_path.glob(".*"))


def test_the_best_checkpoint_is_kept(tmp_path: Path) -> None:
    scores = iter([0.1, 0.9, 0.3, 0.2])
    job = line_job(evaluate=lambda product: {"score": next(scores)}, select_by="score")
    progress = train_steps(job, line_config(tmp_path))
    assert progress.best is not None
    assert progress.best["step"] == 20
    assert torch.equal(weights(tmp_path)["map.weight"], progress.best["weights"]["map.weight"])
    assert not torch.equal(weights(tmp_path)["map.weight"], job.product.state_dict()["map.weight"])


def test_the_bar_shows_every_loss_and_not_the_rate() -> None:
    numbers = {"loss": 1.25, "csm": 0.5, "lr": 1e-3, "grad_norm": 2.0}
    assert loggers.shown(numbers) == {"loss": "1.2500", "csm": "0.5000"}


def test_after_step_is_called_when_weights_changed(tmp_path: Path) -> None:
    done: list[int] = []
    job = line_job(poison_from=3, after_step=done.append)
    with pytest.raises(TrainingError):
        train_steps(job, line_config(tmp_path, steps=20))
    assert done == [0, 1, 2]


def test_weight_decay_spares_biases() -> None:
    groups = make_optimiser(Line(), line_config(Path("unused"))).param_groups
    decay = {len(group["params"][0].shape): group["weight_decay"] for group in groups}
    assert decay == {2: 0.05, 1: 0.0}


def test_weight_decay_has_a_factor_by_name() -> None:
    factors = {"map.weight": 4.0}
    groups = make_optimiser(
        Line(),
        line_config(Path("unused")),
        lr_scale=lambda name: 1 / factors.get(name, 1.0),
        decay_scale=lambda name: factors.get(name, 1.0),
    ).param_groups
    decay = {group["lr_scale"]: group["weight_decay"] for group in groups}
    assert decay == {0.25: 4 * 0.05, 1.0: 0.0}


def test_metrics_are_printed_also_before_the_first_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = iter([0.5, 0.25])
    job = line_job(evaluate=lambda product: {"score": next(scores)}, evaluate_at_start=True)
    progress = train_steps(job, line_config(tmp_path, steps=3))
    measured = [(r["step"], r["score"]) for r in progress.records if "score" in r]
    assert measured == [(0, 0.5), (3, 0.25)]
    said = capsys.readouterr().err
    assert "step 0: score 0.5000" in said
    assert "step 3: score 0.2500" in said


def test_resuming_from_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="remove --resume to start again"):
        train_steps(line_job(), line_config(tmp_path / "none", resume=True))


def test_a_new_run_does_not_overwrite_a_checkpoint(tmp_path: Path) -> None:
    train_steps(line_job(), line_config(tmp_path, steps=2))
    before = (tmp_path / "model.safetensors").read_bytes()
    with pytest.raises(UsageError, match="continue from it with --resume, or choose another --out"):
        train_steps(line_job(), line_config(tmp_path, steps=3))
    (tmp_path / "state.pt").unlink()
    with pytest.raises(UsageError, match=r"a checkpoint \(model.safetensors\)"):
        train_steps(line_job(), line_config(tmp_path, steps=3))
    assert (tmp_path / "model.safetensors").read_bytes() == before


def test_changed_settings_are_reported_on_resuming(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_steps(line_job(), line_config(tmp_path, steps=4))
    capsys.readouterr()
    train_steps(line_job(), line_config(tmp_path, steps=4, resume=True))
    said = f"{tmp_path}: all 4 steps are done, so nothing is trained; raise --steps to continue\n"
    assert said in capsys.readouterr().err
    train_steps(line_job(), line_config(tmp_path, steps=4, lr=0.1, resume=True))
    assert "to continue (no effect: --lr 0.05 -> 0.1)" in capsys.readouterr().err
    train_steps(line_job(), line_config(tmp_path, steps=6, lr=0.1, resume=True))
    said = capsys.readouterr().err
    assert "resuming at step 4 with changed settings: --steps 4 -> 6, --lr 0.05 -> 0.1\n" in said
    train_steps(line_job(), line_config(tmp_path, steps=8, lr=0.1, resume=True))
    assert "with changed settings: --steps 6 -> 8\n" in capsys.readouterr().err


def test_resuming_another_network_is_an_error(tmp_path: Path) -> None:
    train_steps(line_job(), line_config(tmp_path, steps=2))
    other = line_job()
    other.model.map = torch.nn.Linear(1, 3)
    with pytest.raises(CheckpointError, match=r"map.weight is \(1, 1\), not \(3, 1\)"):
        train_steps(other, line_config(tmp_path, resume=True))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its trainings")
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint_to_go_on_from() -> None:
    words = [sys.executable, "-m", "tests.kills", "checkpoints", "4"]
    done = run(words, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.long
def test_torchrun_trains_with_two_processes(tmp_path: Path) -> None:
    torchrun("-m", "tests.training.toy", str(tmp_path), "12")
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 12


def test_the_first_loss_is_shown_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = line_job()
    stop = job.batch

    def stopped(step: int, place: Place) -> tuple[Tensor, ...]:
        if step == 1:
            shown.append(capsys.readouterr().err)
        return stop(step, place)

    shown: list[str] = []
    train_steps(dataclasses.replace(job, batch=stopped), line_config(tmp_path, steps=3))
    assert "1/3" in shown[0]
    assert "loss=" in shown[0]
