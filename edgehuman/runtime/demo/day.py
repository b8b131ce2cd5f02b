"""The day of the demo: one simulated wearer, six activities and the transitions between them; and
the score of a stream against its true labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.stream import (
    flicker_per_minute,
    longest_wrong_s,
    online_accuracy,
    onset_delay_s,
)
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.simulate.body.schedule import Bout, with_transitions

SHORTEST_S = 45.0
LONGEST_S = 3600.0
# The six activities of UCI HAR, in a plausible order.
_DAY = (
    "standing",
    "walking",
    "walking_upstairs",
    "walking",
    "walking_downstairs",
    "sitting",
    "laying",
    "standing",
)


def day_schedule(seconds: float, seed: int) -> list[Bout]:
    """About `seconds` of six activities, with a labelled transition wherever the posture changes.

    Raises:
        UsageError: too short for six activities, or longer than an hour.
    """
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise UsageError(
            f"seconds is {seconds}; six activities and the transitions between them need "
            f"at least {SHORTEST_S:g}, and a demo lasts at most {LONGEST_S:g}"
        )
    sketch = with_transitions([Bout(activity, 1.0) for activity in _DAY], seed)
    between_s = sum(bout.duration_s for bout in sketch) - len(_DAY)
    bout_s = (seconds - between_s) / len(_DAY)
    return [Bout(b.activity, bout_s if b.activity in _DAY else b.duration_s) for b in sketch]


def simulated_day(seconds: float, seed: int) -> ImuRecording:
    """The waist sensor of that day.

    Raises:
        UsageError: see `day_schedule`.
    """
    from edgehuman.simulate.imu.recording import simulate_recording

    return simulate_recording(seed, day_schedule(seconds, seed))


def compare(
    hops: Sequence[ImuResult], labels: Sequence[str], hop_s: float
) -> dict[str, dict[str, float | None]]:
    """The network alone and the smoothed stream, each against the true labels.

    Raises:
        DataError: no results.
    """
    if not hops:
        raise DataError("no results to compare; the stream ended before its first window")
    true = [result.true_label for result in hops]
    said = {
        "network": [result.raw_label for result in hops],
        "smoothed": [result.label for result in hops],
    }
    waited = {"network": [0.0] * len(hops), "smoothed": [result.delay_s for result in hops]}
    rows: dict[str, dict[str, float | None]] = {}
    for name, answers in said.items():
        delays = onset_delay_s(true, answers, hop_s, labels, waited[name])
        found = delays[np.isfinite(delays)]
        rows[name] = {
            "online_accuracy": _number(online_accuracy(true, answers, labels)),
            "longest_wrong_s": _number(longest_wrong_s(true, answers, hop_s, labels)),
            "flicker_per_minute": _number(flicker_per_minute(answers, hop_s)),
            "onset_delay_s_median": _number(float(np.median(found))) if len(found) else None,
            "stretches": float(len(delays)),
            "stretches_missed": float(len(delays) - len(found)),
        }
    known = [label if label is not None and label in labels else "" for label in true]
    rows["true"] = {"flicker_per_minute": _number(flicker_per_minute(known, hop_s))}
    return rows


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
