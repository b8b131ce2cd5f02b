"""The operations of a training step, for laws of scale."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch.utils.flop_counter import FlopCounterMode


@contextlib.contextmanager
def counting(wanted: bool) -> Iterator[list[float]]:
    """Count what runs inside the block; the list has one number after it, or none if not wanted.

    Products of matrices, attention and convolutions, forward and backward, a multiplication and an
    addition as two operations. Norms, activations and other sums per element are left out, as in
    the papers (2 N and 4 N of 6 N D).
    """
    found: list[float] = []
    if not wanted:
        yield found
        return
    with FlopCounterMode(display=False) as counter:
        yield found
    found.append(float(counter.get_total_flops()))
