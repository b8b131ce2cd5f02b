"""Contrastive pretraining: losses by hand, invalid configs, training."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import Card, Decision, OutputSpec, TrainingData, skeleton_input
from edgehuman.cli import main
from edgehuman.config import read_toml
from edgehuman.errors import CheckpointError, DataError, TrainingError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network
from edgehuman.pretrain.contrastive import contrastive
from edgehuman.pretrain.contrastive.contrastive import Contrastive, koleo, nt_xent
from edgehuman.pretrain.contrastive.settings import ContrastiveConfig
from edgehuman.pretrain.contrastive.walks import Walks
from edgehuman.training.checkpoint import save_weights
from edgehuman.training.skeleton.augment import SkeletonAugment
from tests.pretrain.made_walks import gradient_of, save_gradient, tiny_config, train_tiny
from tests.two_processes import in_two_processes

ROOT = Path(__file__).parents[3]


def test_nt_xent_of_four_views_by_hand() -> None:
    east, north = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 3.0])
    # Both views of a sequence are the same direction, the two sequences are at right angles: the
    # other view has cosine 1, the two of the other sequence 0.
    loss = nt_xent(torch.stack([east, north, east, north]), temperature=0.5)
    assert loss.item() == pytest.approx(-math.log(math.e**2 / (math.e**2 + 2)), rel=1e-6)
    wrong = nt_xent(torch.stack([east, north, north, east]), temperature=0.5)
    assert wrong.item() == pytest.approx(-math.log(1 / (math.e**2 + 2)), rel=1e-6)


def test_koleo_is_minus_the_log_of_the_distance_to_the_nearest() -> None:
    # Directions at 0, 60 and 180 degrees: 1, 1 and the square root of 3 to the nearest.
    angle_N = torch.tensor([0.0, 60.0, 180.0]).deg2rad()
    embedding_N2 = torch.stack([angle_N.cos(), angle_N.sin()], dim=1) * 7
    assert koleo(embedding_N2).item() == pytest.approx(-math.log(math.sqrt(3)) / 3, abs=1e-5)


def test_koleo_of_equal_directions_has_a_finite_gradient() -> None:
    embedding_N2 = torch.ones(4, 2, requires_grad=True)
    koleo(embedding_N2).backward()  # type: ignore[no-untyped-call]
    assert embedding_N2.grad is not None
    assert embedding_N2.grad.isfinite().all()


def test_an_exam_that_is_not_finite_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = SimpleNamespace(input=SimpleNamespace(shape=(8, 17, 3)))
    monkeypatch.setattr(
        contrastive, "load_network", lambda *given, **named: (nn.Linear(1, 1), card)
    )
    monkeypatch.setattr(contrastive, "exam_people", lambda *given: ())
    found = SimpleNamespace(scores=SimpleNamespace(metrics={"rank1": math.nan}), said="the exam")
    monkeypatch.setattr(contrastive, "score_walks", lambda *given: found)
    monkeypatch.setattr(contrastive, "stranger_threshold", lambda *given: 0.5)
    with pytest.raises(TrainingError, match="the exam: rank1 is nan, so there is no result"):
        contrastive.finish(tiny_config(tmp_path))
    assert not list(tmp_path.iterdir())


class Seeing(nn.Module):
    """Returns fixed vectors for any input."""

    def __init__(self, embedding_NE: Tensor) -> None:
        super().__init__()
        self.embedding_NE = embedding_NE

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        return self.embedding_NE

    def project(self, embedding_NE: Tensor) -> Tensor:
        return embedding_NE


def test_the_loss_is_nt_xent_and_a_hundredth_of_the_koleo_of_each_half() -> None:
    # East and north, seen the same in both views: in its own half each is sqrt(2) from the other,
    # where the whole batch would find its twin at no distance.
    twice = torch.eye(2).repeat(2, 1)
    model = Contrastive(Seeing(twice), SkeletonAugment(frames=4), 0.5, 0.01)
    parts = model(torch.ones(2, 1, 4, 18, 3), torch.full((2, 1), 4))
    contrast, spread = -math.log(math.e**2 / (math.e**2 + 2)), -math.log(math.sqrt(2))
    assert parts["nt_xent"].item() == pytest.approx(contrast, rel=1e-6)
    assert parts["koleo"].item() == pytest.approx(spread, abs=1e-5)
    assert parts["loss"].item() == pytest.approx(contrast + 0.01 * spread, rel=1e-6)


def test_the_two_halves_of_a_batch_are_views_of_the_same_sequences() -> None:
    still = SkeletonAugment(
        frames=4, pace=1.0, backwards=0, mirror=0, smooth=0, joint_shift=0, joint_noise=0
    )
    model = Contrastive(build("gaitformer_1", depth=1), still, 0.1, 0.01)
    source = torch.ones(3, 1, 4, 18, 3)
    source[..., 0] = torch.arange(3.0)[:, None, None, None]
    views = model.views(source, torch.full((3, 1), 4))
    assert views[:, 0, 0, 0].tolist() == [0, 1, 2, 0, 1, 2]
    takes = torch.cat([source, source + 10], dim=1)
    views = model.views(takes, torch.full((3, 2), 4))
    assert views[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]


def test_every_weight_learns() -> None:
    torch.manual_seed(0)
    model = Contrastive(build("gaitptv2_deep_1"), SkeletonAugment(frames=4), 0.1, 0.01).train()
    source = 100 * torch.rand(4, 1, 6, 18, 3)
    parts = model(source, torch.full((4, 1), 6))
    assert set(parts) == {"loss", "nt_xent", "koleo"}
    parts["loss"].backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_training_learns_and_reports_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "--arch gaitformer_1 --people 16 --each 2 --steps 20 --batch 16 --frames 8 --threads 1"
    words += (
        " --log-every 1 --save-every 10 --exam-people 8 --device cpu --positives sequence --lost 0"
    )
    assert main(["pretrain", *words.split(), "--out", str(tmp_path), "--json"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("pretraining on simulated walkers")
    assert "step 10: rank1 0." in said.err
    data = json.loads(said.out)
    assert data["simulated"] is True
    assert list(data["rank1_by_step"]) == ["0", "10", "20"]
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [r["step"] for r in records if "rank1" in r] == [0, 10, 20]
    losses = [r["loss"] for r in records if "loss" in r]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    network, card = load_network(tmp_path)
    assert card.data[0].simulated
    # Finished: scored on whole walks, with a threshold for strangers.
    assert [row.name for row in card.metrics][:2] == ["rank1", "rank5"]
    assert "simulated" in card.metrics[0].protocol
    assert -1 <= card.decision.threshold <= 1
    assert card.decision.threshold != Decision().threshold
    assert (card.task, card.output.distance, card.input.shape) == (
        "gait-embedding",
        "cosine",
        (8, 18, 3),
    )
    assert network(100 * torch.rand(2, 9, 18, 3)).shape == (2, 64)


def asked_of_training(
    config: ContrastiveConfig, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, ContrastiveConfig]:
    """Capture the job and config passed to the training loop, without training."""
    asked: list[tuple[Any, ContrastiveConfig]] = []

    def train_steps(job: Any, config: ContrastiveConfig) -> None:
        asked.append((job, config))
        raise InterruptedError

    monkeypatch.setattr(contrastive, "train_steps", train_steps)
    with pytest.raises(InterruptedError):
        contrastive.train(config)
    return asked[0]


def test_the_base_width_is_recorded_and_a_wide_network_learns_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, config = asked_of_training(
        tiny_config(tmp_path, arch="gaitformer_2", exam_people=0), monkeypatch
    )
    assert config.base_arch == "gaitformer_1"
    assert job.lr_scale("encoder.layers.0.qkv.weight") == 0.5
    assert job.decay_scale("encoder.layers.0.qkv.weight") == 2.0
    assert job.lr_scale("encoder.embed.weight") == 1.0
    job, _ = asked_of_training(
        tiny_config(tmp_path, arch="gaitformer_2", exam_people=0, mup=False), monkeypatch
    )
    assert job.lr_scale("encoder.layers.0.qkv.weight") == 1.0


def test_it_goes_on_from_weights_whose_data_stay_on_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = build("gaitformer_1", 9, frames=16)
    said = Card(
        "encoder", "gait-embedding", "gaitformer_1", 1, 1, skeleton_input(16),
        OutputSpec("embedding", distance="cosine", dim=64),
        data=(TrainingData("walks", "pretraining", "CC0", "", 100, 7),),
    )  # fmt: skip
    save_weights(tmp_path / "w", encoder.state_dict(), said)
    config = tiny_config(tmp_path / "out", weights=tmp_path / "w", arch="gaitformer_1")
    job, _ = asked_of_training(config, monkeypatch)
    assert job.card.input.shape[0] == config.frames
    assert [row.dataset for row in job.card.data] == ["walks", "simulated"]
    own, given = job.product.state_dict(), encoder.state_dict()
    assert torch.equal(own["layers.3.qkv.weight"], given["layers.3.qkv.weight"])
    heads = [name for name in own if name.startswith("head.") and own[name].dim() > 1]
    assert not any(torch.equal(own[name], given[name]) for name in heads)
    with pytest.raises(CheckpointError, match="contains gaitformer_1, but --arch is gaitformer_2"):
        contrastive.train(tiny_config(tmp_path / "x", weights=tmp_path / "w", arch="gaitformer_2"))


@pytest.mark.parametrize(("steps", "rising"), [(200, 40), (100_000, 1024)])
def test_the_warm_up_is_1024_steps_or_a_fifth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, rising: int
) -> None:
    config = tiny_config(tmp_path, steps=steps, exam_people=0)
    _, asked = asked_of_training(config, monkeypatch)
    assert round(asked.warmup * steps) == rising


def test_a_resumed_run_repeats_the_uninterrupted_one(tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    contrastive.train(tiny_config(whole, steps=4, save_every=2, exam_people=0))
    # The same schedule, stopped half-way, which leaves a state of step 2.
    stopped = tiny_config(parted, steps=4, save_every=2, exam_people=0)
    job_batch = Walks.batch

    def stop_at_two(self: Any, count: int, step: int, *rest: Any) -> Any:
        if step == 2:
            raise InterruptedError
        return job_batch(self, count, step, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Walks, "batch", stop_at_two)
        with pytest.raises(InterruptedError):
            contrastive.train(stopped)
    contrastive.train(tiny_config(parted, steps=4, save_every=2, exam_people=0, resume=True))
    first, second = (load_network(folder)[0].state_dict() for folder in (whole, parted))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert read_toml(ContrastiveConfig, parted / "config.toml").base_arch == "gaitformer_1"


def test_pairs_are_of_one_person_for_simulated_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ContrastiveConfig().positives == "person"
    assert ContrastiveConfig(positives="sequence").positives == "sequence"
    assert ContrastiveConfig(data=("densegait",)).positives == "sequence"
    assert ContrastiveConfig(data=("simulated", "densegait")).positives == "sequence"
    assert ContrastiveConfig(data=("densegait",), positives="person").positives == "person"
    contrastive.train(tiny_config(tmp_path, positives="auto", steps=1, save_every=1))
    assert "pairs are two sequences of one person; --positives sequence" in capsys.readouterr().err


def test_invalid_contrastive_configs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--batch is 7; it must be even and at least 4"):
        ContrastiveConfig(out=tmp_path, batch=7)
    with pytest.raises(UsageError, match=r"--accumulate is 2; it must be 1, because negatives"):
        ContrastiveConfig(out=tmp_path, accumulate=2)
    with pytest.raises(UsageError, match=r"--temperature is 0; it must be above 0"):
        ContrastiveConfig(out=tmp_path, temperature=0)
    with pytest.raises(UsageError, match=r"--pace is 0.9; it must be 1 or more"):
        ContrastiveConfig(out=tmp_path, pace=0.9)
    with pytest.raises(UsageError, match="imuvit_512x5 is pretrained by mae, not by contrastive"):
        contrastive.train(tiny_config(tmp_path, arch="imuvit_512x5"))
    # 32 sequences, minus one that the filters remove.
    with pytest.raises(DataError, match=r"has 31 training items \(.*sequence\), but a step needs"):
        contrastive.train(tiny_config(tmp_path, batch=256, exam_people=0))


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"base_arch": "gaitptv2_deep_1"}, UsageError, "one of the same family and depth"),
        ({"frames": 100_000}, DataError, "--data simulated: the longest walk has 96 frames"),
        ({"frames": 97, "data": ("x",)}, DataError, r"exam \(--exam-people 0: no exam\): the"),
    ],
)
def test_invalid_trainings_are_refused_before_simulating(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    kind: type[Exception],
    said: str,
) -> None:
    monkeypatch.setattr(contrastive, "learning_set", lambda *words: pytest.fail("too late"))
    with pytest.raises(kind, match=said):
        contrastive.train(tiny_config(tmp_path, **changes))


def test_an_occupied_folder_is_refused_before_simulating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contrastive, "learning_set", lambda *words: pytest.fail("too late"))
    (tmp_path / "state.pt").write_bytes(b"kept")
    with pytest.raises(UsageError, match="already contains a checkpoint"):
        contrastive.train(tiny_config(tmp_path))


@pytest.mark.slow
def test_two_processes_have_the_gradient_of_one_with_the_whole_batch(tmp_path: Path) -> None:
    in_two_processes(save_gradient, tmp_path / "gradient.pt")
    shared = torch.load(tmp_path / "gradient.pt", weights_only=True)
    torch.testing.assert_close(shared, gradient_of(12))


@pytest.mark.slow
def test_two_processes_train(tmp_path: Path) -> None:
    in_two_processes(train_tiny, tmp_path)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["step"] == 2
    assert all(value.isfinite().all() for value in state["model"].values())
