"""What `edgehuman adapt` brings: people of USC-HAD and simulated ones, judged on later recordings.

    python -m edgehuman.bench.pages.imu.adapt --data usc_had.npz

A person of USC-HAD adapts the model with trials 1 to 3 of each activity, and is judged on trials 4
and 5; a simulated person with one day, and is judged on another, the sensor put on anew. USC-HAD is
for research only: the model is measured on it, and nothing made of it is kept.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import UsageError
from edgehuman.metrics.affine import apply
from edgehuman.metrics.bootstrap import interval, mean
from edgehuman.metrics.classification import per_class_f1
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, ImuRecording
from edgehuman.runtime.imu.adapt import Labelled, adapted, class_of_label, collect
from edgehuman.runtime.imu.answer import StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
from edgehuman.runtime.model import Model, load
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.imu.recording import simulate_recording

NAMES = {
    "walking_forward": ("walking",),
    "walking_left": ("walking",),
    "walking_right": ("walking",),
    "sleeping": ("laying",),
}
ADAPT, JUDGE = (1, 2, 3), (4, 5)
_TRIAL = re.compile(r"a\d+t(\d)\b")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AdaptPageConfig:
    """Measure what a person's own recording brings."""

    data: Path | None = None
    """USC-HAD, its folder or compact file; without it simulated people alone."""
    people: int = 20
    """Simulated people."""
    minutes: float = 6.0
    """Length of a simulated person's recordings."""
    model: str = "zoo:activity"
    """zoo:NAME or the path of an artefact."""
    out: Path | None = None
    """File for the table, as Markdown."""

    def __post_init__(self) -> None:
        if self.people < 2:
            raise UsageError(f"--people is {self.people}; it must be at least 2")


def measure(config: AdaptPageConfig) -> Outcome:
    """Adapt to each person, and judge each."""
    model = load(config.model)
    groups = {"simulated": [_row(model, *pair) for pair in _simulated(config)]}
    if config.data is not None:
        groups = {"USC-HAD": [_row(model, *pair) for pair in _usc_had(config.data)]} | groups
    data = {
        "model": config.model,
        "rows": groups,
        "all": {name: totals(rows) for name, rows in groups.items()},
    }
    text = render(data)
    if config.out is not None:
        config.out.write_text(text, encoding="utf-8")
    return Outcome(data, text)


def _simulated(config: AdaptPageConfig) -> Iterator[tuple[list[ImuRecording], ...]]:
    """Two days of each person: the seed of a day also is that of how the sensor is put on."""
    for seed in range(config.people):
        who = sample_person(seed)
        yield tuple(
            [simulate_recording(1000 * day + seed, minutes=config.minutes, person=who)]
            for day in (1, 2)
        )


def _usc_had(path: Path) -> Iterator[tuple[list[ImuRecording], ...]]:
    """Of each person, the trials that adapt and those that judge, one recording a trial number."""
    found: dict[str, list[ImuRecording]] = {}
    for recording in load_recordings(path, "usc_had"):
        found.setdefault(recording.subject, []).append(recording)
    for own in found.values():
        yield tuple([joined(own, trial) for trial in trials] for trials in (ADAPT, JUDGE))


def joined(recordings: Sequence[ImuRecording], trial: int) -> ImuRecording:
    """One recording of all activities of a trial number, walking first: from it a stream may learn
    how the sensor is worn.
    """
    own = [each for each in recordings if _trial(each) == trial]
    own.sort(key=lambda each: int(each.label_T[0]))
    first = own[0]
    return ImuRecording(
        np.concatenate([each.imu_TC for each in own]),
        first.rate_hz,
        first.subject,
        np.concatenate([each.label_T for each in own]),
        first.labels,
        f"{first.subject} trial {trial}",
    )


def _trial(recording: ImuRecording) -> int:
    found = _TRIAL.search(recording.source)
    if found is None:
        raise UsageError(f"{recording.source!r} names no trial; give USC-HAD itself as --data")
    return int(found.group(1))


def _row(model: Model, learn: list[ImuRecording], judge: list[ImuRecording]) -> Row:
    """Macro-F1 of one person before and after."""
    first, later = _labelled(model, learn), _labelled(model, judge)
    result = adapted(model, first)
    before, after = (f1(apply(later.logits_NC, rows), later) for rows in ((), result.rows))
    return {
        "person": learn[0].subject,
        "windows": len(first.label_N),
        "judged": len(later.label_N),
        "before": before,
        "after": after,
        "changed": bool(result.rows),
    }


def _labelled(model: Model, recordings: Iterable[ImuRecording]) -> Labelled:
    naming = {name: to for name, to in NAMES.items() if to[0] in model.labels}
    names = class_of_label(model.labels, naming)
    return collect(model, map(ReplaySource, recordings), StreamOptions(format=CANONICAL), names)


def f1(logits_NC: Float32, found: Labelled) -> float:
    """Macro-F1 over the classes that occur."""
    f1_C = per_class_f1(found.label_N, logits_NC.argmax(axis=1), logits_NC.shape[1])
    return float(f1_C[np.unique(found.label_N)].mean())


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Means over people, and the paired gain with its interval."""
    before, after = (np.array([row[key] for row in rows]) for key in ("before", "after"))
    found = interval(after - before, mean)
    return {
        "people": len(rows),
        "before": float(before.mean()),
        "after": float(after.mean()),
        "gain": [found.low, found.value, found.high],
        "better": int((after > before).sum()),
        "worse": int((after < before).sum()),
        "unchanged": sum(not row["changed"] for row in rows),
        "worst": float((after - before).min()),
        "windows": float(np.mean([row["windows"] for row in rows])),
    }


def render(data: dict[str, Any]) -> str:
    """The Markdown table."""
    lines = [
        "| people | own windows | macro-F1 before | after | gain, points (95 %) | better / worse / "
        "model unchanged | worst, points |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, every in data["all"].items():
        low, gain, high = (100 * value for value in every["gain"])
        lines.append(
            f"| {every['people']} of {name} | {every['windows']:.0f} | {every['before']:.3f} | "
            f"{every['after']:.3f} | {gain:+.1f} ({low:+.1f} to {high:+.1f}) | {every['better']} / "
            f"{every['worse']} / {every['unchanged']} | {100 * every['worst']:+.1f} |"
        )
    return "\n".join([*lines, "", f"{data['model']}; later recordings of the same people.", ""])


if __name__ == "__main__":
    sys.exit(main(AdaptPageConfig, measure))
