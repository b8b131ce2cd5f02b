"""Rows are kept in float16, and of many classes the likeliest; small numbers by hand."""

from __future__ import annotations

import numpy as np

from edgehuman.distill.targets.packing import KEPT_CLASSES, Column, Packing, log_softmax


def test_answers_come_back_to_half_precision_in_the_size_that_is_said() -> None:
    answers = {
        "logits": np.array([[1.0, -2.5, 0.1]], np.float32),
        "map": np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2),
    }
    packing = Packing.of(answers, is_classes=True)
    assert packing.columns == (Column("logits", "<f2", (3,)), Column("map", "<f2", (2, 2, 2)))
    assert packing.row_bytes == 2 * 3 + 2 * 8
    packed = packing.pack(answers)
    assert sum(each.nbytes for each in packed.values()) == packing.row_bytes
    found = packing.unpack(packed)
    assert found["logits"].tolist() == [[1.0, -2.5, float(np.float16(0.1))]]
    assert np.array_equal(found["map"], answers["map"])


def test_of_64_classes_the_likeliest_are_kept_and_the_rest_is_spread_evenly() -> None:
    prob_K = np.full(64, 0.2 / 48)
    prob_K[7:23] = 0.05
    prob_K[30] += 0.001
    prob_K[31] -= 0.001
    logits_NK = np.log(prob_K)[None].astype(np.float32) + 3
    packing = Packing.of({"logits": logits_NK}, is_classes=True)
    assert packing.sparse
    assert packing.row_bytes == 2 * (KEPT_CLASSES + 1) + 2 * KEPT_CLASSES
    found_K = np.exp(packing.unpack(packing.pack({"logits": logits_NK}))["logits"][0])
    np.testing.assert_allclose(found_K[7:23], 0.05, rtol=2e-3)
    np.testing.assert_allclose(np.delete(found_K, np.s_[7:23]), 0.2 / 48, rtol=4e-3)
    assert np.isclose(found_K.sum(), 1, atol=2e-3)


def test_a_certain_answer_stays_finite_and_certain() -> None:
    logits_NK = np.zeros((2, 100), np.float32)
    logits_NK[:, 99] = 5000
    packing = Packing.of({"logits": logits_NK}, is_classes=True)
    found_NK = packing.unpack(packing.pack({"logits": logits_NK}))["logits"]
    assert np.isfinite(found_NK).all()
    assert (found_NK.argmax(axis=1) == 99).all()
    np.testing.assert_allclose(np.exp(found_NK).sum(axis=1), 1, atol=1e-6)


def test_few_classes_and_questions_that_are_not_exclusive_are_kept_whole() -> None:
    for classes, is_classes in ((63, True), (200, False)):
        logits_NK = np.random.default_rng(0).normal(size=(3, classes)).astype(np.float32)
        packing = Packing.of({"logits": logits_NK}, is_classes)
        assert not packing.sparse
        found = packing.unpack(packing.pack({"logits": logits_NK}))["logits"]
        np.testing.assert_allclose(found, logits_NK, rtol=1e-3)


def test_log_probabilities_sum_to_one_along_any_axis() -> None:
    logits_NKH = np.array([[[1000.0, 0.0], [1000.0, 1.0]]], np.float32)
    np.testing.assert_allclose(np.exp(log_softmax(logits_NKH, axis=1)).sum(axis=1), 1)
    np.testing.assert_allclose(log_softmax(logits_NKH, axis=1)[0, :, 0], np.log([0.5, 0.5]))
