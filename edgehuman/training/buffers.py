"""The buffers of a network, such as running means of batches, as the last good step left them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

# Batch normalisation changes its buffers without counting it; a queue of millions of values is
# copied only where PyTorch counted a change.
_SMALL = 1 << 16


@dataclass
class _Kept:
    """A buffer, its copy, and the number of changes that the copy has."""

    buffer: Tensor
    copy: Tensor
    version: int

    def differs(self) -> bool:
        return self.buffer.numel() <= _SMALL or self.version != self.buffer._version


class Buffers:
    """Undoes what a skipped step did to the buffers of a network: its batch may have held NaN."""

    def __init__(self, model: nn.Module) -> None:
        self._kept = [_Kept(each, each.clone(), each._version) for each in model.buffers()]

    def keep(self) -> None:
        """Copy the buffers that changed since."""
        for each in self._kept:
            if each.differs():
                each.copy.copy_(each.buffer)
                each.version = each.buffer._version

    def put_back(self) -> None:
        """Undo the changes since."""
        for each in self._kept:
            if each.differs():
                each.buffer.copy_(each.copy)
                each.version = each.buffer._version
