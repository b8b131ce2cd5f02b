"""How well people are followed, where a set of frames says who is who: HOTA, IDF1, MOTA.

    scores = follow(frames, kept["zoo:person-detector"], threshold=0.26)

A detector's boxes go through the tracker of `edgehuman run` with the times of their frames, and its
tracks are scored as MOTChallenge does (`edgehuman.metrics.tracking`). With --every the tracker has
that many frames fewer, and more time passes between them, as on a device that is too slow.

Axes: K boxes of one frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import DataError, MissingDependencyError
from edgehuman.metrics.boxes.detection import Found
from edgehuman.metrics.tracking.mot import Truth, prepared
from edgehuman.metrics.tracking.score import TrackScores, of_several, score_tracks
from edgehuman.records import Float64, Index
from edgehuman.runtime.image.frames.follow import settings_of
from edgehuman.runtime.tracks.tracker import Settings, Tracker

SHOWN = ("hota", "idf1", "mota")


@dataclass(frozen=True, slots=True)
class Followed:
    """Attributes:
    metrics: of all sequences together.
    per_sequence: of each.
    step_s: median time between two frames.
    """

    metrics: dict[str, float]
    per_sequence: dict[str, dict[str, float]]
    step_s: float

    def as_data(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "metrics": self.metrics,
            "per_sequence": self.per_sequence,
            "seconds_between_frames": self.step_s,
        }


def follow(frames: FrameSet, found: Mapping[int, Found], threshold: float) -> Followed | str | None:
    """The score of a detector with our tracker; the reason why there is none; None where the set
    does not say who is who.

    Args:
        found: boxes and scores by the index of their frame.
        threshold: score from which the detector's boxes count.
    """
    if frames.tracks is None:
        return None
    if frames.t_s_N is None:
        return "the set does not state its frame rate (seqinfo.ini, frameRate)"
    settings = settings_of(threshold)
    steps_s, each = [], {}
    index_K = np.array(sorted(found), np.int64)
    for name in dict.fromkeys(frames.sequence_N[index_K].tolist()):
        own = index_K[frames.sequence_N[index_K] == name]
        steps_s += np.diff(frames.t_s_N[own]).tolist()
        boxes = [found[index] for index in own.tolist()]
        truth = [frames.tracks[index] for index in own.tolist()]
        try:
            each[name] = score_following(truth, boxes, frames.t_s_N[own], settings)
        except (DataError, MissingDependencyError) as error:
            return f"{name}: {error}"
    step_s = float(np.median(steps_s)) if steps_s else 0.0
    if step_s > settings.lost_s:
        return (
            f"frames are {step_s:g} s apart, and people who are not seen for {settings.lost_s:g} s "
            "are not followed; give a smaller --every"
        )
    together = of_several(list(each.values()))
    return Followed(together.metrics(), {name: one.metrics() for name, one in each.items()}, step_s)


def score_following(
    truth: list[Truth], found: list[Found], t_s_N: Float64, settings: Settings
) -> TrackScores:
    """The score of one video.

    Raises:
        MissingDependencyError: scipy is not installed. DataError: somebody is in a frame twice.
    """
    return score_tracks(prepared(truth, followed(found, t_s_N, settings)))


def followed(found: list[Found], t_s_N: Float64, settings: Settings) -> list[tuple[Index, Float64]]:
    """Tracks (K,) and boxes (K, 4) of each frame of a video, of boxes on a track alone."""
    tracker, answers = Tracker(settings), []
    for (box_K4, score_K), t_s in zip(found, t_s_N.tolist(), strict=True):
        # A network gives thousands of rows of no score.
        is_some_K = score_K >= settings.low
        track_K = tracker.update(box_K4[is_some_K], score_K[is_some_K], t_s)
        own_K4 = np.asarray(box_K4[is_some_K], np.float64)
        answers.append((track_K[track_K > 0], own_K4[track_K > 0]))
    return answers


def said(followed: Followed | str | None) -> list[str]:
    """Lines of text; none where the set does not say who is who."""
    if followed is None:
        return []
    if isinstance(followed, str):
        return ["", f"  tracks are not scored: {followed}"]
    metrics = followed.metrics
    lines = [
        "",
        f"  followed, {followed.step_s:.2g} s from frame to frame: {metrics['people']:.0f} people, "
        f"{metrics['tracks']:.0f} tracks",
        *(f"  {name:<18}{metrics[name]:>8.4f}" for name in SHOWN),
        f"  {'id_switches':<18}{metrics['id_switches']:>8.0f}",
    ]
    for name, each in followed.per_sequence.items():
        values = ", ".join(f"{key} {each[key]:.4f}" for key in SHOWN)
        lines.append(f"  {name}: {values}, id_switches {each['id_switches']:.0f}")
    return lines
