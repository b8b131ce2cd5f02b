"""Embeddings vector by vector, by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.features import Features, SmoothFeatures
from edgehuman.errors import UsageError


def shapes(*shape: int) -> dict[str, tuple[int, ...]]:
    return {"embedding": shape}


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_the_cosine_by_hand() -> None:
    objective = Features(shapes(2), shapes(2))
    student = {"embedding": torch.tensor([[3.0, 4.0]])}
    assert objective(student, {"embedding": torch.tensor([[5.0, 0.0]])}).item() == pytest.approx(
        0.4
    )
    assert objective(student, {"embedding": torch.tensor([[-6.0, -8.0]])}).item() == pytest.approx(
        2
    )


def test_smooth_l1_by_hand() -> None:
    # Levelled, the student is -1, 1 and the teacher 1, -1: 2 apart, which is beta, so 2 - beta / 2.
    objective = SmoothFeatures(shapes(2), shapes(2))
    found = objective(
        {"embedding": torch.tensor([[10.0, 30.0]])}, {"embedding": torch.tensor([[9.0, 1.0]])}
    )
    assert found.item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("objective", [Features, SmoothFeatures])
def test_lengths_do_not_count(objective: type[Features]) -> None:
    student, teacher = random(2, 4, 8)
    made = objective(shapes(8), shapes(8))
    found = made({"embedding": student}, {"embedding": teacher})
    longer = made({"embedding": student * 3}, {"embedding": teacher * 5})
    torch.testing.assert_close(found, longer, rtol=1e-4, atol=0)


def test_equal_widths_live_in_one_space_and_others_are_projected() -> None:
    assert Features(shapes(8), shapes(8)).compatible
    assert not list(Features(shapes(8), shapes(8)).parameters())
    other = Features(shapes(6), shapes(8))
    assert not other.compatible
    assert {name: each.shape for name, each in other.named_parameters()} == {
        "project.weight": (8, 6),
        "project.bias": (8,),
    }


def test_parts_are_compared_one_by_one_with_one_projector() -> None:
    objective = Features(shapes(3, 4), shapes(3, 5))
    assert objective.project.weight.shape == (5, 4)
    student, teacher = random(2, 3, 4), random(2, 3, 5)
    single = Features(shapes(4), shapes(5))
    single.load_state_dict(objective.state_dict())
    expected = torch.stack(
        [
            single({"embedding": student[:, part]}, {"embedding": teacher[:, part]})
            for part in range(3)
        ]
    ).mean()
    torch.testing.assert_close(objective({"embedding": student}, {"embedding": teacher}), expected)


def test_other_parts_are_refused() -> None:
    with pytest.raises(UsageError, match="student has parts 4 and the teacher 16"):
        Features(shapes(4, 8), shapes(16, 8))
    with pytest.raises(UsageError, match="student has parts none and the teacher 16"):
        Features(shapes(8), shapes(16, 8))
    with pytest.raises(UsageError, match=r"shape \(2, 2, 8\) in one sample"):
        Features(shapes(2, 2, 8), shapes(8))
