"""What every objective shares: its checks, its precision, and directions of zero vectors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.objective import (
    Answers,
    Objective,
    cosine_gap,
    levelled,
    projector,
    require_axes,
    require_same,
    unit,
    widened,
)
from edgehuman.errors import DataError, UsageError


class Gap(Objective):
    """Mean squared difference of the logits; keeps what it was given."""

    needs = ("logits",)

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        self.types = student["logits"].dtype, teacher["logits"].dtype
        self.autocast = torch.is_autocast_enabled("cpu")
        return (student["logits"] - teacher["logits"]).square().mean()


GAP = Gap({}, {})


def answers(
    *shape: int, kind: str = "logits", dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    return {kind: torch.ones(*shape, dtype=dtype)}


def test_a_missing_kind_is_named_with_whose_it_is() -> None:
    with pytest.raises(DataError, match="the teacher answered map; this objective needs logits"):
        GAP(answers(2, 3), answers(2, 3, kind="map"))


@pytest.mark.parametrize("lengths", [(2, 3), (0, 0)])
def test_both_answer_the_same_batch_of_at_least_one(lengths: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=f"{lengths[0]} samples and the teacher {lengths[1]}"):
        GAP(answers(lengths[0], 3), answers(lengths[1], 3))


def test_the_teacher_gets_no_gradient() -> None:
    student, teacher = torch.ones(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    GAP({"logits": student}, {"logits": teacher}).backward()
    assert student.grad is not None
    assert teacher.grad is None


def test_autocast_and_half_precision_are_computed_in_float32() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        GAP(answers(2, 3, dtype=torch.bfloat16), answers(2, 3, dtype=torch.float16))
    assert GAP.types == (torch.float32, torch.float32)
    assert not GAP.autocast


def test_float64_stays_and_the_teacher_follows_the_student() -> None:
    GAP(answers(2, 3, dtype=torch.float64), answers(2, 3))
    assert GAP.types == (torch.float64, torch.float64)
    assert widened(torch.ones(1, dtype=torch.float64)).dtype == torch.float64


def test_a_direction_by_hand_and_none_of_a_zero_vector() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    found = unit(vectors)
    assert found.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]
    torch.autograd.backward(found[:, 0].sum())
    assert vectors.grad is not None
    # d(x / length) / dx = y^2 / length^3 = 16 / 125, and -xy / length^3 = -12 / 125.
    expected = torch.tensor([[0.128, -0.096], [0.0, 0.0]])
    torch.testing.assert_close(vectors.grad, expected)
    assert unit(torch.tensor([[torch.nan, 1.0]])).isnan().all()


def test_the_gap_is_one_minus_the_cosine() -> None:
    student, teacher = (
        torch.tensor([[3.0, 4.0], [1.0, 0.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 2.0]]),
    )
    assert cosine_gap(student, teacher).item() == pytest.approx((0.4 + 1.0) / 2)
    assert cosine_gap(student, student).item() == 0.0


def test_a_levelled_vector_has_mean_0_and_variance_1() -> None:
    found = levelled(torch.tensor([[1.0, 3.0]]))
    assert found[0].tolist() == [pytest.approx(-1, abs=1e-4), pytest.approx(1, abs=1e-4)]


def test_equal_widths_need_no_projector() -> None:
    assert not list(projector(4, 4).parameters())
    assert projector(4, 6)(torch.ones(2, 4)).shape == (2, 6)


def test_shapes_that_do_not_fit_are_said() -> None:
    with pytest.raises(
        UsageError, match=r"student has parts none and the teacher 16; .* same: fix"
    ):
        require_same("parts", (), (16,), "fix")
    with pytest.raises(UsageError, match=r"map has the shape \(3,\).* takes \(K h w\)"):
        require_axes("map", "K h w", (3,))


def test_an_objective_writes_its_own_loss() -> None:
    with pytest.raises(NotImplementedError):
        Objective.loss(GAP, {}, {}, None)
