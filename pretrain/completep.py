"""CompleteP: transfer the learning rate of a shallow, narrow network to a deep, wide one.

Source: "Don't be lazy: CompleteP enables compute-efficient deep transformers" (Dey et al., arXiv
2505.01618, table 1 with alpha = 1), for AdamW. A base network says the width and depth that --lr is
tuned for. With m_N the factor by which a matrix's inputs grew (of a vector: its length) and m_L
that of the layers of its stack, a residual branch is multiplied by 1/m_L, and

    role              initial deviation   learning rate   weight decay   epsilon
    input             as in the base      1               1              1 / m_N
    hidden matrix     base / sqrt(m_N)    1 / m_N         m_N            1 / (m_N m_L)
    hidden vector     as in the base      1               0              1 / (m_N m_L)
    output            base / m_N          1 / m_N         m_N            1
    vector outside    as in the base      1               0              1 / m_N

The branch's multiplier is folded into its last matrix and bias, so the network, its checkpoints and
its exported graph are those of any other training: initial values and learning rate times 1/m_L,
weight decay and epsilon times m_L, with which Adam takes the same steps. Queries and keys of
heads that grow with the width have their products multiplied by sqrt(base head) / head while
training; `folded` puts that into the weights that are saved. Clipping (--clip-norm) looks at all
gradients together and transfers less well: leave it high enough to be rare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypedDict

import torch
from torch import Tensor, nn

from edgehuman.errors import UsageError
from edgehuman.nets.attention import Attention, Block
from edgehuman.nets.skeleton.parallel_layer import ParallelLayer
from edgehuman.pretrain.mup import (
    Scaling,
    attention_scale,
    decay_scale,
    lr_scale,
    matrices,
    matrix_scaling,
)

# Kinds of residual layers, with the modules that end their branches.
BRANCHES: dict[type[nn.Module], tuple[str, ...]] = {
    Block: ("attention.project", "mlp.3"),
    ParallelLayer: ("attention_out", "mlp_out"),
}
_KINDS = tuple(BRANCHES)


def stacks(network: nn.Module) -> dict[str, int]:
    """Return the paths of a network's stacks of residual layers, with their numbers of layers."""
    return {
        path: len(module)
        for path, module in network.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) and isinstance(module[0], _KINDS)
    }


def scalings(network: nn.Module, base: nn.Module) -> dict[str, Scaling]:
    """Apply the table above to every parameter of a network.

    Args:
        base: the same network at the base width and depth.

    Raises:
        UsageError: it has no stack of residual layers, or differs in more than widths and depths.
    """
    deeper = _deeper(network, base)
    own, kinds = dict(base.named_parameters()), matrices(network)
    ends = {
        f"{path}.{at}.{end}."
        for path, count in stacks(network).items()
        for at in range(count)
        for end in BRANCHES[type(network.get_submodule(f"{path}.{at}"))]
    }
    found = {}
    for name, parameter in network.named_parameters():
        factor, twin = _counterpart(name, deeper)
        if twin not in own or own[twin].ndim != parameter.ndim:
            raise UsageError(
                f"the base network has no {name} of as many dimensions; use one of the same family"
            )
        same = own[twin]
        if name in kinds:
            scaling = matrix_scaling(parameter.shape, same.shape)
            std = float(same.detach().std()) * (scaling.std or 0) * math.prod(same.shape[1:]) ** 0.5
            eps = 1.0 if scaling.role == "output" else _grown(parameter, same) / factor
        else:
            scaling, std = Scaling("vector", None, 1.0), None
            eps = same.numel() / parameter.numel() / factor
        lr = scaling.lr
        if any(name.startswith(end) for end in ends):
            std = None if std is None else std / factor
            lr, eps = lr / factor, eps * factor
        found[name] = Scaling(scaling.role, std, lr, eps)
    return found


def _grown(parameter: Tensor, base: Tensor) -> float:
    """1 / m_N of a matrix: by its inputs, or by its outputs if these alone grew."""
    inputs = math.prod(base.shape[1:]) / math.prod(parameter.shape[1:])
    return inputs if inputs != 1 else base.shape[0] / parameter.shape[0]


def _deeper(network: nn.Module, base: nn.Module) -> dict[str, float]:
    """Path of each stack -> m_L."""
    own, before = stacks(network), stacks(base)
    if not own:
        kinds = " or ".join(kind.__name__ for kind in _KINDS)
        raise UsageError(
            f"CompleteP scales stacks of residual layers ({kinds}) and found none; train this "
            "network without --param completep"
        )
    if own.keys() != before.keys():
        raise UsageError("the base network has other stacks of layers; use one of the same family")
    return {path: count / before[path] for path, count in own.items()}


def _counterpart(name: str, deeper: Mapping[str, float]) -> tuple[float, str]:
    """m_L of a parameter, and the name of its counterpart in the base: that of the first layer."""
    for path, factor in deeper.items():
        if name.startswith(f"{path}."):
            rest = name.removeprefix(f"{path}.").partition(".")[2]
            return factor, f"{path}.0.{rest}".rstrip(".")
    return 1.0, name


def prepare(network: nn.Module, base: nn.Module) -> dict[str, Scaling]:
    """Scale a network's initial values and its attention; return how to train it.

    Raises:
        UsageError: see `scalings`.
    """
    found = scalings(network, base)
    deeper = _deeper(network, base)

    def twin_of(name: str) -> str:
        return _counterpart(name, deeper)[1]

    with torch.no_grad():
        for name, parameter in network.named_parameters():
            wanted = found[name].std
            if wanted is None or parameter.shape == base.get_parameter(twin_of(name)).shape:
                # The multiplier of a branch alone: of no matrix, or of one as large as the base's.
                parameter.mul_(found[name].lr)
            elif now := float(parameter.std()):
                parameter.mul_(wanted / now)
    for path, module in network.named_modules():
        if isinstance(module, (Attention, ParallelLayer)):
            _scale_attention(module, base.get_submodule(twin_of(path)))
    return found


def _scale_attention(module: nn.Module, base: nn.Module) -> None:
    if isinstance(module, Attention) and isinstance(base, Attention):
        if module.head_dim != base.head_dim:
            module.scale = attention_scale(module.head_dim, base.head_dim)
    elif isinstance(module, ParallelLayer) and isinstance(base, ParallelLayer):
        module.turned.root_scale = attention_scale(module.head_dim, base.head_dim) ** 0.5


def folded(network: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights for the network with its own attention: the scale is in the queries' rows, or
    in the gains of queries and keys.

    Args:
        network: as it is trained.
        weights: of it, or of a moving average of it.
    """
    made = dict(weights)
    for path, module in network.named_modules():
        if isinstance(module, Attention) and module.scale is not None:
            times = module.scale * module.head_dim**0.5
            for name in (f"{path}.qkv.weight", f"{path}.qkv.bias"):
                rows = made[name].clone()
                rows[: len(rows) // 3] *= times
                made[name] = rows
        elif isinstance(module, ParallelLayer):
            times = module.turned.root_scale / module.attention_scale**0.5
            if not math.isclose(times, 1.0, rel_tol=1e-9):
                made[f"{path}.turned.gain"] = made[f"{path}.turned.gain"] * times
    return made


class Scales(TypedDict):
    """The factors by parameter name that a `Job` takes."""

    lr_scale: Callable[[str], float]
    decay_scale: Callable[[str], float]
    eps_scale: Callable[[str], float]


def scales(found: Mapping[str, Scaling], prefix: str = "") -> Scales:
    """Return a `Job`'s factors.

    Args:
        prefix: of the network's names in the trained model; all other factors are 1.
    """
    return {
        "lr_scale": lr_scale(found, prefix),
        "decay_scale": decay_scale(found, prefix),
        "eps_scale": eps_scale(found, prefix),
    }


def eps_scale(found: Mapping[str, Scaling], prefix: str = "") -> Callable[[str], float]:
    """Return the factor of AdamW's epsilon by parameter name, for `Job.eps_scale`."""
    factors = {prefix + name: each.eps for name, each in found.items()}
    return lambda name: factors.get(name, 1.0)
