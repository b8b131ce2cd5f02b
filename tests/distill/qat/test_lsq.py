from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.distill.qat.lsq import (
    ActivationQuantiser,
    WeightQuantiser,
    rounded,
    start_of_weight,
    whole,
)
from edgehuman.export.graph.int8 import activation_scale, quantise_weight


def gradients(x: list[float], step: float, zero: float, limits: tuple[int, int]) -> list[Tensor]:
    """The rounded values, and of each alone the gradients of x, the step and the zero point, before
    LSQ's factor."""
    x_N = torch.tensor(x, requires_grad=True)
    step_N = torch.full((len(x),), step, requires_grad=True)
    zero_N = torch.full((len(x),), zero, requires_grad=True)
    made_N = rounded(x_N, step_N, zero_N, limits, 1)
    made_N.sum().backward()  # type: ignore[no-untyped-call]
    factor = max(limits[1], 1) ** -0.5
    assert x_N.grad is not None
    assert step_N.grad is not None
    assert zero_N.grad is not None
    return [made_N.detach(), x_N.grad, step_N.grad / factor, zero_N.grad / factor]


def test_lsq_by_hand() -> None:
    made, of_x, of_step, _ = gradients([0.6, -0.3, 100.0, -100.0], 0.5, 0.0, (-127, 127))
    assert made.tolist() == [0.5, -0.5, 63.5, -63.5]
    assert of_x.tolist() == [1, 1, 0, 0]
    torch.testing.assert_close(of_step, torch.tensor([-0.2, -0.4, 127.0, -127.0]))


def test_a_zero_point_by_hand() -> None:
    """0..255 with the zero point 100 covers -50..77.5: what is cut off follows the zero point."""
    made, of_x, of_step, of_zero = gradients([0.6, -80.0, 100.0], 0.5, 100.0, (0, 255))
    assert made.tolist() == [0.5, -50.0, 77.5]
    assert of_x.tolist() == [1, 0, 0]
    torch.testing.assert_close(of_step, torch.tensor([-0.2, -100.0, 155.0]))
    torch.testing.assert_close(of_zero, torch.tensor([0.0, -0.5, -0.5]))


def test_the_factor_of_the_steps_gradient() -> None:
    """1 / sqrt(N Qp), summed over what shares the step: -0.2 - 0.4 + 127 over sqrt(3 x 127)."""
    step = torch.tensor(0.5, requires_grad=True)
    x_N = torch.tensor([0.6, -0.3, 100.0])
    rounded(x_N, step, torch.tensor(0.0), (-127, 127), 3).sum().backward()  # type: ignore[no-untyped-call]
    assert step.grad is not None
    assert float(step.grad) == pytest.approx(126.4 / math.sqrt(381))


def test_each_channel_of_a_weight_learns_its_own_step() -> None:
    quantiser = WeightQuantiser(torch.tensor([0.5, 0.25]), "tensorrt")
    weight = torch.tensor([[0.6, -0.3], [100.0, 0.3]])
    made = quantiser(weight)
    assert made.tolist() == [[0.5, -0.5], [31.75, 0.25]]
    made.sum().backward()
    factor = math.log(2) / math.sqrt(2 * 127)
    expected = torch.tensor([-0.6 * 0.5, (127 - 0.2) * 0.25]) * factor
    torch.testing.assert_close(quantiser.log2_step.grad, expected)


def test_nan_stays_and_teaches_no_step() -> None:
    made, of_x, of_step, _ = gradients([math.nan, math.inf, 0.6], 0.5, 0.0, (-64, 64))
    assert math.isnan(made[0])
    assert made[1:].tolist() == [32.0, 0.5]
    assert of_x.tolist() == [0, 0, 1]
    torch.testing.assert_close(of_step, torch.tensor([0.0, 64.0, -0.2]))


def test_a_zero_point_outside_its_limits_only_comes_back() -> None:
    x = torch.tensor([-3.0, -3.0, 2.4, 300.0], requires_grad=True)
    made = whole(x, 0, 255)
    assert made.tolist() == [0, 0, 2, 255]
    made.backward(torch.tensor([1.0, -1.0, 1.0, 1.0]))  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.tolist() == [0, -1, 1, 1]


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
@pytest.mark.parametrize("bounds", [(-0.7, 2.9), (0.0, 1.3), (-4.1, 0.0), (0.0, 0.0)])
def test_the_export_computes_the_same_step_and_zero(target, bounds) -> None:  # type: ignore[no-untyped-def]
    quantiser = ActivationQuantiser(bounds, target)
    scale, zero = activation_scale(quantiser.bounds(), target)
    assert np.float32(scale) == quantiser.step().item()
    assert int(zero) == quantiser.zero().item()
    assert quantiser(torch.zeros(3)).tolist() == [0, 0, 0]
    if bounds[1] > bounds[0]:
        assert scale == pytest.approx(activation_scale(bounds, target)[0])


@pytest.mark.parametrize(("target", "limit"), [("cpu", 64), ("tensorrt", 127)])
def test_weights_on_the_grid_are_the_exports(target, limit) -> None:  # type: ignore[no-untyped-def]
    weight = torch.from_numpy(np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32))
    quantiser = WeightQuantiser(torch.linspace(0.01, 0.05, 5), target)
    step_C = quantiser.step().detach().numpy()
    steps, scale_C = quantise_weight(weight.numpy(), 0, limit, step_C)
    assert np.array_equal(steps, quantiser.integers(weight).numpy())
    assert np.abs(steps).max() == limit
    assert np.array_equal(steps * scale_C[:, None], quantiser(weight).detach().numpy())
    again, _ = quantise_weight(quantiser(weight).detach().numpy(), 0, limit, step_C)
    assert np.array_equal(steps, again)


def test_a_step_starts_where_the_error_is_smaller() -> None:
    """1, 1, 1, 5 lie on LSQ's steps of 2 x 2 / sqrt(64); an even channel takes max-abs / limit, and
    zeros, which have to be able to grow, the largest step of the layer.
    """
    weight = torch.tensor([[1.0, 1.0, 1.0, 5.0], [0.25, 0.5, 0.75, 1.0], [0.0] * 4])
    step_C, by_most = start_of_weight(weight, 64)
    assert step_C.tolist() == [0.5, 1 / 64, 0.5]
    assert by_most == 2
    assert start_of_weight(weight[2:], 64)[0].tolist() == [1 / 64]
