"""Batch normalisation of several processes; of two at once in test_gather.py."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from edgehuman.training.many import statistics
from edgehuman.training.many.statistics import shared_statistics


def test_one_process_keeps_the_modules_as_they_are() -> None:
    norm = nn.BatchNorm1d(2)
    with shared_statistics(norm):
        assert "forward" not in vars(norm)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("options", [{}, {"momentum": None}, {"affine": False}])
def test_equal_processes_have_the_statistics_of_one(
    shape: tuple[int, ...], options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
    one, two = (kind(3, **options).double() for _ in range(2))  # type: ignore[arg-type]

    def twice(x_1: Tensor) -> Tensor:  # the other process has the same rows
        return torch.cat([x_1, x_1])

    monkeypatch.setattr(statistics, "gather", twice)
    monkeypatch.setattr(statistics, "together", lambda: (0, 2))
    monkeypatch.setattr(statistics, "is_whole", lambda: False)
    for _ in range(2):
        x_NC = torch.randn(shape, dtype=torch.float64) * 3 + 100
        expected = one(torch.cat([x_NC, x_NC]))[: len(x_NC)]
        with shared_statistics(two):
            found = two(x_NC)
        assert torch.allclose(found, expected, atol=1e-10)
    for name, value in one.state_dict().items():
        assert torch.allclose(two.state_dict()[name], value), name
    assert "forward" not in vars(two)
