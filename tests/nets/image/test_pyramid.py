"""What the backbones of four stages share: hidden cells of any content give the same features."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgehuman.nets.image.pyramid import Pyramid  # noqa: E402
from edgehuman.nets.image.starnet import StarNet  # noqa: E402
from edgehuman.nets.image.tinyvit import TinyVit  # noqa: E402


@pytest.mark.parametrize(
    "make",
    [
        lambda: StarNet(8, (1, 1, 1, 1)),
        lambda: TinyVit((32, 32, 64, 64), (1, 1, 1, 1)),
    ],
)
def test_what_a_hidden_cell_holds_is_not_seen(make: type[Pyramid]) -> None:
    torch.manual_seed(0)
    network = make().eval()
    x_NCHW = torch.randn(1, 3, 64, 64)
    hidden_NHW = torch.zeros(1, 2, 2, dtype=torch.bool)
    hidden_NHW[0, 0, 1] = True
    other_NCHW = x_NCHW.clone()
    other_NCHW[..., :32, 32:] = 9.0
    mask = torch.full((32,), 0.3)
    with torch.inference_mode():
        seen = network.masked_features(x_NCHW, hidden_NHW, mask)
        other = network.masked_features(other_NCHW, hidden_NHW, mask)
        plain, changed = network.features(x_NCHW), network.features(other_NCHW)
        taps = network.taps(x_NCHW)
    assert all(torch.equal(a, b) for a, b in zip(seen, other, strict=True))
    assert not torch.equal(plain.token_ND, changed.token_ND)
    assert [tap.shape[2] for tap in taps] == [16, 8, 4, 2]
    assert torch.equal(taps[2], plain.middle_NEHW)
    assert torch.equal(taps[3], plain.map_NDHW)
