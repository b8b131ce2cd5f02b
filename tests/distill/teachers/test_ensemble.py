"""Several teachers as one, by numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.card import OutputSpec, image_input
from edgehuman.distill.teachers.ensemble import (
    Ensemble,
    in_order,
    joined_embeddings,
    mean_attributes,
    mean_classes,
)
from edgehuman.errors import UsageError
from tests.distill.made_teacher import Answer, MadeTeacher, records

WINDOWS = records(np.arange(4), 0)


def test_classes_give_the_logarithm_of_the_mean_probability() -> None:
    one, two = np.log([[0.9, 0.1]]).astype(np.float32), np.log([[0.5, 0.5]]).astype(np.float32)
    np.testing.assert_allclose(np.exp(mean_classes([one + 7, two])), [[0.7, 0.3]], rtol=1e-5)
    far = np.array([[1000.0, 0.0]], np.float32)
    assert np.isfinite(mean_classes([far, far])).all()


def test_maps_are_averaged_in_probability_pixel_by_pixel() -> None:
    one = np.log([0.8, 0.2, 0.4, 0.6]).reshape(1, 2, 2, 1, order="F").astype(np.float32)
    found = np.exp(mean_classes([one, np.zeros_like(one)]))
    np.testing.assert_allclose(found[0, :, :, 0], [[0.65, 0.45], [0.35, 0.55]], rtol=1e-5)


def test_attributes_give_the_logit_of_the_mean_probability() -> None:
    one, two = np.log([[0.9 / 0.1]]).astype(np.float32), np.log([[0.5 / 0.5]]).astype(np.float32)
    np.testing.assert_allclose(mean_attributes([one, two]), np.log([[0.7 / 0.3]]), rtol=1e-5)
    sure = np.array([[200.0]], np.float32)
    np.testing.assert_allclose(mean_attributes([sure, sure]), sure, rtol=1e-5)


def test_the_cosine_of_joined_embeddings_is_the_mean_of_the_cosines() -> None:
    draw = np.random.default_rng(0)
    members = [draw.normal(size=(2, 3, size)).astype(np.float32) for size in (4, 7)]
    joint_NPD = joined_embeddings(members)
    assert joint_NPD.shape == (2, 3, 11)
    np.testing.assert_allclose(np.linalg.norm(joint_NPD, axis=-1), 1, rtol=1e-5)
    cosines = [
        (each[0] * each[1]).sum(-1)
        / np.linalg.norm(each[0], axis=-1)
        / np.linalg.norm(each[1], axis=-1)
        for each in members
    ]
    np.testing.assert_allclose(
        (joint_NPD[0] * joint_NPD[1]).sum(-1), np.mean(cosines, axis=0), rtol=1e-4
    )


def test_members_are_joined_in_the_first_ones_order_of_labels() -> None:
    one, two = MadeTeacher(0), MadeTeacher(1, labels=("c", "a", "b", "e", "d"))
    both = Ensemble([one, two])
    order = [1, 2, 0, 4, 3]
    expected = mean_classes(
        [one.answer(WINDOWS)["logits"], two.answer(WINDOWS)["logits"][:, order]]
    )
    found = both.answer(WINDOWS)
    np.testing.assert_allclose(found["logits"], expected, rtol=1e-5)
    assert found["embedding"].shape == (4, 16)
    assert both.labels == one.labels
    assert both.params == 20
    assert [row.dataset for row in both.card_data] == ["set 0", "set 1"]
    assert both.digest not in (one.digest, two.digest, Ensemble([two, one]).digest)


def test_attributes_and_heat_maps_are_averaged_as_what_they_are() -> None:
    members = [MadeTeacher(seed, kind="attributes") for seed in (0, 1)]
    logits = [each.answer(WINDOWS)["logits"] for each in members]
    found = Ensemble(members).answer(WINDOWS)["logits"]
    np.testing.assert_allclose(found, mean_attributes(logits), rtol=1e-5)

    def as_map(answer: Answer) -> Answer:
        return {"map": answer["logits"][:, :, None, None]}

    members = [MadeTeacher(seed, kind="heatmaps", change=as_map) for seed in (0, 1)]
    found = Ensemble(members).answer(WINDOWS)["map"][:, :, 0, 0]
    np.testing.assert_allclose(found, np.mean(logits, axis=0), rtol=1e-5)


def test_members_that_do_not_belong_together_are_refused_by_name() -> None:
    other = MadeTeacher(1, labels=("a", "b", "c", "d", "x"), name="other")
    with pytest.raises(UsageError, match="only the teacher has x; only made has e"):
        Ensemble([MadeTeacher(), other])
    photos = MadeTeacher(name="photos")
    photos.input = image_input()
    with pytest.raises(UsageError, match="made and photos take different records: record is"):
        Ensemble([MadeTeacher(), photos])
    with pytest.raises(UsageError, match="give classes and attributes"):
        Ensemble([MadeTeacher(), MadeTeacher(kind="attributes")])

    def parts(answer: Answer) -> Answer:
        return {"embedding": answer["embedding"].reshape(-1, 2, 4)}

    whole, apart = MadeTeacher(labels=()), MadeTeacher(labels=(), change=parts)
    for each in (whole, apart):
        each.output = OutputSpec("embedding")
    with pytest.raises(UsageError, match="and embeddings the same parts"):
        Ensemble([whole, apart]).answer(WINDOWS)


def test_a_teacher_gives_its_labels_in_the_order_that_is_asked_for() -> None:
    teacher = MadeTeacher()
    assert in_order(teacher, teacher.labels, "the student") is teacher
    turned = in_order(teacher, teacher.labels[::-1], "the student")
    assert np.array_equal(
        turned.answer(WINDOWS)["logits"], teacher.answer(WINDOWS)["logits"][:, ::-1]
    )
    assert np.array_equal(turned.answer(WINDOWS)["embedding"], teacher.answer(WINDOWS)["embedding"])
    assert turned.digest != teacher.digest
