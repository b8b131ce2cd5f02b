"""The vision transformer: published outputs, positions for another grid, visible tokens."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.image.vit import Vit, resample_positions
from tests.nets.hash_fill import fill, image


def test_outputs_match_the_published_network() -> None:
    network = Vit(192, 12, 3, image_size=(224, 224), num_classes=1000)
    fill(network)
    with torch.inference_mode():
        token_ND, _ = network.backbone(image())
        logits_NC = network.head(token_ND)
        sixth_NDHW = network.taps(image())[1]
    expected = torch.tensor([[0.755142, -0.292401, 1.554111], [0.782773, -0.260826, 1.570042]])
    torch.testing.assert_close(token_ND[:, [0, 1, -1]], expected, atol=2e-5, rtol=0)
    expected = torch.tensor([[-0.597190, 0.781113], [-0.603218, 0.972668]])
    torch.testing.assert_close(logits_NC[:, [0, 999]], expected, atol=2e-5, rtol=0)
    # After the sixth block: channel 1 of the first patch, channel -2 of the last.
    assert sixth_NDHW[0, 1, 0, 0].item() == pytest.approx(-1.934955, abs=2e-5)
    assert sixth_NDHW[0, -2, -1, -1].item() == pytest.approx(-1.568767, abs=2e-5)


def test_resampled_positions_keep_the_cls_entry_and_order() -> None:
    position_1SD = torch.zeros(1, 1 + 4, 2)
    position_1SD[0, 0] = 7.0
    position_1SD[0, 1:, 0] = torch.tensor([0.0, 0.0, 1.0, 1.0])  # the row of a 2 x 2 grid
    position_1SD[0, 1:, 1] = torch.tensor([0.0, 1.0, 0.0, 1.0])  # the column
    larger_1SD = resample_positions(position_1SD, (2, 2), (4, 2))
    assert larger_1SD.shape == (1, 1 + 8, 2)
    assert larger_1SD[0, 0].tolist() == [7.0, 7.0]
    row_HW, column_HW = larger_1SD[0, 1:].view(4, 2, 2).unbind(-1)
    assert torch.equal(row_HW[:, 0], row_HW[:, 1])
    assert bool((row_HW[1:, 0] > row_HW[:-1, 0]).all())
    torch.testing.assert_close(column_HW, torch.tensor([0.0, 1.0]).expand(4, 2))
    assert resample_positions(position_1SD, (2, 2), (2, 2)) is position_1SD


def test_a_padded_edge_is_the_mean_colour() -> None:
    torch.manual_seed(0)
    network = Vit(32, 4, 2, image_size=(32, 32)).eval()
    x_NCHW = torch.randn(1, 3, 30, 32)
    filled_NCHW = torch.cat([x_NCHW, torch.zeros(1, 3, 2, 32)], dim=2)
    with torch.inference_mode():
        torch.testing.assert_close(network.backbone(x_NCHW), network.backbone(filled_NCHW))


def test_hidden_places_hold_the_mask_token() -> None:
    torch.manual_seed(0)
    network = Vit(32, 4, 2, image_size=(48, 32)).eval()
    hidden_NHW = torch.tensor(
        [[[True, False], [False, False], [False, True]], [[False] * 2, [True] * 2, [False] * 2]]
    )
    x_NCHW, token = torch.randn(2, 3, 48, 32), torch.arange(32.0)
    with torch.inference_mode():
        found = network.masked_features(x_NCHW, hidden_NHW, token)
        # By hand: the transformer runs on the CLS token and the four visible patches alone.
        token_NSD = network.tokens(x_NCHW)[:1, [0, 2, 3, 4, 5]]
        last_NSD, _ = network.encode(token_NSD)
    for map_NDHW in (found.map_NDHW, found.middle_NEHW):
        assert torch.equal(map_NDHW[0, :, 0, 0], token)
        assert torch.equal(map_NDHW[1, :, 1, 1], token)
    torch.testing.assert_close(found.token_ND[:1], last_NSD[:, 0])
    visible_SD = found.map_NDHW[0].flatten(1).T[1:5]
    torch.testing.assert_close(visible_SD, last_NSD[0, 1:])


def test_images_with_different_hidden_counts_are_refused() -> None:
    network = Vit(32, 4, 2, image_size=(32, 32))
    hidden_NHW = torch.tensor([[[True, False], [False, False]], [[True, True], [False, False]]])
    with pytest.raises(ValueError, match="keep from 2 to 3 visible cells; hide the same number"):
        network.masked_features(torch.zeros(2, 3, 32, 32), hidden_NHW, torch.zeros(32))


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="width 30 must be a multiple of heads 4, depth 4"):
        Vit(30, 4, 4)
    with pytest.raises(ValueError, match="depth 3 at least 4"):
        Vit(32, 3, 4)
