"""Maximal update parametrisation: transfer the learning rate of a narrow network to a wide one.

Source: Tensor Programs V (Yang et al., arXiv 2203.03466), table 3 and appendix B, for Adam; used by
arXiv 2504.07598 for all its networks. Each parameter is compared with the same parameter of a base
network of the same depth; a dimension that differs grows with the width. With m the factor by which
a matrix's inputs grew:

    role      inputs   outputs   initial standard deviation            learning rate
    input     fixed    grow      as in the base network                1
    hidden    grow     grow      as in the base network / sqrt(m)      1 / m
    output    grow     fixed     as in the base network / m            1 / m
    vector    gains, biases, tokens: as initialised by the network     1

The paper's table also has a form with a multiplier 1/m on the output of the output matrix; with
Adam the training is the same, and folding it into the weights adds nothing to an exported graph.
Weight decay is scaled by m if the learning rate is scaled by 1/m, to keep their product. Products
of queries and keys are multiplied by sqrt(base head) / head, which is 1 / sqrt(head) if only the
number of heads grows, as in the 21 networks here. At the base width nothing changes.

The contrastive loss compares directions: the cosine of two projections already divides by their
width, as muP requires of a readout, so none of the 21 networks has an output matrix. A classifier
on top of them has one.
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
from edgehuman.own import is_own

Role = Literal["input", "hidden", "output", "vector"]
# Builder arguments that grow with the width.
_SIZES = ("width", "widths", "heads", "output")


@dataclass(frozen=True, slots=True)
class Scaling:
    """How one parameter is initialised and trained.

    Attributes:
        role: see the table above.
        std: initial standard deviation; None keeps the network's initial values.
        lr: factor of the learning rate; the weight decay is scaled by its inverse.
        eps: factor of Adam's epsilon; 1 in muP.
    """

    role: Role
    std: float | None
    lr: float
    eps: float = 1.0


def scalings(network: nn.Module, base: nn.Module) -> dict[str, Scaling]:
    """Apply the table above to every parameter of a network.

    Args:
        base: the same network at the base width.

    Raises:
        UsageError: the networks differ in more than their widths.
    """
    shapes = {name: parameter.shape for name, parameter in base.named_parameters()}
    names = [name for name, _ in network.named_parameters()]
    linear = matrices(network)
    if list(shapes) != names:
        odd = sorted(set(shapes) ^ set(names))
        raise UsageError(
            f"the base network has other parameters ({', '.join(odd[:3])} ...); use one of the "
            "same family and depth"
        )
    found = {}
    for name, parameter in network.named_parameters():
        if len(shapes[name]) != parameter.ndim:
            raise UsageError(
                f"{name} has other dimensions in the base network; use one of the same family"
            )
        found[name] = (
            matrix_scaling(parameter.shape, shapes[name])
            if name in linear
            else Scaling("vector", None, 1.0)
        )
    return found


def matrices(network: nn.Module) -> set[str]:
    """Return the names of the weights of linear layers and convolutions."""
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d)
    return {
        f"{path}.weight" if path else "weight"
        for path, module in network.named_modules()
        if isinstance(module, kinds)
    }


def matrix_scaling(shape: torch.Size, base: torch.Size) -> Scaling:
    """Return how a matrix is initialised and trained, by its shape and that in the base."""
    inputs, base_inputs = math.prod(shape[1:]), math.prod(base[1:])
    base_std, factor = base_inputs**-0.5, inputs / base_inputs
    if inputs == base_inputs:
        # Input of a wider network, or any matrix at the base width, where the role has no effect.
        return Scaling("input" if shape != base else "hidden", base_std, 1.0)
    if shape[0] == base[0]:
        return Scaling("output", base_std / factor, 1 / factor)
    return Scaling("hidden", base_std / factor**0.5, 1 / factor)


def prepare(network: nn.Module, base: nn.Module, seed: int = 0) -> dict[str, Scaling]:
    """Initialise a network's matrices; return how to train it.

    Raises:
        UsageError: see `scalings`, or attention is not scaled as muP requires.
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
    """Return how to train a network that is the base at another width.

    Raises:
        UsageError: as `prepare`.
    """
    found = scalings(network, base)
    _require_attention(network, base)
    return found


def attention_scale(head_dim: int, base_head_dim: int) -> float:
    """Return the factor of query-key products, for the builders' argument."""
    return math.sqrt(base_head_dim) / head_dim


def _require_attention(network: nn.Module, base: nn.Module) -> None:
    """Raise UsageError for a layer whose attention is not scaled as muP requires."""
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
                f"found attention scale {layer.attention_scale:.4g} in heads of {layer.head_dim} "
                f"channels; muP requires {wanted:.4g} because the base has {base_layer.head_dim}: "
                f"build the network with attention_scale={wanted:.4g}"
            )


def lr_scale(found: Mapping[str, Scaling], prefix: str = "") -> Callable[[str], float]:
    """Return the learning-rate factor by parameter name, for `Job.lr_scale`.

    Args:
        found: scalings of the encoder; empty without muP.
        prefix: of the encoder's names in the trained model; all other factors are 1.
    """
    factors = {prefix + name: each.lr for name, each in found.items()}
    return lambda name: factors.get(name, 1.0)


def decay_scale(found: Mapping[str, Scaling], prefix: str = "") -> Callable[[str], float]:
    """Return the weight-decay factor by parameter name, for `Job.decay_scale`."""
    factor = lr_scale(found, prefix)
    return lambda name: 1 / factor(name)


def base_of(arch: str) -> str:
    """Return the smallest network of the same family, which has the base width.

    A network of the caller's own has no family: it is its own base.

    Raises:
        UsageError: unknown network.
    """
    if is_own(arch):
        return arch
    family = catalogue.find(catalogue.NETWORKS, "network", arch).family
    return min(
        (name for name, row in catalogue.NETWORKS.items() if row.family == family),
        key=lambda name: catalogue.NETWORKS[name].params,
    )


def widened(arch: str, factor: float, **changes: Any) -> nn.Module:
    """Build a catalogued network with all widths times a factor; heads keep their size.

    Args:
        factor: such that all widths and numbers of heads are integers.
        changes: other builder arguments, such as a depth.

    Raises:
        UsageError: a width is not an integer.
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
            f"{arch} at {factor:g} times its width has a part of width {wide:g}; give a factor "
            "that keeps all widths integers"
        )
    return round(wide)
