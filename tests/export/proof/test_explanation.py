from __future__ import annotations

import numpy as np
import onnx
from torch import nn

from edgehuman.card import Card
from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.proof.explanation import Refusal, explain, failure, refusal, worst
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.export.proof.sensitivity import Sensitivity


def judge_of(network: nn.Module, card: Card, samples: Samples, huge: int | None = None) -> Judge:
    """Twenty samples; one of them is so large that nothing computes with it."""
    few = samples.select(np.arange(20))
    array = few.array.copy()
    reference = answers(network, array)
    if huge is not None:
        array[huge] = 3e38
    return Judge(Samples(array, few.label_N, few.person_N, "made"), reference, card.output)


def test_the_sample_that_fails_comes_first(
    network: nn.Module, card: Card, model: onnx.ModelProto, samples: Samples
) -> None:
    assert worst(judge_of(network, card, samples, huge=17), model)[0] == 17


def test_what_was_refused_is_shown_where_it_fails(
    network: nn.Module, card: Card, model: onnx.ModelProto, samples: Samples
) -> None:
    judge = judge_of(network, card, samples, huge=17)  # beyond the first eight
    shown = explain(network, model, [Refusal("fp32", "", model)], judge)
    assert shown.count("<- not finite from here on") == 1


def test_an_error_takes_the_graph_and_the_ranking_along(model: onnx.ModelProto) -> None:
    error = ParityError("no INT8 graph")
    error.graph, error.ranking = model, [Sensitivity("head/MatMul", 0.5)]
    found = refusal("int8", error)
    assert found == Refusal("int8", "no INT8 graph", model, (Sensitivity("head/MatMul", 0.5),))
    assert refusal("int8", ParityError("other")).model is None


def test_only_who_did_not_ask_is_told_to_explain(
    network: nn.Module, card: Card, model: onnx.ModelProto, samples: Samples
) -> None:
    judge = judge_of(network, card, samples)
    refused = Refusal("int8", "no INT8 graph", None, (Sensitivity("head/MatMul", 0.5),))
    told = str(failure(network, model, refused, judge, explained=False))
    assert told == "no INT8 graph; --explain shows the layers"
    shown = str(failure(network, model, refused, judge, explained=True))
    assert "--explain" not in shown
    assert shown.endswith("output error with only this layer in INT8\n5.00e-01  head/MatMul")
    assert "diverges here" not in shown  # the FP32 graph is the network
