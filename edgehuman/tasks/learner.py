"""A network with its loss: the part of a training that differs from task to task.

    record, *target = learner.viewed(*batch)                   augmentation
    output = learner.output_of(record, *target)                the network
    parts = learner.loss_of(output, *target)                   {"loss": ..., others to log}

The steps are apart because `edgehuman distill` shows the same augmented record to a teacher,
and adds what the teacher says of it to the loss.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from edgehuman.training.many.gather import gather, whole_batch


class Learner(nn.Module):
    """The base of every task's learner; weights of its own are used in training only.

    Attributes:
        network: what is trained and saved: raw records (N, ...) -> outputs (N, ...).
        compares: whether the loss is more than the mean of the samples' own losses, so that it
            needs the outputs of all processes.
    """

    network: nn.Module
    compares: ClassVar[bool] = False

    def viewed(self, *batch: Tensor) -> tuple[Tensor, ...]:
        """Augment a batch: return its records as the network sees them, then the targets. Each
        tensor has one row for each sample. By default nothing is changed.
        """
        return batch

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return what the loss is of, (N, ...): what the network gives out, if no task says
        otherwise.
        """
        output_N: Tensor = self.network(record_N)
        return output_N

    def classes_of(self, *target: Tensor) -> Tensor | None:
        """Return the right class (N,) of each record; None if the task has none."""
        return None

    @abstractmethod
    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss": scalar, other scalars to log} of `output_of`."""

    def forward(self, *batch: Tensor) -> dict[str, Tensor]:
        """Return the losses of a batch."""
        record_N, *target = self.viewed(*batch)
        return self.losses(self.output_of(record_N, *target), *target)

    def losses(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return `loss_of` of this process's outputs, or of those of all if it compares them."""
        if not self.compares:
            return self.loss_of(output_N, *target)
        with whole_batch():
            return self.loss_of(gather(output_N.contiguous()), *map(gather, target))
