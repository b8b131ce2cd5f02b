"""`edgehuman data check` for silhouettes: find errors in a file or folder of masks."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.gait.score import judged_walks, protocol_of
from edgehuman.data.gait.walks import LeftOut, extent
from edgehuman.data.layout import found_here
from edgehuman.data.silhouette.layout import SilhouetteLayout, Walk, labelled
from edgehuman.data.silhouette.load import layouts
from edgehuman.data.silhouette.mistakes import kinds_of, told
from edgehuman.data.silhouette.packed import PACKED, damage, read_head
from edgehuman.data.silhouette.walks import SIDE, SilhouetteSet
from edgehuman.data.silhouette.write import MADE
from edgehuman.data.verdict import verdict
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.records import Uint8

__all__ = ["check", "extent"]

# Fewer frames than a network with the longest steps in time needs.
_FEWEST_FRAMES = 3
_LISTED = 200


@dataclass(slots=True)
class _Found:
    """What is counted while the walks go by; their frames are not kept."""

    rows: list[tuple[Any, int, float, tuple[int, int]]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    sizes: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    why: str = ""
    gaps: dict[str, int] = field(default_factory=dict)
    grey: int = 0

    def add(self, walk: Walk, rate_hz: float) -> None:
        name, frames = walk.named.sequence, len(walk.records_THW)
        self.rows.append((walk.named, frames, walk.rate_hz or rate_hz, walk.size_px))
        height, width = walk.size_px
        self.sizes[f"{width}x{height}"] += 1
        for kind in kinds_of(walk.records_THW):
            self.wrong.setdefault(kind, []).append(name)
        self.dropped += len(walk.dropped)
        if walk.dropped and not self.why:
            first = min(walk.dropped)
            self.why = f"{name}: frame {first} {walk.dropped[first]}"
        if walk.gaps:
            self.gaps[name] = walk.gaps
        self.grey += _is_grey(walk.records_THW)


def _is_grey(records_THW: Uint8) -> bool:
    return bool(((records_THW[0] > 0) & (records_THW[0] < 255)).any())


def check(path: Path, dataset: str | None = None) -> Outcome | None:
    """Read everything; exit code 1 if anything is wrong, None for another record.

    Raises:
        DataError: the path does not have the layout of the expected dataset.
    """
    found = found_here(path, layouts(), dataset)
    if found is None:
        return None
    layout, place = found
    data: dict[str, Any] = {"dataset": layout.dataset, "path": str(place), "ok": False}
    notes = [f"assumed: {layout.read.assumed}"] if layout.read.assumed else []
    try:
        seen, walks, problems = _look(layout, place)
    except DataError as error:
        data |= {"problems": [str(error)], "notes": notes}
        return Outcome(data, _text(layout, place, data), exit_code=1)
    if layout is MADE or (layout is PACKED and read_head(place).simulated):
        notes.append("the people are SIMULATED")
    mistakes = told(seen.wrong, len(seen.rows))
    problems += [mistake.said for mistake in mistakes] + [walk.why for walk in seen.left_out]
    data |= _counts(walks) | {"problems": problems, "notes": notes + _notes(walks, seen)}
    data["sizes"] = dict(seen.sizes.most_common(10))
    data["wrong_walks"] = {mistake.said: list(mistake.walks) for mistake in mistakes}
    data["left_out"] = [asdict(walk) for walk in seen.left_out]
    data["dropped_frames"] = seen.dropped
    data["missing_frames"] = dict(list(seen.gaps.items())[:_LISTED])
    data["ok"] = not problems
    return Outcome(data, _text(layout, place, data), exit_code=int(bool(problems)))


def _look(layout: SilhouetteLayout, place: Path) -> tuple[_Found, SilhouetteSet, list[str]]:
    """Every walk, one after another, and the set of their labels (its frames are empty)."""
    seen = _Found()
    for walk in layout.read.walks(place):
        if isinstance(walk, LeftOut):
            seen.left_out.append(walk)
        else:
            seen.add(walk, layout.read.rate_hz)
    if not seen.rows:
        why = seen.left_out[0].why if seen.left_out else "has no walks"
        raise DataError(f"{place}: no walk can be read: {why}")
    frames = sum(row[1] for row in seen.rows)
    # Without memory: every frame is the same one.
    blank = np.broadcast_to(np.zeros((1, SIDE, SIDE), np.uint8), (frames, SIDE, SIDE))
    packed = layout is PACKED
    name = read_head(place).name if packed else layout.dataset
    broken = damage(place) if packed else None
    problems = [] if broken is None else [broken]
    return seen, labelled(blank, seen.rows, name), problems


def _notes(walks: SilhouetteSet, seen: _Found) -> list[str]:
    """Facts worth knowing that are not errors."""
    notes = []
    if seen.dropped:
        notes.append(f"{seen.dropped} frames are dropped, such as {seen.why}")
    if seen.gaps:
        name, count = next(iter(seen.gaps.items()))
        notes.append(
            f"{len(seen.gaps)} walks miss frames in their numbers, such as {name}: {count} missing"
        )
    if len(seen.sizes) > 1:
        most = ", ".join(size for size, _ in seen.sizes.most_common(4))
        notes.append(f"masks of several sizes ({most}); all are normalised to 64x64")
    if seen.grey:
        notes.append(f"{seen.grey} walks have grey edges, from another program's resizing; kept")
    short = int((walks.length_N < _FEWEST_FRAMES).sum())
    if short:
        notes.append(
            f"{short} walks have under {_FEWEST_FRAMES} frames, such as "
            f"{walks.sequence_N[int(walks.length_N.argmin())]}"
        )
    alone = sum(count == 1 for count in Counter(walks.person_N.tolist()).values())
    if alone:
        notes.append(f"{alone} people have only one walk, so they cannot be matched")
    notes += _missing_views(walks)
    try:
        judged_walks(walks, protocol_of(walks))
    except DataError as error:
        notes.append(f"`edgehuman evaluate` refuses it: {error}")
    return notes


def _missing_views(walks: SilhouetteSet) -> list[str]:
    """Views that probes have and the gallery lacks: their pairs cannot be compared."""
    in_gallery, in_probes = (
        set(walks.view_N[walks.role_N == role].tolist()) - {""} for role in ("gallery", "probe")
    )
    missing = sorted(in_probes - in_gallery)
    if not (missing and in_gallery):
        return []
    return [f"the gallery has no walk from view {', '.join(missing[:6])}, which probes have"]


def _counts(walks: SilhouetteSet) -> dict[str, Any]:
    length = [int(frames) for frames in np.quantile(walks.length_N, [0.0, 0.5, 1.0])]
    return {
        "walks": len(walks),
        "people": len(np.unique(walks.person_N)),
        "frames": int(walks.length_N.sum()),
        "frames_each": length,
        "rates_hz": sorted(set(walks.rate_hz_N.tolist())),
        "views": sorted(set(walks.view_N.tolist()) - {""}),
        "conditions": sorted(set(walks.condition_N.tolist()) - {""}),
        "roles": dict(Counter(walks.role_N.tolist())),
    }


def _text(layout: SilhouetteLayout, place: Path, data: dict[str, Any]) -> str:
    head = f"{place} is {layout.dataset}"
    if "walks" in data:
        roles = ", ".join(
            f"{count} {role or 'of no role'}" for role, count in data["roles"].items()
        )
        least, middle, most = data["frames_each"]
        head += (
            f": {data['walks']} walks of {data['people']} people ({roles}), {data['frames']} "
            f"silhouettes, {least} to {most} a walk, mostly {middle}"
        )
    notes = [f"  note: {note}" for note in data["notes"]]
    return "\n".join([head, *verdict(data["problems"]), *notes])
