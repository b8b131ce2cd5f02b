"""One network in one precision, judged; and `auto`, which measures latency here and takes the
fastest form within its budgets.

fp32    as exported                         fp16    float16 with float32 islands (fp16.py)
int8    the `cpu` or `tensorrt` graph (int8.py), its calibration method chosen by method.py, and
        its most sensitive layers kept in float until the drop is within `max_drop`; float
        layers of the `tensorrt` graph are FP16, as a strongly typed engine does not choose FP16
        by itself
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import onnx

from edgehuman.card import Precision
from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.graph import calibration, folding, fp16, int8
from edgehuman.export.graph.calibration import Method, Range
from edgehuman.export.graph.learnt import WORDS, Learnt
from edgehuman.export.graph.sessions import interleaved_ms, open_session
from edgehuman.export.proof import sensitivity
from edgehuman.export.proof.judge import Judge, Verdict
from edgehuman.export.proof.method import best_method
from edgehuman.metrics import parity
from edgehuman.records import Float32

# A precision counts as faster only beyond measurement noise.
FASTER = 0.97
# An INT8 graph has at least this share of its layers, and of their weights, in INT8; with fewer it
# is a float graph under another name.
LEAST_INT8 = 1 / 3
# Number of samples that check rounding and overflow.
_FEW = 64


@dataclass(frozen=True)
class Form:
    """The network in one precision, and its verdict.

    Attributes:
        model: the graph, without its card.
        sensitivity: the ranking behind `precision.float_layers`; empty if all layers are INT8.
    """

    model: onnx.ModelProto
    precision: Precision
    verdict: Verdict
    sensitivity: tuple[sensitivity.Sensitivity, ...] = field(default=())

    @property
    def name(self) -> str:
        """fp32, fp16 or int8, whatever the target of the INT8 graph."""
        return self.precision.name.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Int8Options:
    """Attributes:
    calibrating: the calibration set.
    target: which of the two graphs.
    method: the calibration method; "auto" tries all three (method.py).
    max_drop: points that the metric may lose.
    learnt: ranges and scales that take the place of calibration.
    """

    calibrating: Samples
    target: int8.Target
    method: Method | Literal["auto"] = "auto"
    max_drop: float = 0.5
    learnt: Learnt | None = None


def as_fp32(model: onnx.ModelProto, judge: Judge) -> Form:
    """The graph as exported; a few samples suffice to show rounding."""
    return Form(model, Precision("fp32"), judge.first(_FEW).verdict(model))


def as_fp16(model: onnx.ModelProto, judge: Judge) -> Form:
    """Float16 with float32 islands, including nodes that overflow on the judge's samples."""
    model = folding.fold_norms(model)
    half, islands = fp16.convert(model, fp16.overflowing(model, judge.samples.array))
    return Form(half, Precision("fp16", float_layers=islands), judge.verdict(half))


def as_int8(model: onnx.ModelProto, judge: Judge, options: Int8Options) -> Form:
    """The INT8 graph within the accuracy budget.

    Raises:
        ParityError: no INT8 graph with `LEAST_INT8` of its layers and weights in INT8 is within the
            budget.
    """
    if options.learnt is None:  # what was learnt is by the names of the float graph
        model = folding.fold_norms(model)
        if options.target == "cpu":
            model = folding.fold_stem(folding.fold_pixels(model))
    steps = _learnt(model, options.learnt) if options.learnt else _calibrated(model, judge, options)
    rest = _Rest(model, options)

    def made(layers: Sequence[str]) -> tuple[onnx.ModelProto, tuple[str, ...]]:
        floats = (*steps.float_layers, *layers)
        ways = steps.range_of, options.target, floats, steps.scale_of
        return rest.finish(int8.quantise(model, *ways, activated=options.learnt is None))

    every = int8.weight_layers(model)
    most = math.floor((1 - LEAST_INT8) * len(every)) - len(steps.float_layers)
    graph, islands = made(())
    verdict = judge.verdict(graph)
    kept: tuple[str, ...] = ()
    ranked: list[sensitivity.Sensitivity] = []
    if _points_lost(verdict) > options.max_drop:
        ranked = sensitivity.rank(
            model,
            steps.range_of,
            options.target,
            judge.samples.array,
            judge.threads,
            steps.scale_of,
            steps.float_layers,
            judge.output.kind,
        )
        tried: dict[tuple[str, ...], tuple[onnx.ModelProto, tuple[str, ...], Verdict]] = {}

        def drop_of(layers: Sequence[str]) -> float:
            candidate, others = made(layers)
            tried[tuple(layers)] = candidate, others, judge.verdict(candidate)
            return _points_lost(tried[tuple(layers)][2])

        kept = sensitivity.keep_float(
            ranked, drop_of, options.max_drop, most, lambda layers: _broken(tried[tuple(layers)][2])
        )
        graph, islands, verdict = tried[kept]
    name = "int8" if options.target == "cpu" else "int8-tensorrt"
    floats = (*steps.float_layers, *kept)
    _require_share(model, floats, verdict, options)
    precision = Precision(name, floats, steps.sha256, steps.words, islands)
    return Form(graph, precision, verdict, tuple(ranked))


def _require_share(
    model: onnx.ModelProto, floats: Sequence[str], verdict: Verdict, options: Int8Options
) -> None:
    """Raise ParityError if too few layers, or too few of their weights, are in INT8."""
    numbers = int8.num_weights(model)
    in_int8 = {name: count for name, count in numbers.items() if name not in floats}
    layers = len(in_int8) / max(1, len(numbers))
    weights = sum(in_int8.values()) / max(1, sum(numbers.values()))
    if min(layers, weights) < LEAST_INT8:
        raise ParityError(
            f"{len(in_int8)} of {len(numbers)} layers ({100 * weights:.0f} % of their weights) "
            f"could be in INT8, with {verdict.drop:.2f} points lost of --max-drop "
            f"{options.max_drop}; under {100 * LEAST_INT8:.0f} % it is a float graph under another "
            "name. Export in fp16 or fp32, use more calibration data, or raise --max-drop"
        )


@dataclass(frozen=True, slots=True)
class _Steps:
    """What `int8.quantise` takes, and its source for the card."""

    range_of: Mapping[str, Range]
    scale_of: Mapping[str, Float32]
    float_layers: tuple[str, ...]
    words: str
    sha256: str


def _learnt(model: onnx.ModelProto, learnt: Learnt) -> _Steps:
    return _Steps(*learnt.of_graph(model), WORDS, learnt.sha256())


def _calibrated(model: onnx.ModelProto, judge: Judge, options: Int8Options) -> _Steps:
    samples = options.calibrating
    histograms = calibration.collect(model, int8.tensors_to_calibrate(model), samples.array)
    methods = calibration.METHODS if options.method == "auto" else (options.method,)
    ranges = {method: calibration.ranges(histograms, method) for method in methods}
    best = methods[0]
    if len(methods) > 1:
        graphs = {
            m: int8.quantise(model, ranges[m], options.target, activated=True) for m in methods
        }
        best = best_method(graphs, judge)
    words = f"{len(samples)} {samples.source}, {best}"
    return _Steps(ranges[best], {}, (), words, samples.sha256())


def _points_lost(verdict: Verdict) -> float:
    """Points that an INT8 graph lost; infinite if it would fail the parity gate, as outputs can
    diverge long before the metric drops.
    """
    return math.inf if _broken(verdict) else verdict.drop


def _broken(verdict: Verdict) -> list[str]:
    return parity.failures(verdict.parity, "int8")


class _Rest:
    """The float layers of an INT8 graph: float32 on a CPU, FP16 in an engine."""

    def __init__(self, model: onnx.ModelProto, options: Int8Options) -> None:
        self.wide: set[str] | None = None
        if options.target == "tensorrt":
            samples = options.calibrating.array
            wide = fp16.overflowing(model, samples[:: max(1, len(samples) // _FEW)])
            self.wide = wide | {int8.rounded(name) for name in wide}

    def finish(self, graph: onnx.ModelProto) -> tuple[onnx.ModelProto, tuple[str, ...]]:
        """The graph, and its float32 nodes if the other float nodes are FP16."""
        return (graph, ()) if self.wide is None else fp16.convert(graph, self.wide)


def latency_ms(
    forms: Mapping[str, onnx.ModelProto], judge: Judge, threads: int
) -> dict[str, float]:
    """Median milliseconds for one sample on onnxruntime's CPU, the forms measured in turn."""
    one = judge.samples.array[:1]
    calls = {}
    for name, model in forms.items():
        session = open_session(model, threads)
        feed = {session.get_inputs()[0].name: one}
        calls[name] = lambda session=session, feed=feed: session.run(None, feed)
    return interleaved_ms(calls)


def fastest(
    forms: Sequence[Form], measured_ms: Mapping[str, float], max_drop: float
) -> tuple[Form, list[str]]:
    """The fastest form within its budgets, and why the others were refused.

    Args:
        forms: FP32 first, the baseline.
    """
    chosen, base_ms = forms[0], measured_ms[forms[0].name]
    notes = []
    for form in forms[1:]:
        own_ms = measured_ms[form.name]
        broken = parity.failures(form.verdict.parity, form.name)
        if own_ms > FASTER * base_ms:
            notes.append(
                f"{form.name} refused: not faster here ({own_ms:.3f} ms, fp32 {base_ms:.3f} ms)"
            )
        elif broken:
            notes.append(f"{form.name} refused: {'; '.join(broken)}")
        elif form.verdict.drop > max_drop:
            notes.append(
                f"{form.name} refused: {form.verdict.metric} drops by {form.verdict.drop:.2f} "
                f"points, over --max-drop {max_drop}"
            )
        elif own_ms < measured_ms[chosen.name]:
            chosen = form
    return chosen, notes
