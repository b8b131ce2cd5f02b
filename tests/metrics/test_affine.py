"""The affine step: what it learns, what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.affine import apply, as_rows, compose, fit
from edgehuman.records import Float32

rng = np.random.default_rng(0)
LABEL = np.repeat([0, 1, 2], 40)


def logits(bias: float = 0.0) -> Float32:
    """Logits (120, 4) of three classes that occur, the second too low by `bias`; the fourth never
    occurs.
    """
    made_NC = rng.normal(0.0, 1.0, (120, 4)).astype(np.float32)
    made_NC[np.arange(120), LABEL] += 3.0
    made_NC[:, 1] -= bias
    made_NC[:, 3] -= 3.0
    return made_NC


def right(logits_NC: Float32) -> float:
    return float((logits_NC.argmax(axis=1) == LABEL).mean())


def test_a_class_that_is_too_low_is_raised() -> None:
    logits_NC = logits(bias=4.0)
    changed_NC = apply(logits_NC, as_rows(fit(logits_NC, LABEL, 0.01)))
    assert right(changed_NC) > right(logits_NC) + 0.2


def test_a_strong_penalty_changes_nothing() -> None:
    logits_NC = logits(bias=4.0)
    step_CF = fit(logits_NC, LABEL, 1e9)
    assert apply(logits_NC, as_rows(step_CF)) == pytest.approx(logits_NC, abs=1e-5)


def test_absent_classes_keep_their_place() -> None:
    """Neither is their own logit changed, nor the mean of the others."""
    logits_NC = logits(bias=2.0)
    changed_NC = apply(logits_NC, as_rows(fit(logits_NC, LABEL, 0.01)))
    assert np.array_equal(changed_NC[:, 3], logits_NC[:, 3])
    assert changed_NC[:, :3].mean(axis=1) == pytest.approx(logits_NC[:, :3].mean(axis=1), abs=1e-3)


def test_a_constant_on_all_logits_makes_no_difference() -> None:
    logits_NC = logits(bias=2.0)
    rows = as_rows(fit(logits_NC, LABEL, 0.1))
    assert apply(logits_NC + np.float32(7.0), rows) == pytest.approx(
        apply(logits_NC, rows) + 7.0, abs=1e-3
    )


def test_the_least_loss_is_found() -> None:
    """The slope there is zero: ridge times the change is the mean residual, feature by feature."""
    logits_NC = logits(bias=1.0)[:, :3]
    step_CF = fit(logits_NC, LABEL, 0.5)
    changed_NC = logits_NC @ step_CF[:, :3].T + step_CF[:, 3]
    prob_NC = np.exp(changed_NC) / np.exp(changed_NC).sum(axis=1, keepdims=True)
    slope_C = (prob_NC - np.eye(3)[LABEL]).mean(axis=0)
    assert slope_C == pytest.approx(-0.5 * step_CF[:, 3], abs=1e-4)


def test_two_steps_are_one() -> None:
    logits_NC = logits(bias=2.0)
    first = as_rows(fit(logits_NC, LABEL, 0.1))
    between_NC = apply(logits_NC, first)
    second = as_rows(fit(between_NC, LABEL, 0.01))
    both = compose(second, first)
    assert apply(logits_NC, both) == pytest.approx(apply(between_NC, second), abs=1e-3)
    assert compose(second, ()) == second


def test_no_rows_change_nothing() -> None:
    logits_NC = logits()
    assert apply(logits_NC, ()) is logits_NC
