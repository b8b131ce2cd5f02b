"""Maximal update parametrisation: the learning rate of a narrow network serves a wide one.

Source: Tensor Programs V (Yang et al., arXiv 2203.03466), table 3 and appendix B, for Adam; used by
arXiv 2504.07598 for all its networks. Every parameter is compared with the same parameter of a base
network of the same depth; a dimension that differs is one that grows with the width. With m the
factor by which a matrix's inputs grew:

    role      inputs   outputs   standard deviation at the start       learning rate
    input     fixed    grow      as in the base network                1
    hidden    grow     grow      as in the base network / sqrt(m)      1 / m
    output    grow     fixed     as in the base network / m            1 / m
    vector    gains, biases, tokens: as the network sets them          1

The paper's table also has a form with a multiplier 1/m on the result of the output matrix; under
Adam that is the same training, and folded into the weights it costs an exported graph nothing.
Weight decay is scaled by m where the learning rate is by 1/m, so that their product stays. Products
of queries and keys are multiplied by sqrt(base head) / head, which is 1 / sqrt(head) where only the
number of heads grows, as in the 21 networks here. At the base width nothing changes at all.

The contrastive loss compares directions: the cosine of two projections already divides by their
width, as muP asks of a readout, so none of the 21 networks has an output matrix. A classifier on
top of them has one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.nets.skeleton.parallel_layer import ParallelLayer

Role = Literal["input", "hidden", "output", "vector"]
# Arguments of the builders that grow with the width.
_SIZES = ("width", "widths", "heads", "output")


@dataclass(frozen=True, slots=True)
class Scaling:
    """How one parameter is trained.

    Attributes:
        role: see the table above.
        std: standard deviation at the start; None leaves the network's own start.
        lr: factor of the learning rate; its inverse is that of the weight decay.
    """

    role: Role
    std: float | None
    lr: float


def scalings(network: nn.Module, base: nn.Module) -> dict[str, Scaling]:
    """The table above for every parameter of a network.

    Args:
        base: the same network at the base width.

    Raises:
        UsageError: the two differ in more than their widths.
    """
    shapes = {name: parameter.shape for name, parameter in base.named_parameters()}
    names = [name for name, _ in network.named_parameters()]
    matrices = _matrices(network)
    if list(shapes) != names:
        odd = sorted(set(shapes) ^ set(names))
        raise UsageError(
            f"the base network differs in its parameters ({', '.join(odd[:3])} ...); take one of "
            "the same family and depth"
        )
    found = {}
    for name, parameter in network.named_parameters():
        if len(shapes[name]) != parameter.ndim:
            raise UsageError(f"{name} has other dimensions in the base network; take its family")
        found[name] = (
            _matrix(parameter.shape, shapes[name])
            if name in matrices
            else Scaling("vector", None, 1.0)
        )
    return found


def _matrices(network: nn.Module) -> set[str]:
    """Names of the weights of linear layers and convolutions."""
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d)
    return {
        f"{path}.weight" if path else "weight"
        for path, module in network.named_modules()
        if isinstance(module, kinds)
    }


def _matrix(shape: torch.Size, base: torch.Size) -> Scaling:
    inputs, base_inputs = math.prod(shape[1:]), math.prod(base[1:])
    base_std, factor = base_inputs**-0.5, inputs / base_inputs
    if inputs == base_inputs:
        # Input of a wider network, or any matrix at the base width, where the role says nothing.
        return Scaling("input" if shape != base else "hidden", base_std, 1.0)
    if shape[0] == base[0]:
        return Scaling("output", base_std / factor, 1 / factor)
    return Scaling("hidden", base_std / factor**0.5, 1 / factor)


def prepare(network: nn.Module, base: nn.Module, seed: int = 0) -> dict[str, Scaling]:
    """Draw a network's matrices; returns how to train it.

    Raises:
        UsageError: see `scalings`, or attention is scaled otherwise than muP asks.
    """
    found = require_base(network, base)
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            std = found[name].std
            if std is not None:
                parameter.copy_(torch.empty(parameter.shape).normal_(0, std, generator=source))
    return found


def require_base(network: nn.Module, base: nn.Module) -> dict[str, Scaling]:
    """How to train a network that is the base at another width.

    Raises:
        UsageError: as `prepare`.
    """
    found = scalings(network, base)
    _require_attention(network, base)
    return found


def attention_scale(head_dim: int, base_head_dim: int) -> float:
    """What products of queries and keys are multiplied by, for the builders' argument."""
    return math.sqrt(base_head_dim) / head_dim


def _require_attention(network: nn.Module, base: nn.Module) -> None:
    """Raise UsageError for a layer whose attention is not scaled as muP asks."""
    kind = ParallelLayer
    pairs = zip(
        (module for module in network.modules() if isinstance(module, kind)),
        (module for module in base.modules() if isinstance(module, kind)),
        strict=True,
    )
    for layer, base_layer in pairs:
        wanted = attention_scale(layer.head_dim, base_layer.head_dim)
        if not math.isclose(layer.attention_scale, wanted, rel_tol=1e-6):
            raise UsageError(
                f"found attention scaled by {layer.attention_scale:.4g} in heads of "
                f"{layer.head_dim} channels; muP wants {wanted:.4g} where the base has "
                f"{base_layer.head_dim}: build the network with attention_scale={wanted:.4g}"
            )


def lr_scale(found: Mapping[str, Scaling], prefix: str = "") -> Callable[[str], float]:
    """Factor of the learning rate by the parameter's name, for `Job.lr_scale`.

    Args:
        found: of the encoder; empty without muP.
        prefix: of the encoder's names in the model that is trained; all other factors are 1.
    """
    factors = {prefix + name: each.lr for name, each in found.items()}
    return lambda name: factors.get(name, 1.0)


def decay_scale(found: Mapping[str, Scaling], prefix: str = "") -> Callable[[str], float]:
    """Factor of the weight decay by the parameter's name, for `Job.decay_scale`."""
    factor = lr_scale(found, prefix)
    return lambda name: 1 / factor(name)


def base_of(arch: str) -> str:
    """The smallest network of a catalogued one's family: its base width.

    Raises:
        UsageError: an unknown network.
    """
    family = catalogue.find(catalogue.NETWORKS, "network", arch).family
    return min(
        (name for name, row in catalogue.NETWORKS.items() if row.family == family),
        key=lambda name: catalogue.NETWORKS[name].params,
    )


def widened(arch: str, factor: float, **changes: Any) -> nn.Module:
    """A catalogued network with all its widths times a factor; heads keep their size.

    Args:
        factor: such that every width and every number of heads stays whole.
        changes: other arguments of the builder, such as a depth.

    Raises:
        UsageError: a width that is not whole.
    """
    row = catalogue.find(catalogue.NETWORKS, "network", arch)
    arguments = {
        name: _times(arch, value, factor) if name in _SIZES else value
        for name, value in row.arguments.items()
    }
    network: nn.Module = catalogue.load_object(row.build)(**{**arguments, **changes})
    return network


def _times(arch: str, value: Any, factor: float) -> Any:
    if not isinstance(value, int):
        return type(value)(_times(arch, each, factor) for each in value)
    wide = value * factor
    if wide != round(wide) or wide < 1:
        raise UsageError(
            f"{arch} at {factor:g} times its width has a part {wide:g} wide; give a factor that "
            "keeps all parts whole"
        )
    return round(wide)
