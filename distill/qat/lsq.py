"""Fake quantisers with learnt step sizes (LSQ), on the grids of the export's INT8.

A value x becomes the nearest of the points (q - z) * s with q an integer within limits, s the step
and z the zero point. The gradient of the rounding is taken as 1 where x is inside the limits and 0
outside; the gradient of the step is LSQ's.

    weights      -limit..limit, z = 0, a step for every output channel
    activations  cpu: 0..255 with a learnt zero point; tensorrt: -128..127, z = 0, where a range
                 covers -127..127 and QuantizeLinear cuts off at -128

Steps are learnt as their log2, so they stay positive and a rate means a share of the step. Zero is
always a point of the grid: padding and ReLU stay exact.

Source: LSQ (Esser et al., arXiv 1902.08153, equations 1 to 4; gradient scale: section 2.2); the
learnt offset: LSQ+ (Bhalgat et al., arXiv 2004.09576), here as the zero point itself, a share of
the 255 steps.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.export.graph.calibration import Range
from edgehuman.export.graph.int8 import WEIGHT_LIMIT, Target

# A step that float32 still divides by without loss.
SMALLEST_STEP = 1e-8
ACTIVATION_LIMITS: dict[Target, tuple[int, int]] = {"cpu": (0, 255), "tensorrt": (-128, 127)}
_ACTIVATION_STEPS = 255
# The range of a tensor that was 0 on every calibration sample, so that it can still be learnt.
_UNSEEN = 1.0


class _Rounded(torch.autograd.Function):
    """x -> the grid; gradients of LSQ for x, the step and the zero point."""

    @staticmethod
    def forward(
        context: Any, x: Tensor, step: Tensor, zero: Tensor, low: int, high: int, scale: float
    ) -> Tensor:
        """Round x to the grid.

        Args:
            x: any shape.
            step, zero: that broadcast with x; `zero` is a whole number.
            low, high: limits of the integers.
            scale: LSQ's factor g of the gradients of step and zero.
        """
        context.save_for_backward(x, step, zero)
        context.limits, context.scale = (low, high), scale
        return (torch.clamp(torch.round(x / step) + zero, low, high) - zero) * step

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Where x is NaN every gradient is 0."""
        x, step, zero = context.saved_tensors
        low, high = context.limits
        (gradient,) = gradients
        ratio = x / step
        point = ratio + zero
        inside, below, above = (point >= low) & (point <= high), point < low, point > high
        of_x = torch.where(inside, gradient, 0.0)
        of_step = torch.where(inside, torch.round(ratio) - ratio, 0.0)
        of_step = torch.where(below, low - zero, torch.where(above, high - zero, of_step))
        of_zero = torch.where(below | above, -step, 0.0)
        return (
            of_x,
            _summed(gradient * of_step, step) * context.scale,
            _summed(gradient * of_zero, zero) * context.scale,
            None,
            None,
            None,
        )


def _summed(gradient: Tensor, like: Tensor) -> Tensor:
    """The gradient of a tensor that was broadcast."""
    return gradient.sum_to_size(like.shape) if like.ndim else gradient.sum()


def rounded(x: Tensor, step: Tensor, zero: Tensor, limits: tuple[int, int], count: int) -> Tensor:
    """Round x to the points (q - zero) * step, with LSQ's gradients.

    Args:
        x: any shape.
        step, zero: that broadcast with x.
        limits: of q.
        count: N of the gradients' factor g = 1 / sqrt(N * Qp): the weights, or the features of one
            sample, that share the step.
    """
    low, high = limits
    scale = (max(1, count) * max(high, 1)) ** -0.5
    made: Tensor = _Rounded.apply(x, step, zero, low, high, scale)  # type: ignore[no-untyped-call]
    return made


class _Whole(torch.autograd.Function):
    """Round to whole numbers within limits; the gradient passes, unless it leads further out."""

    @staticmethod
    def forward(context: Any, x: Tensor, low: float, high: float) -> Tensor:
        context.save_for_backward(x)
        context.limits = low, high
        return torch.round(torch.clamp(x, low, high))

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,), (low, high), (gradient,) = context.saved_tensors, context.limits, gradients
        out = ((x < low) & (gradient > 0)) | ((x > high) & (gradient < 0))
        return torch.where(out, 0.0, gradient), None, None


def whole(x: Tensor, low: float = -math.inf, high: float = math.inf) -> Tensor:
    """The nearest whole number within the limits, straight through."""
    made: Tensor = _Whole.apply(x, low, high)  # type: ignore[no-untyped-call]
    return made


def start_of_weight(weight: Tensor, limit: int) -> tuple[Tensor, int]:
    """Steps (C,) to start from, and how many channels take max-abs / limit.

    Of each channel: max-abs / limit or LSQ's 2 mean-abs / sqrt(limit), whichever gives the smaller
    squared error. A channel of zeros takes the largest step of its layer, so that it can grow.

    Args:
        weight: (C, ...).
    """
    flat_CK = weight.detach().float().flatten(1)
    most_C = flat_CK.abs().amax(dim=1) / limit
    mean_C = 2 * flat_CK.abs().mean(dim=1) / limit**0.5
    errors = []
    for step_C in (most_C, mean_C):
        step_C1 = step_C.clamp_min(SMALLEST_STEP)[:, None]
        near_CK = torch.clamp(torch.round(flat_CK / step_C1), -limit, limit) * step_C1
        errors.append((near_CK - flat_CK).square().sum(dim=1))
    by_most_C = errors[0] <= errors[1]
    step_C = torch.where(by_most_C, most_C, mean_C)
    largest = step_C.max() if bool(step_C.max() > 0) else torch.tensor(1.0 / limit)
    step_C = torch.where(step_C > 0, step_C, largest.to(step_C))
    return step_C.clamp_min(SMALLEST_STEP), int(by_most_C.sum())


class WeightQuantiser(nn.Module):
    """A layer's weight (C, ...) on -limit..limit, with a step for each output channel.

    Args:
        step_C: (C,) to start from.
        target: gives the limit.
        axis: of the output channels in the weight.
    """

    def __init__(self, step_C: Tensor, target: Target, axis: int = 0) -> None:
        super().__init__()
        self.limit, self.axis = WEIGHT_LIMIT[target], axis
        self.log2_step = nn.Parameter(step_C.detach().float().clamp_min(SMALLEST_STEP).log2())

    def step(self) -> Tensor:
        """The steps (C,)."""
        return self.log2_step.exp2().clamp_min(SMALLEST_STEP)

    def spread(self, weight: Tensor) -> Tensor:
        """The steps in a shape that broadcasts with the weight."""
        return self.step().view([-1 if i == self.axis else 1 for i in range(weight.ndim)])

    def forward(self, weight: Tensor) -> Tensor:
        step, each = self.spread(weight), weight.numel() // weight.shape[self.axis]
        zero = torch.zeros_like(step)
        return rounded(weight.float(), step, zero, (-self.limit, self.limit), each)

    @torch.no_grad()
    def integers(self, weight: Tensor) -> Tensor:
        """The weight in steps, as whole numbers (float32)."""
        steps = torch.round(weight.float() / self.spread(weight))
        return torch.clamp(steps, -self.limit, self.limit)


class ActivationQuantiser(nn.Module):
    """A tensor of any shape, batch first, with one step.

    Args:
        bounds: the range to start from; it includes zero.
        target: cpu learns a zero point too.
    """

    def __init__(self, bounds: Range, target: Target) -> None:
        super().__init__()
        low, high = bounds if bounds[1] > bounds[0] else (-_UNSEEN, _UNSEEN)
        self.limits = ACTIVATION_LIMITS[target]
        self.offset: nn.Parameter | None
        if target == "cpu":
            step, share = (high - low) / _ACTIVATION_STEPS, -low / (high - low)
            self.offset = nn.Parameter(torch.tensor(float(share)))
        else:
            step = max(-low, high) / self.limits[1]
            self.register_parameter("offset", None)
        step_as_tensor = torch.tensor(max(float(step), SMALLEST_STEP))
        self.log2_step = nn.Parameter(step_as_tensor.log2())

    def step(self) -> Tensor:
        """The step, a scalar."""
        return self.log2_step.exp2().clamp_min(SMALLEST_STEP)

    def zero(self) -> Tensor:
        """The zero point, a whole number within the limits."""
        if self.offset is None:
            return torch.zeros_like(self.log2_step)
        return whole(self.offset * _ACTIVATION_STEPS, *self.limits)

    def forward(self, x: Tensor) -> Tensor:
        features = x.numel() // max(1, x.shape[0])
        return rounded(x.float(), self.step(), self.zero(), self.limits, features)

    def bounds(self) -> Range:
        """The range from which the export computes the same step and zero point, exactly."""
        with torch.no_grad():
            step, zero = float(self.step()), float(self.zero())
        if self.offset is None:
            return -self.limits[1] * step, self.limits[1] * step
        return -zero * step, (_ACTIVATION_STEPS - zero) * step
