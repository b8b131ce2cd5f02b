"""Which calibration method an INT8 graph takes, from one set of histograms.

A few hundred held-out samples tell the methods' metrics apart only roughly: that of a graph which
clips half of its activations may be higher by chance. How close the outputs stay to the network's
is measured on every number of every sample. So the metric only excludes a method that is worse
beyond its own noise, and the closest of the others is taken.

Noise: the delete-a-group jackknife of the difference between two graphs on the same samples
    (Kott, "The delete-a-group jackknife", Journal of Official Statistics 17, 2001).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import onnx

from edgehuman.errors import ParityError
from edgehuman.export.graph.calibration import Method
from edgehuman.export.proof.judge import Judge
from edgehuman.metrics.parity import compare
from edgehuman.records import Float32, Float64, Index

GROUPS = 8
# Standard errors by which a metric must differ to count.
_BEYOND = 2.0


def best_method(graphs: Mapping[Method, onnx.ModelProto], judge: Judge) -> Method:
    """The method whose graph is closest to the network, of those whose metric is not worse than the
    best beyond noise.

    Raises:
        ParityError: no graph gives finite outputs of the right shape.
    """
    outputs, cosine_mean = {}, {}
    broken: ParityError | None = None
    for method, graph in graphs.items():
        try:
            outputs[method] = judge.outputs(graph)
            parity = compare(judge.reference, outputs[method], judge.output)
        except ParityError as error:
            outputs.pop(method, None)
            error.graph, broken = graph, error
            continue
        cosine_mean[method] = parity.cosine_mean
    if broken is not None and not outputs:
        raise broken
    return max(_not_worse(outputs, judge), key=lambda method: cosine_mean[method])


def _not_worse(outputs: Mapping[Method, Float32], judge: Judge) -> list[Method]:
    """The methods whose metric is not below the highest beyond noise."""
    score = {method: judge.score(answer) for method, answer in outputs.items()}
    best = max(score, key=lambda method: score[method])
    parts = _parts(judge)
    scores_G = {
        method: np.array([part.score(answer[kept]) for kept, part in parts])
        for method, answer in outputs.items()
    }
    return [
        method
        for method in outputs
        if score[best] - score[method] <= _BEYOND * _error(scores_G[best] - scores_G[method])
    ]


def _parts(judge: Judge) -> list[tuple[Index, Judge]]:
    """The judge without each block of its samples in turn, and the indices of the samples that are
    left; blocks, as neighbouring samples are of one person.
    """
    place_N = np.arange(len(judge.samples))
    groups = min(GROUPS, len(place_N) // 2)
    blocks = np.array_split(place_N, groups) if groups else []
    kept = [np.setdiff1d(place_N, block_K) for block_K in blocks]
    return [(index_K, judge.select(index_K)) for index_K in kept]


def _error(difference_G: Float64) -> float:
    """The standard error of a difference, from its values without each group."""
    if len(difference_G) < 2:
        return math.inf
    spread = float(np.sum((difference_G - difference_G.mean()) ** 2))
    return math.sqrt(spread * (len(difference_G) - 1) / len(difference_G))
