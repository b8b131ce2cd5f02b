"""Draws of a share are the rows of the whole batch's draw; outside a share they are torch's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from edgehuman.nets import draws
from edgehuman.nets.attention import Block
from edgehuman.nets.drop_path import DropPath


def of_shares(draw: Callable[[int], Tensor], total: int, parts: int) -> list[Tensor]:
    """What each part of a batch draws, told how many samples it has."""
    made = []
    for number in range(parts):
        size = total // parts
        torch.manual_seed(5)
        with draws.share(number * size, size, total):
            made.append(draw(size))
    return made


def whole(draw: Callable[[int], Tensor], total: int) -> Tensor:
    torch.manual_seed(5)
    return draw(total)


@pytest.mark.parametrize(
    ("draw", "axis"),
    [
        (lambda n: draws.rand(n, 3), 0),
        (lambda n: draws.randn(2, n, 3, axis=1), 1),
        (lambda n: draws.randint(0, 1000, n), 0),
        (lambda n: draws.rand(5 * n, 2), 0),  # five rows of each sample, such as windows
        (lambda n: draws.dropout(torch.ones(n, 40), 0.5), 0),
    ],
)
@pytest.mark.parametrize("parts", [1, 2, 6])
def test_shares_are_the_rows_of_the_whole(
    draw: Callable[[int], Tensor], axis: int, parts: int
) -> None:
    made = torch.cat(of_shares(draw, 6, parts), dim=axis)
    assert torch.equal(made, whole(draw, 6))
    assert len(torch.unique(made)) > 1


def test_copies_of_a_batch_stand_one_after_another() -> None:
    def draw(count: int) -> Tensor:
        with draws.copies(2):
            return draws.rand(2 * count * 3)

    first, second = of_shares(draw, 4, 2)
    views_2N3 = whole(draw, 4).view(2, 4, 3)
    assert torch.equal(first.view(2, 2, 3), views_2N3[:, :2])
    assert torch.equal(second.view(2, 2, 3), views_2N3[:, 2:])


def test_outside_a_share_they_are_those_of_torch() -> None:
    torch.manual_seed(1)
    expected = [torch.rand(3, 2), torch.randn(3), torch.randint(0, 9, (4,))]
    torch.manual_seed(1)
    with draws.share(0, 3, 3):  # all of it
        found = [draws.rand(3, 2), draws.randn(3), draws.randint(0, 9, 4)]
    assert all(map(torch.equal, expected, found))


def test_rows_that_are_no_multiple_of_the_samples_are_a_mistake_of_ours() -> None:
    with draws.share(0, 2, 4), pytest.raises(AssertionError, match="3 rows of 1 x 2 samples"):
        draws.rand(3)


@pytest.mark.parametrize(
    "layer",
    [DropPath(0.5), draws.Dropout(0.5), Block(8, 16, 2, dropout=0.3, drop_path=0.3)],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_drop_the_same_of_a_sample_however_the_batch_is_split(layer: nn.Module) -> None:
    x_NSD = torch.randn(6, 5, 8)
    parts = iter(torch.split(x_NSD, 2))
    made = torch.cat(of_shares(lambda n: layer(next(parts)), 6, 3))
    assert torch.allclose(made, whole(lambda n: layer(x_NSD), 6), atol=1e-6)
    assert not torch.equal(layer(x_NSD), layer(x_NSD))
    layer.eval()
    assert torch.equal(layer(x_NSD), layer(x_NSD))


def test_dropout_of_an_own_network_is_of_the_samples_too() -> None:
    model, x_ND = nn.Sequential(nn.Dropout(0.5)), torch.ones(4, 20)

    def dropped(count: int) -> Tensor:
        with draws.in_networks(model):
            return torch.as_tensor(model(torch.ones(count, 20)))

    assert torch.equal(torch.cat(of_shares(dropped, 4, 2)), whole(lambda n: model(x_ND), 4))
    assert "forward" not in vars(model[0])
    first, second = of_shares(lambda n: model(torch.ones(n, 20)), 4, 2)
    assert torch.equal(first, second)  # without: the same mask in both
