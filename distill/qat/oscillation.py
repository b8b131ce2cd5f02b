"""Freeze weights that jump between two points of their grid at the end of a training.

A weight near a rounding edge is pulled across it and back at every step, and what is saved depends
on the last step's chance. In the last part of a training each weight's flips are counted as a
moving average; those that flip too often are held at the point where they were most of the time.

Source: Nagel et al., "Overcoming oscillations in quantization-aware training", arXiv 2203.11086,
section 4.3 (iterative weight freezing).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.distill.qat.quantised import Quantised

SHARE, FREQUENCY, MOMENTUM = 0.1, 0.05, 0.01


class Oscillation(nn.Module):
    """Watches the weights of a `Quantised` from `after_step` of a training's job.

    It becomes the module's `oscillation`, so a checkpoint holds its state: make it before the
    training starts.

    Args:
        module: is watched.
        steps: of the whole training.
    """

    def __init__(self, module: Quantised, steps: int) -> None:
        super().__init__()
        self.first = steps - round(steps * SHARE)
        self.names = list(module.weights)
        self.seen: Tensor
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        for index, name in enumerate(self.names):
            like = module.network.get_parameter(name)
            for kind, start in (("point", torch.int8), ("way", torch.int8), ("held", torch.bool)):
                self.register_buffer(f"{kind}_{index}", torch.zeros_like(like, dtype=start))
            for kind in ("often", "mean"):
                self.register_buffer(f"{kind}_{index}", torch.zeros_like(like, dtype=torch.float32))
        module.oscillation = self
        # Not a sub-module: the owner holds this one.
        object.__setattr__(self, "module", module)

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Count the flips of this step, and set the weights that are held.

        Args:
            step: number of the step that changed the weights, from 0.
        """
        if step < self.first:
            return
        module: Quantised = self.__dict__["module"]
        starts = int(self.seen) == 0
        self.seen += 1
        for index, name in enumerate(self.names):
            weight, quantiser = module.network.get_parameter(name), module.weight(name)
            now = quantiser.integers(weight)
            if starts:
                self._of("point", index).copy_(now)
                self._of("mean", index).copy_(now)
                continue
            self._count(index, now)
            held, mean = self._of("held", index), self._of("mean", index)
            weight.copy_(torch.where(held, torch.round(mean) * quantiser.spread(weight), weight))

    def num_held(self) -> int:
        """The number of weights held so far."""
        return sum(int(self._of("held", index).sum()) for index in range(len(self.names)))

    def _count(self, index: int, now: Tensor) -> None:
        """Update one weight's averages; a flip is a move against the last one."""
        point, way = self._of("point", index), self._of("way", index)
        often, mean, held = (self._of(kind, index) for kind in ("often", "mean", "held"))
        moved = torch.sign(now - point)
        flips = (moved != 0) & (way != 0) & (moved != way)
        often.lerp_(flips.float(), MOMENTUM)
        # A plain mean at first, so that the first step does not decide.
        mean.copy_(
            torch.where(held, mean, torch.lerp(mean, now, max(MOMENTUM, 1 / int(self.seen))))
        )
        held |= often > FREQUENCY
        way.copy_(torch.where(moved != 0, moved, way.float()))
        point.copy_(now)

    def _of(self, kind: str, index: int) -> Tensor:
        return self.get_buffer(f"{kind}_{index}")
