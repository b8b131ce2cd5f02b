"""When a person's windows change the model, and when they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.metrics import adapting, affine
from edgehuman.metrics.adapting import LEAST, PARTS, POINT, adapt, parts
from edgehuman.metrics.affine import apply
from edgehuman.records import Float32, Float64, Index

HOP_S, WINDOW_S = 0.64, 2.56


def recording(
    windows: int = 60, bias: float = 0.0, classes: int = 3, seed: int = 0
) -> tuple[Float32, Index, Float64]:
    """Logits, labels and times of one stretch of each class; class 1 is too low by `bias`."""
    rng = np.random.default_rng(seed)
    label_N = np.repeat(np.arange(classes), windows)
    logits_NC = rng.normal(0.0, 1.0, (len(label_N), 4)).astype(np.float32)
    logits_NC[np.arange(len(label_N)), label_N] += 3.0
    logits_NC[:, 1] -= bias
    return logits_NC, label_N, HOP_S * np.arange(len(label_N), dtype=np.float64)


def test_a_bias_of_a_person_is_learned() -> None:
    logits_NC, label_N, t_s_N = recording(bias=4.0)
    found = adapt(logits_NC, label_N, t_s_N, WINDOW_S)
    assert found.rows
    assert found.after > found.before + 0.2
    fresh_NC, fresh_N, _ = recording(bias=4.0, seed=1)
    right = [
        (each.argmax(axis=1) == fresh_N).mean() for each in (fresh_NC, apply(fresh_NC, found.rows))
    ]
    assert right[1] > right[0] + 0.2


def test_a_change_that_is_not_finite_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    logits_NC, label_N, t_s_N = recording(bias=4.0)
    fit = affine.fit

    def diverged(logits: Float32, *given: Any) -> Float64:
        found: Float64 = fit(logits, *given)
        return np.full_like(found, np.nan) if len(logits) == len(logits_NC) else found

    monkeypatch.setattr(adapting, "fit", diverged)  # on all windows, after the strength was chosen
    found = adapt(logits_NC, label_N, t_s_N, WINDOW_S)
    assert (found.rows, found.after) == ((), found.before)
    assert "not finite" in found.why_not


@pytest.mark.parametrize("seed", range(5))
def test_random_labels_never_make_it_worse_where_held_out(seed: int) -> None:
    logits_NC, label_N, t_s_N = recording(seed=seed)
    label_N = np.random.default_rng(seed).permutation(label_N)
    found = adapt(logits_NC, label_N, t_s_N, WINDOW_S)
    assert found.after == found.before or found.after >= found.before + POINT
    assert bool(found.rows) == (not found.why_not) == (found.after > found.before)


def test_labels_that_are_all_wrong_change_nothing() -> None:
    logits_NC, label_N, t_s_N = recording()
    found = adapt(logits_NC, (label_N + 1) % 3, t_s_N, WINDOW_S)
    assert found.rows == ()
    assert "contradicts nearly all labels" in found.why_not
    assert found.after == found.before


def test_a_model_that_is_right_stays() -> None:
    label_N = np.repeat([0, 1], 60)
    logits_NC = (20.0 * np.eye(3)[label_N]).astype(np.float32)
    found = adapt(logits_NC, label_N, HOP_S * np.arange(120, dtype=np.float64), WINDOW_S)
    assert found.rows == ()
    assert found.before == 1.0


@pytest.mark.parametrize(("windows", "classes"), [(3, 3), (60, 1)])
def test_too_little_changes_nothing(windows: int, classes: int) -> None:
    found = adapt(*recording(windows, bias=4.0, classes=classes), WINDOW_S)
    assert found.rows == ()
    assert found.held_out == 0
    assert "two classes" in found.why_not


def test_a_class_with_too_little_is_left_as_it_is() -> None:
    logits_NC, label_N, t_s_N = recording(bias=4.0)
    keep_N = (label_N < 2) | (np.arange(len(label_N)) < 123)  # three windows of the last class
    found = adapt(logits_NC[keep_N], label_N[keep_N], t_s_N[keep_N], WINDOW_S)
    assert found.left_out == (2,)
    assert found.rows[2] == (0.0, 0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_parts_are_in_time_and_leave_enough(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label_N = np.repeat(rng.integers(0, 3, 12), 15)
    t_s_N = HOP_S * np.arange(len(label_N), dtype=np.float64)
    part_N, classes = parts(label_N, t_s_N, WINDOW_S)
    for i in classes:
        own_N = part_N[label_N == i]
        assert (np.diff(own_N) >= 0).all()
        assert set(own_N) == set(range(PARTS))
        for part in range(PARTS):
            held_N = t_s_N[part_N == part]
            learn_N = t_s_N[(label_N == i) & (part_N != part) & (part_N >= 0)]
            apart_N = np.abs(learn_N[:, None] - held_N).min(axis=1) >= WINDOW_S
            assert apart_N.sum() >= LEAST
