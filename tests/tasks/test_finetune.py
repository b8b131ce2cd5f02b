"""From weights to a judged checkpoint, with a one-parameter network that learns the value 3."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgehuman import catalogue, cli
from edgehuman.card import Card, Decision, OutputSpec, TrainingData, skeleton_input
from edgehuman.errors import CheckpointError, DataError, TrainingError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network, read_weights
from edgehuman.outcome import Outcome
from edgehuman.tasks.finetune import (
    Batches,
    Decided,
    Judge,
    Measured,
    Training,
    answer_of,
    finetune,
    judged,
    no_test_part,
    start_from,
)
from edgehuman.tasks.settings import FinetuneConfig
from edgehuman.training import checkpoint
from edgehuman.training.processes import Place
from tests.two_processes import in_two_processes

NAME = "number_1"


class Number(nn.Module):
    """Outputs one number for any input."""

    def __init__(self, frames: int = 2) -> None:
        super().__init__()
        self.frames = frames
        self.value = nn.Parameter(torch.zeros(1))

    def forward(self, x_N: Tensor) -> Tensor:
        return self.value.expand(len(x_N))


class Learner(nn.Module):
    """The number, and a second, randomly initialised one used in training only."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.start = nn.Parameter(torch.randn(1))

    def forward(self, target_N: Tensor) -> dict[str, Tensor]:
        return {"loss": (self.network(target_N) - target_N).square().mean() + 0 * self.start.sum()}


CARD = Card("number", "gait-embedding", NAME, 1, 1, skeleton_input(2), OutputSpec("embedding"))


@pytest.fixture(autouse=True)
def number(monkeypatch: pytest.MonkeyPatch) -> None:
    """`number_1` is in the catalogue, for gait."""
    put_number(monkeypatch)


def put_number(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dataclasses.replace(
        catalogue.NETWORKS["gaitformer_1"], build=f"{__name__}:Number", arguments={}
    )
    monkeypatch.setitem(catalogue.NETWORKS, NAME, row)
    original = catalogue.load_object
    monkeypatch.setattr(
        catalogue, "load_object", lambda path: Number if path == row.build else original(path)
    )


def config(out: Path, **changes: Any) -> FinetuneConfig:
    values: dict[str, Any] = {
        "arch": NAME,
        "steps": 4,
        "batch": 2,
        "lr": 1.0,
        "warmup": 0.0,
        "save_every": 2,
        "log_every": 1,
        "threads": 1,
        "device": "cpu",
    }
    return FinetuneConfig(out=out, **{**values, **changes})


class Journal:
    """The calls, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def batches(self, at_step: Callable[[int], None] = lambda step: None) -> Iterator[Batches]:
        def batch(step: int, place: Place) -> tuple[Tensor, ...]:
            at_step(step)
            return (torch.full((2,), 3.0),)

        self.lines.append("opened")
        yield batch
        self.lines.append("closed")

    def decide(self, network: nn.Module, card: Card) -> Decided:
        self.lines.append("decided")
        return Decided(card.replace(decision=Decision(threshold=0.25)), {"task": "gait"}, "number")

    def test(self, network: nn.Module, card: Card) -> Measured:
        self.lines.append(f"tested at {card.decision.threshold}")
        return Measured({"map": 0.5, "ece": 0.125}, "made", {"groups": {}}, {"ece": "error"})

    @property
    def judge(self) -> Judge:
        return Judge(self.decide, self.test)


def value_of(network: nn.Module) -> float:
    with torch.no_grad():
        return float(network(torch.zeros(1)))


def away(product: nn.Module) -> Mapping[str, float]:
    return {"near": -abs(value_of(product) - 3.0)}


def training(journal: Journal, **changes: Any) -> Training:
    values: dict[str, Any] = {
        "network": build(NAME),
        "card": CARD,
        "learner": Learner,
        "batches": journal.batches(),
        "select": away,
        "select_by": "near",
        "lr_scale": lambda name: 1.0,
        "name": "number",
    }
    return Training(**{**values, **changes})


def numbers(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_finetune_trains_selects_judges_and_saves_in_order(tmp_path: Path) -> None:
    journal = Journal()
    outcome = finetune(config(tmp_path), training(journal), journal.judge)
    assert journal.lines == ["opened", "closed", "decided", "tested at 0.25"]
    assert numbers(outcome) == {
        "out": str(tmp_path), "arch": NAME, "finished": True, "task": "gait",
        "metrics": {"map": 0.5, "ece": 0.125}, "groups": {}, "protocol": "made",
    }  # fmt: skip
    assert outcome.text == "number; map 0.5000, error 0.1250 (made)"
    assert outcome.exit_code == 0
    _, card = load_network(tmp_path)
    assert card.decision.threshold == 0.25
    assert [(m.name, m.value, m.protocol) for m in card.metrics] == [
        ("map", 0.5, "made"), ("ece", 0.125, "made"),
    ]  # fmt: skip


def test_the_best_checkpoint_on_held_out_people_is_judged(
    tmp_path: Path,
) -> None:
    seen = iter([-0.5, -9.0])
    seen_by: list[float] = []

    def select(product: nn.Module) -> Mapping[str, float]:
        seen_by.append(value_of(product))
        return {"near": next(seen)}

    judged_at: list[float] = []

    def decide(network: nn.Module, card: Card) -> Decided:
        judged_at.append(value_of(network))
        return Decided(card, {}, "number")

    journal = Journal()
    finetune(config(tmp_path), training(journal, select=select), Judge(decide, journal.test))
    assert judged_at == [seen_by[0]] != [seen_by[1]]
    records = checkpoint.load_state(tmp_path)["records"]
    assert [r["select_near"] for r in records if "select_near" in r] == [-0.5, -9.0]


def test_without_people_held_out_the_last_weights_are_judged(tmp_path: Path) -> None:
    journal = Journal()
    task = training(journal, select=None)
    finetune(config(tmp_path), task, journal.judge)
    weights, _ = read_weights(tmp_path)
    assert torch.equal(weights["value"], task.network.state_dict()["value"])


def test_training_only_weights_are_seeded_without_touching_the_global_generator(
    tmp_path: Path,
) -> None:
    starts = []
    for name, seed in (("one", 4), ("same", 4), ("other", 5)):
        torch.manual_seed(0)
        finetune(config(tmp_path / name, seed=seed), training(Journal()), Journal().judge)
        starts.append(checkpoint.load_state(tmp_path / name)["model"]["start"])
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])


def test_a_stopped_training_is_not_judged_and_says_how_to_resume(tmp_path: Path) -> None:
    def stop(step: int) -> None:
        if step == 1:
            os.kill(os.getpid(), signal.SIGINT)

    journal = Journal()
    outcome = finetune(
        config(tmp_path), training(journal, batches=journal.batches(stop)), journal.judge
    )
    assert journal.lines == ["opened", "closed"]
    assert numbers(outcome) == {"out": str(tmp_path), "finished": False}
    assert outcome.exit_code == 1
    assert outcome.text == f"{tmp_path}: stopped early; continue with --resume"
    again = finetune(config(tmp_path, resume=True), training(journal), journal.judge)
    assert numbers(again)["finished"]


def test_no_read_test_skips_the_test_part(tmp_path: Path) -> None:
    journal = Journal()
    outcome = finetune(config(tmp_path, read_test=False), training(journal), journal.judge)
    assert journal.lines[-1] == "decided"
    assert "metrics" not in numbers(outcome)
    assert load_network(tmp_path)[1].metrics == ()


def test_an_untrained_network_is_judged_the_same_way(tmp_path: Path) -> None:
    outcome = judged(config(tmp_path), build(NAME), CARD, Journal().judge)
    assert numbers(outcome)["metrics"] == {"map": 0.5, "ece": 0.125}
    assert load_network(tmp_path)[1].decision.threshold == 0.25


def test_a_missing_test_part_names_the_checkpoint() -> None:
    error = no_test_part(Path("runs/a"), "walks", "an official split")
    assert isinstance(error, DataError)
    assert str(error) == (
        "--data walks has no test part; the checkpoint is in runs/a. Give a dataset with an "
        "official split, or --no-read-test"
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_result_that_is_not_finite_fails_and_keeps_the_weights(
    value: float, tmp_path: Path
) -> None:
    journal = Journal()
    judge = Judge(journal.decide, lambda network, card: Measured({"map": 0.5, "loss": value}, ""))
    with pytest.raises(TrainingError, match=rf"the test part: loss is {value}, so there is no"):
        finetune(config(tmp_path), training(journal), judge)
    network, card = load_network(tmp_path)
    assert value_of(network) == pytest.approx(3.0, abs=1.5)
    assert card.metrics == ()


def judged_by_one(folder: Path) -> None:
    """One of two processes: train and judge; write what was judged and said."""
    journal, rank = Journal(), os.environ["RANK"]
    with pytest.MonkeyPatch.context() as patch:
        put_number(patch)
        outcome = finetune(config(folder / "out"), training(journal), journal.judge)
    lines = [*journal.lines, outcome.text, str(outcome.exit_code)]
    (folder / f"said-{rank}").write_text("\n".join(lines))


@pytest.mark.long
def test_of_two_processes_the_first_alone_judges_writes_and_speaks(tmp_path: Path) -> None:
    in_two_processes(judged_by_one, tmp_path)
    first, second = ((tmp_path / f"said-{rank}").read_text().splitlines() for rank in (0, 1))
    assert first[2:4] == ["decided", "tested at 0.25"]
    assert first[-1] == "0"
    assert second == ["opened", "closed", "", "0"]


def test_another_process_than_the_first_judges_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    journal = Journal()
    assert judged(config(tmp_path), build(NAME), CARD, journal.judge) == Outcome({}, "")
    assert (journal.lines, list(tmp_path.iterdir())) == ([], [])
    for words in (["data", "list"], ["data", "list", "--json"]):
        assert cli.main(words) == 0
    assert capsys.readouterr().out == ""


def saved(folder: Path) -> Path:
    network = Number()
    nn.init.constant_(network.value, 7.0)
    rows = (TrainingData("walks", "pretraining", "CC0", "", 100, 7),)
    checkpoint.save_weights(folder, network.state_dict(), CARD.replace(data=rows))
    return folder


def test_a_start_from_weights_uses_their_network_and_records_their_data(tmp_path: Path) -> None:
    weights = saved(tmp_path / "w")
    start = start_from(config(tmp_path / "x", arch=None, weights=weights), "gait", "gaitformer_1")
    assert start.arch == NAME
    assert start.learned is not None
    network = build(start.arch)
    assert [row.dataset for row in start.load_into(network)] == ["walks"]
    assert value_of(network) == 7.0


def test_a_start_without_weights_uses_arch_or_the_default(
    tmp_path: Path,
) -> None:
    assert start_from(config(tmp_path), "gait", "gaitformer_1").arch == NAME
    start = start_from(config(tmp_path, arch=None), "gait", "gaitformer_1")
    assert (start.arch, start.weights, start.learned) == ("gaitformer_1", None, None)
    network = build(NAME)
    assert start.load_into(network) == ()
    assert value_of(network) == 0.0


def test_the_start_makes_the_quick_checks(tmp_path: Path) -> None:
    weights = saved(tmp_path / "w")
    out = tmp_path / "x"
    with pytest.raises(UsageError, match="unknown network 'number'"):
        start_from(config(out, arch="number"), "gait", NAME)
    with pytest.raises(UsageError, match=r"number_1 reads SkeletonSequence .* activity needs imu"):
        start_from(config(out, arch=NAME), "activity", "imuvit_512x5")
    with pytest.raises(CheckpointError, match="no such folder"):
        start_from(config(out, weights=tmp_path / "none"), "gait", NAME)
    with pytest.raises(CheckpointError, match="contains number_1, but --arch is gaitformer_1"):
        start_from(config(out, arch="gaitformer_1", weights=weights), "gait", NAME)
    with pytest.raises(UsageError, match="already contains a checkpoint"):
        start_from(config(weights), "gait", NAME)
    with pytest.raises(CheckpointError, match=r"no state\.pt to resume from"):
        start_from(config(out, resume=True), "gait", NAME)
    assert not out.exists()


def test_a_select_share_of_1_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--select-share is 1\.0; it must be from 0 to under 1"):
        config(tmp_path, select_share=1.0)


def test_a_network_answers_numpy_in_eval_mode_with_float32() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.Dropout(0.5)).train()
    record_N22 = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    answer = answer_of(network)
    first, second = answer(record_N22), answer(record_N22)
    assert first.shape == (2, 2)
    assert first.dtype == np.float32
    assert np.array_equal(first, second)
