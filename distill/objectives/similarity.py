"""Whom a sample resembles (`similarity`): the order of a search survives, not the coordinates.

For each sample, the cosines with the other samples of the batch and with a queue of earlier ones
become probabilities, softmax(cosine / temperature); the loss is KL(teacher || student). Each
compares within its own space, so widths and parts may differ and there is no projector. The cosine
of embeddings of parts is the mean over the parts, as in a gallery.

Source: SEED (arXiv 2101.04731), section 3, with these changes: its queue holds the teacher's
embeddings and the student is projected into that space; here the queue holds both, without
gradient. A sample is not compared with itself, which would take most of the probability at these
temperatures. With two different temperatures the least loss is not where student and teacher are
equal: it asks for the teacher's cosines stretched by their ratio, in the same order.

Axes: N samples, P parts, D width (of all parts), Q places of the queue, C samples compared with.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.distill.objectives.features import require_vectors
from edgehuman.distill.objectives.objective import Answers, Objective, Shapes, unit

QUEUE = 4096
TEACHER_TEMPERATURE = 0.05
STUDENT_TEMPERATURE = 0.07


class Similarity(Objective):
    """`similarity`: the distribution of similarities over batch and queue.

    The queue is part of the state, so a resumed run goes on as it would have. It takes up a batch
    of all processes in each training forward. The oldest samples leave it.
    """

    needs = ("embedding",)
    compares = True
    student_QD: Tensor
    teacher_QD: Tensor
    taken_up: Tensor

    def __init__(
        self,
        student: Shapes,
        teacher: Shapes,
        queue: int = QUEUE,
        student_temperature: float = STUDENT_TEMPERATURE,
        teacher_temperature: float = TEACHER_TEMPERATURE,
    ) -> None:
        super().__init__(student, teacher)
        require_vectors(student, teacher)
        self.temperatures = student_temperature, teacher_temperature
        for whose, shapes in (("student", student), ("teacher", teacher)):
            width = torch.Size(shapes["embedding"]).numel()
            self.register_buffer(f"{whose}_QD", torch.zeros(queue, width))
        # How many samples the queue has seen; the next goes to this place, modulo its length.
        self.register_buffer("taken_up", torch.zeros((), dtype=torch.long))

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        student_ND, teacher_ND = _joined(student["embedding"]), _joined(teacher["embedding"])
        kept = min(int(self.taken_up), len(self.student_QD))
        student_NC = _cosines(student_ND, self.student_QD[:kept]) / self.temperatures[0]
        teacher_NC = _cosines(teacher_ND, self.teacher_QD[:kept]) / self.temperatures[1]
        if self.training:
            self._take_up(student_ND.detach(), teacher_ND)
        if not student_NC.shape[1]:
            return student_ND.sum() * 0.0  # a single sample and nothing to compare it with
        return functional.kl_div(
            functional.log_softmax(student_NC, dim=1),
            functional.log_softmax(teacher_NC, dim=1),
            reduction="batchmean",
            log_target=True,
        )

    @torch.no_grad()
    def _take_up(self, student_ND: Tensor, teacher_ND: Tensor) -> None:
        """Put a batch into the queue in place of the oldest."""
        # A step with a loss that is not a number is skipped; its embeddings must not stay.
        sound_N = student_ND.isfinite().all(dim=1) & teacher_ND.isfinite().all(dim=1)
        places = len(self.student_QD)
        student_ND, teacher_ND = student_ND[sound_N][-places:], teacher_ND[sound_N][-places:]
        place_N = torch.arange(len(student_ND), device=student_ND.device) + self.taken_up
        self.student_QD[place_N % places] = student_ND.to(self.student_QD)
        self.teacher_QD[place_N % places] = teacher_ND.to(self.teacher_QD)
        self.taken_up += len(student_ND)


def _joined(embedding: Tensor) -> Tensor:
    """Return unit vectors (N, P x D) whose product is the mean cosine over the parts."""
    if embedding.ndim == 2:
        return unit(embedding)
    return unit(embedding).flatten(1) / math.sqrt(embedding.shape[1])


def _cosines(embedding_ND: Tensor, queue_QD: Tensor) -> Tensor:
    """Return the cosines with the other samples and with the queue, (N, N - 1 + Q)."""
    samples = len(embedding_ND)
    other_NN = ~torch.eye(samples, dtype=torch.bool, device=embedding_ND.device)
    near_NC = (embedding_ND @ embedding_ND.T)[other_NN].view(samples, samples - 1)
    # A copy: the gradient needs the queue as it was, and the queue goes on before it is asked for.
    far_NC = embedding_ND @ queue_QD.to(embedding_ND, copy=True).T
    return torch.cat([near_NC, far_NC], dim=1)
