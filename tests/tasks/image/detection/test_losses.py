"""The loss of a detector by hand; regions to ignore; frames without anybody."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman.nets.image.detection import points_of, sizes_of
from edgehuman.tasks.image.detection.assignment import (
    People,
    Points,
    Said,
    assign_many,
    fit_of,
    pairwise_iou,
)
from edgehuman.tasks.image.detection.losses import (
    detection_loss,
    giou,
    quality_focal_loss,
    trimmed,
)
from tests.tasks.image.detection.test_assignment import POINTS, people, squares


def test_giou_by_hand() -> None:
    box_K4 = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 1, 1]])
    other_K4 = torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 3, 1]])
    # 1; 1/7 - (9 - 7) / 9; 0 - (3 - 2) / 3
    assert giou(box_K4, other_K4).tolist() == pytest.approx([1, 1 / 7 - 2 / 9, -1 / 3])


def test_quality_focal_loss_by_hand() -> None:
    """At a score of 1/2 and a quality of 1: 1/4 log 2; of 1/2: nothing."""
    found = quality_focal_loss(torch.zeros(2), torch.tensor([1.0, 0.5]))
    assert found.tolist() == pytest.approx([math.log(2) / 4, 0])


def said() -> tuple[Said, Said]:
    box_NP4 = squares(16)[None].requires_grad_()
    logit_NPC = torch.full((1, len(POINTS.place_P2), 1), -1.0, requires_grad=True)
    return Said(logit_NPC, box_NP4), Said(logit_NPC, box_NP4)


def test_the_loss_is_the_sum_of_its_parts_and_has_a_gradient() -> None:
    many, one = said()
    found = detection_loss(many, one, people((16, 16, 32, 40)), POINTS)
    parts = [value for name, value in found.items() if name != "loss"]
    assert len(parts) == 4
    torch.testing.assert_close(found["loss"], torch.stack(parts).sum())
    found["loss"].backward()  # type: ignore[no-untyped-call]
    assert many.box_NP4.grad is not None
    assert many.box_NP4.grad.abs().sum() > 0


def test_points_in_a_region_to_ignore_lose_nothing_unless_somebody_is_there() -> None:
    """The upper left quarter holds 16 + 4 + 1 of 84 points; each loses sigmoid(-1) ** 2 x
    -log(1 - sigmoid(-1)) with nobody there.
    """
    each = torch.tensor(-1.0).sigmoid().item()
    each = each**2 * -math.log(1 - each)
    nobody = detection_loss(*said(), people(padding=1), POINTS)
    assert nobody["many_score"].item() == pytest.approx(84 * each, rel=1e-4)
    ignored = detection_loss(*said(), people((0, 0, 32, 32), ignored=(0,)), POINTS)
    assert ignored["one_score"].item() == pytest.approx((84 - 21) * each, rel=1e-4)
    box = (8.0, 8.0, 24.0, 24.0)
    alone = detection_loss(*said(), people(box), POINTS)
    both = detection_loss(*said(), people(box, (0, 0, 32, 32), ignored=(1,)), POINTS)
    there = int(alone_points(box))
    # Divided by the IoUs of the points that stand for somebody, which both have.
    here, (many, _) = people(box), said()
    fit, iou_NMP = fit_of(here, POINTS), pairwise_iou(here.box_NM4, many.box_NP4.detach())
    total = assign_many(many, here, fit, iou_NMP).iou_NP.sum().clamp(min=1).item()
    assert total * (alone["many_score"] - both["many_score"]).item() == pytest.approx(
        (21 - there) * each, rel=1e-3
    )


def test_the_neighbours_of_a_peak_may_say_what_they_like() -> None:
    box = (20.0, 20.0, 36.0, 36.0)  # around the point at 28, 28, the fourth of the fourth row
    _, one = said()
    logit_NPC = one.logit_NPC.detach().clone()
    logit_NPC[0, 3 * 8 + 3] = 3.0
    calm = detection_loss(one, Said(logit_NPC, one.box_NP4), people(box), POINTS)
    loud_NPC = logit_NPC.clone()
    loud_NPC[0, [2 * 8 + 2, 3 * 8 + 4, 4 * 8 + 3]] = 2.0
    loud = detection_loss(one, Said(loud_NPC, one.box_NP4), people(box), POINTS)
    assert torch.equal(loud["one_score"], calm["one_score"])
    loud_NPC[0, 3 * 8 + 5] = 2.0  # no neighbour
    louder = detection_loss(one, Said(loud_NPC, one.box_NP4), people(box), POINTS)
    assert louder["one_score"] > calm["one_score"] + 0.1


def alone_points(box: tuple[float, float, float, float]) -> int:
    x_P, y_P = POINTS.place_P2.unbind(dim=1)
    inside = (x_P >= box[0]) & (x_P <= box[2]) & (y_P >= box[1]) & (y_P <= box[3])
    return int(inside.sum())


def test_padding_is_cut_off() -> None:
    cut = trimmed(people((0, 0, 9, 9), (0, 0, 8, 8), padding=40))
    assert cut.box_NM4.shape == (1, 2, 4)
    assert trimmed(people(padding=5)).box_NM4.shape == (1, 1, 4)


def test_frames_with_and_without_people_share_a_batch() -> None:
    box_NM4 = torch.zeros(2, 3, 4)
    box_NM4[0, 0] = torch.tensor([8.0, 8, 30, 40])
    is_person_NM = torch.zeros(2, 3, dtype=torch.bool)
    is_person_NM[0, 0] = True
    points = Points(*points_of((64, 64)), sizes_of((64, 64)))
    answer = Said(torch.zeros(2, 84, 1), squares(20).expand(2, -1, -1))
    found = detection_loss(
        answer, answer, People(box_NM4, is_person_NM, torch.zeros_like(is_person_NM)), points
    )
    assert all(bool(value.isfinite()) for value in found.values())
    assert found["many_box"] > 0
