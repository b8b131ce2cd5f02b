"""A network that computes as its INT8 graph will: `prepare(network, card, target, records)`.

    module = prepare(network, card, "cpu", samples.array)
    module(records)                     in the place of network(records), with gradients
    save_handover(folder, module, card) (handover.py) what `edgehuman export` reads

The network keeps its modules and the names of its weights. While it runs, the calls of its weight
layers are intercepted: their inputs and weights, and in the cpu layout the outputs of convolutions,
are rounded at the tensors that `export.graph.int8` rounds. Rounding is in float32 under autocast
too.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from edgehuman.card import Card
from edgehuman.distill.qat.fold import fold, freeze, pairs
from edgehuman.distill.qat.lsq import ActivationQuantiser, WeightQuantiser, start_of_weight, whole
from edgehuman.distill.qat.plan import Layer, Plan, make_plan
from edgehuman.errors import DataError
from edgehuman.export.graph.calibration import Method, Range, collect, ranges
from edgehuman.export.graph.int8 import Target
from edgehuman.export.graph.trace import to_onnx

# Steps and zero points learn at a tenth of the weights' rate.
STEP_RATE = 0.1
_NETWORK = "network."
_CALLS = {torch.conv1d, torch.conv2d, torch.conv3d, functional.linear}
# Enough to see which layer runs when.
_SEEN = 2


class Quantised(nn.Module):
    """A network with fake quantisers.

    Args:
        network: its batch norms folded.
        plan: what to round.
        target: the layout of the graph.
        bounds: the ranges of `plan.tensors()` to start from.

    Attributes:
        network: the float network, with its own names; what a checkpoint holds.
        remarks: what the user should know: layers in float, and where the steps start.
    """

    def __init__(
        self, network: nn.Module, plan: Plan, target: Target, bounds: Mapping[str, Range]
    ) -> None:
        super().__init__()
        self.network, self.plan, self.target = network, plan, target
        self.tensors = plan.tensors()
        self.weights = list(dict.fromkeys(layer.weight for layer in plan.layers))
        self.activation_steps = nn.ModuleList(
            ActivationQuantiser(bounds[name], target) for name in self.tensors
        )
        starts = [
            start_of_weight(network.get_parameter(name), self._limit()) for name in self.weights
        ]
        self.weight_steps = nn.ModuleList(WeightQuantiser(step, target) for step, _ in starts)
        self.remarks = self._remarks(sum(count for _, count in starts))

    def _limit(self) -> int:
        return WeightQuantiser(torch.ones(1), self.target).limit

    def _remarks(self, by_most: int) -> tuple[str, ...]:
        channels = sum(len(self.weight(name).log2_step) for name in self.weights)
        said = [
            f"{len(self.plan.layers)} layers are quantised; of {channels} channels of weights "
            f"{by_most} start at max-abs, the others at 2 mean-abs / sqrt({self._limit()})"
        ]
        if self.plan.float_layers:
            said.append(f"stay in float: {', '.join(self.plan.float_layers)}")
        return tuple(said)

    def train(self, mode: bool = True) -> Quantised:
        """As of any module, but batch norms keep their statistics."""
        super().train(mode)
        freeze(self.network)
        return self

    def forward(self, *records: Tensor) -> Any:
        """What the network gives for these records, rounded on the way."""
        with self.rounding():
            return self.network(*records)

    def rounding(self, given: Mapping[str, Tensor] | None = None) -> Rounding:
        """A context in which calls of `network` or of parts of it are rounded.

        Args:
            given: tensors that take the place of the rounded ones once they are made.
        """
        return Rounding(self, given or {})

    def activation(self, tensor: str) -> ActivationQuantiser:
        """The quantiser of a tensor of the plan."""
        found = self.activation_steps[self.tensors.index(tensor)]
        assert isinstance(found, ActivationQuantiser)
        return found

    def weight(self, name: str) -> WeightQuantiser:
        """The quantiser of a parameter of the plan."""
        found = self.weight_steps[self.weights.index(name)]
        assert isinstance(found, WeightQuantiser)
        return found

    def deployed(self) -> nn.Module:
        """A copy of the float network in eval mode whose weights are on the grid."""
        network = copy.deepcopy(self.network).eval()
        with torch.no_grad():
            for name in self.weights:
                parameter = network.get_parameter(name)
                parameter.copy_(self.weight(name)(parameter))
        return network


class Rounding(TorchFunctionMode):
    """Intercept the weight layers of one forward pass of a `Quantised`.

    Attributes:
        runs: how often each parameter of the plan was used.
        kept: the rounded tensors by their names in the graph.
    """

    def __init__(self, owner: Quantised, given: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.owner, self.given = owner, given
        self.runs: Counter[str] = Counter()
        self.kept: dict[str, Tensor] = {}
        self._inputs: dict[str, Tensor] = {}
        self._rounded_inputs: dict[str, Tensor] = {}
        layers: dict[str, list[Layer]] = {}
        for layer in owner.plan.layers:
            layers.setdefault(layer.weight, []).append(layer)
        parameters = dict(owner.network.named_parameters())
        self._layers = {id(parameters[name]): each for name, each in layers.items()}
        self._norms = {
            id(owner.network.get_submodule(layer.norm).running_mean)
            for layer in owner.plan.layers
            if layer.norm
        }

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if func in _CALLS:
            layers = self._layers.get(id(args[1] if len(args) > 1 else named.get("weight")))
            if layers is not None:
                layer = layers[min(self.runs[layers[0].weight], len(layers) - 1)]
                self.runs[layer.weight] += 1
                return self._run(layer, func, args, named)
        if func is functional.batch_norm and id(args[1]) in self._norms:
            return args[0]
        return func(*args, **named)

    def _run(
        self,
        layer: Layer,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        named: Mapping[str, Any],
    ) -> Tensor:
        (x, parameter), rest = args[:2], args[3:]
        quantiser = self.owner.weight(layer.weight)
        with torch.autocast(x.device.type, enabled=False):
            x = self._rounded(layer.input, x)
            weight = quantiser(parameter)
            bias = self._bias(layer, args[2] if len(args) > 2 else named.get("bias"))
        output: Tensor = func(x, weight, bias, *rest, **_without_bias(named))
        if layer.output:
            with torch.autocast(x.device.type, enabled=False):
                output = self._kept(layer.output, output)
        return output

    def _rounded(self, tensor: str, x: Tensor) -> Tensor:
        """The rounded input; of several layers that take one tensor it is made once."""
        if self._inputs.get(tensor) is not x:
            self._inputs[tensor], self._rounded_inputs[tensor] = x, self._kept(tensor, x)
        return self._rounded_inputs[tensor]

    def _kept(self, tensor: str, x: Tensor) -> Tensor:
        self.kept[tensor] = self.owner.activation(tensor)(x)
        return self.given.get(tensor, self.kept[tensor])

    def _bias(self, layer: Layer, bias: Tensor | None) -> Tensor | None:
        if layer.norm and bias is None:
            bias = self.owner.network.get_submodule(layer.norm).bias  # type: ignore[assignment]
        if bias is None or not layer.whole_bias:
            return bias
        with torch.no_grad():
            step = self.owner.activation(layer.input).step()
            step_C = (step * self.owner.weight(layer.weight).step()).double()
        return (whole(bias.double() / step_C) * step_C).float()


def _without_bias(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if name not in ("weight", "bias")}


def prepare(
    network: nn.Module,
    card: Card,
    target: Target,
    records: NDArray[Any],
    method: Method = "percentile",
    trace: Callable[[nn.Module, Card], onnx.ModelProto] = to_onnx,
) -> Quantised:
    """Make a copy of a trained network that computes as its INT8 graph.

    Args:
        network: as its checkpoint gives it; it stays as it is.
        card: of the network.
        target: the layout: cpu or tensorrt.
        records: calibration records (N, ...); of other people than those that judge.
        method: how the ranges of activations start.
        trace: gives the float32 graph.

    Raises:
        DataError: no records.
        CheckpointError, ArtefactError: as `trace.to_onnx`.
    """
    if len(records) == 0:
        raise DataError("there are no records to calibrate with; give at least one")
    folded = copy.deepcopy(network).cpu().eval()
    few = torch.from_numpy(np.array(records[:_SEEN]))
    norms = pairs(folded, few)
    fold(folded, norms)
    model = trace(folded, card)
    plan = make_plan(folded, model, target, norms)
    bounds = ranges(collect(model, plan.tensors(), records), method)
    plan = _followed(Quantised(folded, plan, target, bounds), few)
    device = next(iter(network.parameters())).device
    return Quantised(folded, plan, target, bounds).to(device).train(network.training)


def _followed(module: Quantised, records: Tensor) -> Plan:
    """The plan, with layers in float that the network does not run as the graph does."""
    with torch.no_grad(), module.eval().rounding() as rounding:
        module.network(records)
    expected = Counter(layer.weight for layer in module.plan.layers)
    wrong = {name for name in expected if expected[name] != rounding.runs[name]}
    return module.plan.without(
        {layer.name for layer in module.plan.layers if layer.weight in wrong}
    )


def lr_scale(name: str) -> float:
    """The learning-rate factor of a parameter of a `Quantised`: steps and zero points learn at a
    tenth of the weights' rate.
    """
    return STEP_RATE if _is_step(name) else 1.0


def decay_scale(name: str) -> float:
    """The weight-decay factor: steps and zero points do not decay."""
    return 0.0 if _is_step(name) else 1.0


def _is_step(name: str) -> bool:
    return name.rpartition(".")[2] in ("log2_step", "offset") and f".{_NETWORK}" not in f".{name}"
