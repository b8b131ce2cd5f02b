"""The tracks of a recording as vectors, kept for the next query.

    seen = read_tracks(path, stamp, dim)        None: nothing is kept, or the recording has changed
    write_tracks(path, seen, stamp, dim)

Axes: T tracks, D dimensions.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.files import write_whole
from edgehuman.limits.sizes import MOST_MODEL, read_bounded
from edgehuman.outcome import to_json
from edgehuman.progress import tell
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.records import Float32
from edgehuman.runtime.image.search.recording import Seen, Track

_FORM = "edgehuman tracks 1"
_PRIVATE = 0o600


def read_tracks(path: Path, stamp: str, dim: int) -> Seen | None:
    """The tracks that an earlier query kept; None if there are none, of a recording that has
    changed since, or damaged ones, which is told.
    """
    if not path.is_file():
        return None
    try:
        with foreign():
            content = io.BytesIO(read_bounded(path, MOST_MODEL, DataError))
            with np.load(content, allow_pickle=False) as table:
                head = json_of(table["tracks"].tobytes())
                vector_TD = table["vector_TD"]
        return _parsed(head, vector_TD, stamp, dim)
    except (ValueError, TypeError, KeyError, OSError) as error:
        tell(f"{path}: not used ({error}); the recording is looked through again")
        return None


def _parsed(head: Any, vector_TD: Float32, stamp: str, dim: int) -> Seen | None:
    """The tracks of a file's content; None: of another state of the recording.

    Raises:
        ValueError, TypeError, KeyError: it is none of ours.
    """
    if not isinstance(head, dict) or head.get("form") != _FORM:
        raise ValueError("of another version")
    if head["stamp"] != stamp:
        return None
    rows = head["rows"]
    if vector_TD.dtype != np.float32 or vector_TD.shape != (len(rows), dim):
        raise ValueError("its vectors do not fit its tracks")
    if not np.isfinite(vector_TD).all():
        raise ValueError("its vectors are not finite")
    tracks = [
        _track(row, vector_D) for row, vector_D in zip(rows, np.array(vector_TD), strict=True)
    ]
    counts = int(head["frames"]), int(head["unreadable"])
    return Seen(tracks, *counts, str(head["reason"]), str(head["remark"]))


def _track(row: Mapping[str, Any], vector_D: Float32) -> Track:
    wall_s = None if row["wall_s"] is None else float(row["wall_s"])
    x0, y0, x1, y1 = (float(each) for each in row["box"])
    return Track(
        str(row["source"]),
        str(row["number"]),
        float(row["from_s"]),
        float(row["to_s"]),
        wall_s,
        int(row["looks"]),
        vector_D,
        int(row["best"]),
        (x0, y0, x1, y1),
    )


def write_tracks(path: Path, seen: Seen, stamp: str, dim: int) -> None:
    """Write tracks, for this user alone; whole or not at all.

    Raises:
        ArtefactError: it cannot be written.
    """
    rows = [
        {
            "source": one.source, "number": one.number, "from_s": one.from_s, "to_s": one.to_s,
            "wall_s": one.wall_s, "looks": one.looks, "best": one.best, "box": [*one.box],
        }
        for one in seen.tracks
    ]  # fmt: skip
    head = {
        "form": _FORM, "stamp": stamp, "frames": seen.frames, "unreadable": seen.unreadable,
        "reason": seen.reason, "remark": seen.remark, "rows": rows,
    }  # fmt: skip
    content = io.BytesIO()
    np.savez(
        content,
        tracks=np.frombuffer(to_json(head).encode(), np.uint8),
        vector_TD=np.array([one.vector_D for one in seen.tracks], np.float32).reshape(-1, dim),
    )
    write_whole(path, content.getvalue(), mode=_PRIVATE)
