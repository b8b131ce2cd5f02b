"""Tokens place by place: which grids can be aligned, and how."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.tokens import Alignment, Tokens, resampled
from edgehuman.errors import UsageError


def shapes(*shape: int) -> dict[str, tuple[int, ...]]:
    return {"tokens": shape}


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_a_grid_of_half_the_size_has_the_mean_of_each_place() -> None:
    # Two rows of four tokens: 0 1 2 3 over 4 5 6 7, made one row of two.
    tokens_NLD = torch.arange(8.0).view(1, 8, 1)
    found = resampled(tokens_NLD, (2, 4), (1, 2))
    # Bilinear over two places a side, with a triangle that reaches two: the edges lean inwards.
    assert found.shape == (1, 2, 1)
    assert found.mean().item() == pytest.approx(3.5)
    assert found[0, 0, 0] < found[0, 1, 0]
    flat = resampled(torch.full((1, 8, 1), 3.0), (2, 4), (3, 2))
    torch.testing.assert_close(flat, torch.full((1, 6, 1), 3.0))


def test_a_grid_made_larger_is_interpolated_by_hand() -> None:
    # One row of 0, 4 made one of four: centres at -1/4, 1/4, 3/4, 5/4 of the old ones.
    found = resampled(torch.tensor([[[0.0], [4.0]]]), (1, 2), (1, 4))
    assert found.flatten().tolist() == pytest.approx([0, 1, 3, 4])


def test_rows_and_columns_keep_their_places() -> None:
    # A student grid of 4 x 2 against the teacher's 2 x 4: equally many tokens, other places.
    align = Alignment(shapes(4, 2, 1), shapes(2, 4, 1))
    top_1 = torch.tensor([1.0, 1, 0, 0, 0, 0, 0, 0]).view(1, 8, 1)
    found = align(top_1)
    assert found.shape == (1, 8, 1)
    assert found[0, :4].min() > found[0, 4:].max()


@pytest.mark.parametrize(
    ("student", "teacher"), [((6, 4), (6, 8)), ((2, 3, 4), (6, 8)), ((2, 3, 4), (2, 3, 8))]
)
def test_equally_many_tokens_are_compared_as_they_are(
    student: tuple[int, ...], teacher: tuple[int, ...]
) -> None:
    tokens = random(2, *student)
    assert torch.equal(Alignment(shapes(*student), shapes(*teacher))(tokens), tokens.view(2, 6, 4))


def test_tokens_that_cannot_be_aligned_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"student has tokens \(6, 4\) and the teacher \(4, 4, 8\)"
    ):
        Tokens(shapes(6, 4), shapes(4, 4, 8))
    with pytest.raises(UsageError, match=r"tokens have the shape \(4,\)"):
        Tokens(shapes(4), shapes(4, 4))


def test_scale_and_offset_of_a_token_do_not_count() -> None:
    objective = Tokens(shapes(3, 8), shapes(3, 8))
    tokens = random(2, 3, 8)
    found = objective({"tokens": tokens}, {"tokens": tokens * 100 + 7})
    assert found.item() == pytest.approx(0, abs=1e-6)
    assert objective({"tokens": tokens}, {"tokens": tokens.flip(1)}) > 0.1


def test_grids_and_flat_tokens_of_them_give_the_same() -> None:
    objective = Tokens(shapes(4, 4, 3), shapes(2, 2, 5))
    student, teacher = random(2, 4, 4, 3), random(2, 2, 2, 5)
    found = objective({"tokens": student}, {"tokens": teacher})
    flat = objective({"tokens": student.flatten(1, 2)}, {"tokens": teacher.flatten(1, 2)})
    assert found == flat
    assert objective.project.weight.shape == (5, 3)
