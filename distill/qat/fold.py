"""Fold batch norms into the layers before them, as the exporter does, and freeze them.

The modules and the names of the weights stay: a folded norm keeps its offset where the layer has no
bias of its own, and otherwise maps x to x exactly. So the network loads from its checkpoint as any
other, and the exporter, which multiplies by 1, gives the graph the layer's very weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd


def pairs(network: nn.Module, records: Tensor) -> dict[str, str]:
    """Path of a batch norm -> path of the layer (convolution or linear) whose output it takes, and
    nothing else; of those that run once a record.

    Args:
        records: (N, ...), what the network takes.
    """
    made: dict[int, tuple[str, Tensor]] = {}
    runs: dict[str, int] = {}
    found: dict[str, str] = {}
    hooks = []
    for path, module in network.named_modules():
        if isinstance(module, (_ConvNd, nn.Linear)):

            def keep(layer: nn.Module, given: object, output: Tensor, path: str = path) -> None:
                made[id(output)] = path, output
                runs[path] = runs.get(path, 0) + 1

            hooks.append(module.register_forward_hook(keep))
        elif isinstance(module, _BatchNorm) and _foldable(module):

            def see(norm: nn.Module, given: tuple[Tensor, ...], path: str = path) -> None:
                runs[path] = runs.get(path, 0) + 1
                if id(given[0]) in made:
                    found[path] = made[id(given[0])][0]

            hooks.append(module.register_forward_pre_hook(see))
    try:
        with torch.no_grad():
            network.eval()(records)
    finally:
        for hook in hooks:
            hook.remove()
    taken = list(found.values())
    return {
        norm: layer
        for norm, layer in found.items()
        if runs[norm] == runs[layer] == 1 and taken.count(layer) == 1
    }


def _foldable(norm: _BatchNorm) -> bool:
    return norm.affine and norm.running_mean is not None


@torch.no_grad()
def fold(network: nn.Module, norms: Mapping[str, str]) -> None:
    """Fold each norm into its layer, in place; what the network computes stays.

    Args:
        norms: as `pairs`.
    """
    for path, layer_path in norms.items():
        norm, layer = network.get_submodule(path), network.get_submodule(layer_path)
        assert isinstance(norm, _BatchNorm)
        assert isinstance(layer, (_ConvNd, nn.Linear))
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale_C = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        offset_C = norm.bias.double() - norm.running_mean.double() * scale_C
        spread = scale_C.view(-1, *(1 for _ in layer.weight.shape[1:]))
        layer.weight.copy_(layer.weight.double() * spread)
        if layer.bias is not None:
            layer.bias.copy_(layer.bias.double() * scale_C + offset_C)
            offset_C = torch.zeros_like(offset_C)
            norm.bias.requires_grad_(False)
        norm.bias.copy_(offset_C)
        norm.weight.fill_(1.0).requires_grad_(False)
        norm.running_mean.zero_()
        norm.running_var.fill_(_unit_variance(norm.eps, norm.running_var.dtype))


def _unit_variance(eps: float, dtype: torch.dtype) -> float:
    """The variance that `eps` makes exactly 1."""
    one = torch.ones((), dtype=dtype)
    variance = one - eps
    while bool(variance + eps < one):
        variance = torch.nextafter(variance, one)
    while bool(variance + eps > one):
        variance = torch.nextafter(variance, torch.zeros_like(one))
    return float(variance)


def freeze(network: nn.Module) -> None:
    """Keep every batch norm on its statistics, also in training mode."""
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
