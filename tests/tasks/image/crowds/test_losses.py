"""Losses of parts and masks by hand, and which points they are of."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman.nets.image.crowds.masks import Masks, quartered
from edgehuman.nets.image.crowds.parser import Said
from edgehuman.tasks.image.crowds import losses
from edgehuman.tasks.image.crowds.losses import cells_of, chosen, dice_loss, mask_loss, part_losses
from edgehuman.tasks.image.detection.assignment import Assigned, Points


def test_cells_of_people_count_twice_and_unlabelled_ones_never() -> None:
    logit_NChw = torch.zeros(1, 4, 1, 4)
    logit_NChw[0, 1, 0, 1] = 100.0  # right
    label_Nhw = torch.tensor([[[0, 1, 2, 255]]], dtype=torch.uint8)
    found = part_losses(logit_NChw, label_Nhw, 0.0)
    assert float(found["parts"]) == pytest.approx(2 * math.log(4) / 3, rel=1e-5)
    assert float(found["inside"]) == pytest.approx(math.log(4) / 2, rel=1e-5)
    assert set(part_losses(logit_NChw, label_Nhw, 1.0)) == {"parts", "inside", "lovasz"}


def test_nothing_labelled_is_no_loss() -> None:
    label_Nhw = torch.full((1, 1, 4), 255, dtype=torch.uint8)
    found = part_losses(torch.zeros(1, 4, 1, 4, requires_grad=True), label_Nhw, 0.0)
    assert [float(each.detach()) for each in found.values()] == [0.0, 0.0]


def test_dice_by_hand() -> None:
    logit_KX = torch.tensor([[99.0, 99, -99, -99], [0, 0, 0, 0]])
    target_KX = torch.tensor([[1.0, 0, 1, 0], [1, 1, 1, 1]])
    # 1 - 2 x 1 / (2 + 2), and 1 - 2 x 2 / (4 x 0.25 + 4).
    assert dice_loss(logit_KX, target_KX).tolist() == pytest.approx([0.5, 1 - 4 / 5])


def test_points_that_answer_come_first_then_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    iou_P = torch.tensor([0.9, 0.2, 0.5, 0.0])
    many_P, one_P = torch.tensor([0, 1, 0, -1]), torch.tensor([-1, 1, -1, -1])
    place_K, person_K = chosen(iou_P, many_P, one_P)
    assert (place_K.tolist(), person_K.tolist()) == ([1, 0, 2], [1, 0, 0])
    monkeypatch.setattr(losses, "MOST_MASKS", 2)
    assert chosen(iou_P, many_P, one_P)[0].tolist() == [1, 0]
    assert len(chosen(iou_P, torch.full((4,), -1), torch.full((4,), -1))[0]) == 0


def masks_of(who_Nhw: torch.Tensor, person_NP: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(0)
    grid, points = (2, 2), person_NP.shape[1]
    said = Said(
        *(torch.zeros(len(who_Nhw), points, 5),) * 2, torch.randn(len(who_Nhw), points, 6),
        torch.randn(len(who_Nhw), 8, *grid), torch.zeros(len(who_Nhw), 3, 4, 4),
    )  # fmt: skip
    found = Assigned(person_NP, (person_NP >= 0).float())
    places = Points(torch.zeros(points, 2), torch.full((points,), 8.0), [(1, points)])
    return mask_loss(said, Masks(6, grid), (found, found), cells_of(who_Nhw), places)


def test_masks_of_people_who_are_seen_are_learnt() -> None:
    who_Nhw = torch.zeros(2, 4, 4, dtype=torch.int16)
    who_Nhw[0, :2] = 1
    loss = masks_of(who_Nhw, torch.tensor([[0, -1, 1], [-1, -1, -1]]))
    assert 0 < float(loss.detach()) < 2
    loss.backward()  # type: ignore[no-untyped-call]
    nobody = masks_of(torch.zeros(2, 4, 4), torch.tensor([[0, -1, 1], [-1, -1, -1]]))
    assert float(nobody.detach()) == 0


def test_a_mask_is_compared_with_the_cells_of_its_own_person() -> None:
    """A network that says just who stands where has no loss, whichever way its answers lie."""
    who_Nhw = torch.zeros(1, 4, 4, dtype=torch.int16)
    who_Nhw[0, :, :1], who_Nhw[0, 0, 1:] = 1, 2  # neither the same turned over

    class Knows(Masks):
        def forward(self, *given: torch.Tensor) -> torch.Tensor:
            target_hw = torch.stack([who_Nhw[0] == person for person in (1, 2)])
            return 99.0 * (2 * quartered(target_hw.float()) - 1)[None]

    points = Points(torch.zeros(2, 2), torch.full((2,), 8.0), [(1, 2)])
    said = Said(*(torch.zeros(1, 2, 6),) * 3, torch.zeros(1, 8, 2, 2), torch.zeros(1, 3, 4, 4))
    found = Assigned(torch.tensor([[0, 1]]), torch.ones(1, 2))
    loss = mask_loss(said, Knows(6, (2, 2)), (found, found), cells_of(who_Nhw), points)
    assert float(loss) == pytest.approx(0, abs=1e-5)
