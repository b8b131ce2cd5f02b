"""Similarity distributions over batch and queue: by hand, and the queue's state."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.similarity import Similarity
from edgehuman.errors import UsageError

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def answer(*rows: list[float]) -> dict[str, Tensor]:
    return {"embedding": torch.tensor(rows)}


def made(width: int = 2, queue: int = 4, temperatures: tuple[float, float] = (1, 1)) -> Similarity:
    shapes = {"embedding": (width,)}
    return Similarity(shapes, shapes, queue, *temperatures)


def random(seed: int, *shape: int) -> dict[str, Tensor]:
    return {"embedding": torch.randn(*shape, generator=torch.Generator().manual_seed(seed))}


def test_a_batch_of_three_by_hand() -> None:
    # The student sees east, north, west; to the teacher the last is north too. Rows of cosines:
    # student (0, -1), (0, 0), (-1, 0) and teacher (0, 0), (0, 1), (0, 1).
    found = made()(answer(EAST, NORTH, WEST), answer(EAST, NORTH, NORTH))
    high, low = math.e / (math.e + 1), 1 / (math.e + 1)
    first = 0.5 * math.log(0.5 / high) + 0.5 * math.log(0.5 / low)
    second = low * math.log(low / 0.5) + high * math.log(high / 0.5)
    # Third: the student is at (e^-1, 1) / (e^-1 + 1), which is (low, high), as the teacher.
    assert found.item() == pytest.approx((first + second) / 3)


def test_temperatures_stretch_the_cosines() -> None:
    # The student's cosines are half the teacher's; so is its temperature.
    slant = [0.5, math.sqrt(0.75)]
    # One query and a queue: cosines (.5, 0) of the student and (1, 0) of the teacher.
    for temperatures, same in (((0.5, 1.0), True), ((1.0, 1.0), False)):
        objective = made(temperatures=temperatures)
        objective(answer(slant, NORTH), answer(EAST, NORTH))
        alone = objective.eval()(answer(EAST), answer(EAST))
        assert (alone.item() == pytest.approx(0, abs=1e-6)) is same


def test_a_sample_alone_has_nothing_to_be_compared_with_until_the_queue_has() -> None:
    objective = made()
    student = torch.tensor([EAST], requires_grad=True)
    first = objective({"embedding": student}, answer(NORTH))
    first.backward()
    assert first == 0
    assert student.grad is not None
    assert int(objective.taken_up) == 1
    objective(answer(NORTH), answer(NORTH))
    assert objective(answer(NORTH), answer(EAST)) > 0


def test_the_queue_wraps_and_the_oldest_leave() -> None:
    objective = made(queue=4)
    for angle in range(3):  # six samples, two a batch
        turn = [[math.cos(2 * angle + i), math.sin(2 * angle + i)] for i in range(2)]
        objective(answer(*turn), answer(*turn))
    angles = torch.atan2(objective.student_QD[:, 1], objective.student_QD[:, 0]) % (2 * math.pi)
    assert angles.tolist() == pytest.approx([4, 5, 2, 3])
    assert int(objective.taken_up) == 6
    torch.testing.assert_close(objective.teacher_QD, objective.student_QD)


def test_a_batch_longer_than_the_queue_leaves_its_last() -> None:
    objective = made(queue=2)
    objective(answer(EAST, EAST, NORTH, WEST, NORTH), answer(EAST, EAST, NORTH, WEST, NORTH))
    assert objective.student_QD.tolist() == [WEST, NORTH]


def test_a_queue_that_is_not_full_counts_only_what_is_in_it() -> None:
    short, long = made(queue=4), made(queue=400)
    for objective in (short, long):
        objective(random(0, 3, 2), random(1, 3, 2))
    assert short(random(2, 3, 2), random(3, 3, 2)) == long(random(2, 3, 2), random(3, 3, 2))


def test_a_resumed_run_is_the_same() -> None:
    whole, resumed = made(queue=4), made(queue=4)
    for step in range(3):
        whole(random(step, 3, 2), random(9 + step, 3, 2))
    resumed.load_state_dict(whole.state_dict())
    for step in range(3, 5):
        batch = random(step, 3, 2), random(9 + step, 3, 2)
        assert whole(*batch) == resumed(*batch)


def test_in_eval_and_from_broken_steps_nothing_is_taken_up() -> None:
    objective = made()
    objective.eval()(answer(EAST, NORTH), answer(EAST, NORTH))
    assert int(objective.taken_up) == 0
    objective.train()(answer([math.nan, 0.0], WEST), answer(EAST, NORTH))
    assert int(objective.taken_up) == 1
    assert objective.student_QD[0].tolist() == WEST


def test_the_order_of_a_search_is_learnt_from_a_teacher_of_another_width() -> None:
    teacher = random(0, 12, 8)
    student = torch.nn.Parameter(random(1, 12, 5)["embedding"])
    objective = Similarity({"embedding": (5,)}, {"embedding": (8,)}, queue=1)
    objective.eval()
    optimiser = torch.optim.Adam([student], lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        objective({"embedding": student}, teacher).backward()
        optimiser.step()

    def nearest(embedding: Tensor) -> Tensor:
        unit = torch.nn.functional.normalize(embedding, dim=1)
        return (unit @ unit.T).fill_diagonal_(-1).argmax(dim=1)

    agree = nearest(student.detach()) == nearest(teacher["embedding"])
    assert agree.sum() >= 11


def test_parts_are_compared_by_their_mean_cosine() -> None:
    shapes = {"embedding": (2, 2)}
    objective = Similarity(shapes, shapes, 4, 1, 1)
    # Cosines of the two samples' parts: 1 and -1, so 0 in the mean, whatever the lengths.
    student = torch.tensor([[[1.0, 0], [0, 9]], [[5, 0], [0, -2]], [[1, 0], [0, 1]]])
    objective({"embedding": student}, {"embedding": student})
    assert (objective.student_QD[0] @ objective.student_QD[1]).item() == pytest.approx(0)
    assert (objective.student_QD[0] @ objective.student_QD[2]).item() == pytest.approx(1)


def test_a_teacher_of_other_parts_teaches_its_order() -> None:
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(6, *shape, generator=generator) for shape in ((2, 8), (3, 4)))
    objective = Similarity({"embedding": (2, 8)}, {"embedding": (3, 4)}, 8, 0.1, 0.1)
    found = objective({"embedding": student}, {"embedding": teacher})
    # The mean of the parts' cosines, for both, as probabilities; nobody is compared with oneself.
    log_prob = []
    for embedding in (student, teacher):
        unit = torch.nn.functional.normalize(embedding, dim=2)
        near = torch.einsum("npd,mpd->nm", unit, unit) / embedding.shape[1] / 0.1
        log_prob.append(torch.log_softmax(near.fill_diagonal_(-torch.inf), dim=1).fill_diagonal_(0))
    prob = log_prob[1].exp().fill_diagonal_(0)
    expected = (prob * (log_prob[1] - log_prob[0])).sum() / 6
    torch.testing.assert_close(found, expected)
    with pytest.raises(UsageError, match=r"it must be \(D\) or \(P, D\)"):
        Similarity({"embedding": (2, 8)}, {"embedding": (3, 2, 8)})
