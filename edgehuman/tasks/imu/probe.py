"""Linear probe: a multinomial logistic regression on the frozen encoder's pooled features.

Source of the protocol: arXiv 2502.03364, section 3.4 (frozen encoder, global average pooling,
linear head). Chosen here because the paper does not say: features are standardised; the L2 strength
is chosen by macro-F1 in five-fold cross-validation over the training people; the head is then
fitted on all of them. The standardisation is folded into the head, so the result is an ordinary
network.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.classification import macro_f1
from edgehuman.nets.imu.imuvit import ImuVit
from edgehuman.progress import progress_bar
from edgehuman.records import Float32, Float64, Index, Text, WindowSet

STRENGTHS = (0.01, 0.1, 1.0, 10.0)
FOLDS = 5


def pooled_features(encoder: ImuVit, imu_NTC: Float32, chunk: int = 512) -> Float32:
    """Return mean-pooled embeddings (N, D) of windows (N, T, 6)."""
    with torch.inference_mode():
        parts = [
            encoder.eval().features(torch.from_numpy(imu_NTC[start : start + chunk])).numpy()
            for start in progress_bar(range(0, len(imu_NTC), chunk), desc="features", leave=False)
        ]
    return np.concatenate(parts)


def folds_by_person(subject_N: Text, folds: int, seed: int = 0) -> Index:
    """Return the fold of each window (N,); all windows of a person are in one fold."""
    people, person_N = np.unique(subject_N, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(people))
    return order[person_N] % min(folds, len(people))


def fit_probe(network: nn.Module, windows: WindowSet) -> Float32:
    """Fit the head of `network` in place on labelled windows of at least two people.

    Returns:
        Logits (N, K) of each window from the head that was not fitted on its person.

    Raises:
        UsageError: the network has no pooled features with a linear head.
        DataError: only one person, or a class that occurs in only one fold.
    """
    if not isinstance(network, ImuVit) or not isinstance(network.head, nn.Linear):
        raise UsageError("--mode probe needs an encoder with a linear head, such as imuvit_512x5")
    feature_ND = pooled_features(network, windows.imu_NTC)
    mean_D, spread_D = feature_ND.mean(0), feature_ND.std(0) + 1e-6
    standard_ND = (feature_ND - mean_D) / spread_D
    fold_N = folds_by_person(windows.subject_N, FOLDS)
    if fold_N.max() == 0:
        raise DataError("found 1 training person; a probe needs at least 2 for its folds")
    classes = len(windows.labels)
    unseen = {
        s: _unseen_logits(standard_ND, windows.label_N, fold_N, s, classes) for s in STRENGTHS
    }
    chosen = max(unseen, key=lambda s: macro_f1(windows.label_N, unseen[s].argmax(1), classes))
    weight_KD, bias_K = _fit(standard_ND, windows.label_N, chosen, classes)
    with torch.no_grad():
        folded_KD = weight_KD / spread_D
        network.head.weight.copy_(torch.from_numpy(folded_KD))
        network.head.bias.copy_(torch.from_numpy(bias_K - folded_KD @ mean_D))
    return unseen[chosen]


def _unseen_logits(
    feature_ND: Float32, label_N: Index, fold_N: Index, strength: float, classes: int
) -> Float32:
    """Return logits (N, K) of each fold from the head fitted on the others."""
    logits_NK = np.empty((len(label_N), classes), np.float32)
    for fold in range(int(fold_N.max()) + 1):
        out_N = fold_N == fold
        weight_KD, bias_K = _fit(feature_ND[~out_N], label_N[~out_N], strength, classes)
        logits_NK[out_N] = feature_ND[out_N] @ weight_KD.T + bias_K
    return logits_NK


def _fit(
    feature_ND: Float32, label_N: Index, strength: float, classes: int
) -> tuple[Float64, Float64]:
    """Return weights (K, D) and biases (K,) of the regression; every class must occur."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=2000, tol=1e-3).fit(feature_ND, label_N)
    if len(model.classes_) != classes:
        raise DataError(
            f"only {len(model.classes_)} of {classes} classes occur in the training part of a "
            "fold; give more people"
        )
    return np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)
