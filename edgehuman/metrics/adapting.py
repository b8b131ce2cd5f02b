"""Whether one person's labelled windows improve a model for that person, on windows held out.

    found = adapt(logits_NC, label_N, t_s_N, window_s=2.56)
    found.rows                 the affine step of `metrics.affine`; empty: the model stays as it is

Windows overlap, so blocks are held out: each class's windows, in the order of time, are cut into
parts; a part of every class is held out at a time, and what overlaps with it is not learned from.

Axes: N windows, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgehuman.metrics.affine import Rows, apply, as_rows, fit
from edgehuman.metrics.calibration import softmax
from edgehuman.metrics.classification import per_class_f1
from edgehuman.records import Bool, Float32, Float64, Index

PARTS = 4
"""Parts that each class's windows are cut into; one of each is held out at a time."""
LEAST = 3
"""So many windows of a class must remain to learn from, whichever part is held out."""
STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Penalties that are tried, the strongest first."""
POINT = 0.01
"""Macro-F1 that counts: the strongest penalty within it of the best is taken, and only if it gains
as much; windows of one recording show no less.
"""
_CONTRADICTED = 0.5
"""Below this share of guessing, the labels (or the axes) are wrong, not the model."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """What was learned, and what it brings on the windows held out.

    Attributes:
        rows: [A b] of the step; empty if the model stays as it is.
        why_not: why it stays as it is, in words; "" if it does not.
        before, after: macro-F1 over the classes learned from; NaN if nothing could be held out.
        strength: the penalty chosen; 0 if none.
        held_out: windows judged.
        left_out: classes that have windows, but too few.
    """

    rows: Rows = ()
    why_not: str = ""
    before: float = float("nan")
    after: float = float("nan")
    strength: float = 0.0
    held_out: int = 0
    left_out: tuple[int, ...] = ()


def adapt(
    logits_NC: Float32,
    label_N: Index,
    t_s_N: Float64,
    window_s: float,
    temperature: float = 1.0,
) -> Adapted:
    """Choose the strength on blocks held out, and learn from all windows with it; nothing, if it is
    not better there, by a point of macro-F1 and in likelihood.

    Args:
        t_s_N: the time of each window; recordings lie at least `window_s` apart.
        window_s: windows nearer than this overlap.
    """
    part_N, classes = parts(label_N, t_s_N, window_s)
    left_out = tuple(sorted({int(i) for i in label_N} - set(classes)))
    if len(classes) < 2:
        least_s = 2 * PARTS * window_s
        why = f"it takes two classes of at least about {least_s:.0f} s each"
        return Adapted(why_not=why, left_out=left_out)
    kept_N = part_N >= 0
    logits_NC, label_N = logits_NC[kept_N], label_N[kept_N]
    t_s_N, part_N = t_s_N[kept_N], part_N[kept_N]
    f1, loss = _scores(logits_NC, label_N, temperature)
    same = Adapted(before=f1, after=f1, held_out=len(label_N), left_out=left_out)
    right = np.mean([(logits_NC[label_N == i].argmax(axis=1) == i).mean() for i in classes])
    if right < _CONTRADICTED / len(classes):
        why = (
            f"it contradicts nearly all labels ({100 * right:.0f} % agree); check the labels, "
            "--map, units and axes"
        )
        return replace(same, why_not=why)
    scored = []
    for strength in STRENGTHS:
        held_NC = _held_out(logits_NC, label_N, t_s_N, part_N, window_s, strength, temperature)
        scored.append((*_scores(held_NC, label_N, temperature), strength))
    best = max(found for found, _, _ in scored)
    enough = [
        each for each in scored if each[0] >= max(best - POINT, f1 + POINT) and each[1] < loss
    ]
    if not enough:
        why = (
            "no change is better by a point, and as sure, on the windows held out (the best has "
            f"{best:.3f})"
        )
        return replace(same, why_not=why)
    new_f1, _, strength = enough[0]
    rows = as_rows(fit(logits_NC, label_N, strength, temperature))
    if not np.isfinite(rows).all():
        return replace(same, why_not="the change that was learnt is not finite")
    return replace(same, rows=rows, after=new_f1, strength=strength)


def parts(label_N: Index, t_s_N: Float64, window_s: float) -> tuple[Index, list[int]]:
    """Return the part (N,) of each window, and the classes that have enough of them; -1: of a class
    that has not.
    """
    part_N = np.full(len(label_N), -1, np.int64)
    for i in np.unique(label_N):
        own_N = np.flatnonzero(label_N == i)
        own_N = own_N[np.argsort(t_s_N[own_N], kind="stable")]
        part_N[own_N] = np.arange(len(own_N)) * PARTS // len(own_N)
    classes = [int(i) for i in np.unique(label_N)]
    while True:
        poor = [
            i for i in classes if min(_remaining(part_N, t_s_N, window_s, label_N == i)) < LEAST
        ]
        if not poor:
            return part_N, classes
        part_N[np.isin(label_N, poor)] = -1
        classes = [i for i in classes if i not in poor]


def _remaining(part_N: Index, t_s_N: Float64, window_s: float, own_N: Bool) -> list[int]:
    """Windows of a class to learn from, part by part; 0 where the part itself is empty."""
    return [
        int((_apart(part_N, t_s_N, window_s, part) & own_N).sum())
        if (own_N & (part_N == part)).any()
        else 0
        for part in range(PARTS)
    ]


def _apart(part_N: Index, t_s_N: Float64, window_s: float, part: int) -> Bool:
    """Return which windows (N,) do not overlap with any of a part, and belong to another."""
    held_M = np.sort(t_s_N[part_N == part])
    at_N = np.searchsorted(held_M, t_s_N)
    after_N = np.abs(held_M[np.minimum(at_N, len(held_M) - 1)] - t_s_N)
    before_N = np.abs(held_M[np.maximum(at_N - 1, 0)] - t_s_N)
    return np.asarray((part_N >= 0) & (np.minimum(after_N, before_N) >= window_s))


def _held_out(
    logits_NC: Float32,
    label_N: Index,
    t_s_N: Float64,
    part_N: Index,
    window_s: float,
    strength: float,
    temperature: float,
) -> Float32:
    """Return the logits (N, C) of every window by the step learned without its part."""
    made_NC = np.empty_like(logits_NC)
    for part in range(PARTS):
        learn_N = _apart(part_N, t_s_N, window_s, part)
        step_CF = fit(logits_NC[learn_N], label_N[learn_N], strength, temperature)
        made_NC[part_N == part] = apply(logits_NC[part_N == part], as_rows(step_CF))
    return made_NC


def _scores(logits_NC: Float32, label_N: Index, temperature: float) -> tuple[float, float]:
    """Return macro-F1, and the mean negative log-likelihood, of the classes that occur."""
    classes = np.unique(label_N)
    f1_C = per_class_f1(label_N, logits_NC.argmax(axis=1), logits_NC.shape[1])
    prob_N = softmax(logits_NC, temperature)[np.arange(len(label_N)), label_N]
    loss_N = -np.log(np.maximum(prob_N, 1e-12))
    loss = np.mean([loss_N[label_N == i].mean() for i in classes])
    return float(f1_C[classes].mean()), float(loss)
