"""TinyViT: published outputs, windows by hand, resampled bias tables."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman import catalogue
from edgehuman.nets.building import build, count_flops
from edgehuman.nets.image.tinyvit import (
    AttentionBlock,
    TinyVit,
    WindowAttention,
    offset_index,
    resample_biases,
    tiling_windows,
)
from tests.nets.hash_fill import fill, image


def test_outputs_match_the_published_network() -> None:
    network = TinyVit(num_classes=1000)
    fill(network)
    with torch.inference_mode():
        token_ND, _, middle_NEHW = network.features(image())
        logits_NC = network.head(token_ND)
        second_NCHW = network.taps(image())[1]
    expected = torch.tensor([[-0.035007, 1.374508, 0.047753], [-0.071435, 1.338803, 0.024058]])
    torch.testing.assert_close(token_ND[:, [0, 1, -1]], expected, atol=2e-5, rtol=0)
    expected = torch.tensor([[-0.200935, -2.245003], [-0.198276, -2.264601]])
    torch.testing.assert_close(logits_NC[:, [0, 999]], expected, atol=2e-5, rtol=0)
    assert second_NCHW[0, -1, -2, -3].item() == pytest.approx(-2.101407, abs=2e-5)
    assert middle_NEHW[0, 0, 1, 2].item() == pytest.approx(10.586966, abs=2e-5)
    assert middle_NEHW[0, -1, -2, -3].item() == pytest.approx(2.655119, abs=2e-5)


def test_an_offset_has_one_bias_in_all_directions() -> None:
    # Tokens of a 2 x 2 window: 0 itself, 1 beside, 2 below, 3 across.
    assert offset_index(2).tolist() == [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]
    index_SS = offset_index(5)
    assert index_SS[0, 7].item() == index_SS[7, 0].item() == 1 * 5 + 2
    # A step right and down has the same offset as a step left and down.
    assert index_SS[1, 5].item() == index_SS[0, 6].item() == 1 * 5 + 1


def test_attention_is_softmax_of_scaled_products_and_biases() -> None:
    torch.manual_seed(0)
    attention = WindowAttention(64, heads=2, window=2).eval()
    torch.nn.init.normal_(attention.attention_biases)
    x_BSD = torch.randn(1, 4, 64)
    with torch.inference_mode():
        # Rows of the projection: q, k and v of the first head, then those of the second.
        parts = attention.qkv(attention.norm(x_BSD))[0].split(32, dim=-1)
        heads = []
        for h in range(2):
            q, k, v = parts[3 * h : 3 * h + 3]
            bias_SS = attention.attention_biases[h][offset_index(2)]
            heads.append(torch.softmax(q @ k.T / math.sqrt(32) + bias_SS, dim=-1) @ v)
        expected = attention.proj(torch.cat(heads, dim=-1))
        torch.testing.assert_close(attention(x_BSD)[0], expected)


def test_windows_are_tiles_of_the_map() -> None:
    torch.manual_seed(0)
    block = AttentionBlock(32, 1, 4, 0.0).eval()
    x_NHWC = torch.randn(2, 8, 12, 32)
    with torch.inference_mode():
        found_NHWC = block.attend(x_NHWC)
        tile_BSD = x_NHWC[1:, 4:8, 8:12].reshape(1, 16, 32)
        expected_HWC = block.attn(tile_BSD).view(4, 4, 32)
    torch.testing.assert_close(found_NHWC[1, 4:8, 8:12], expected_HWC)


def test_a_window_over_the_edge_is_padded_with_zeros() -> None:
    torch.manual_seed(0)
    block = AttentionBlock(32, 1, 4, 0.0).eval()
    x_NHWC = torch.randn(1, 3, 4, 32)
    filled_NHWC = torch.cat([x_NHWC, torch.zeros(1, 1, 4, 32)], dim=1)
    with torch.inference_mode():
        found_NHWC = block.attend(x_NHWC)
        torch.testing.assert_close(found_NHWC, block.attend(filled_NHWC)[:, :3])


def test_tiling_windows_save_a_third_of_the_operations() -> None:
    row = catalogue.NETWORKS["tinyvit_5m"]
    with torch.device("meta"):
        image_NHWC = torch.zeros(1, 256, 128, 3, dtype=torch.uint8)
        stock = catalogue.load_object(row.build)(**{**row.arguments, "windows": (7, 14, 7)})
    assert count_flops(stock.eval(), image_NHWC) == 2_348_154_880
    assert row.flops / 2_348_154_880 == pytest.approx(0.67, abs=0.01)


def test_resampled_bias_tables_keep_corners_order_and_constants() -> None:
    table_AS = torch.stack([torch.full((49,), 3.0), torch.arange(7.0).repeat_interleave(7)])
    larger_AS = resample_biases(table_AS, 8)
    assert larger_AS.shape == (2, 64)
    torch.testing.assert_close(larger_AS[0], torch.full((64,), 3.0))
    by_row_HW = larger_AS[1].view(8, 8)
    torch.testing.assert_close(by_row_HW, by_row_HW[:, :1].expand(8, 8))
    assert bool((by_row_HW[1:, 0] > by_row_HW[:-1, 0]).all())
    assert resample_biases(table_AS, 7) is table_AS


@pytest.mark.parametrize(
    ("size", "windows"),
    [
        ((224, 224), (7, 14, 7)),
        ((256, 128), (8, 8, 4)),
        ((384, 128), (8, 8, 4)),
        ((256, 192), (8, 4, 8)),  # 8 x 6 cells: windows of 4 or 8 add 16, of 7 they would add 50
        ((1, 1), (4, 4, 4)),
    ],
)
def test_windows_are_chosen_to_tile_a_size(
    size: tuple[int, int], windows: tuple[int, int, int]
) -> None:
    assert tiling_windows(size) == windows


def test_the_catalogue_builds_tiling_windows() -> None:
    network = build("tinyvit_5m")
    assert isinstance(network, TinyVit)
    assert network.windows == (8, 8, 4)
