"""Confusion, accuracy and F1 on numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.classification import (
    accuracy,
    auroc,
    confusion,
    f1_of_confusion,
    macro_f1,
    per_class_f1,
    scored_macro_f1,
)

LABEL = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 2, 2])


def test_rows_are_true_and_columns_are_predicted() -> None:
    assert confusion(LABEL, PREDICTED, 3).tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]


def test_accuracy_counts_the_diagonal() -> None:
    assert accuracy(LABEL, PREDICTED) == pytest.approx(4 / 6)


def test_f1_of_each_class() -> None:
    # class 0: 2*2/(2*2+0+1); class 1: 2*1/(2*1+1+1); class 2: 2*1/(2*1+1+0)
    assert per_class_f1(LABEL, PREDICTED, 3) == pytest.approx([4 / 5, 2 / 4, 2 / 3])
    assert macro_f1(LABEL, PREDICTED, 3) == pytest.approx((4 / 5 + 2 / 4 + 2 / 3) / 3)


def test_absent_classes_are_ignored_and_only_predicted_ones_count_zero() -> None:
    assert np.isnan(per_class_f1(LABEL, PREDICTED, 4)[3])
    assert macro_f1(LABEL, PREDICTED, 4) == macro_f1(LABEL, PREDICTED, 3)
    assert macro_f1(np.array([0, 0]), np.array([0, 1]), 2) == pytest.approx((2 / 3 + 0) / 2)


def test_f1_works_on_a_stack_of_matrices() -> None:
    counts = confusion(LABEL, PREDICTED, 3)
    stacked = f1_of_confusion(np.stack([counts, counts.T]))
    assert stacked.shape == (2, 3)
    assert stacked[0] == pytest.approx(stacked[1])


def test_it_agrees_with_scikit_learn() -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    label, predicted = rng.integers(0, 5, (2, 400))
    theirs = sklearn_metrics.f1_score(label, predicted, average="macro")
    assert macro_f1(label, predicted, 5) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("label", "predicted", "said"),
    [
        ([], [], "at least one"),
        ([0, 1], [0], "the same number of both"),
        ([0, -1], [0, 0], "found label -1"),
        ([0, 1], [0, 3], "found prediction 3"),
    ],
)
def test_wrong_input_is_an_error(label: list[int], predicted: list[int], said: str) -> None:
    with pytest.raises(DataError, match=said):
        confusion(np.array(label, np.int64), np.array(predicted, np.int64), 3)


def test_a_class_that_is_only_predicted_is_no_class_of_its_own() -> None:
    label_N, predicted_N = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    assert scored_macro_f1(label_N, predicted_N, 4) == pytest.approx((2 / 3 + 1) / 2)
    assert macro_f1(label_N, predicted_N, 4) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_auroc_agrees_with_scikit_learn_ties_and_all() -> None:
    random = np.random.default_rng(3)
    label_N = random.integers(0, 4, 300)
    prob_NC = np.round(random.dirichlet(np.ones(4), 300) + 0.3 * np.eye(4)[label_N], 1)
    prob_NC /= prob_NC.sum(axis=1, keepdims=True)
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    expected = sklearn_metrics.roc_auc_score(label_N, prob_NC, multi_class="ovr")
    assert auroc(prob_NC, label_N) == pytest.approx(expected, abs=1e-12)


def test_auroc_is_over_the_classes_that_occur() -> None:
    prob_NC = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.1, 0.7]])
    assert auroc(prob_NC, np.array([0, 0, 2])) == 1.0
    assert np.isnan(auroc(prob_NC, np.array([1, 1, 1])))
