"""Networks that are narrower than their class builds them: what `edgehuman prune` left.

The class builds the network, and each layer gets the width of its saved weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

_MARK = "narrower_than_its_class"


def is_pruned(network: nn.Module) -> bool:
    """Whether a part of the network has been made narrower by `fit_widths`."""
    return any(getattr(module, _MARK, False) for module in network.modules())


def fit_head(head: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a new head's tensors as wide as a pruned network's head, but for what it gives.

    Args:
        weights: of the pruned network, with the head that it had.
    """
    last = [name for name, tensor in head.items() if tensor.ndim > 1][-1:]
    giving = tuple(f"{name.rpartition('.')[0]}." for name in last)
    fitted = dict(head)
    for name, new in head.items():
        old = weights.get(name)
        if old is not None and old.ndim == new.ndim:
            given = new.shape[:1] if name.startswith(giving) else old.shape[:1]
            fitted[name] = new[tuple(slice(size) for size in (*given, *old.shape[1:]))].clone()
    return fitted


def fit_widths(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give the layers of a network the widths of a pruned one's weights, whose values are not
    loaded; the network is marked as pruned.

    Layers without weights of their name stay.
    """
    setattr(network, _MARK, True)
    for path, module in network.named_modules():
        prefix = f"{path}." if path else ""
        own: dict[str, Any] = {**dict(module.named_parameters(recurse=False))}
        own |= dict(module.named_buffers(recurse=False))
        changed = {
            name: weights[prefix + name]
            for name, old in own.items()
            if prefix + name in weights and weights[prefix + name].shape != old.shape
        }
        for name, new in changed.items():
            empty = torch.empty_like(new)
            setattr(module, name, nn.Parameter(empty) if name in module._parameters else empty)
        if "weight" in changed:
            _resize(module, changed["weight"].shape)


def _resize(module: nn.Module, shape: torch.Size) -> None:
    """Set the numbers by which a layer says its widths, from the shape of its weight."""
    sizes: Any = module
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        if sizes.groups == sizes.in_channels:  # depthwise: a group a channel
            sizes.groups = shape[0] * sizes.in_channels // sizes.out_channels
        sizes.in_channels, sizes.out_channels = shape[1] * sizes.groups, shape[0]
    elif isinstance(module, nn.Linear):
        sizes.out_features, sizes.in_features = shape
    elif isinstance(module, nn.LayerNorm):
        sizes.normalized_shape = tuple(shape)
    elif isinstance(module, nn.GroupNorm):
        sizes.num_channels = shape[0]
    elif hasattr(sizes, "num_features"):
        sizes.num_features = shape[0]
