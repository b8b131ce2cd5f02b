"""A student's learner: the loss of its task, and of what a teacher says of the same records.

Axes: N records of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman.distill.answers import Answering
from edgehuman.distill.kinds import EMBEDDING
from edgehuman.distill.objectives.objective import unit
from edgehuman.distill.objectives.weighted import TOTAL, Weighted
from edgehuman.records import Float32
from edgehuman.tasks.learner import Learner

Answer = Callable[[NDArray[Any]], Float32]
"""Raw records (N, ...) -> outputs (N, ...)."""


class Pupil(nn.Module):
    """A task's learner that also follows a teacher.

    Args:
        learner: of the task; its network is the student.
        answering: gives out what the student says.
        objectives: compare it with what the teacher says.
        kinds: of the teacher's answers, in the order in which a batch has them at its end.
        task_weight: of the task's own loss; 0: it is not computed.
    """

    def __init__(
        self,
        learner: Learner,
        answering: Answering,
        objectives: Weighted,
        kinds: Sequence[str],
        task_weight: float,
    ) -> None:
        super().__init__()
        self.learner, self.objectives = learner, objectives
        self.kinds, self.task_weight = tuple(kinds), task_weight
        self._answering = (answering,)  # its network is the learner's: not a second time here
        self._by_angle = answering.card.output.distance in ("cosine", "centred")

    def forward(self, record_N: Tensor, *rest: Tensor) -> dict[str, Tensor]:
        """Return {"loss", the task's losses, the objectives} of records (N, ...), for the task's
        targets and then the teacher's answers.
        """
        split = len(rest) - len(self.kinds)
        target, said = rest[:split], dict(zip(self.kinds, rest[split:], strict=True))
        (answering,) = self._answering
        output_N, answers = answering.of(lambda: self.learner.output_of(record_N, *target))
        if self._by_angle:  # a search compares directions, so they are what is taught
            answers, said = (_directions(each) for each in (answers, said))
        found = self.objectives(answers, said, self.learner.classes_of(*target))
        loss = found.pop(TOTAL)
        losses = {name: value.detach() for name, value in found.items()}
        if self.task_weight:
            task = self.learner.losses(output_N, *target)
            loss = loss + self.task_weight * task["loss"]
            losses["task"] = task["loss"].detach()
            losses |= {name: task[name] for name in task if name not in ("loss", *losses)}
        return {"loss": loss, **losses}


def _directions(answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Answers with embeddings of length 1, part by part."""
    return {
        kind: unit(answer.float()) if kind == EMBEDDING else answer
        for kind, answer in answers.items()
    }


class Distant(nn.Module):
    """A teacher, or a file, in the place of a network: a judge may ask it what it asks a student.

    Args:
        answer: raw records (N, ...) -> outputs (N, ...), in numpy.
        like: the student, whose fewest frames are this one's too.
    """

    def __init__(self, answer: Answer, like: nn.Module) -> None:
        super().__init__()
        self._answer = answer
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)
        self.least_frames = getattr(like, "least_frames", 1)

    def forward(self, record_N: Tensor) -> Tensor:
        output_N: Tensor = torch.from_numpy(self._answer(record_N.cpu().numpy()))
        return output_N.to(record_N.device)
