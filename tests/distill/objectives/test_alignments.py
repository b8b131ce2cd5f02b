"""Identity, parts and relations of one image, by hand."""

from __future__ import annotations

import pytest
import torch

from edgehuman.distill.objectives.alignments import Identity, Parts, Relation, pooled, stripes
from edgehuman.distill.objectives.features import Features
from edgehuman.errors import UsageError


def shapes(*shape: int) -> dict[str, tuple[int, ...]]:
    return {"tokens": shape}


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_identity_is_what_features_computes() -> None:
    given = {"embedding": (4,)}
    student, teacher = random(2, 3, 4)
    pair = {"embedding": student}, {"embedding": teacher}
    assert Identity(given, given)(*pair) == Features(given, given)(*pair)


def test_stripes_are_the_means_of_rows_from_the_top() -> None:
    # Four rows of two tokens, 0 1 / 2 3 / 4 5 / 6 7, in two stripes.
    found = stripes(torch.arange(8.0).view(1, 8, 1), (4, 2), 2)
    assert found.flatten().tolist() == [1.5, 5.5]


def test_queries_pool_by_attention_by_hand() -> None:
    # Width 1: a query of log 3 weighs a token of 1 three times one of -1, in each direction's sign.
    query_PD = torch.tensor([[0.5493061443]])  # log(3) / 2
    found = pooled(torch.tensor([[[4.0], [-2.0]]]), query_PD)
    assert found.item() == pytest.approx(0.75 * 4 - 0.25 * 2)


def test_grids_with_enough_rows_are_cut_and_others_are_pooled() -> None:
    assert not list(Parts(shapes(8, 4, 6), shapes(16, 8, 6)).parameters())
    flat = Parts(shapes(32, 6), shapes(16, 8, 5))
    assert flat.query_PD.shape == (6, 5)
    assert Parts(shapes(5, 4, 6), shapes(16, 8, 6)).query_PD.shape == (6, 6)
    assert torch.isfinite(flat({"tokens": random(2, 32, 6)}, {"tokens": random(2, 16, 8, 5)}))


def test_what_is_within_a_stripe_does_not_count_but_which_stripe_does() -> None:
    objective = Parts(shapes(6, 2, 4), shapes(6, 2, 4))
    tokens = random(1, 6, 2, 4)
    mirrored = objective({"tokens": tokens.flip(2)}, {"tokens": tokens})
    assert mirrored.item() == pytest.approx(0, abs=1e-6)
    assert objective({"tokens": tokens.flip(1)}, {"tokens": tokens}) > 0.1


def test_the_order_of_tokens_does_not_count_to_queries() -> None:
    objective = Parts(shapes(12, 4), shapes(12, 4))
    tokens, other = random(2, 12, 4), random(2, 12, 4).flip(2)
    found = objective({"tokens": tokens.flip(1)}, {"tokens": other})
    torch.testing.assert_close(found, objective({"tokens": tokens}, {"tokens": other}))


def test_the_queries_do_not_move_the_target() -> None:
    objective = Parts(shapes(12, 4), shapes(12, 4))
    tokens = random(2, 12, 4)
    # The student's tokens are all alike, so no query changes what is pooled from them.
    objective({"tokens": tokens[:, :1].expand(-1, 12, -1)}, {"tokens": tokens}).backward()
    assert objective.query_PD.grad is not None
    assert objective.query_PD.grad.abs().max() < 1e-6


def test_relations_by_hand_and_without_regard_to_rotation() -> None:
    objective = Relation(shapes(2, 2), shapes(2, 3))
    student = {"tokens": torch.tensor([[[1.0, 0], [0, 2]]])}
    teacher = {"tokens": torch.tensor([[[1.0, 0, 0], [3, 0, 0]]])}
    # The cosine of the two tokens is 0 and 1: two of four places differ by 1.
    assert objective(student, teacher).item() == pytest.approx(0.5)
    rotation = torch.linalg.qr(random(2, 2))[0]
    turned = {"tokens": student["tokens"] @ rotation}
    assert objective(turned, teacher).item() == pytest.approx(0.5)
    assert not list(objective.parameters())


def test_relations_of_a_smaller_grid_are_those_of_the_teacher_s_places() -> None:
    objective = Relation(shapes(2, 2, 4), shapes(4, 4, 5))
    assert torch.isfinite(objective({"tokens": random(2, 2, 2, 4)}, {"tokens": random(2, 4, 4, 5)}))
    with pytest.raises(UsageError, match="compared place by place"):
        Relation(shapes(5, 4), shapes(4, 4))
