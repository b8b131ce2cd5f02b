"""Which points stand for which person, in numbers that a person can check."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman.nets.image.detection import points_of, sizes_of
from edgehuman.tasks.image.detection.assignment import (
    People,
    Points,
    Said,
    assign_many,
    assign_one,
    fit_of,
    pairwise_iou,
)

SIZE = (64, 64)  # 64 + 16 + 4 points, at strides 8, 16 and 32
POINTS = Points(*points_of(SIZE), sizes_of(SIZE))


def people(*boxes: tuple[float, ...], ignored: tuple[int, ...] = (), padding: int = 0) -> People:
    box_NM4 = torch.zeros(1, len(boxes) + padding, 4)
    if boxes:
        box_NM4[0, : len(boxes)] = torch.tensor(boxes)
    is_there_M = torch.arange(len(boxes) + padding) < len(boxes)
    is_ignored_M = torch.zeros_like(is_there_M)
    is_ignored_M[list(ignored)] = True
    return People(box_NM4, (is_there_M & ~is_ignored_M)[None], is_ignored_M[None])


def said(box_P4: Tensor, score: float = 0.5) -> Said:
    return Said(torch.full((1, len(box_P4), 1), score).logit(), box_P4[None])


def squares(side: float) -> Tensor:
    """A square around every point."""
    half = side / 2
    return torch.cat((POINTS.place_P2 - half, POINTS.place_P2 + half), dim=1)


def test_the_iou_of_pairs_is_that_of_areas() -> None:
    box_NM4 = torch.tensor([[[0.0, 0.0, 10.0, 10.0]]])
    other_NP4 = torch.tensor([[[5.0, 0.0, 15.0, 10.0], [20.0, 20.0, 30.0, 30.0], [0, 0, 10, 5.0]]])
    assert pairwise_iou(box_NM4, other_NP4)[0, 0].tolist() == pytest.approx([1 / 3, 0, 0.5])


def test_points_are_inside_a_box_and_some_strides_from_its_centre() -> None:
    fit = fit_of(people((8, 8, 24, 24), padding=1), POINTS)
    assert fit.is_inside_NMP[0, 0].sum() == 4 + 4 + 1  # of stride 16 its corners
    point = int((POINTS.place_P2 == torch.tensor([4.0, 4.0])).all(dim=1).nonzero()[0])
    assert fit.distance_NMP[0, 0, point] == pytest.approx(2**0.5 * 12 / 8)
    assert not fit.is_inside_NMP[0, 1].any()


def test_a_box_between_all_points_has_one_inside() -> None:
    fit = fit_of(people((7.0, 7.0, 9.0, 9.0)), POINTS)
    assert fit.is_inside_NMP[0, 0].sum() >= 1


def test_as_many_points_count_as_the_best_ious_sum_to() -> None:
    """Of a box of 16 pixels, the squares around its 4 fine points have an IoU of
    12 x 12 / (2 x 256 - 144) = 0.391, the one around its centre 1 (stride 16): 2.6 points.
    """
    here = people((16, 16, 32, 32))
    answer = said(squares(16))
    fit, iou = fit_of(here, POINTS), pairwise_iou(here.box_NM4, answer.box_NP4)
    inside = fit.is_inside_NMP[0, 0]
    expected = int((iou[0, 0] * inside).topk(13).values.sum())
    found = assign_many(answer, here, fit, iou)
    assert (found.person_NP == 0).sum() == expected == 2
    best = int(found.iou_NP[0].argmax())
    assert POINTS.place_P2[best].tolist() == [24, 24]
    assert found.iou_NP[0, best] == pytest.approx(1)
    assert inside[found.person_NP[0] == 0].all()


def test_one_point_stands_for_a_person_by_score_and_iou() -> None:
    """0.9 ** 0.5 x 0.6 ** 6 = 0.044 loses to 0.5 ** 0.5 x 0.8 ** 6 = 0.185."""
    here = people((16, 16, 32, 32))
    answer = said(squares(1.0), 0.01)
    first, second = 18, 19  # (20, 20) and (28, 20)
    assert POINTS.place_P2[[first, second]].tolist() == [[20, 20], [28, 20]]
    answer.box_NP4[0, first] = torch.tensor([16, 16, 32, 16 + 16 * 0.6])
    answer.box_NP4[0, second] = torch.tensor([16, 16, 32, 16 + 16 * 0.8])
    answer.logit_NPC[0, [first, second], 0] = torch.tensor([0.9, 0.5]).logit()
    fit, iou = fit_of(here, POINTS), pairwise_iou(here.box_NM4, answer.box_NP4)
    found = assign_one(answer, here, fit, iou)
    assert (found.person_NP[0] >= 0).nonzero().flatten().tolist() == [second]
    assert found.iou_NP[0, second] == pytest.approx(0.8)


def test_of_two_people_who_want_a_point_the_other_gets_its_next_best() -> None:
    here = people((16, 16, 32, 32), (15, 15, 33, 33))
    answer = said(squares(16))
    fit, iou = fit_of(here, POINTS), pairwise_iou(here.box_NM4, answer.box_NP4)
    found = assign_one(answer, here, fit, iou)
    taken = found.person_NP[0][found.person_NP[0] >= 0]
    assert sorted(taken.tolist()) == [0, 1]


def test_nobody_is_nobody() -> None:
    here = people(padding=2)
    answer = said(squares(16))
    fit, iou = fit_of(here, POINTS), pairwise_iou(here.box_NM4, answer.box_NP4)
    for found in (assign_many(answer, here, fit, iou), assign_one(answer, here, fit, iou)):
        assert (found.person_NP == -1).all()
        assert (found.iou_NP == 0).all()


def test_300_people_get_a_point_each_but_for_the_few_whose_neighbours_took_all() -> None:
    points = Points(*points_of((320, 416)), sizes_of((320, 416)))
    torch.manual_seed(0)
    corner_M2 = torch.rand(300, 2) * torch.tensor([390.0, 280.0])
    box_M4 = torch.cat((corner_M2, corner_M2 + 24), dim=1)
    here = People(box_M4[None], torch.ones(1, 300, dtype=torch.bool), torch.zeros(1, 300).bool())
    half = torch.full((len(points.place_P2), 2), 12.0)
    answer = said(torch.cat((points.place_P2 - half, points.place_P2 + half), dim=1))
    fit, iou = fit_of(here, points), pairwise_iou(here.box_NM4, answer.box_NP4)
    found = assign_one(answer, here, fit, iou).person_NP[0]
    given = found[found >= 0]
    assert len(given.unique()) == len(given) >= 285  # type: ignore[no-untyped-call]
