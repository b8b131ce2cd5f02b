"""Cross-scale matching against published code, and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.nets.building import build
from edgehuman.nets.image.vit import Vit
from edgehuman.pretrain.saip.matching import (
    Alignment,
    Matching,
    alignment_loss,
    balanced,
    caught_relations,
    centred,
    has_relations,
    matching_loss,
    relation_loss,
    relations,
    target_entropy,
)
from tests.pretrain.made_persons import made_cosines, save_choices
from tests.two_processes import in_two_processes


def reference(folder: Path, *names: str) -> list[Tensor]:
    with np.load(folder / "vision_metric_refs.npz") as file:
        return [torch.from_numpy(np.asarray(file[name])) for name in names]


def test_two_calls_give_the_published_code_s_losses_and_centre(reference_vectors: Path) -> None:
    student, expert, first, second, centre_1K = reference(
        reference_vectors,
        *(f"dino/{n}" for n in ("student", "teacher", "loss_call1", "loss_call2", "center_after2")),
    )
    matching = Matching(4, 8, prototypes=64).train()
    student_VNK, expert_TNK = student.view(10, 6, 64), expert.view(2, 6, 64)
    for expected in (first, second):
        assert matching.loss(student_VNK, expert_TNK).item() == pytest.approx(
            expected.item(), abs=1e-4
        )
        matching.advance()
    torch.testing.assert_close(matching.centre_K, centre_1K[0])


def test_the_relation_loss_is_the_published_code_s(reference_vectors: Path) -> None:
    names = ("att_s_qk", "att_s_vv", "att_t_qk", "att_t_vv", "att_loss")
    *maps, expected = reference(reference_vectors, *(f"saip/{name}" for name in names))
    found = relation_loss((maps[0], maps[1]), (maps[2], maps[3]))
    assert found.item() == pytest.approx(expected.item(), abs=1e-5)


def test_the_same_view_is_not_matched_with_itself() -> None:
    # Two views, two prototypes. The expert is sure of the first; the student leans by log 3.
    expert_TNK = torch.tensor([[[100.0, 0.0]], [[100.0, 0.0]]])
    lean = math.log(3)
    student_VNK = torch.tensor([[[lean, 0.0]], [[0.0, lean]]])
    # Expert 0 pairs with student 1 (probability 1/4), expert 1 with student 0 (3/4).
    loss = matching_loss(student_VNK, centred(expert_TNK, torch.zeros(2), 1.0), 1.0)
    assert loss.item() == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)


def test_the_centre_keeps_one_prototype_from_winning() -> None:
    expert_TNK = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])
    student_VNK = torch.zeros(2, 1, 2)
    student_VNK[..., 0] = math.log(3)
    target_TNK = centred(expert_TNK, torch.tensor([1.0, 0.0]), 0.04)
    loss = matching_loss(student_VNK, target_TNK, 1.0)
    # Minus the centre, the expert is undecided: half log 4/3, half log 4.
    assert loss.item() == pytest.approx((math.log(4) + math.log(4 / 3)) / 2, abs=1e-6)


def test_the_centre_updates_after_the_step_and_skips_nan() -> None:
    matching = Matching(2, 4, prototypes=3).train()
    good, bad = torch.ones(2, 1, 3), torch.full((2, 1, 3), float("nan"))
    matching.loss(good, good)
    assert matching.centre_K.tolist() == [0, 0, 0]
    matching.loss(good, bad)
    matching.advance()
    torch.testing.assert_close(matching.centre_K, torch.full((3,), 0.1))
    matching.advance()
    torch.testing.assert_close(matching.centre_K, torch.full((3,), 0.1))


def test_heads_return_cosines_and_the_experts_is_not_trained() -> None:
    torch.manual_seed(0)
    matching = Matching(2, 4, prototypes=3)
    cosine_NK = matching.head(torch.randn(5, 2))
    assert cosine_NK.abs().max() <= 1.0 + 1e-6
    with torch.no_grad():
        matching.head.prototype_KD.mul_(7)
    token_ND = torch.randn(5, 2)
    torch.testing.assert_close(matching.head(token_ND), matching.expert_head(token_ND))
    matching(torch.randn(3, 5, 2), torch.randn(2, 5, 2)).backward()
    assert all(p.grad is not None for p in matching.head.parameters())
    assert all(p.grad is None for p in matching.expert_head.parameters())


def test_alignment_is_one_minus_cosine_over_all_pairs() -> None:
    student_VND = torch.tensor([[[2.0, 0.0]], [[0.0, 5.0]], [[-1.0, 0.0]]])
    expert_TND = torch.tensor([[[3.0, 0.0]]])
    # Cosines 1, 0 and -1.
    assert alignment_loss(student_VND, expert_TND).item() == pytest.approx(1.0)
    assert alignment_loss(student_VND[:1], expert_TND).item() == pytest.approx(0.0)
    head = Alignment(2, 4, 6)
    assert 0 <= head(student_VND, torch.randn(2, 1, 6)).item() <= 2


def test_relations_are_the_attention_of_a_vit_s_last_block() -> None:
    qkv_NSF = torch.zeros(1, 2, 6)
    qkv_NSF[0, :, :2] = torch.tensor([[math.log(3), 0.0], [0.0, 0.0]])  # queries
    qkv_NSF[0, :, 2:4] = torch.tensor([[math.sqrt(2), 0.0], [0.0, 0.0]])  # keys, for 1 / sqrt 2
    own, values = relations(qkv_NSF, heads=1)
    torch.testing.assert_close(own[0, 0], torch.tensor([[0.75, 0.25], [0.5, 0.5]]))
    torch.testing.assert_close(values[0, 0], torch.full((2, 2), 0.5))

    vit = Vit(32, 4, 1, image_size=(32, 16))
    assert has_relations(vit)
    assert not has_relations(build("starnet_s3"))
    with caught_relations(vit, wanted=True) as found:
        vit.backbone(torch.randn(3, 3, 32, 16))
    assert [tuple(part.shape) for part in found[0]] == [(3, 1, 3, 3)] * 2
    vit.backbone(torch.randn(3, 3, 32, 16))
    assert len(found) == 1
    with caught_relations(vit, wanted=False) as none:
        vit.backbone(torch.randn(3, 3, 32, 16))
    assert none == []


def test_entropy_of_even_answers_is_the_logarithm_of_their_number() -> None:
    even_TNK = torch.zeros(2, 3, 8)
    assert target_entropy(even_TNK.softmax(dim=-1)).item() == pytest.approx(math.log(8))
    sure_TNK = 10 * torch.eye(8)[None, :3].repeat(2, 1, 1)
    assert target_entropy((25 * sure_TNK).softmax(dim=-1)).item() == pytest.approx(0, abs=1e-6)


def test_the_divergence_of_equal_outputs_is_zero() -> None:
    matching = Matching(4, 8, prototypes=6, temperatures=(0.1, 0.1))
    answer_NK = torch.linspace(-1, 1, 18).view(3, 6)
    loss = matching.loss(answer_NK.expand(4, 3, 6), answer_NK.expand(2, 3, 6))
    assert loss.item() > 0.5
    assert matching.divergence.item() == pytest.approx(0, abs=1e-5)


def test_balanced_targets_use_every_prototype_equally() -> None:
    torch.manual_seed(0)
    expert_TNK = torch.rand(2, 6, 4)
    choice_TNK = balanced(expert_TNK, 0.1, rounds=200)
    torch.testing.assert_close(choice_TNK.sum(dim=-1), torch.ones(2, 6))
    torch.testing.assert_close(choice_TNK.sum(dim=1), torch.full((2, 4), 6 / 4))
    # A prototype that is nearer to everybody is not chosen more often.
    nearer_TNK = expert_TNK + torch.tensor([0.5, 0.0, 0.0, 0.0])
    torch.testing.assert_close(balanced(nearer_TNK, 0.1), balanced(expert_TNK, 0.1))


def test_three_rounds_of_balancing_by_hand() -> None:
    # Exponentials 3 and 1, 1 and 1: the sums of columns, then of rows, are divided out thrice.
    expert_TNK = torch.tensor([[[math.log(3), 0.0], [0.0, 0.0]]])
    by_hand_TNK = torch.tensor([[[45 / 71, 26 / 71], [15 / 41, 26 / 41]]])
    torch.testing.assert_close(balanced(expert_TNK, 1.0), by_hand_TNK)


def test_balanced_targets_are_even_where_mean_centring_is_not() -> None:
    # Three persons are similar, one differs; all are nearest to the first prototype.
    expert_TNK = torch.tensor([[[0.9, 0.0]] * 3 + [[0.5, 0.0]]])
    mean_K = expert_TNK.mean(dim=(0, 1))
    # Minus the mean of 0.8, at a temperature of 0.05: log odds 2 of three persons, -6 of one.
    first_N = centred(expert_TNK, mean_K, 0.05)[0, :, 0]
    assert first_N.sum().item() == pytest.approx(3 * 0.8808 + 0.0025, abs=1e-3)
    # Balanced, the prototype has two of four; the one person's odds are e^8 times smaller.
    first_N = balanced(expert_TNK, 0.05, rounds=50)[0, :, 0]
    assert first_N.sum().item() == pytest.approx(2, abs=1e-3)
    assert (first_N[0].logit() - first_N[3].logit()).item() == pytest.approx(8, abs=1e-2)


def test_extreme_cosines_give_finite_targets() -> None:
    # Nobody's exponential of the second prototype is above zero in float32.
    expert_TNK = torch.tensor([[[1.0, -1.0], [1.0, -1.0]]])
    torch.testing.assert_close(balanced(expert_TNK, 0.005), torch.full((1, 2, 2), 0.5))


def test_matching_uses_the_configured_centring() -> None:
    torch.manual_seed(0)
    student_VNK, expert_TNK = torch.rand(3, 5, 4), torch.rand(2, 5, 4)
    sinkhorn = Matching(4, 8, prototypes=4, centring="sinkhorn").train()
    expected = matching_loss(student_VNK, balanced(expert_TNK))
    torch.testing.assert_close(sinkhorn.loss(student_VNK, expert_TNK), expected)
    sinkhorn.centre_K.fill_(0.3)
    torch.testing.assert_close(sinkhorn.loss(student_VNK, expert_TNK), expected)


@pytest.mark.slow
@pytest.mark.long
def test_two_processes_balance_over_the_persons_of_both(tmp_path: Path) -> None:
    in_two_processes(save_choices, tmp_path)
    halves = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    torch.testing.assert_close(torch.cat(halves, dim=1), balanced(made_cosines()))
