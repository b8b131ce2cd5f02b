"""Where two computations diverge: the layer table of `edgehuman export --explain`.

torch against ONNX compares module outputs (forward hooks) with the last node of that module; ONNX
against its FP16 or INT8 form compares every float tensor that kept its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from edgehuman.export.graph.sessions import exposed, open_session
from edgehuman.metrics.parity import cosines

# Relative error above which a layer counts as diverged; rounding of each precision stays below.
PARTED = {"fp32": 1e-4, "fp16": 0.02, "int8": 0.2}


@dataclass(frozen=True, slots=True)
class Row:
    """One layer: the node (named after our module), and its difference between two computations.

    Attributes:
        error: RMS of the difference over RMS of the reference; infinite if either is not finite.
    """

    node: str
    cosine: float
    max_abs: float
    error: float


def of_network(network: nn.Module, model: onnx.ModelProto, samples: NDArray[Any]) -> list[Row]:
    """Compare torch with its FP32 graph, module by module, in graph order."""
    taken = _module_outputs(network, samples)
    last = {node.name.rpartition("/")[0]: node for node in model.graph.node}
    pairs = [
        (node.name, node.output[0], taken[path]) for path, node in last.items() if path in taken
    ]
    given = _tensors(model, [tensor for _, tensor, _ in pairs], samples)
    return [
        _row(name, reference, candidate)
        for (name, _, reference), candidate in zip(pairs, given, strict=True)
        if reference.shape == candidate.shape
    ]


def of_graphs(
    reference: onnx.ModelProto, candidate: onnx.ModelProto, samples: NDArray[Any]
) -> list[Row]:
    """Compare a graph with its FP16 or INT8 form at every float tensor that both have."""
    shared = {name for node in candidate.graph.node for name in node.output}
    nodes = [
        (node.name, node.output[0])
        for node in reference.graph.node
        if node.output[0] in shared and _is_float(reference, node.output[0])
    ]
    names = [tensor for _, tensor in nodes]
    rows = zip(
        nodes, _tensors(reference, names, samples), _tensors(candidate, names, samples), strict=True
    )
    return [_row(name, a, b) for (name, _), a, b in rows]


def first_parted(rows: Sequence[Row], precision: str) -> Row | None:
    """The first layer whose error exceeds rounding."""
    return next((row for row in rows if not row.error <= PARTED[precision]), None)


def table(rows: Sequence[Row], precision: str) -> str:
    """The rows as text, with a mark at the first layer that diverges."""
    parted = first_parted(rows, precision)
    width = max((len(row.node) for row in rows), default=5)
    lines = [f"{'layer':<{width}}  {'cosine':>9}  {'max abs':>9}  {'error':>9}"]
    for row in rows:
        said = "diverges here" if np.isfinite(row.error) else "not finite from here on"
        mark = f"  <- {said}" if row is parted else ""
        lines.append(
            f"{row.node:<{width}}  {row.cosine:>9.6f}  {row.max_abs:>9.2e}  {row.error:>9.2e}{mark}"
        )
    return "\n".join(lines)


def _row(node: str, reference: NDArray[Any], candidate: NDArray[Any]) -> Row:
    a_ND = reference.reshape(len(reference), -1).astype(np.float64)
    b_ND = candidate.reshape(len(candidate), -1).astype(np.float64)
    if not (np.all(np.isfinite(a_ND)) and np.all(np.isfinite(b_ND))):
        return Row(node, float("nan"), float("inf"), float("inf"))
    gap, size = np.sqrt(np.mean((a_ND - b_ND) ** 2)), np.sqrt(np.mean(a_ND**2))
    error = 0.0 if gap == 0 else float(gap / max(float(size), 1e-12))
    return Row(node, float(cosines(a_ND, b_ND).min()), float(np.abs(a_ND - b_ND).max()), error)


def _is_float(model: onnx.ModelProto, tensor: str) -> bool:
    for info in (*model.graph.value_info, *model.graph.output):
        if info.name == tensor:
            return bool(info.type.tensor_type.elem_type == onnx.TensorProto.FLOAT)
    return False


def _tensors(
    model: onnx.ModelProto, names: Sequence[str], samples: NDArray[Any]
) -> list[NDArray[Any]]:
    if not names:
        return []
    session = open_session(exposed(model, dict.fromkeys(names)))
    return list(session.run(list(names), {session.get_inputs()[0].name: samples}))


def _module_outputs(network: nn.Module, samples: NDArray[Any]) -> dict[str, NDArray[Any]]:
    taken: dict[str, NDArray[Any]] = {}
    hooks = [module.register_forward_hook(_keep(taken, path)) for path, module in _leaves(network)]
    try:
        with torch.inference_mode():
            network(torch.from_numpy(samples))
    finally:
        for hook in hooks:
            hook.remove()
    return taken


def _leaves(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    return ((path, module) for path, module in network.named_modules() if not [*module.children()])


def _keep(taken: dict[str, NDArray[Any]], path: str) -> Any:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            taken[path] = output.detach().numpy()

    return hook
