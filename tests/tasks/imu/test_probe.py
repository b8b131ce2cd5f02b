"""Folds are by person; the folded head equals the regression on standardised features."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from edgehuman.errors import DataError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.records import WindowSet
from edgehuman.tasks.imu.activity import predict_logits
from edgehuman.tasks.imu.probe import STRENGTHS, fit_probe, folds_by_person, pooled_features


def test_all_windows_of_a_person_are_in_one_fold() -> None:
    subject_N = np.repeat([f"p:{i}" for i in range(12)], 3)
    fold_N = folds_by_person(subject_N, 5)
    assert all(
        len(set(fold_N[subject_N == name].tolist())) == 1 for name in set(subject_N.tolist())
    )
    assert sorted(np.bincount(fold_N).tolist()) == [6, 6, 6, 9, 9]


def test_the_folded_head_is_the_regression(made: WindowSet) -> None:
    network = build("imuvit_512x5", num_classes=3)
    assert isinstance(network, ImuVit)
    unseen_NK = fit_probe(network, made)
    assert unseen_NK.shape == (len(made), 3)
    feature_ND = pooled_features(network, made.imu_NTC)
    standard_ND = (feature_ND - feature_ND.mean(0)) / (feature_ND.std(0) + 1e-6)
    found = predict_logits(network, made.imu_NTC)
    gaps = []
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=2000, tol=1e-3)
        expected = model.fit(standard_ND, made.label_N).decision_function(standard_ND)
        gaps.append(float(np.abs(found - expected).max()))
    assert min(gaps) < 1e-2 < max(gaps)


def test_one_person_or_no_linear_head_is_refused(made: WindowSet) -> None:
    one = made.select(made.subject_N == "made:0")
    with pytest.raises(DataError, match="found 1 training person"):
        fit_probe(build("imuvit_512x5", num_classes=3), one)
    with pytest.raises(UsageError, match="needs an encoder with a linear head"):
        fit_probe(build("imuvit_512x5"), made)
