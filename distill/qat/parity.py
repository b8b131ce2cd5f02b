"""How far a `Quantised` computes as its INT8 graph on onnxruntime.

Two questions, as float sums in another order move a value across a rounding edge here and there,
and every further layer of a deep network moves more:

    layers   each layer is given the graph's own inputs: does it round to the graph's next tensors?
             This judges the arithmetic: steps, zero points, limits, biases, folded norms.
    output   from the record to the end: are the outputs the same?

A step of a rounded tensor is its own. The last layer's output is not rounded: its step is a 255th
of the range of the float network's outputs on these records, the grid that 8 bits would have there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from edgehuman.distill.qat.handover import learnt_of
from edgehuman.distill.qat.quantised import Quantised
from edgehuman.export.graph.int8 import quantise, rounded
from edgehuman.export.graph.sessions import exposed, open_session, run

# Two equal numbers of a grid, of which one was computed as (q - z) * s and the other as q * s.
_SLACK = 1e-3
_STEPS = 255


@dataclass(frozen=True, slots=True)
class Agreement:
    """Attributes:
    layers: of every rounded tensor, the share of its elements within one step of the graph's.
    same: of all rounded tensors together, the share of elements on the graph's very point.
    given: share of the outputs within one step, with the graph's inputs in every layer.
    output: share of the outputs within one step, from the record to the end.
    """

    layers: Mapping[str, float]
    same: float
    given: float
    output: float


def compare(module: Quantised, model: onnx.ModelProto, records: NDArray[Any]) -> Agreement:
    """Compare a module with the INT8 graph of what it has learnt.

    Args:
        model: the float32 graph of `module.deployed()`, or of the network that it started from if
            nothing was trained since.
        records: (N, ...).
    """
    range_of, scale_of, float_layers = learnt_of(module).of_graph(model)
    graph = quantise(model, range_of, module.target, float_layers, scale_of)
    made = {name for node in graph.graph.node for name in node.output}
    shown = {name: rounded(name) if rounded(name) in made else name for name in module.tensors}
    end = graph.graph.output[0].name
    session = open_session(exposed(graph, [*shown.values(), end]))
    *inner, given_end = session.run(None, {graph.graph.input[0].name: records})
    graphs = {name: torch.from_numpy(array) for name, array in zip(shown, inner, strict=True)}
    own = torch.from_numpy(np.array(records))
    was_training = module.training
    module.eval()
    with torch.no_grad():
        whole = module(own).numpy()
        floats = module.network(own).numpy()
        with module.rounding(graphs) as rounding:
            led = module.network(own).numpy()
    module.train(was_training)
    gaps = {
        name: (rounding.kept[name] - graphs[name]).abs() / module.activation(name).step().detach()
        for name in shown
    }
    step = float(floats.max() - floats.min()) / _STEPS
    return Agreement(
        {name: float((gap <= 1 + _SLACK).double().mean()) for name, gap in gaps.items()},
        float(torch.cat([(gap <= _SLACK).flatten() for gap in gaps.values()]).double().mean()),
        float((np.abs(led - given_end) <= step).mean()),
        float((np.abs(whole - run(open_session(graph), records)) <= step).mean()),
    )
