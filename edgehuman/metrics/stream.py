"""Metrics of label streams: online accuracy, longest wrong stretch, onset delay, flicker.

All take one label per hop, in order of time. A true label of None is unlabelled; a true label
outside `classes` (a transition, an activity the model does not know) also counts as unlabelled. The
predicted label "unknown" is always counted as wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from edgehuman.errors import DataError
from edgehuman.records import Float64

Truth = Sequence[str | None]


def online_accuracy(
    true: Truth, predicted: Sequence[str], classes: Collection[str] | None = None
) -> float:
    """Return the share of labelled hops predicted correctly; nan if nothing is labelled.

    Args:
        true, predicted: one label per hop.
        classes: the true labels that count as labelled; None: all except None.

    Raises:
        DataError: different lengths.
    """
    _same_length(true, predicted)
    right = [
        answer == truth
        for truth, answer in zip(true, predicted, strict=True)
        if _counts(truth, classes)
    ]
    return float(np.mean(right)) if right else float("nan")


def flicker_per_minute(labels: Sequence[str], hop_s: float) -> float:
    """Return the label changes per minute of stream; nan for an empty stream.

    All changes count, including those to and from "unknown" and real changes of activity: compare
    with the value for the true labels, which a perfect stream has.
    """
    if not labels:
        return float("nan")
    changes = sum(labels[i] != labels[i - 1] for i in range(1, len(labels)))
    return changes / (len(labels) * hop_s / 60.0)


def onset_delay_s(
    true: Truth,
    predicted: Sequence[str],
    hop_s: float,
    classes: Collection[str] | None = None,
    look_ahead_s: Sequence[float] | float = 0.0,
) -> Float64:
    """Return the delay until each labelled stretch is first recognised, seconds.

    A stretch is a run of one labelled true label. Its delay is the time from its first hop to the
    first correctly predicted hop in it, plus the look-ahead of that prediction (`look_ahead_s`: one
    number per hop, or one for all). nan: the stretch ended before it was recognised.

    Returns:
        float64, one delay per stretch, in order of time.

    Raises:
        DataError: different lengths.
    """
    _same_length(true, predicted)
    waited_s = np.broadcast_to(np.asarray(look_ahead_s, np.float64), (len(true),))
    delays = []
    for start, stop in labelled_stretches(true, classes):
        hits = [k for k in range(start, stop) if predicted[k] == true[start]]
        delays.append((hits[0] - start) * hop_s + waited_s[hits[0]] if hits else np.nan)
    return np.array(delays, np.float64)


def longest_wrong_s(
    true: Truth, predicted: Sequence[str], hop_s: float, classes: Collection[str] | None = None
) -> float:
    """Return the longest time, seconds, for which every labelled hop was predicted wrongly.

    A hop that is right, or that is not labelled, ends a wrong stretch.

    Raises:
        DataError: different lengths.
    """
    _same_length(true, predicted)
    longest = run = 0
    for truth, answer in zip(true, predicted, strict=True):
        run = run + 1 if _counts(truth, classes) and answer != truth else 0
        longest = max(longest, run)
    return longest * hop_s


def labelled_stretches(
    true: Truth, classes: Collection[str] | None = None
) -> list[tuple[int, int]]:
    """Return first hop and end (exclusive) of each run of one labelled true label."""
    edges = [k for k in range(len(true)) if k == 0 or true[k] != true[k - 1]]
    runs = zip(edges, [*edges[1:], len(true)], strict=False)
    return [(start, stop) for start, stop in runs if _counts(true[start], classes)]


def _counts(truth: str | None, classes: Collection[str] | None) -> bool:
    return truth is not None and (classes is None or truth in classes)


def _same_length(true: Truth, predicted: Sequence[str]) -> None:
    if len(true) != len(predicted):
        raise DataError(
            f"found {len(true)} true and {len(predicted)} predicted labels; give one of each per "
            "hop"
        )
