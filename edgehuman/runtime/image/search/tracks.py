"""Rank the tracks of a recording by a sentence about a person.

search_tracks(SearchConfig("woman in a red coat", recording="door.mp4", model="words.onnx"))
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from edgehuman.errors import DataError, UsageError, safe_name
from edgehuman.files import own_folder
from edgehuman.outcome import Outcome
from edgehuman.runtime.image.search.index import index_path
from edgehuman.runtime.image.search.kept_tracks import read_tracks, write_tracks
from edgehuman.runtime.image.search.look import Eye
from edgehuman.runtime.image.search.ranking import in_words, nearest, remark_on, remarks_on
from edgehuman.runtime.image.search.recording import (
    Seen,
    Track,
    look_through,
    open_recording,
    pictures_of,
    stamp_of,
)
from edgehuman.runtime.image.search.sheet import Shown, write_sheet

DETECTOR = "zoo:person-detector-int8"
"""What finds people in a recording, if nothing else is asked for."""


class Asked(Protocol):
    """The flags of `search` that this reads."""

    @property
    def query(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def top(self) -> int: ...
    @property
    def every(self) -> int: ...
    @property
    def save(self) -> Path | None: ...
    @property
    def cache(self) -> bool: ...


def search_tracks(asked: Asked, recording: str, eye: Eye) -> Outcome:
    """Look through a recording that is new, then rank its tracks by the sentence.

    Raises:
        UsageError: a camera or photos; a sheet that is, or lies in, the recording.
        DataError: no such recording, damaged, or nobody on a track in it.
    """
    open_recording(recording)
    _require_outside(asked.save, recording)
    remarks = remarks_on(asked.query, eye)
    seen, fresh = _looked(asked, recording, eye)
    if seen.remark:
        remarks.append(seen.remark)
    if not seen.tracks:
        why = seen.reason or "nobody is followed in them"
        raise DataError(f"{recording}: nobody to rank in {seen.frames} frames: {why}")
    remarks += remark_on(seen.unreadable, "frames", seen.reason)
    begin_ns = time.perf_counter_ns()
    query_D = eye.sentences.vectors([asked.query])[0]
    vector_TD = np.array([track.vector_D for track in seen.tracks])
    index_K, score_K = nearest(vector_TD, query_D, asked.top)
    spent_ms = (time.perf_counter_ns() - begin_ns) / 1e6
    best = [seen.tracks[place] for place in index_K.tolist()]
    scores = score_K.tolist()
    if asked.save is not None:
        _write_sheet(asked, recording, best, scores)
    data = {
        "query": asked.query,
        "model": asked.model,
        "recording": recording,
        "frames": seen.frames,
        "tracks": len(seen.tracks),
        "looked_at": seen.frames if fresh else 0,
        "unreadable": seen.unreadable,
        "query_ms": round(spent_ms, 2),
        "results": [
            _row(rank, track, score)
            for rank, (track, score) in enumerate(zip(best, scores, strict=True), 1)
        ],
        "remarks": remarks,
        "save": None if asked.save is None else str(asked.save),
        "stopped": seen.stopped,
    }
    return Outcome(data, _in_words(data))


def _looked(asked: Asked, recording: str, eye: Eye) -> tuple[Seen, bool]:
    """The tracks, and whether they were looked at now."""
    assert eye.watching is not None
    file = None
    stamp = stamp_of(recording)
    if asked.cache:
        folder = own_folder("XDG_CACHE_HOME", ".cache") / "search"
        file = index_path(folder, recording, {**eye.identity, "every": str(asked.every)})
        if (known := read_tracks(file, stamp, eye.dim)) is not None:
            return known, False
    seen = look_through(recording, eye.watching, asked.every)
    if file is not None and not seen.stopped:
        write_tracks(file, seen, stamp, eye.dim)
    return seen, True


def _require_outside(save: Path | None, recording: str) -> None:
    """Raise UsageError for a sheet that would be the recording, or a file in it."""
    if save is not None and save.resolve().is_relative_to(Path(recording).resolve()):
        raise UsageError(f"--save {save} is in the recording {recording}; choose another folder")


def _row(rank: int, track: Track, score: float) -> dict[str, Any]:
    return {
        "rank": rank,
        "track": track.number,
        "source": track.source,
        "score": round(score, 4),
        "from_s": round(track.from_s, 2),
        "to_s": round(track.to_s, 2),
        "wall_s": None if track.wall_s is None else round(track.wall_s, 2),
        "looks": track.looks,
        "frame": track.best,
        "box": [round(each, 4) for each in track.box],
    }


def _write_sheet(
    asked: Asked, recording: str, tracks: Sequence[Track], scores: Sequence[float]
) -> None:
    """One picture for each track, of its best moment."""
    assert asked.save is not None
    frames = pictures_of(recording, tracks, asked.every)
    shown = []
    for place, (track, score) in enumerate(zip(tracks, scores, strict=True)):
        frame_HWC = frames.get(place)
        name, box = f"track {track.number}, {_span(track)}", None
        if frame_HWC is not None:
            rows, columns = frame_HWC.shape[:2]
            box = [each * side for each, side in zip(track.box, (columns, rows) * 2, strict=True)]
        shown.append(Shown(Path(recording), name, score, box, frame_HWC))
    write_sheet(asked.save, f'"{asked.query}"', shown)


def _span(track: Track) -> str:
    return f"{track.from_s:.1f} to {track.to_s:.1f} s"


def _in_words(data: dict[str, Any]) -> str:
    rows = []
    for row in data["results"]:
        where = f"  of {safe_name(row['source'])}" if row["source"] else ""
        count = "1 look" if row["looks"] == 1 else f"{row['looks']} looks"
        span = f"{row['from_s']:.1f} to {row['to_s']:.1f} s"
        rows.append(f"track {row['track']}  {span}  {count}{where}")
    stopped = "what comes after was not looked at, and nothing is kept"
    return in_words(data, f"{data['tracks']} tracks in {data['frames']} frames", rows, stopped)
