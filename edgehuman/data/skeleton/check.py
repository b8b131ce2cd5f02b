"""`edgehuman data check` for skeletons: find errors in a file or folder of poses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.gait.score import judged_walks, protocol_of
from edgehuman.data.gait.walks import extent
from edgehuman.data.layout import found_here, require_own_flags
from edgehuman.data.skeleton.layout import SkeletonLayout
from edgehuman.data.skeleton.load import filtered, layouts, quality_scores, read_layout
from edgehuman.data.skeleton.mistakes import empty_walks, find_mistakes
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.data.verdict import verdict
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.declared import STATED, declare
from edgehuman.preprocess.skeleton.screen import SLOWEST_HZ
from edgehuman.preprocess.skeleton.walk import mean_confidence

__all__ = ["check", "extent"]


def check(
    path: Path, dataset: str | None = None, declared: Mapping[str, Any] | None = None
) -> Outcome | None:
    """Read everything; exit code 1 if anything is wrong, None for another record.

    Args:
        declared: what the user states of a pose estimator's files: rate_hz, size, layout.

    Raises:
        DataError: the path does not have the layout of the expected dataset.
        UsageError: flags of another record, or of data whose own are known.
    """
    found = found_here(path, layouts(), dataset)
    if found is None:
        return None
    layout, place = found
    stated = declared or {}
    require_own_flags(place, stated, STATED, "skeletons", "recordings of a wearable")
    data: dict[str, Any] = {"dataset": layout.dataset, "path": str(place), "ok": False}
    notes = [f"assumed: {layout.read.assumed}"] if layout.read.assumed else []
    try:
        walks = read_layout(layout, place, declare(**stated))
    except DataError as error:
        data |= {"problems": [str(error)], "notes": notes}
        return Outcome(data, _text(layout, place, data), exit_code=1)
    mistakes = find_mistakes(walks)
    problems = [*(mistake.said for mistake in mistakes if mistake.sure), *empty_walks(walks)]
    notes += [mistake.said for mistake in mistakes if not mistake.sure]
    try:
        _, dropped = filtered(walks)
    except DataError as error:
        problems.append(str(error))
        dropped = {}
    notes += [*walks.remarks, *_notes(walks, dropped)]
    data |= _counts(walks) | {"dropped": dropped, "problems": problems, "notes": notes}
    data["wrong_walks"] = {mistake.said: list(mistake.walks) for mistake in mistakes}
    data["left_out"] = [asdict(walk) for walk in walks.left_out]
    data["ok"] = not problems
    return Outcome(data, _text(layout, place, data), exit_code=int(bool(problems)))


def _notes(walks: SkeletonSet, dropped: dict[str, int]) -> list[str]:
    """Facts worth knowing that are not errors."""
    notes = []
    if walks.left_out:
        first = walks.left_out[0]
        notes.append(
            f"{len(walks.left_out)} walks are skipped, such as {first.sequence}: {first.why}"
        )
    rates = sorted(set(walks.rate_hz_N.tolist()))
    if len(rates) > 1:
        notes.append(f"several frame rates: {', '.join(f'{rate:g}' for rate in rates[:6])}")
    slow = int((walks.rate_hz_N < SLOWEST_HZ).sum())
    if slow:
        notes.append(
            f"{slow} walks have under {SLOWEST_HZ:g} frames per second, too few to see steps"
        )
    if sum(dropped.values()):
        notes.append(
            f"the filters drop {sum(dropped.values())} walks: {dropped['empty']} empty, "
            f"{dropped['short']} short, {dropped['unsure']} unsure"
        )
    alone = sum(count == 1 for count in Counter(walks.person_N.tolist()).values())
    if alone:
        notes.append(f"{alone} people have only one walk, so they cannot be matched")
    unjudged = _why_unjudged(walks)
    return [*notes, f"`edgehuman evaluate` refuses it: {unjudged}"] if unjudged else notes


def _why_unjudged(walks: SkeletonSet) -> str:
    """Why this set cannot be evaluated; empty if it can."""
    try:
        judged_walks(walks, protocol_of(walks))
    except DataError as error:
        return str(error)
    return ""


def _counts(walks: SkeletonSet) -> dict[str, Any]:
    scores = quality_scores(walks)
    return {
        "walks": len(walks),
        "people": len(np.unique(walks.person_N)),
        "frames": len(walks.skeleton_SJ3),
        "rates_hz": sorted(set(walks.rate_hz_N.tolist())),
        "views": sorted(set(walks.view_N.tolist()) - {""}),
        "conditions": sorted(set(walks.condition_N.tolist()) - {""}),
        "roles": dict(Counter(walks.role_N.tolist())),
        "mean_confidence": round(
            float(mean_confidence(walks.skeleton_SJ3, walks.length_N).mean()), 3
        ),
        "quality": [round(float(q), 2) for q in np.quantile(scores, [0.0, 0.5, 1.0])],
    }


def _text(layout: SkeletonLayout, place: Path, data: dict[str, Any]) -> str:
    head = f"{place} is {layout.dataset}"
    if "walks" in data:
        rates = ", ".join(f"{rate:g}" for rate in data["rates_hz"][:6])
        roles = ", ".join(
            f"{count} {role or 'of no role'}" for role, count in data["roles"].items()
        )
        head += (
            f": {data['walks']} walks of {data['people']} people ({roles}), {data['frames']} "
            f"frames at {rates} Hz, mean confidence {data['mean_confidence']:.2f}"
        )
    notes = [f"  note: {note}" for note in data["notes"]]
    return "\n".join([head, *verdict(data["problems"]), *notes])
