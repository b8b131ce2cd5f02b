"""The calibration method of `auto`: closeness to the network decides, chance does not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import OutputSpec
from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.graph import calibration, int8
from edgehuman.export.graph.calibration import Method
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.proof.judge import Judge
from edgehuman.export.proof.method import best_method
from edgehuman.records import Float32

COUNT = 240
CLASSES = OutputSpec("classes", ("a", "b", "c"))


class Played(Judge):
    """Takes the outputs of a graph from its name."""

    played: Mapping[str, Float32] = {}

    def outputs(self, model: onnx.ModelProto) -> Float32:
        return self.played[model.producer_name]


def named() -> dict[Method, onnx.ModelProto]:
    return {name: onnx.ModelProto(producer_name=name) for name in calibration.METHODS}


def judge_of(kind: type[Judge], record: Float32, label_N: list[int], reference: Float32) -> Judge:
    samples = Samples(record, np.array(label_N), np.full(len(record), "a"), "made records")
    return kind(samples, reference, CLASSES)


def played(outputs: Mapping[str, Float32], label_N: list[int], reference: Float32) -> Judge:
    judge = judge_of(Played, np.zeros((COUNT, 1), np.float32), label_N, reference)
    Played.played = outputs
    return judge


def linear() -> onnx.ModelProto:
    """x (N, 3) -> three logits of one layer."""
    weight = np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
    node = helper.make_node("MatMul", ["x", "weight"], ["y"], "layer")
    known = [numpy_helper.from_array(weight, "weight")]
    graph = helper.make_graph([node], "made", ends[:1], ends[1:], known)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize("clipping", calibration.METHODS)
def test_ranges_that_clip_are_not_taken_for_a_few_lucky_answers(clipping: Method) -> None:
    model = linear()
    record_N3 = np.random.default_rng(0).normal(size=(COUNT, 3)).astype(np.float32)
    wide, clipped = (-4.0, 4.0), (-0.4, 0.4)
    graphs = {
        method: int8.quantise(model, {"x": clipped if method == clipping else wide}, "cpu")
        for method in calibration.METHODS
    }
    reference = run(open_session(model), record_N3)
    luck_N = run(open_session(graphs[clipping]), record_N3).argmax(axis=1)
    own_N = reference.argmax(axis=1)
    # Where the two answer otherwise, the network is right once less often than not.
    apart = np.flatnonzero(luck_N != own_N)
    label_N = own_N.copy()
    label_N[apart[: len(apart) // 2 + 1]] = luck_N[apart[: len(apart) // 2 + 1]]
    judge = judge_of(Judge, record_N3, label_N.tolist(), reference)
    drops = {method: judge.verdict(graph).drop for method, graph in graphs.items()}
    assert min(drops, key=lambda method: drops[method]) == clipping
    assert best_method(graphs, judge) != clipping


def test_of_equal_metrics_the_closest_graph_is_taken() -> None:
    own_N3 = np.eye(3, dtype=np.float32)[np.arange(COUNT) % 3]
    outputs = {"minmax": own_N3 + 0.2, "percentile": own_N3 + 0.1, "entropy": own_N3 + 0.3}
    judge = played(outputs, (np.arange(COUNT) % 3).tolist(), own_N3)
    assert best_method(named(), judge) == "percentile"


def test_a_metric_that_is_worse_beyond_noise_excludes_the_closest() -> None:
    # A close call everywhere: a shift of a hundredth turns it, a long way along it does not.
    label_N = np.arange(COUNT) % 3
    own_N3 = np.eye(3, dtype=np.float32)[label_N] * 0.01 + 1
    turned_N3 = own_N3.copy()
    turned_N3[::4, :] = np.roll(own_N3[::4], 1, axis=1)
    far_N3 = own_N3 + np.eye(3, dtype=np.float32)[label_N]
    outputs = {"minmax": turned_N3, "percentile": far_N3, "entropy": turned_N3}
    judge = played(outputs, label_N.tolist(), own_N3)
    assert judge.of_outputs(turned_N3).parity.cosine_mean > 0.999
    assert judge.of_outputs(far_N3).parity.cosine_mean < 0.99
    assert best_method(named(), judge) == "percentile"


def test_a_graph_without_finite_answers_is_passed_over() -> None:
    own_N3 = np.eye(3, dtype=np.float32)[np.arange(COUNT) % 3]
    broken_N3 = np.full_like(own_N3, np.nan)
    outputs = {"minmax": broken_N3, "percentile": broken_N3, "entropy": own_N3 + 0.1}
    labels = (np.arange(COUNT) % 3).tolist()
    assert best_method(named(), played(outputs, labels, own_N3)) == "entropy"
    with pytest.raises(ParityError, match="not finite"):
        best_method(named(), played({**outputs, "entropy": broken_N3}, labels, own_N3))
