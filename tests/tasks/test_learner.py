"""A learner augments, then asks its network, then computes its loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.tasks.learner import Learner


class Doubled(Learner):
    """Sees records twice as large; the loss is the distance of the mean from the target."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Identity()

    def viewed(self, *batch: Tensor) -> tuple[Tensor, ...]:
        record_N, target_N = batch
        return 2 * record_N, target_N

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        return {"loss": (output_N - target[0]).mean()}


def test_a_step_is_view_then_network_then_loss() -> None:
    learner = Doubled()
    batch = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0])
    assert float(learner(*batch)["loss"]) == 2.0
    record_N, target_N = learner.viewed(*batch)
    output_N = learner.output_of(record_N, target_N)
    assert torch.equal(learner.loss_of(output_N, target_N)["loss"], learner(*batch)["loss"])
