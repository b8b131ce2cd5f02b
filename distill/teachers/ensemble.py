"""Several teachers as one, and a teacher with its labels in another order.

Classes and segmentation: the mean of the probabilities, given as its logarithm. Attributes: the
mean of each probability, given as its logit. Heat maps: their mean. Embeddings: each of length 1,
one after the other, divided by the root of their number, so that a cosine is the mean of the
members' cosines. Tokens are left out: the members' grids need not agree.

Axes: N records, M members, K labels, D width, P parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import InputSpec, OutputSpec, TrainingData
from edgehuman.distill.kinds import EMBEDDING, LOGITS, MAP
from edgehuman.distill.targets.packing import log_softmax
from edgehuman.distill.teachers.teachers import Teacher
from edgehuman.errors import UsageError
from edgehuman.records import Float32, Index

_SHORTEST = 1e-12


class Ensemble:
    """Several teachers as one; the labels have the first one's order.

    Raises:
        UsageError: they take different records, give different kinds of output, have other labels,
            or share no kind of answer.
    """

    def __init__(self, teachers: Sequence[Teacher]) -> None:
        first = teachers[0]
        for other in teachers[1:]:
            _require_alike(first, other)
        self.members: list[Teacher] = [
            first,
            *(in_order(other, first.labels, first.name) for other in teachers[1:]),
        ]
        self.name = " + ".join(each.name for each in teachers)
        self.card_data = _merged(teachers)
        words = "\0".join(each.digest for each in self.members)
        self.digest = hashlib.sha256(words.encode()).hexdigest()
        self.labels = first.labels
        self.input: InputSpec = first.input
        self.output: OutputSpec = first.output
        self.params = sum(each.params for each in teachers)
        self.precision = " + ".join(dict.fromkeys(each.precision for each in teachers))

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Return the joint answers (N, ...) to raw records (N, ...)."""
        answers = [each.answer(record_N) for each in self.members]
        joint = {}
        for kind in answers[0]:
            members = [each[kind] for each in answers if kind in each]
            if kind in (LOGITS, MAP, EMBEDDING) and len(members) == len(answers):
                joint[kind] = self._together(kind, members)
        if not joint:
            raise UsageError(f"the teachers {self.name} share no kind of answer")
        return joint

    def _together(self, kind: str, members: list[Float32]) -> Float32:
        shapes = {each.shape[1:] if kind != EMBEDDING else each.shape[1:-1] for each in members}
        if len(shapes) > 1:
            raise UsageError(
                f"the teachers {self.name} give {kind} of {[each.shape[1:] for each in members]}; "
                "an ensemble's members give the same size, and embeddings the same parts"
            )
        if kind == EMBEDDING:
            return joined_embeddings(members)
        if self.output.kind == "attributes":
            return mean_attributes(members)
        if self.output.kind == "heatmaps":
            return np.asarray(np.mean(members, axis=0), np.float32)
        return mean_classes(members)


def mean_classes(logits: Sequence[Float32]) -> Float32:
    """Return the logarithm of the mean probability (N, K, ...) of logits (N, K, ...)."""
    log_MNK = np.stack([log_softmax(each, axis=1) for each in logits])
    return _log_mean(log_MNK)


def mean_attributes(logits: Sequence[Float32]) -> Float32:
    """Return the logit of the mean probability (N, K) of logits (N, K) of yes/no questions."""
    logit_MNK = np.stack(logits).astype(np.float64)
    yes, no = -np.logaddexp(0, -logit_MNK), -np.logaddexp(0, logit_MNK)
    return _log_mean(yes) - _log_mean(no)


def joined_embeddings(embeddings: Sequence[Float32]) -> Float32:
    """Return one embedding (N, ..., sum of D) whose cosine is the mean of the members' cosines."""
    units = [
        each / np.maximum(np.linalg.norm(each, axis=-1, keepdims=True), _SHORTEST)
        for each in embeddings
    ]
    return np.asarray(np.concatenate(units, axis=-1) / len(units) ** 0.5, np.float32)


def _log_mean(log_M: NDArray[np.float64]) -> Float32:
    return np.asarray(np.logaddexp.reduce(log_M, axis=0) - np.log(len(log_M)), np.float32)


class InOrder:
    """A teacher whose labels are in another order.

    Args:
        order_K: for each label, its place among the teacher's.
    """

    def __init__(self, teacher: Teacher, labels: tuple[str, ...], order_K: Index) -> None:
        self._teacher = teacher
        self.members = members_of(teacher)
        self._order_K = order_K
        self.labels = labels
        self.name, self.params = teacher.name, teacher.params
        self.card_data, self.precision = teacher.card_data, teacher.precision
        self.input, self.output = teacher.input, teacher.output
        words = f"{teacher.digest} in the order {order_K.tolist()}"
        self.digest = hashlib.sha256(words.encode()).hexdigest()

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Return the teacher's answers (N, ...), logits and maps in the order of `labels`."""
        answers = self._teacher.answer(record_N)
        return {
            kind: answer[:, self._order_K] if kind in (LOGITS, MAP) else answer
            for kind, answer in answers.items()
        }


def members_of(teacher: Teacher) -> Sequence[Teacher]:
    """Return the teachers that answer as one; a teacher alone is its only member."""
    members: Sequence[Teacher] = getattr(teacher, "members", (teacher,))
    return members


def in_order(teacher: Teacher, labels: tuple[str, ...], whose: str, or_fix: str = "") -> Teacher:
    """Return the teacher with its labels in this order.

    Args:
        whose: who has the labels, for the message.
        or_fix: what else may be done, for the message.

    Raises:
        UsageError: other labels; the message names the differences.
    """
    if teacher.labels == labels:
        return teacher
    more = [label for label in teacher.labels if label not in labels]
    fewer = [label for label in labels if label not in teacher.labels]
    if more or fewer:
        said = [f"only the teacher has {', '.join(more)}"] if more else []
        said += [f"only {whose} has {', '.join(fewer)}"] if fewer else []
        raise UsageError(
            f"the teacher {teacher.name} has other labels than {whose}: {'; '.join(said)}. Choose "
            f"teachers and data of the same labels{or_fix}"
        )
    order_K = np.array([teacher.labels.index(label) for label in labels], np.int64)
    return InOrder(teacher, labels, order_K)


def _require_alike(first: Teacher, other: Teacher) -> None:
    for what in ("record", "units", "shape", "dtype", "rate_hz"):
        one, two = getattr(first.input, what), getattr(other.input, what)
        if one != two:
            raise UsageError(
                f"the teachers {first.name} and {other.name} take different records: {what} is "
                f"{one!r} and {two!r}; the members of an ensemble take the same"
            )
    if first.output.kind != other.output.kind:
        raise UsageError(
            f"the teachers {first.name} and {other.name} give {first.output.kind} and "
            f"{other.output.kind}; the members of an ensemble give the same"
        )


def _merged(teachers: Sequence[Teacher]) -> tuple[TrainingData, ...]:
    return tuple(dict.fromkeys(row for each in teachers for row in each.card_data))
