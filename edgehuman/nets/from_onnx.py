"""Read a network's weights back from an FP32 graph of ours, so that the zoo's models can be tuned.

    weights, card = weights_of("zoo:activity")

Exporting folds constants, and each folding is undone: a matrix is stored transposed, a batch norm
stands inside the convolution before it, a table of biases is spread over the pairs of a window, the
gains of queries and keys are multiplied into the rotary tables. What the graph does not need, such
as the projection head of a pretraining, keeps its seeded random weights, unless the network names
the part that it may start as (`Twinned`).

Of a folded batch norm the scale, offset and statistics cannot be told apart. They are chosen so
that the network computes the same, with the statistics of simulated records, so that training goes
on from there. In the end the network must answer as the graph does, or nothing is returned.

Axes: N records, C channels, A heads, S tokens, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import ArtefactError, CheckpointError, ParityError
from edgehuman.metrics.parity import compare, failures
from edgehuman.nets.building import Twinned
from edgehuman.nets.image.tinyvit import WindowAttention
from edgehuman.nets.skeleton.parallel_layer import TurnedHeads
from edgehuman.reading.parsers import foreign
from edgehuman.runtime.engine.onnx import open_bytes, read_trusted
from edgehuman.runtime.engine.onnx_file import OnnxFile
from edgehuman.runtime.engine.open import Engine, EngineRequest
from edgehuman.runtime.zoo import file_of, zoo_names

Constant = NDArray[Any]
_STATISTICS_FROM = 96
_COMPARED = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the graph.

    Attributes:
        module: path of the module that it was traced from; of a folded batch norm, its own.
        kind: the operator.
        constants: its constant inputs by name.
    """

    module: str
    kind: str
    constants: Mapping[str, Constant]


def weights_of(name: str) -> tuple[dict[str, Tensor], Card]:
    """Read the weights, by our names, and the card of an FP32 ONNX file or `zoo:NAME`.

    Raises:
        UsageError: no such model in the zoo.
        ArtefactError: no such file, or not a model of ours.
        CheckpointError: INT8 or FP16, pruned, or a graph that does not give the network back.
    """
    path, request = file_of(name), EngineRequest("onnxruntime")
    file = read_trusted(path, request)
    card = _fp32(name, file)
    if card.pruned:
        raise CheckpointError(
            f"{name} is pruned: its widths cannot be read back from a graph; give the checkpoint "
            "folder that it was exported from"
        )
    nodes = read_nodes(file.plain, name)
    network: nn.Module = catalogue.step(card.input.record, "build")(card, _hints(nodes))
    folded = recover(network, nodes)
    few = _STATISTICS_FROM if folded else _COMPARED
    records = catalogue.step(card.input.record, "samples")(card, SIMULATED, most=few).array
    if folded:
        restore_statistics(network, folded, torch.from_numpy(records))
    engine = open_bytes(file, path, request)
    _require_same_answers(name, network, engine, records[:: len(records) // _COMPARED], card.output)
    if isinstance(network, Twinned):
        for learner, answerer in network.twins.items():
            network.get_submodule(learner).load_state_dict(
                network.get_submodule(answerer).state_dict()
            )
    return dict(network.state_dict()), card


def fp32_card(name: str) -> Card:
    """Read the card of a model whose weights can be read back: an FP32 ONNX.

    Raises:
        UsageError, ArtefactError: no such model.
        SignatureError: a signature is required, and there is none that holds.
        CheckpointError: of another precision; the message names the FP32 model.
    """
    return _fp32(name, read_trusted(file_of(name), EngineRequest("onnxruntime")))


def _fp32(name: str, file: OnnxFile) -> Card:
    card = file.card
    if card.precision.name != "fp32":
        whole = name.replace(f"-{card.precision.name}", "")
        known = whole in zoo_names() and whole != name
        fix = f"use {whole}" if known else "use the FP32 model that it was made from"
        raise CheckpointError(
            f"{name} is {card.precision.name}: its weights are rounded, and training needs them "
            f"whole; {fix}"
        )
    return card


def read_nodes(content: bytes, where: str) -> list[Node]:
    """Read the nodes of a graph, the bytes of a file, that have constant inputs."""
    try:
        with foreign():
            graph = onnx.load_from_string(content).graph
            constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    except ValueError as error:
        raise ArtefactError(f"{where}: cannot be read ({error}); copy it again") from None
    return [
        Node(
            node.name.rpartition("/")[0],
            node.op_type,
            {name: constants[name] for name in node.input if name in constants},
        )
        for node in graph.node
        if any(name in constants for name in node.input)
    ]


def recover(network: nn.Module, nodes: list[Node]) -> list[str]:
    """Load what the nodes hold into the network; the paths of batch norms that were folded.

    A folded batch norm becomes the identity plus its offset, whatever its statistics.
    """
    state = network.state_dict()
    found = {
        name: constant
        for node in nodes
        for name, constant in node.constants.items()
        if name in state and constant.shape == tuple(state[name].shape)
    }
    by_module: dict[str, list[Node]] = {}
    for node in nodes:
        by_module.setdefault(node.module, []).append(node)
    folded = []
    for path, module in network.named_modules():
        own = by_module.get(path, [])
        if isinstance(module, nn.Linear):
            found |= dict(_matrix(f"{path}.weight", module, own))
        elif isinstance(module, WindowAttention):
            found |= dict(_bias_table(f"{path}.attention_biases", module, own))
        elif isinstance(module, TurnedHeads):
            found |= dict(_gains(f"{path}.gain", module, own))
        elif isinstance(module, _BatchNorm) and f"{path}.weight" not in found:
            offsets = dict(_folded_norm(path, module, own, found))
            found |= offsets
            folded += [path] if offsets else []
    loaded = {name: torch.from_numpy(np.array(value)) for name, value in found.items()}
    network.load_state_dict(loaded, strict=False)
    return folded


def restore_statistics(network: nn.Module, folded: list[str], records: Tensor) -> None:
    """Give folded batch norms the statistics of these records (N, ...), and the scale and offset
    that keep the network's answers.
    """
    norms = {path: network.get_submodule(path) for path in folded}
    seen: dict[str, Tensor] = {}
    hooks = []
    for path, norm in norms.items():

        def see(module: nn.Module, inputs: tuple[Tensor, ...], path: str = path) -> None:
            seen[path] = inputs[0].detach().transpose(0, 1).flatten(1)

        hooks.append(norm.register_forward_pre_hook(see))
    try:
        with torch.inference_mode():
            network.eval()(records)
    finally:
        for hook in hooks:
            hook.remove()
    for path, value_CK in seen.items():
        norm = norms[path]
        assert isinstance(norm, _BatchNorm)
        mean_C, variance_C = value_CK.mean(dim=1), value_CK.var(dim=1, correction=0)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.copy_(mean_C)
        norm.running_var.copy_(variance_C)
        with torch.no_grad():
            norm.weight.copy_(torch.sqrt(variance_C + norm.eps))
            norm.bias.add_(mean_C)


def _hints(nodes: list[Node]) -> dict[str, Tensor]:
    """What a builder reads from a checkpoint: its names, and the sizes of bias tables."""
    hints = {
        name: torch.from_numpy(np.array(constant))
        for node in nodes
        for name, constant in node.constants.items()
    }
    for node in nodes:
        for spread_AK in filter(_is_bias, node.constants.values()):
            heads, tokens = spread_AK.shape[0], round(spread_AK[0].size ** 0.5)
            hints[f"{node.module}.attention_biases"] = torch.zeros(heads, tokens)
        if node.module.startswith("encoder."):
            hints.setdefault("encoder.", torch.zeros(0))
    return hints


def _is_bias(constant: Constant) -> bool:
    """Whether it may be biases of all pairs of tokens: (A, S, S), or (A, S x S)."""
    if constant.dtype != np.float32:
        return False
    if constant.ndim == 3:
        return constant.shape[1] == constant.shape[2] > 1
    side = round(constant.shape[-1] ** 0.5) if constant.ndim == 2 else 0
    return side > 1 and side * side == constant.shape[-1] and constant.shape[0] < side


def _matrix(name: str, layer: nn.Linear, nodes: list[Node]) -> Iterator[tuple[str, Constant]]:
    for node in nodes:
        for constant in node.constants.values():
            if node.kind == "MatMul" and constant.shape == (layer.in_features, layer.out_features):
                yield name, constant.T


def _bias_table(
    name: str, layer: WindowAttention, nodes: list[Node]
) -> Iterator[tuple[str, Constant]]:
    """(A, S, S), or its flat form, -> one bias per offset (A, S)."""
    index = layer.index_SS.flatten().numpy()
    for node in nodes:
        for constant in node.constants.values():
            if constant.dtype == np.float32 and constant.size == layer.heads * index.size:
                table_AS = np.zeros(tuple(layer.attention_biases.shape), np.float32)
                table_AS[:, index] = constant.reshape(layer.heads, -1)
                yield name, table_AS


def _gains(name: str, layer: TurnedHeads, nodes: list[Node]) -> Iterator[tuple[str, Constant]]:
    """At token 0 nothing is turned: there the table of a head's own channels is the gain."""
    for node in nodes:
        for constant in node.constants.values():
            first = constant[..., 0, :] if constant.ndim == 5 else np.zeros(1)
            if first.size == layer.gain.numel() and np.abs(first).max() > 0:
                yield name, first.reshape(-1) / layer.root_scale


def _folded_norm(
    path: str, norm: _BatchNorm, nodes: list[Node], found: Mapping[str, Constant]
) -> Iterator[tuple[str, Constant]]:
    """The convolution of a folded batch norm carries the norm's path and its offset, under the
    name of its own bias where it has one: then the bias was found, and is the offset already.
    """
    for node in nodes:
        for name, constant in node.constants.items():
            if node.kind == "Conv" and constant.shape == (norm.num_features,):
                yield f"{path}.bias", np.zeros_like(constant) if name in found else constant
                yield f"{path}.weight", np.full_like(constant, (1 + norm.eps) ** 0.5)
                yield f"{path}.running_mean", np.zeros_like(constant)
                yield f"{path}.running_var", np.ones_like(constant)


def _require_same_answers(
    name: str, network: nn.Module, engine: Engine, records: NDArray[Any], output: OutputSpec
) -> None:
    """Raise CheckpointError if the network does not answer as the graph does."""
    expected = engine.run(records)
    with torch.inference_mode():
        found = network.eval()(torch.from_numpy(records)).numpy()
    try:
        broken = failures(compare(expected, found, output), "fp32")
    except ParityError as error:
        broken = [str(error).removesuffix("; nothing was written")]
    if broken:
        raise CheckpointError(
            f"{name}: its graph does not give its network back: {'; '.join(broken)}. Use the "
            "checkpoint folder that it was made from"
        )
