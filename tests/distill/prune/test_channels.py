"""Fewer channels: which go, what is left, and networks that cannot do with fewer."""

from __future__ import annotations

import pytest
import torch

from edgehuman import own
from edgehuman.distill.prune.channels import left, narrowed
from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from tests.distill.wide import Wide

WIDE = "tests.distill.wide:Wide"
RECORD = torch.randn(2, 128, 6, generator=torch.Generator().manual_seed(0))

needs_library = pytest.mark.skipif(
    own.is_missing("torch_pruning"), reason="torch-pruning is not installed; the extra is `prune`"
)


@needs_library
@pytest.mark.parametrize(
    ("width", "left", "features"), [(0.5, 48, 32), (0.25, 24, 16), (0.6, 56, 40)]
)
def test_what_is_left_is_a_multiple_of_8_and_the_answer_keeps_its_shape(
    width: float, left: int, features: int
) -> None:
    network = build(WIDE, num_classes=6)
    narrow = narrowed(network, RECORD, width, ())
    assert isinstance(narrow, Wide)
    assert narrow.stem.weight.shape == (left, 6, 5)
    assert narrow.depth.weight.shape == (left, 1, 3)
    assert narrow.head.weight.shape == (6, features)
    assert narrow(RECORD).shape == (2, 6)
    assert network.get_parameter("stem.weight").shape == (96, 6, 5)


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(64, 0.5, 32), (64, 0.6, 40), (20, 0.3, 8), (100, 0.99, 96), (12, 0.1, 8), (6, 0.5, 6)],
)
def test_the_nearest_multiple_of_8_is_left(channels: int, width: float, expected: int) -> None:
    assert left(channels, width) == expected


@needs_library
def test_the_weakest_channels_go() -> None:
    network = build(WIDE, num_classes=6)
    assert isinstance(network, Wide)
    assert isinstance(network.head, torch.nn.Linear)
    with torch.no_grad():  # the odd features are next to nothing to both of their neighbours
        network.map.weight[1::2] *= 1e-4
        network.map.bias[1::2] *= 1e-4
        network.head.weight[:, 1::2] *= 1e-4
    narrow = narrowed(network, RECORD, 0.5, ("stem", "point", "depth"))
    assert isinstance(narrow, Wide)
    torch.testing.assert_close(narrow.map.weight, network.map.weight[::2])
    torch.testing.assert_close(narrow(RECORD), network(RECORD), atol=1e-4, rtol=1e-4)


@needs_library
def test_a_network_that_cannot_be_narrowed_is_said() -> None:
    network = build(WIDE, num_classes=6)
    with pytest.raises(UsageError, match=r"--keep names nose, .* there are: stem, norm, depth"):
        narrowed(network, RECORD, 0.5, ("nose",))
    with pytest.raises(UsageError, match=r"--width 0\.5 removes nothing: .*keep fewer layers"):
        narrowed(network, RECORD, 0.5, ("stem", "depth", "point", "map"))
    stubborn = build("tests.distill.wide:Stubborn", num_classes=6)
    with pytest.raises(UsageError, match=r"cannot be made narrower.*--keep"):
        narrowed(stubborn, RECORD, 0.5, ())
    assert narrowed(stubborn, RECORD, 0.5, ("map",))(RECORD).shape == (2, 6)
