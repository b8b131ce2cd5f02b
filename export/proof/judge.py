"""The judge of an export: held-out samples, the network's outputs, and one metric in points.

macro_f1              if the samples are labelled and the network has learned those labels
mean_ap, mean_accuracy, mean_oks, mean_iou, ap50
                      for pictures of people, or frames, with labels of the model's task
expected_accuracy     for other classifiers: the network's mean probability of the class that the
                      graph picks. If the network is calibrated, its drop is the drop in accuracy;
                      a change between two tied classes costs nothing.
neighbours_kept       for embeddings: the share of the network's five nearest neighbours of a sample
                      that the graph's five nearest have, in any order. With labels, whose metric
                      can hide it, each point of it under `LEAST_NEIGHBOURS` is a point lost
expected_answers      for attributes: the network's mean probability of the answer that the graph
                      picks; expected_pixels: for segmentation, the same for the part of each pixel
peak_kept             for heat maps: the network's value at the position that the graph picks,
                      relative to its own maximum
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from edgehuman.card import OutputSpec
from edgehuman.data.samples import Samples
from edgehuman.errors import DataError, ParityError
from edgehuman.export.graph.sessions import batch_of, open_session, run
from edgehuman.metrics.calibration import softmax
from edgehuman.metrics.classification import scored_macro_f1
from edgehuman.metrics.parity import LEAST_NEIGHBOURS, Parity, compare, neighbours_kept
from edgehuman.metrics.person_answers import probabilities
from edgehuman.metrics.placements import of_classes
from edgehuman.records import Float32, Index

NEIGHBOURS = "neighbours_kept"
_MOST_LOST = 0.5
# Which neighbours are nearest changes with the last digits; a person is still found.
MOST_LOST = {NEIGHBOURS: 100 * (1 - LEAST_NEIGHBOURS)}
"""Default of `--max-drop` by metric, where it is not half a point."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's result for one graph.

    Attributes:
        parity: against the network.
        metric: its name; value: the graph's, 0..1; drop: points of 100 lost to the network.
        to_student: of the same graph beside the float student that quantisation-aware training
            began from; None: there was no such training, or the student is gone.
    """

    parity: Parity
    metric: str
    value: float
    drop: float
    to_student: Verdict | None = None

    def said(self) -> dict[str, Any]:
        """The metric, for cards and reports: lost since the last network in float."""
        last = self.to_student or self
        against = {"metric_against": "the float student"} if self.to_student else {}
        return {
            "metric": last.metric,
            "metric_value": last.value,
            "metric_drop": last.drop,
            **against,
        }


@dataclass(frozen=True, slots=True)
class Judge:
    """Held-out samples, and the outputs of the torch network for them.

    Attributes:
        samples: raw records that were not used for calibration.
        reference: the network's outputs, float32 (N, ...).
        output: their kind; temperature: of the softmax over logits.
        threads: of onnxruntime.
        student: the outputs of the float student, where the network is one after quantisation-aware
            training.
    """

    samples: Samples
    reference: Float32
    output: OutputSpec
    temperature: float = 1.0
    threads: int = 1
    student: Float32 | None = None

    def verdict(self, model: onnx.ModelProto) -> Verdict:
        """Parity and task metric of a graph, run by onnxruntime.

        Raises:
            ParityError: the graph's outputs are not finite or of another shape.
        """
        outputs = self.outputs(model)
        try:
            return self.of_outputs(outputs)
        except ParityError as error:
            error.graph = model
            raise

    def outputs(self, model: onnx.ModelProto) -> Float32:
        """What onnxruntime answers for the samples with a graph (N, ...)."""
        return run(open_session(model, self.threads), self.samples.array)

    def of_outputs(self, candidate: Float32) -> Verdict:
        """The same for outputs computed elsewhere, such as on an engine."""
        parity = compare(self.reference, candidate, self.output)
        name, score = self._metric()
        before, after = score(self.reference), score(candidate)
        to_student = None
        if self.student is not None:
            to_student = replace(self, reference=self.student, student=None).of_outputs(candidate)
        drop = max(100 * (before - after), _points_of_others(parity))
        return Verdict(parity, name, after, drop, to_student)

    def score(self, candidate: Float32) -> float:
        """The task metric of outputs (N, ...), 0..1."""
        return self._metric()[1](candidate)

    def most_lost(self, max_drop: float | None) -> float:
        """Points that INT8 may lose: as asked for, or the default of the metric."""
        if max_drop is not None:
            return max_drop
        return MOST_LOST.get(self._metric()[0], _MOST_LOST)

    def _metric(self) -> tuple[str, Callable[[Float32], float]]:
        if self.is_labelled:
            return "macro_f1", self._macro_f1
        task_metric = self._task_metric()
        if task_metric is not None:
            return task_metric
        if self.output.kind == "classes":
            return "expected_accuracy", self._expected_accuracy
        if self.output.kind == "embedding" and len(self.samples) > 1:
            return NEIGHBOURS, self._neighbours_kept
        if self.output.kind in MAP_METRICS:
            name, score = MAP_METRICS[self.output.kind]
            return name, partial(score, self.reference)
        return (
            "cosine_mean",
            lambda outputs: compare(self.reference, outputs, self.output).cosine_mean,
        )

    def _task_metric(self) -> tuple[str, Callable[[Float32], float]] | None:
        """The metric that selects checkpoints of the task; None without labels."""
        labels = self.samples.task_labels
        if labels is None:
            return None

        def score(outputs: Float32) -> float:
            return next(iter(labels.metrics(outputs, self.output).values()))

        try:
            name = next(iter(labels.metrics(self.reference, self.output)))
        except DataError:  # too few pictures for a match, or no labelled joint
            return None
        return name, score

    def first(self, count: int) -> Judge:
        """A judge with evenly spaced samples of this one: faster and less accurate."""
        return self.select(np.unique(np.linspace(0, len(self.samples) - 1, count).astype(np.int64)))

    def select(self, index_K: Index) -> Judge:
        """A judge with the samples at these indices."""
        student = None if self.student is None else self.student[index_K]
        return replace(
            self,
            samples=self.samples.select(index_K),
            reference=self.reference[index_K],
            student=student,
        )

    @property
    def is_labelled(self) -> bool:
        """Whether macro-F1 is meaningful: two labelled classes, and an F1 of over twice chance."""
        known = self.samples.label_N[self.samples.label_N >= 0]
        if self.output.kind != "classes" or len(np.unique(known)) < 2:
            return False
        return self._macro_f1(self.reference) > 2 / len(self.output.labels)

    def _macro_f1(self, logits_NC: Float32) -> float:
        known_N = self.samples.label_N >= 0
        predicted_N = self._classes(logits_NC).argmax(axis=1)[known_N]
        label_N = self.samples.label_N[known_N]
        return scored_macro_f1(label_N, predicted_N, len(self.output.labels))

    def _expected_accuracy(self, logits_NC: Float32) -> float:
        prob_NC = softmax(self._classes(self.reference), self.temperature)
        picked_N = self._classes(logits_NC).argmax(axis=1)
        return float(np.mean(prob_NC[np.arange(len(prob_NC)), picked_N]))

    def _classes(self, logits_NO: Float32) -> Float32:
        return of_classes(logits_NO, len(self.output.placements))

    def _neighbours_kept(self, vectors: Float32) -> float:
        return neighbours_kept(self.reference, vectors, self.output.distance)


def _points_of_others(parity: Parity) -> float:
    """Points that an embedding loses by its new neighbours; -infinity if it keeps enough."""
    kept = parity.neighbours_kept
    if kept is None or kept >= LEAST_NEIGHBOURS:
        return -math.inf
    return 100 * (LEAST_NEIGHBOURS - kept)


def _expected_answers(own_NA: Float32, picked_NA: Float32) -> float:
    sign_NA = np.where(picked_NA > 0, 1, -1)
    return float(np.mean(probabilities(own_NA * sign_NA)))


def _expected_pixels(own_NCHW: Float32, picked_NCHW: Float32) -> float:
    shares = []
    for own_CHW, picked_CHW in zip(own_NCHW, picked_NCHW, strict=True):
        prob_CHW = np.exp(own_CHW - own_CHW.max(axis=0))
        prob_CHW /= prob_CHW.sum(axis=0)
        picked_1HW = picked_CHW.argmax(axis=0)[None]
        shares.append(np.take_along_axis(prob_CHW, picked_1HW, axis=0).mean())
    return float(np.mean(shares))


def _peak_kept(own_NJHW: Float32, picked_NJHW: Float32) -> float:
    own_NJS = own_NJHW.reshape(*own_NJHW.shape[:2], -1)
    picked_NJ1 = picked_NJHW.reshape(own_NJS.shape).argmax(axis=2)[..., None]
    highest_NJ, lowest_NJ = own_NJS.max(axis=2), own_NJS.min(axis=2)
    there_NJ = np.take_along_axis(own_NJS, picked_NJ1, axis=2)[..., 0]
    return float(np.mean((there_NJ - lowest_NJ) / np.maximum(highest_NJ - lowest_NJ, 1e-12)))


def _classes_kept(own_NJX: Float32, picked_NJX: Float32) -> float:
    """Share of the joints that are still there, or still not."""
    return float(np.mean((own_NJX[..., -1] > 0) == (picked_NJX[..., -1] > 0)))


MAP_METRICS: Mapping[str, tuple[str, Callable[..., float]]] = {
    "attributes": ("expected_answers", _expected_answers),
    "segmentation": ("expected_pixels", _expected_pixels),
    "heatmaps": ("peak_kept", _peak_kept),
    "simcc": ("presence_kept", _classes_kept),
}


def answers(network: nn.Module, array: NDArray[Any]) -> Float32:
    """Run the network on raw records (N, ...) in batches; its outputs (N, ...)."""
    batch = batch_of(array)
    with torch.inference_mode():
        parts = [
            network(torch.from_numpy(array[i : i + batch])).numpy()
            for i in range(0, len(array), batch)
        ]
    return np.concatenate(parts)
