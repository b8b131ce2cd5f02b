"""Diffusion pretraining: conditions, loss, learning rates, training, resuming."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.errors import CheckpointError, TrainingError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import read_weights
from edgehuman.pretrain.diffusion import diffusion
from edgehuman.pretrain.diffusion.diffusion import Diffusion, make_model, pooled, train
from edgehuman.pretrain.diffusion.settings import DiffusionConfig
from edgehuman.pretrain.diffusion.taesd import encode_silhouettes, encoder
from edgehuman.pretrain.diffusion.walks import Pairs
from edgehuman.training.optimiser import make_optimiser
from edgehuman.training.processes import Place
from tests.pretrain.made_silhouettes import tiny_config, walkers

BACKBONES = ("gaitset", "gaitpart", "gaitgl", "smplgait", "gaitbase", "deepgaitv2")


def model_of(**changes: Any) -> Diffusion:
    return make_model(tiny_config(Path("unused"), **changes)).train()


def batch(count: int = 3) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    sils = (rng.random((2, count, 4, 64, 64)) > 0.5).astype(np.uint8) * 255
    return torch.from_numpy(sils[0]), torch.from_numpy(sils[1])


def test_conditions_are_pooled_over_parts() -> None:
    feature_NCP = torch.tensor([[[1.0, 2.0, 6.0], [0.0, 0.0, -3.0]]])
    assert pooled(feature_NCP, "mean").tolist() == [[3, -1]]
    assert pooled(feature_NCP, "max").tolist() == [[6, 0]]
    assert pooled(feature_NCP, "mean+max").tolist() == [[9, -1]]


def test_the_network_and_the_denoiser_learn_and_the_encoder_does_not() -> None:
    model = model_of(uncond=0.0)
    model(*batch())["loss"].backward()
    moved = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert {"network.see.weight", "denoiser.first.weight", "denoiser.predict.bias"} <= moved
    assert not any(name.startswith(("latent.", "network.head.")) for name in moved)


class Asked(torch.nn.Module):
    """A denoiser that keeps what it is asked, and answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[Tensor, ...]] = []

    def forward(self, noisy_NCTHW: Tensor, *given: Tensor) -> Tensor:
        self.given.append((noisy_NCTHW, *given))
        return torch.zeros_like(noisy_NCTHW)


def test_the_null_condition_is_used_at_its_share_and_all_steps_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = model_of(uncond=0.15)
    asked = Asked()
    model.denoiser = asked  # type: ignore[assignment]

    def encoded(network: torch.nn.Module, sils_NTHW: Tensor) -> Tensor:
        return torch.zeros(len(sils_NTHW), 4, 1, 1, 1)

    monkeypatch.setattr(diffusion, "encode_silhouettes", encoded)
    monkeypatch.setattr(model, "condition", lambda seen: torch.zeros(len(seen), 4))
    torch.manual_seed(0)
    few = torch.zeros(2000, 1, 1, 1, dtype=torch.uint8)
    model(few, few)
    time_N, _, dropped_N = (torch.cat(each) for each in list(zip(*asked.given, strict=True))[1:])
    assert dropped_N.float().mean().item() == pytest.approx(0.15, abs=0.025)
    assert time_N.min() >= 1
    assert time_N.max() <= 1000
    assert time_N.mean().item() == pytest.approx(500, abs=25)


def test_the_loss_is_the_weighted_error_of_the_noise() -> None:
    model = model_of(weighting="medium-noise")
    model.denoiser = Asked()  # type: ignore[assignment]
    torch.manual_seed(1)
    parts = model(*batch())
    torch.manual_seed(1)
    time_N = torch.randint(1, 1001, (3,))
    torch.rand(3)
    noise = torch.randn(3, 4, 4, 8, 8)
    error_N = noise.square().mean(dim=(1, 2, 3, 4))
    assert parts["error"].item() == pytest.approx(error_N.mean().item(), rel=1e-5)
    expected = (model.weight_S[time_N] * error_N).mean().item()
    assert parts["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_the_noisy_latent_keeps_its_share_of_the_signal() -> None:
    model = model_of()
    asked = Asked()
    model.denoiser = asked  # type: ignore[assignment]
    torch.manual_seed(1)
    target, seen = batch()
    model(target, seen)
    torch.manual_seed(1)
    share = model.share_S[torch.randint(1, 1001, (3,))].view(3, 1, 1, 1, 1)
    torch.rand(3)
    noise = torch.randn(3, 4, 4, 8, 8)
    clean = encode_silhouettes(model.latent, target.float() / 255)
    torch.testing.assert_close(asked.given[0][0], share.sqrt() * clean + (1 - share).sqrt() * noise)


def test_the_network_learns_five_times_as_fast_as_the_denoiser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, DiffusionConfig]] = []

    def train_steps(job: Any, config: DiffusionConfig) -> None:
        asked.append((job, config))
        raise InterruptedError

    monkeypatch.setattr(diffusion, "train_steps", train_steps)
    with pytest.raises(InterruptedError):
        train(tiny_config(tmp_path, steps=40_000), walkers())
    job, config = asked[0]
    assert config.warmup * config.steps == 2000
    optimiser = make_optimiser(job.model, config, job.lr_scale, job.decay_scale)
    groups = optimiser.param_groups
    rate = {id(p): group["lr_scale"] * config.lr for group in groups for p in group["params"]}
    rates = {
        (name.split(".")[0], rate.get(id(p)))
        for name, p in job.model.named_parameters()
        if name != "denoiser.frequency_K"
    }
    assert rates == {("network", 5e-4), ("denoiser", 1e-4), ("latent", None)}


def test_training_writes_network_card_numbers_and_curves(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    outcome = train(tiny_config(tmp_path, curves=True), walkers())
    assert outcome.exit_code == 0
    data: Any = outcome.data
    assert list(data["rank1_by_step"]) == [0, 2, 4]
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    exams = [line for line in lines if "rank1" in line]
    assert [line["step"] for line in exams] == [0, 2, 4]
    assert all({"rank5", "map", "positive", "negative"} <= set(line) for line in exams)
    weights, card = read_weights(tmp_path)
    assert set(weights) == set(make_model(tiny_config(tmp_path)).network.state_dict())
    assert (card.recipe, card.input.record) == ("diffusion", "SilhouetteSequence")
    names = ["rank1", "rank5", "map", "positive", "negative"]
    assert [metric.name for metric in card.metrics] == names
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert card.data[0].dataset == "made"
    rows = {"rank1": {"rank1": float("nan")}}
    with pytest.raises(TrainingError, match="rank1 is nan, so there is no result"):
        diffusion._keep_scores(tiny_config(tmp_path), rows)
    assert read_weights(tmp_path)[1] == card


def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    train(tiny_config(whole), walkers())
    batch_of = Pairs.batch

    def stopped(self: Pairs, count: int, step: int, seed: int, place: Place) -> tuple[Tensor, ...]:
        if step == 3:
            raise KeyboardInterrupt
        return batch_of(self, count, step, seed, place)

    monkeypatch.setattr(Pairs, "batch", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_config(parted), walkers())
    monkeypatch.setattr(Pairs, "batch", batch_of)
    train(tiny_config(parted, resume=True), walkers())
    weights = [read_weights(each)[0] for each in (whole, parted)]
    assert all(torch.equal(weights[0][name], tensor) for name, tensor in weights[1].items())
    states = [torch.load(each / "state.pt", weights_only=True)["model"] for each in (whole, parted)]
    assert all(torch.equal(states[0][name], tensor) for name, tensor in states[1].items())


def test_the_same_subsequence_gives_both_the_same_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    forward = Diffusion.forward

    def spied(self: Diffusion, target: Tensor, other: Tensor) -> dict[str, Tensor]:
        seen.append(torch.equal(target, other))
        return forward(self, target, other)

    monkeypatch.setattr(Diffusion, "forward", spied)
    for same in (True, False):
        config = tiny_config(tmp_path / str(same), same_subsequence=same, steps=1, exam_people=0)
        train(config, walkers())
    assert seen == [True, False]


def test_wrong_words_are_refused_before_any_data_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is pretrained by"):
        train(tiny_config(tmp_path, arch="gaitformer_1"), walkers())
    weights = encoder(4).state_dict()
    torch.save({**weights, "14.bias": torch.zeros(16)}, tmp_path / "sd3.pth")
    config = tiny_config(tmp_path / "out", latent_weights=str(tmp_path / "sd3.pth"))
    with pytest.raises(CheckpointError, match=r"14.bias is \(16,\), not \(4,\)"):
        train(config, walkers())


@pytest.mark.longest
@pytest.mark.parametrize("arch", BACKBONES)
def test_a_short_schedule_moves_all_weights_and_none_to_nan(arch: str, tmp_path: Path) -> None:
    config = tiny_config(
        tmp_path, arch=arch, steps=3, batch=2, save_every=3, exam_people=0, uncond=0.0
    )
    outcome = train(config, walkers())
    assert isinstance(outcome.data, dict)
    assert outcome.data["steps"] == 3
    weights = read_weights(tmp_path)[0]
    assert all(tensor.isfinite().all() for tensor in weights.values())
    begun = {
        name: parameter
        for name, parameter in build(arch, config.seed).named_parameters()
        if not name.startswith(("head", "classifier"))
    }
    still = [name for name, parameter in begun.items() if torch.equal(parameter, weights[name])]
    assert still == []
