from __future__ import annotations

import pytest
import torch

from edgehuman.distill.qat.oscillation import Oscillation
from tests.distill.qat.training import quantised


def test_weights_that_flip_are_held_where_they_were_most() -> None:
    """The head's first weight jumps between 3 and 4 steps, mostly 3; the second climbs."""
    module = quantised()
    oscillation = Oscillation(module, 1000)
    assert oscillation.first == 900
    weight, step_C = (
        module.network.get_parameter("head.weight"),
        module.weight("head.weight").step(),
    )
    one = float(step_C[0].detach())
    with torch.no_grad():
        weight[0, 0] = 9 * one  # before the last tenth nothing is counted
        oscillation.after_step(899)
        for step in range(900, 940):
            weight[0, 0] = (4.2 if step % 4 == 0 else 2.9) * one
            weight[0, 1] = (step - 900) * one
            oscillation.after_step(step)
            if oscillation.num_held():
                break
    assert oscillation.num_held() == 1
    # A flip each 2 steps of 4, each 1 % of the average: over 5 % after some ten steps.
    assert 906 < step < 920
    assert float(weight[0, 0].detach()) == pytest.approx(3 * one)
    with torch.no_grad():
        weight[0, 0] = 4.2 * one
        oscillation.after_step(step + 1)
    assert float(weight[0, 0].detach()) == pytest.approx(3 * one)
    assert float(weight[0, 1].detach()) == pytest.approx((step - 900) * one)


def test_its_state_is_the_modules() -> None:
    module, other = quantised(), quantised()
    oscillation = Oscillation(module, 10)
    Oscillation(other, 10)
    with torch.no_grad():
        for step in (9, 10, 11):
            module.network.get_parameter("head.weight").neg_()
            oscillation.after_step(step)
    other.load_state_dict(module.state_dict())
    held, again = dict(module.named_buffers()), dict(other.named_buffers())
    assert bool(held["oscillation.seen"])
    assert all(torch.equal(held[name], again[name]) for name in held)
