"""Names over time: how windows of a track are joined, and when a name is given and taken away.

    python -m edgehuman.bench.pages.skeleton.over_time --out runs/over_time

Simulated people walk past cameras, half of them enrolled with four walks each; their other walks,
and those of the strangers, are tracks of ten seconds, window by window as `edgehuman run` sees
them. Each rule gets the threshold at which `--strangers` of the strangers' tracks are ever given a
name, so that rules are compared at the same cost. Then: how many windows of known people bear the
right name, how many a wrong one, how many people are named at the end and how soon, and how often a
name is lost again. It writes `table.md` and `table.json`.

Axes: N tracks, T windows, D dimensions, P people.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import write_table
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Float64, Index
from edgehuman.runtime.evidence import Evidence, Rule
from edgehuman.runtime.gallery import Gallery, empty_gallery
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.skeleton.answer import require_gait
from edgehuman.simulate.skeleton.walks import simulate_skeletons

FRAMES, EACH, ENROLLED = 240, 8, 4
_WINDOWS = 12
OURS = Rule()
RULES: Mapping[str, Rule] = {
    "each window alone": Rule(1, 1, 1, 0.0),
    "mean of 4, nothing else": Rule(4, 1, 1, 0.0),
    "mean of 8, nothing else": Rule(8, 1, 1, 0.0),
    "mean of 8, two agree": replace(OURS, kept=0.0),
    "mean of 8, kept": replace(OURS, agree=1),
    "mean of 8, two agree, kept": OURS,
    "mean of 8, three agree, kept": replace(OURS, agree=3),
    "mean of all, two agree, kept": replace(OURS, joined=100),
}


@dataclass(frozen=True, slots=True)
class OverTimeConfig:
    """Compare rules for names over time."""

    model: str = "zoo:gait-skeleton-int8"
    """`zoo:NAME`, or an artefact."""
    people: int = 200
    """Simulated people, half of whom are enrolled."""
    strangers: float = 0.05
    """Share of the strangers' tracks that are given a name at some time."""
    out: Path = Path("runs/over_time")
    """Folder of the table."""
    seed: int = 777
    """Seed of the simulated people."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.people < 4:
            raise UsageError(f"--people is {self.people}; it must be at least 4")
        if not 0 < self.strangers < 1:
            raise UsageError(f"--strangers is {self.strangers:g}; it must be between 0 and 1")


@dataclass(frozen=True, slots=True)
class Scene:
    """Tracks, and a gallery of half of their people.

    Attributes:
        vector_NTD: of the windows of each track.
        person_N: who walks.
        gallery: of those below `known`.
    """

    vector_NTD: Float32
    person_N: Index
    gallery: Gallery
    known: int


def scene_of(model: Model, people: int, seed: int) -> Scene:
    """Simulate the people, and let the model look at their windows."""
    require_gait(model)
    walks = simulate_skeletons(people, EACH, seed, FRAMES)
    frames = model.card.input.shape[0]
    hop = max(1, round(model.card.decision.hop_s * model.card.input.rate_hz))
    starts = range(0, FRAMES - frames + 1, hop)
    vector_NTD = np.stack(
        [model.logits(walks.skeleton_NTJ3[:, at : at + frames]) for at in starts], axis=1
    )
    known, gallery = people // 2, empty_gallery(model.card)
    for index in np.flatnonzero((walks.person_N < known) & (walks.walk_N < ENROLLED)).tolist():
        joined = Evidence(None, 0.0, str(model.card.output.distance), Rule(joined=len(starts)))
        for vector_D in vector_NTD[index]:
            verdict = joined.add(vector_D)
        assert verdict.vector is not None
        gallery = gallery.enrol(f"P{walks.person_N[index]}", f"w{index}", verdict.vector)
    probe_N = np.flatnonzero(walks.walk_N >= ENROLLED)
    return Scene(vector_NTD[probe_N, :_WINDOWS], walks.person_N[probe_N], gallery, known)


def named(scene: Scene, rule: Rule, threshold: float, index_N: Index) -> Index:
    """The number of the person whose name each track bears after each window (N, T); -1: none."""
    name_NT = np.full((len(index_N), scene.vector_NTD.shape[1]), -1)
    distance = scene.gallery.distance
    for row, index in enumerate(index_N.tolist()):
        evidence = Evidence(scene.gallery, threshold, distance, rule)
        for t, vector_D in enumerate(scene.vector_NTD[index]):
            verdict = evidence.add(vector_D)
            if verdict.state == "known":
                name_NT[row, t] = int(verdict.label[1:])
    return name_NT


def measured(scene: Scene, rule: Rule, strangers: float) -> dict[str, float]:
    """What becomes of known people where so many strangers are given a name."""
    stranger_N = np.flatnonzero(scene.person_N >= scene.known)
    threshold = threshold_for(given_at(scene, rule, stranger_N), strangers)
    known_N = np.flatnonzero(scene.person_N < scene.known)
    return _row(scene, named(scene, rule, threshold, known_N), known_N, threshold)


def given_at(scene: Scene, rule: Rule, index_N: Index) -> Float64:
    """The highest threshold at which each track is ever given a name (N,): over all runs of windows
    that agree, the least score of the run.
    """
    given_N = np.full(len(index_N), -1.0)
    for row, index in enumerate(index_N.tolist()):
        evidence = Evidence(scene.gallery, 1.0, scene.gallery.distance, rule)
        recent: deque[tuple[str, float]] = deque(maxlen=rule.agree)
        for vector_D in scene.vector_NTD[index]:
            found = evidence.add(vector_D).identity
            assert found is not None
            recent.append((found.nearest, found.score))
            if len(recent) == rule.agree and len({name for name, _ in recent}) == 1:
                given_N[row] = max(given_N[row], min(score for _, score in recent))
    return given_N


def threshold_for(given_N: Float64, strangers: float) -> float:
    """The lowest threshold at which no more than this share is given a name."""
    allowed = int(strangers * len(given_N))
    return float(np.nextafter(np.sort(given_N)[::-1][allowed], 2))


def _row(scene: Scene, name_NT: Index, known_N: Index, threshold: float) -> dict[str, float]:
    """What became of known people, whose names these are after each window."""
    is_right_NT = name_NT == scene.person_N[known_N][:, None]
    ever_N = is_right_NT.any(axis=1)
    lost_N = (is_right_NT[:, :-1] & ~is_right_NT[:, 1:]).sum(axis=1)
    first_N = is_right_NT.argmax(axis=1)[ever_N]
    return {
        "threshold": threshold,
        "right_windows": float(is_right_NT.mean()),
        "wrong_windows": float(((name_NT >= 0) & ~is_right_NT).mean()),
        "named_at_the_end": float(is_right_NT[:, -1].mean()),
        "ever_named": float(ever_N.mean()),
        "names_lost": float(lost_N[ever_N].mean()) if ever_N.any() else 0.0,
        "windows_to_a_name": float(first_N.mean() + 1) if ever_N.any() else 0.0,
    }


def mean_of_scores(scene: Scene, strangers: float, joined: int) -> dict[str, float]:
    """The same where the scores of windows are averaged, and not their vectors; nothing else."""
    score_NTP = np.stack([_scores(scene, track_TD) for track_TD in scene.vector_NTD])
    sums_NTP = np.cumsum(np.pad(score_NTP, ((0, 0), (1, 0), (0, 0))), axis=1)
    end_T = np.arange(1, score_NTP.shape[1] + 1)
    begin_T = np.maximum(0, end_T - joined)
    mean_NTP = (sums_NTP[:, end_T] - sums_NTP[:, begin_T]) / (end_T - begin_T)[:, None]
    best_NT = mean_NTP.max(axis=2)
    is_known_N = scene.person_N < scene.known
    threshold = threshold_for(best_NT[~is_known_N].max(axis=1), strangers)
    name_NT = np.where(best_NT >= threshold, mean_NTP.argmax(axis=2), -1)[is_known_N]
    return _row(scene, name_NT, np.flatnonzero(is_known_N), threshold)


def _scores(scene: Scene, track_TD: Float32) -> Any:
    """The score of each known person for each window of a track (T, P)."""
    score_TG = np.stack([scene.gallery.scores(vector_D) for vector_D in track_TD])
    person_G = np.array([int(name[1:]) for name in scene.gallery.person_G])
    return np.stack(
        [score_TG[:, person_G == person].max(axis=1) for person in range(scene.known)], axis=1
    )


def over_time(config: OverTimeConfig) -> Outcome:
    """Measure every rule, and write the table."""
    model = load(config.model)
    scene = scene_of(model, config.people, config.seed)
    rows = {name: measured(scene, rule, config.strangers) for name, rule in RULES.items()}
    rows["mean of the scores of 8"] = mean_of_scores(scene, config.strangers, 8)
    tracks = [int((scene.person_N < scene.known).sum()), int((scene.person_N >= scene.known).sum())]
    data = {
        "model": config.model,
        "people": config.people,
        "tracks_of_known_people_and_strangers": tracks,
        "strangers": config.strangers,
        "rules": rows,
    }
    text = table(rows)
    write_table(config.out, text, data)
    return Outcome(data, json.dumps(data) if config.json else text)


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The rows as Markdown, in percent where shares are meant."""
    lines = [
        "| rule | right, % of windows | wrong, % | named at the end, % | names lost a person "
        "| windows to a name | threshold |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {100 * row['right_windows']:.1f} | {100 * row['wrong_windows']:.1f} | "
            f"{100 * row['named_at_the_end']:.1f} | {row['names_lost']:.2f} | "
            f"{row['windows_to_a_name']:.1f} | {row['threshold']:.4f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(OverTimeConfig, over_time))
