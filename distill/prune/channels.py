"""Layers with fewer channels: which go, and what has to stay."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from edgehuman.errors import UsageError

MULTIPLE = 8
_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def narrowed(network: nn.Module, record: Tensor, width: float, keep: tuple[str, ...]) -> nn.Module:
    """Return a narrower copy of a network, in eval mode, whose answer has the same shape.

    Raises:
        UsageError: no layer of a name in `keep`, nothing to remove, or its code needs its widths.
    """
    import torch_pruning

    narrow = copy.deepcopy(network).eval().requires_grad_(True)
    layers = dict(narrow.named_modules())
    unknown = [name for name in keep if name not in layers]
    if unknown:
        raise UsageError(
            f"--keep names {unknown[0]}, and there is no such layer; there are: "
            f"{', '.join(list(layers)[1:12])}"
        )
    kept = [*(layers[name] for name in keep), _last(narrow, record)]
    before = [tuple(each.shape) for each in narrow.parameters()]
    with torch.no_grad():
        expected = narrow(record).shape
    try:
        torch_pruning.pruner.BasePruner(
            narrow,
            record,
            importance=torch_pruning.importance.GroupMagnitudeImportance(p=2),
            pruning_ratio=0.0,
            pruning_ratio_dict=_shares(narrow, width),
            ignored_layers=kept,
        ).step()
        with torch.no_grad():
            found = narrow(record).shape
    except Exception as error:  # of torch-pruning, or of the network's own code
        raise UsageError(
            f"the network cannot be made narrower: {type(error).__name__}: {error}; its code may "
            "use its widths as numbers: name the layers before them with --keep"
        ) from error
    if found != expected:
        raise UsageError(
            f"pruned, the network answers {tuple(found)} in place of {tuple(expected)}; name the "
            "layers that give the answer with --keep"
        )
    if before == [tuple(each.shape) for each in narrow.parameters()]:
        raise UsageError(
            f"--width {width:g} removes nothing: a layer keeps {MULTIPLE} channels or more, "
            "and the last one and those of --keep all; choose a wider network, or keep fewer layers"
        )
    return narrow


def left(channels: int, width: float) -> int:
    """Return how many channels a layer keeps: the nearest multiple of 8, at least 8; a narrower
    layer keeps all.
    """
    return min(channels, max(MULTIPLE, MULTIPLE * round(channels * width / MULTIPLE)))


def _shares(network: nn.Module, width: float) -> dict[nn.Module, float]:
    """Return the share of channels that each layer loses."""
    found: dict[nn.Module, float] = {}
    for module in network.modules():
        if isinstance(module, _LAYERS):
            channels = module.weight.shape[0]
            # The library keeps the whole part of this share; the half guards against rounding.
            found[module] = max(0.0, 1 - (left(channels, width) + 0.5) / channels)
    return found


def _last(network: nn.Module, record: Tensor) -> nn.Module:
    """Return the last layer with weights that a forward runs through."""
    seen: list[nn.Module] = []
    hooks = [
        module.register_forward_hook(lambda module, given, answer: seen.append(module))
        for module in network.modules()
        if isinstance(module, _LAYERS)
    ]
    with torch.no_grad():
        network(record)
    for hook in hooks:
        hook.remove()
    if not seen:
        raise UsageError("the network has no convolution and no linear layer; nothing to prune")
    return seen[-1]
