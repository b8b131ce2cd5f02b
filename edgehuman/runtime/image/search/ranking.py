"""What searches of photos and of recordings share: the nearest vectors, remarks, and the words.

Axes: P people, K of them, D dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from edgehuman.errors import printable
from edgehuman.preprocess.image.bpe import CONTEXT
from edgehuman.records import Float32
from edgehuman.records import Index as Places
from edgehuman.runtime.image.search.look import Eye


def remarks_on(query: str, eye: Eye) -> list[str]:
    """What a user should know of a query, and of what the model knows."""
    found = []
    strange = eye.sentences.bpe.unfamiliar(query)
    if strange:
        shown = ", ".join(strange[:5]) + (" …" if len(strange) > 5 else "")
        found.append(f"the model saw rarely or never: {shown}")
    if eye.sentences.is_cut(query):
        found.append(f"the query is long; its first {CONTEXT - 2} tokens count")
    taught = [row for row in eye.model.card.data if row.role == "training"]
    if taught and all(row.simulated for row in taught):
        found.append("the model learnt from simulated people alone; of photos it knows little")
    return found


def nearest(vector_PD: Float32, query_D: Float32, count: int) -> tuple[Places, Float32]:
    """The people whose vectors are most like the query's, and the cosines, (K,) each; of equal
    ones the first.
    """
    score_P = vector_PD @ query_D
    count = min(count, len(score_P))
    least = np.partition(score_P, len(score_P) - count)[len(score_P) - count]
    near_K = np.flatnonzero(score_P >= least)
    index_K = near_K[np.argsort(-score_P[near_K], kind="stable")][:count]
    return index_K, score_P[index_K]


def remark_on(count: int, what: str, reason: str) -> list[str]:
    """The remark that so many photos or frames cannot be read, and why the first cannot."""
    said = f"{count} of the {what} cannot be read; the first: {printable(reason)}"
    return [said] if count else []


def in_words(data: Mapping[str, Any], looked_at: str, rows: Iterable[str], stopped: str) -> str:
    """The outcome of a search for a terminal.

    Args:
        looked_at: what was, such as "3 people in 2 photos".
        rows: what each result is, without rank and score.
        stopped: what to say if a signal ended the looking.
    """
    lines = [f"remark: {one}" for one in data["remarks"]]
    lines.append(
        f"{looked_at} ({data['looked_at']} looked at now, {data['unreadable']} unreadable); the "
        f"query took {data['query_ms']:.1f} ms"
    )
    for row, said in zip(data["results"], rows, strict=True):
        lines.append(f"{row['rank']:>4}  {row['score']:.3f}  {said}")
    if data["save"]:
        lines.append(f"saved: {data['save']}")
    if data["stopped"]:
        lines.append(f"stopped: {stopped}")
    return "\n".join(lines)
