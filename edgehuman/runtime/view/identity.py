"""Who somebody is, as the live page shows it: a state (`runtime.states`), or a name.

    named({"label": "ANNA", "state": "known", "score": 0.93, "quality": {"score": 71}})
    ->    {"state": "known", "name": "ANNA", "match": 0.93, "quality": 71}

`label` and `score` are the gallery's answer to a window; beside a box, whose score is the
detector's, they are `name` and `identity`. Where no `state` is given, a name is known and nothing
is not yet; `quality`, from 0 to 100 or as `preprocess.quality.Quality.as_row` has it, may be
missing, and so may `by`, the scores of two models, such as {"joints": 0.97, "outlines": 0.88}.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.states import KNOWN, NAMELESS, NOT_YET


def named(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of an answer; a name only where somebody is known."""
    label = answer.get("label") or answer.get("name")
    is_name = isinstance(label, str) and label not in ("", UNKNOWN)
    usual = KNOWN if is_name else UNKNOWN if label == UNKNOWN else NOT_YET
    state = answer.get("state")
    row: dict[str, Any] = {"state": state if isinstance(state, str) and state else usual}
    if is_name and row["state"] == KNOWN:
        row["name"] = label
    if row["state"] not in NAMELESS and (match := _number(_score(answer), 3)) is not None:
        row["match"] = match
        if isinstance(each := answer.get("by"), Mapping):
            scores = {by: _number(score, 3) for by, score in each.items()}
            row["by"] = {by: score for by, score in scores.items() if score is not None}
    quality = answer.get("quality")
    if isinstance(quality, Mapping):
        quality = quality.get("score")
    if (shown := _number(quality, 0)) is not None:
        row["quality"] = shown
    return row


def in_words(row: Mapping[str, Any]) -> str:
    """What `named` gives, beside a box in a picture; "" of nobody who is to be named."""
    state = str(row.get("state", ""))
    match = f" {row['match']:.2f}" if "match" in row and state == KNOWN else ""
    return f"{row.get('name', state)}{match}"


def _score(answer: Mapping[str, Any]) -> object:
    return answer.get("identity", answer.get("score"))


def _number(value: object, places: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(float(value), places)
