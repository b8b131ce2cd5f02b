"""A pupil's loss is that of its task and of what its teacher says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.distill.answers import Answering
from edgehuman.distill.learner import Distant, Pupil
from edgehuman.distill.objectives.weighted import build_objectives
from edgehuman.records import Float32
from edgehuman.tasks.learner import Learner

CARD = Card("made", "activity", "made", 1, 1, IMU_INPUT, OutputSpec("classes", ("a", "b")))


class Scaled(nn.Module):
    """Logits: the record times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, record_N2: Tensor) -> Tensor:
        return record_N2 * self.weight


class Squares(Learner):
    """The loss is the mean square of the logits, and of a weight of the training's own."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.own = Scaled(), nn.Parameter(torch.ones(()))

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        return {"loss": self.own * output_N.square().mean(), "size": output_N.detach().mean()}


def pupil(task_weight: float, objective: str = "kd=1") -> Pupil:
    learner = Squares()
    shapes = {"logits": (2,)}
    objectives = build_objectives([objective], shapes, shapes, seed=0)
    answering = Answering(learner.network, CARD)
    return Pupil(learner, answering, objectives, ("logits",), task_weight)


RECORD = torch.tensor([[1.0, 2.0], [0.0, 1.0]])
TARGET = torch.zeros(2)


def test_the_losses_are_weighted_and_named() -> None:
    alone = float(pupil(0.0)(RECORD, TARGET, RECORD)["loss"].detach())
    assert alone == pytest.approx(0.0, abs=1e-6)
    found = pupil(0.5)(RECORD, TARGET, RECORD)
    assert float(found["loss"].detach()) == pytest.approx(alone + 0.5 * 1.5, abs=1e-5)
    assert {name: round(float(v), 4) for name, v in found.items() if name != "loss"} == {
        "kd": 0.0,
        "task": 1.5,
        "size": 1.0,
    }


def test_without_labels_nothing_of_the_task_is_learned() -> None:
    unlabelled, said = pupil(0.0), torch.flip(RECORD, (1,))
    unlabelled(RECORD, TARGET, said)["loss"].backward()
    assert unlabelled.learner.own.grad is None
    weight: Any = unlabelled.learner.network.weight
    assert float(weight.grad.abs().sum()) > 0


def test_the_network_is_saved_and_trained_once() -> None:
    names = [name for name, _ in pupil(1.0).named_parameters()]
    assert names == ["learner.own", "learner.network.weight"]


def test_embeddings_that_are_searched_by_angle_are_taught_as_directions() -> None:
    output = OutputSpec("embedding", distance="cosine", dim=2)
    shapes = {"embedding": (2,)}
    learner = Squares()
    objectives = build_objectives(["rkd=1"], shapes, shapes, seed=0)
    answering = Answering(learner.network, CARD.replace(output=output))
    taught = Pupil(learner, answering, objectives, ("embedding",), 0.0)
    record = torch.tensor([[1.0, 2.0], [3.0, 1.0], [1.0, 0.5]])
    scaled = record * torch.tensor([[1.0], [10.0], [0.2]])  # other lengths, the same directions
    assert float(taught(record, torch.zeros(3), scaled)["loss"].detach()) == pytest.approx(
        0, abs=1e-6
    )


def test_a_distant_model_answers_in_the_place_of_a_network() -> None:
    def double(record_N: Float32) -> Float32:
        return np.asarray(2 * record_N, np.float32)

    like = nn.Identity()
    like.least_frames = 3  # type: ignore[assignment]
    distant = Distant(double, like)
    assert torch.equal(distant.eval()(RECORD), 2 * RECORD)
    assert distant.least_frames == 3
    assert next(distant.parameters()).device == RECORD.device
