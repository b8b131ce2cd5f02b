"""`edgehuman export --explain`: where a network and its graphs diverge, for the written graph and
for refused ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import nn

from edgehuman.errors import ParityError
from edgehuman.export.graph import layers
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.proof.judge import Judge
from edgehuman.export.proof.precision import Form
from edgehuman.export.proof.sensitivity import Sensitivity
from edgehuman.records import Index

_SHOWN = 8


@dataclass(frozen=True)
class Refusal:
    """A precision that failed, and why.

    Attributes:
        name: fp32, fp16 or int8.
        reason: as text.
        model: the graph that failed, if one was made.
        sensitivity: for INT8, the layers ranked by the error that each causes alone.
    """

    name: str
    reason: str
    model: onnx.ModelProto | None = None
    sensitivity: tuple[Sensitivity, ...] = ()


def refusal(name: str, error: ParityError) -> Refusal:
    """The refusal that an error describes."""
    return Refusal(name, str(error), error.graph, tuple(error.ranking))


def failure(
    network: nn.Module, model: onnx.ModelProto, refused: Refusal, judge: Judge, explained: bool
) -> ParityError:
    """The error for a requested precision; with its layer table if `explained`."""
    if explained:
        return ParityError(f"{refused.reason}\n{explain(network, model, [refused], judge)}")
    advice = "" if "--explain" in refused.reason else "; --explain shows the layers"
    return ParityError(f"{refused.reason}{advice}")


def explain(
    network: nn.Module, model: onnx.ModelProto, forms: Sequence[Form | Refusal], judge: Judge
) -> str:
    """The layer tables: the network against its graph, and the graph against its other forms.

    Passed forms are compared on the judge's first samples, refused ones on their worst samples.
    """
    rows = layers.of_network(network, model, _samples(forms[0], judge))
    parts = ["network against graph", layers.table(rows, "fp32")]
    for form in forms:
        if form.name != "fp32" and form.model is not None:
            rows = layers.of_graphs(model, form.model, _samples(form, judge))
            parts += [f"\nfp32 against {form.name}", layers.table(rows, form.name)]
        if form.sensitivity:
            parts.append("\noutput error with only this layer in INT8")
            parts += [f"{row.error:.2e}  {row.layer}" for row in form.sensitivity]
    return "\n".join(parts)


def _samples(form: Form | Refusal, judge: Judge) -> NDArray[np.generic]:
    if isinstance(form, Refusal) and form.model is not None:
        return judge.samples.array[worst(judge, form.model)[:_SHOWN]]
    return judge.samples.array[:_SHOWN]


def worst(judge: Judge, model: onnx.ModelProto) -> Index:
    """Indices of the judge's samples, worst first: outputs that are not finite, then by distance
    from the network's outputs.
    """
    outputs = run(open_session(model, judge.threads), judge.samples.array)
    if outputs.shape != judge.reference.shape:
        return np.arange(len(outputs))
    number = len(outputs)
    with np.errstate(invalid="ignore", over="ignore"):
        gap_N = np.abs(outputs - judge.reference).reshape(number, -1).max(axis=1)
    order_N: Index = np.argsort(-np.nan_to_num(gap_N, nan=np.inf), kind="stable")
    return order_N
