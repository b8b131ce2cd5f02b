"""Objectives by name: each of the table, their sum, and words that are wrong."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.similarity import Similarity
from edgehuman.distill.objectives.weighted import (
    OBJECTIVES,
    build_objectives,
    fitting,
    parse_objectives,
)
from edgehuman.errors import DataError, UsageError

SHAPES: dict[str, tuple[int, ...]] = {
    "logits": (5,),
    "embedding": (8,),
    "tokens": (6, 2, 8),
    "map": (3, 4, 2),
}
WIDER = {**SHAPES, "embedding": (12,), "tokens": (3, 1, 12)}
NAMES = list(OBJECTIVES)


def answers(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {kind: torch.randn(4, *shape, generator=generator) for kind, shape in shapes.items()}


def trained(given: dict[str, Tensor]) -> dict[str, Tensor]:
    return {kind: each.clone().requires_grad_() for kind, each in given.items()}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_least_where_the_student_is_the_teacher(name: str) -> None:
    weighted = build_objectives([name], SHAPES, SHAPES, seed=0)
    if name == "similarity":  # with its two temperatures it asks for stretched cosines
        similarity = weighted.objectives[name]
        assert isinstance(similarity, Similarity)
        similarity.temperatures = (0.05, 0.05)
    teacher = answers(SHAPES)
    student = trained(teacher)
    least = weighted(student, teacher)["distil"]
    least.backward()
    assert all(each.grad is None or each.grad.abs().max() < 1e-5 for each in student.values())
    if name != "bce":
        assert least.item() == pytest.approx(0, abs=1e-5)
    for seed in (1, 2):
        moved = {kind: each + 0.3 * answers(SHAPES, seed)[kind] for kind, each in teacher.items()}
        assert weighted.eval()(moved, teacher)["distil"] > least + 1e-5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1])
def test_each_pulls_the_student_to_the_teacher(name: str, seed: int) -> None:
    weighted = build_objectives([name], SHAPES, WIDER, seed=0)
    teacher, student = answers(WIDER), trained(answers(SHAPES, 5 + seed))
    loss = weighted.eval()(student, teacher)["distil"]
    loss.backward()
    kind = OBJECTIVES[name].needs[0]
    slope = student[kind].grad
    assert slope is not None
    assert slope.abs().max() > 0
    step = 1e-3 / slope.norm()
    nearer = {kind: student[kind].detach() - step * slope}
    assert weighted(nearer, teacher)["distil"] < loss


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("student", ["zeros", "equal rows"])
@pytest.mark.parametrize("teacher", ["zeros", "equal rows", "random"])
def test_zero_and_equal_answers_have_finite_gradients(
    name: str, student: str, teacher: str
) -> None:
    def made(which: str) -> dict[str, Tensor]:
        found = answers(SHAPES)
        if which == "zeros":
            return {kind: torch.zeros_like(each) for kind, each in found.items()}
        if which == "equal rows":
            return {kind: each[:1].expand_as(each).clone() for kind, each in found.items()}
        return found

    weighted = build_objectives([name], SHAPES, SHAPES, seed=0)
    given = trained(made(student))
    for _ in range(2):  # the second time with a queue
        loss = weighted(given, made(teacher))["distil"]
        assert loss.isfinite()
        loss.backward()
    for each in given.values():
        assert each.grad is None or (each.grad.isfinite().all() and each.grad.abs().max() < 1e4)


@pytest.mark.parametrize("name", NAMES)
def test_each_takes_one_sample_and_half_precision_under_autocast(name: str) -> None:
    weighted = build_objectives([name], SHAPES, WIDER, seed=0)
    student = {kind: each[:1].bfloat16() for kind, each in answers(SHAPES).items()}
    teacher = {kind: each[:1].half() for kind, each in answers(WIDER).items()}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = weighted(student, teacher)[name]
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    wide = [{kind: each.float() for kind, each in given.items()} for given in (student, teacher)]
    torch.testing.assert_close(build_objectives([name], SHAPES, WIDER, seed=0)(*wide)[name], loss)


def test_the_sum_is_weighed_and_the_parts_are_not() -> None:
    weighted = build_objectives(["kd=0.5", "rkd", "features=2e1"], SHAPES, SHAPES, seed=0)
    assert weighted.weights == {"kd": 0.5, "rkd": 25.0, "features": 20.0}
    assert weighted.needs == ("embedding", "logits")
    losses = weighted(answers(SHAPES), answers(SHAPES, 1))
    assert list(losses) == ["kd", "rkd", "features", "distil"]
    expected = 0.5 * losses["kd"] + 25 * losses["rkd"] + 20 * losses["features"]
    torch.testing.assert_close(losses["distil"], expected)


def test_compatible_says_whether_the_student_lives_in_the_teacher_s_space() -> None:
    assert build_objectives(["kd", "features"], SHAPES, SHAPES, seed=0).compatible
    assert not build_objectives(["features"], SHAPES, WIDER, seed=0).compatible
    assert not build_objectives(["rkd", "features-l1"], SHAPES, SHAPES, seed=0).compatible


def test_the_seed_decides_the_projectors_whichever_others_there_are() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    one = build_objectives(["features"], SHAPES, WIDER, seed=3)
    two = build_objectives(["tokens", "features"], SHAPES, WIDER, seed=3)
    other = build_objectives(["features"], SHAPES, WIDER, seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [
        each.state_dict()["objectives.features.project.weight"] for each in (one, two, other)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no objective is named; name at least one of: kd, dkd"),
        (["similarty"], "unknown objective 'similarty'. Did you mean 'similarity'"),
        (["kd", "kd=2"], "objective kd is named twice"),
        (["rkd="], "weight of objective rkd is ''.*rkd=25 is usual"),
        (["kd=0"], "is '0'; it must be a finite number above 0"),
        (["kd=-1"], "is '-1'"),
        (["kd=nan"], "is 'nan'"),
        (["kd=inf"], "is 'inf'"),
        (["kd=1=2"], "is '1=2'"),
        (["=3"], "unknown objective ''"),
    ],
)
def test_wrong_words_are_said(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_objectives(words)


def test_a_kind_that_one_lacks_is_said_with_what_fits() -> None:
    teacher = {"embedding": (8,), "logits": (5,)}
    student = {"embedding": (8,)}
    with pytest.raises(
        UsageError,
        match=r"objective kd needs logits, and the student gives embedding; .*fit: features, "
        "features-l1, rkd, similarity, identity",
    ):
        build_objectives(["kd"], student, teacher, seed=0)
    with pytest.raises(UsageError, match=r"the teacher gives embedding, logits; .* fit: none"):
        build_objectives(["pixel"], {"map": (3, 4, 2)}, teacher, seed=0)
    assert fitting(SHAPES, {"map": (3, 4, 2)}) == ["pixel", "channel", "heatmaps"]


def test_shapes_that_do_not_fit_are_said_with_the_objective() -> None:
    with pytest.raises(UsageError, match="objective dkd: the student has classes 5 and the teach"):
        build_objectives(["dkd"], SHAPES, {"logits": (6,)}, seed=0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_teacher_that_is_not_finite_is_refused(bad: float) -> None:
    weighted = build_objectives(["kd", "features"], SHAPES, SHAPES, seed=0)
    teacher = answers(SHAPES)
    teacher["map"][0] = bad  # of no objective
    weighted(answers(SHAPES), teacher)
    teacher["embedding"][1:3, 2] = bad
    with pytest.raises(DataError, match="teacher's embedding is not finite in 2 of 4 samples"):
        weighted(answers(SHAPES), teacher)


def test_batches_of_other_lengths_are_refused() -> None:
    weighted = build_objectives(["features"], SHAPES, SHAPES, seed=0)
    with pytest.raises(DataError, match="answered 4 samples and the teacher 2"):
        weighted(answers(SHAPES), {kind: each[:2] for kind, each in answers(SHAPES).items()})
