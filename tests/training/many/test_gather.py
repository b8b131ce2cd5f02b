"""Rows of all processes, with the gradient of the mean of their losses; one process has its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from edgehuman.training.many.gather import (
    any_together,
    following,
    gather,
    is_whole,
    own_rows,
    whole_batch,
)
from edgehuman.training.many.statistics import shared_statistics
from edgehuman.training.processes import open_place
from tests.training.toy import line_config
from tests.two_processes import in_two_processes

ROWS = torch.arange(12.0, dtype=torch.float64).view(6, 2).sin()


def test_one_process_has_its_own_rows() -> None:
    assert gather(ROWS) is ROWS
    assert torch.equal(own_rows(ROWS), ROWS)
    assert is_whole()
    # After the last row comes the first.
    assert torch.equal(following(ROWS, 2), torch.cat([ROWS, ROWS[:2]]))
    assert torch.equal(following(ROWS[:2], 3), ROWS[[0, 1, 0, 1, 0]])
    assert any_together(torch.tensor([False, True]))
    assert not any_together(torch.tensor([False]))


def pairs_loss(own_ND: Tensor, rank: int) -> Tensor:
    """A loss of pairs, of which each process counts those of its rows; it weighs rows unequally."""
    all_MD = gather(own_ND)
    weight_N = torch.arange(1.0, 7.0, dtype=own_ND.dtype)[rank * len(own_ND) :][: len(own_ND)]
    return (weight_N[:, None] * (own_ND @ all_MD.T).exp()).mean()


def learned(own_ND: Tensor, rank: int) -> tuple[Tensor, list[Tensor | None], nn.BatchNorm1d]:
    """Loss and gradients of a network with batch normalisation, and that."""
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(2)
    model = nn.Sequential(nn.Linear(2, 2), norm, nn.Linear(2, 2)).double()
    with shared_statistics(model):
        loss = pairs_loss(model(own_ND), rank)
        loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach(), [each.grad for each in model.parameters()], norm


def in_group(folder: Path) -> None:
    with open_place(line_config(folder, device="cpu")) as place:
        rank = place.rank
        own_ND = own_rows(ROWS)
        assert torch.equal(gather(own_ND), ROWS)
        assert torch.equal(gather(own_ND > 0), ROWS > 0)
        assert torch.equal(following(own_ND, 2), ROWS.roll(-3 * rank, 0)[:5])
        assert torch.equal(
            following(own_ND[:1], 3), ROWS[[0, 3, 0, 3] if not rank else [3, 0, 3, 0]]
        )
        assert any_together(torch.tensor([rank == 1]))
        assert not any_together(torch.tensor([False]))
        assert not is_whole()
        with whole_batch():
            assert is_whole()
        loss, gradients, norm = learned(own_ND, rank)
        torch.save((loss, gradients, norm.state_dict()), folder / f"{rank}.pt")
        norm.eval()
        with shared_statistics(norm):  # each alone: the saved statistics
            assert torch.equal(norm(own_ND), nn.BatchNorm1d.forward(norm, own_ND))


@pytest.mark.slow
@pytest.mark.long
def test_the_mean_of_two_processes_gradients_is_that_of_one(tmp_path: Path) -> None:
    in_two_processes(in_group, tmp_path)
    loss, gradients, norm = learned(ROWS, 0)
    (first, own, statistics), (second, other, same) = (
        torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1)
    )
    assert float(first + second) / 2 == pytest.approx(float(loss), rel=1e-12)
    assert first != second
    for whole, one, two in zip(gradients, own, other, strict=True):
        assert whole is not None
        assert torch.allclose((one + two) / 2, whole, rtol=1e-10, atol=1e-14)
    for name, value in norm.state_dict().items():
        assert torch.allclose(statistics[name], value, rtol=1e-12)
        assert torch.equal(statistics[name], same[name])
