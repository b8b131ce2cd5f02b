"""Which of a network's weights are not finite: they are neither written, nor read, nor exported."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_SHOWN = 3


def not_finite(weights: Mapping[str, Tensor]) -> str:
    """Which weights hold NaN or infinity, and how many values: "head.bias: 2 of 6"; "" if none."""
    found = [
        (name, int((~tensor.isfinite()).sum()), tensor.numel())
        for name, tensor in weights.items()
        if tensor.is_floating_point() and not _is_finite(tensor)
    ]
    said = [f"{name}: {count} of {size}" for name, count, size in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"NaN or infinite values ({', '.join(said)}{more})" if found else ""


def _is_finite(tensor: Tensor) -> bool:
    """Whether all values are finite; a product with 0 is NaN for the others, and sums stay NaN."""
    with torch.no_grad():
        return bool((tensor.detach() * 0).sum() == 0)
