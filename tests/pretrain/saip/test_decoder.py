"""The pixel decoder: queries, keys and positions."""

from __future__ import annotations

import torch

from edgehuman.pretrain.saip.decoder import PixelDecoder, cells, relative_steps


def test_cells_are_read_row_by_row() -> None:
    map_NEHW = torch.arange(6).view(1, 1, 2, 3)
    assert cells(map_NEHW).flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_positions_are_relative_to_the_image() -> None:
    cpu = torch.device("cpu")
    assert relative_steps(2, cpu).tolist() == [16, 48]
    assert relative_steps(4, cpu).tolist() == [8, 24, 40, 56]
    assert relative_steps(1, cpu).tolist() == [32]
    assert relative_steps(500, cpu).max() == 63


def test_one_token_per_query_cell_from_both_maps() -> None:
    torch.manual_seed(0)
    decoder = PixelDecoder(query_width=3, key_width=5, width=32, depth=2)
    query_NEHW, key_NEHW = torch.randn(2, 3, 4, 2), torch.randn(2, 5, 1, 3)
    before = decoder(query_NEHW, key_NEHW)
    assert before.shape == (2, 8, 32)
    other_key = key_NEHW.clone()
    other_key[0] += 1
    changed = decoder(query_NEHW, other_key)
    assert not torch.allclose(before[0], changed[0])
    torch.testing.assert_close(before[1], changed[1])
    assert not torch.allclose(before, decoder(query_NEHW + 1, key_NEHW))


def test_every_weight_learns() -> None:
    decoder = PixelDecoder(3, 5, 32, 1)
    decoder(torch.randn(2, 3, 2, 2), torch.randn(2, 5, 2, 2)).square().mean().backward()
    assert [name for name, p in decoder.named_parameters() if p.grad is None] == []
