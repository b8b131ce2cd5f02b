"""What the demo found, as numbers: the summary of `--json`, and the source of the page's texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgehuman.card import Card, Decision
from edgehuman.runtime.demo.camera import Camera
from edgehuman.runtime.demo.door import Door
from edgehuman.runtime.demo.photos import Album
from edgehuman.runtime.demo.speed import Timed


@dataclass(frozen=True, slots=True)
class Findings:
    """Attributes:
    model: the activity model.
    seed, seconds: of the simulated day.
    decision: the smoothing that was used.
    summary: of the stream, with its comparison; see `play`.
    album, door, camera: the pictures, the door, and who passed the camera; None where their model
        or a package is missing.
    missing: why, in words, by section.
    pairs: each network's files, timed in turn on this machine.
    cards: of every model that ran, by name.
    machine: in words.
    """

    model: str
    seed: int
    seconds: float
    decision: Decision
    summary: Mapping[str, Any]
    album: Album | None
    door: Door | None
    camera: Camera | None
    missing: Mapping[str, str]
    pairs: tuple[tuple[Timed, ...], ...]
    cards: Mapping[str, Card]
    machine: str

    @property
    def look_ahead_ms(self) -> float:
        """How long a label waited for later windows on average: the chosen delay."""
        return float(self.summary["delay_s_mean"]) * 1e3

    @property
    def smoothing_gain(self) -> float | None:
        """Online accuracy that smoothing added; None where nothing was labelled."""
        rows = self.summary["comparison"]
        values = [rows[name]["online_accuracy"] for name in ("network", "smoothed")]
        return None if None in values else float(values[1] - values[0])

    @property
    def smoothing_verdict(self) -> str:
        """Whether the smoothing helped on this day, in words."""
        if self.decision.smoothing == "none":
            return "Smoothing is off: the network's own labels are used."
        gain = self.smoothing_gain
        if gain is None:
            return "Nothing is labelled, so nothing is said about the smoothing."
        points = f"{abs(gain) * 100:.1f} points of accuracy"
        if gain > 0:
            return f"Smoothing added {points} on this day."
        cost = "neither added nor cost accuracy" if gain == 0 else f"cost {points}"
        return f"Smoothing {cost} on this day; --smoothing none switches it off."

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "simulated": True,
            "model": self.model,
            "seed": self.seed,
            **self.summary,
            "smoothing": dataclasses.asdict(self.decision),
            "smoothing_verdict": self.smoothing_verdict,
            "photos": None if self.album is None else _album(self.album),
            "door": None if self.door is None else _door(self.door),
            "camera": None if self.camera is None else _camera(self.camera),
            "precision": [[_timed(row) for row in pair] for pair in self.pairs],
            "parity": {name: card.parity for name, card in self.cards.items()},
            "missing": dict(self.missing),
            "machine": self.machine,
        }


def _timed(row: Timed) -> dict[str, Any]:
    return {
        "model": row.model,
        "precision": row.precision,
        "calls": row.calls,
        "p50_ms": round(row.p50_ms, 4),
        "p95_ms": round(row.p95_ms, 4),
        "size_mb": round(row.size_mb, 3),
    }


def _album(album: Album) -> dict[str, Any]:
    return {
        "model": album.model,
        "photos": [
            {"right": round(p.right, 4), "right_person": round(p.right_person, 4)}
            for p in album.photos
        ],
    }


def _door(door: Door) -> dict[str, Any]:
    return {
        "people": list(door.people),
        "walks": door.walks,
        "threshold": door.threshold,
        "named": door.named,
        "misnamed": door.misnamed,
        "passes": [
            {
                "who": one.who,
                "said": one.said,
                "nearest": one.nearest,
                "score": round(one.score, 4),
                "right": one.right,
            }
            for one in door.passes
        ],
    }


def _camera(seen: Camera) -> dict[str, Any]:
    right, windows = seen.nearest
    return {
        "frames": len(seen.frames),
        "passes": [[round(begin_s, 2), round(end_s, 2)] for begin_s, end_s in seen.spans],
        "found": round(seen.found, 4),
        "tracks": seen.tracks,
        "answers": seen.answers,
        "named": seen.named,
        "misnamed": seen.misnamed,
        "nearest_right": right,
        "nearest_of": windows,
        "threshold": round(seen.threshold, 4),
        "frame_ms": round(seen.frame_ms, 3),
        "gait_ms": round(seen.gait_ms, 3),
    }
