"""Cross-scale search: exact images and masks, and a search that learns."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from edgehuman.pretrain.saip.search import (
    Boxes,
    Search,
    coverage,
    crowd,
    draw_backdrops,
    draw_boxes,
    mask_loss,
    paste,
)
from tests.pretrain.tiny_backbone import TinyBackbone


def box(top: int, left: int, height: int, width: int) -> Boxes:
    return Boxes(*(torch.tensor([value]) for value in (top, left, height, width)))


def test_a_crop_of_the_boxs_size_is_copied_exactly() -> None:
    crop_NCHW = torch.arange(1.0, 7.0).view(1, 1, 2, 3)
    canvas = paste(torch.zeros(1, 1, 4, 5), crop_NCHW, box(1, 2, 2, 3))
    expected = torch.zeros(4, 5)
    expected[1:3, 2:5] = crop_NCHW[0, 0]
    torch.testing.assert_close(canvas[0, 0], expected)


def test_a_smaller_box_shrinks_the_crop_and_blend_is_its_opacity() -> None:
    crop_NCHW = torch.tensor([0.0, 4.0, 8.0, 12.0]).view(1, 1, 2, 2)
    canvas = paste(torch.full((1, 1, 2, 2), 10.0), crop_NCHW, box(1, 1, 1, 1), blend=0.5)
    assert canvas.flatten().tolist() == [10.0, 10.0, 10.0, 8.0]


def test_coverage_is_the_share_of_each_cell() -> None:
    # Cells of 16: rows 8 to 40 cover halves, wholes and halves; columns 0 to 20 one and a quarter.
    share_NHW = coverage(box(8, 0, 32, 20), (64, 32))
    assert share_NHW[0].tolist() == [[0.5, 0.125], [1.0, 0.25], [0.5, 0.125], [0.0, 0.0]]


@pytest.mark.parametrize("persons", [2, 3, 4])
def test_persons_are_in_separate_columns_inside_the_image(persons: int) -> None:
    torch.manual_seed(persons)
    boxes = draw_boxes(200, persons, (256, 256), (256, 128))
    column = 256 // persons
    places = torch.stack([each.left_N // column for each in boxes], dim=1)
    assert torch.equal(places.sort(dim=1).values, torch.arange(persons).expand(200, -1))
    for each in boxes:
        assert (each.top_N >= 0).all()
        assert (each.top_N + each.height_N <= 256).all()
        assert (each.left_N % column + each.width_N <= column).all()
        assert (each.height_N >= column).all()
        assert (each.height_N <= 2 * column).all()
    # The query person is not always in the same place.
    assert len(set(places[:, 0].tolist())) == persons


def test_a_backdrop_covers_the_whole_image() -> None:
    torch.manual_seed(0)
    behind = draw_backdrops(50, (64, 48))
    assert torch.equal(coverage(behind, (64, 48)), torch.ones(50, 4, 3))


def test_an_image_has_different_persons_and_the_firsts_mask() -> None:
    torch.manual_seed(1)
    # Person n has colour n everywhere, so the image shows who is where.
    crop_NCHW = torch.arange(5.0).view(5, 1, 1, 1).expand(-1, 1, 64, 32).contiguous()
    picture_NCHW, share_NHW = crowd(crop_NCHW, 3, (64, 64))
    for n in range(5):
        seen = set(picture_NCHW[n].round().int().flatten().tolist())
        assert seen == {n, (n + 1) % 5, (n + 2) % 5, (n + 3) % 5}
        mine_HW = (picture_NCHW[n, 0] - n).abs() < 1e-4
        counted_HW = mine_HW.float().view(4, 16, 4, 16).mean(dim=(1, 3))
        torch.testing.assert_close(share_NHW[n], counted_HW)


def test_losses_by_hand() -> None:
    logit_NHW, share_NHW = torch.tensor([[[0.0, math.log(3)]]]), torch.tensor([[[1.0, 0.0]]])
    # Probabilities 1/2 and 3/4.
    assert mask_loss(logit_NHW, share_NHW, "l2").item() == pytest.approx((0.25 + 0.5625) / 2)
    assert mask_loss(logit_NHW, share_NHW, "bce").item() == pytest.approx(
        (math.log(2) + math.log(4)) / 2
    )


def test_every_weight_learns_and_the_expert_does_not() -> None:
    torch.manual_seed(0)
    expert = TinyBackbone()
    search = Search(8, 8, (32, 1), (64, 64), persons=2)
    asking = [torch.randn(4, 8, 4, 2), torch.randn(4, 8, 6, 3)]
    loss: Tensor = search(asking, expert, torch.randn(4, 3, 64, 32))
    torch.autograd.backward(loss)
    assert [name for name, p in search.named_parameters() if p.grad is None] == []
    assert all(p.grad is None for p in expert.parameters())
    assert expert.calls == [(4, 3, 64, 64)]


def test_the_loss_is_summed_over_queries() -> None:
    search = Search(8, 8, (32, 1), (64, 64))
    ask, picture, share = torch.randn(2, 8, 4, 2), torch.randn(2, 8, 4, 4), torch.rand(2, 4, 4)
    one, two = (search.loss([ask] * count, picture, share).item() for count in (1, 2))
    assert two == pytest.approx(2 * one)


def test_a_search_learns_to_find() -> None:
    """Maps that contain each person's colour: find the right one of two."""
    torch.manual_seed(0)
    search = Search(2, 2, (32, 1))
    optimiser = torch.optim.Adam(search.parameters(), lr=3e-3)
    colour = torch.eye(2)
    for step in range(60):
        who_N = torch.arange(8) % 2
        ask = colour[who_N][:, :, None, None].expand(-1, -1, 2, 2)
        left_N = torch.randint(2, (8,))
        shown_N2 = torch.stack([left_N, 1 - left_N], dim=1)
        picture = colour[shown_N2].permute(0, 2, 1)[:, :, None].repeat_interleave(2, 2)
        share = (shown_N2 == who_N[:, None]).float()[:, None].expand(-1, 2, -1)
        loss = search.loss([ask], picture, share)
        if step == 0:
            first = loss.item()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    assert loss.item() < 0.2 * first
