"""Why a model of skeletons finds as few real people as it does: what is left of its rank-1 without
parts of the body, without motion, of the middle of each walk, and by pairs of conditions.

    python -m edgehuman.bench.pages.skeleton.reasons --data kth_walk.npz

Every condition is the gallery of every other one, probes counted once each, with 95 % over people,
as in `gait_ways`; of a pair of conditions the first is the gallery, and within one condition each
walk is looked for among the others. It writes `table.md` and `table.json` to --out.

Axes: N walks, W windows, D dimensions, T frames, J joints, Q probes, G gallery walks, H people.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, load_test
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.gait_ways import (
    Score,
    Walked,
    cosine,
    distance,
    hits,
    means,
    said,
    unit,
    windows_of,
)
from edgehuman.bench.pages.keep import write_table
from edgehuman.bench.pages.skeleton.unseen import never, without
from edgehuman.config import require
from edgehuman.data.gait.score import judged_walks, protocol_of
from edgehuman.data.skeleton.bones import bone_vectors
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Bool, Float32
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import require_gait

FACE = ("nose", "r_eye", "l_eye", "r_ear", "l_ear")
_HIPS = [OPENPOSE_18.index(name) for name in ("r_hip", "l_hip")]
AS_IS, MODEL, BONES = "as they are", "the model", "bone lengths"
SECONDS = (1.0, 1.5, 2.0, 3.0)
Change = Callable[[SkeletonSet], SkeletonSet]


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for name in names for side in "rl")


HIDDEN: Mapping[str, tuple[str, ...]] = {
    "without knees and ankles": _both("knee", "ankle"),
    "without ankles": _both("ankle"),
    "without elbows and wrists": _both("elbow", "wrist"),
    "without wrists": _both("wrist"),
    "without the face": FACE,
}


@dataclass(frozen=True, slots=True)
class ReasonsConfig:
    """Look for what a model of skeletons goes by."""

    data: str
    """A set of walks in several conditions, such as kth_walk.npz."""
    model: str = "zoo:gait-skeleton"
    """`zoo:NAME`, an artefact, the folder of a checkpoint, or a network's name (random weights)."""
    out: Path = Path("runs/reasons")
    """Folder of the table."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, [(self.threads >= 1, "threads", "at least 1")])


def build_table(config: ReasonsConfig) -> Outcome:
    """Score the walks as they are and changed; write the table.

    Raises:
        DataError: no such --data, one condition, or walks shorter than a window.
        UsageError, ArtefactError: no such model, or not of gait.
    """
    model = open_named(EvaluateConfig(config.model, threads=config.threads))
    require_gait(model)
    rate_hz, frames = model.card.input.rate_hz, model.card.input.shape[0]
    walks = load_test(config.data, rate_hz)
    walks = judged_walks(walks, protocol_of(walks))
    names, condition_N = np.unique(walks.condition_N, return_inverse=True)
    if len(names) < 2 or (walks.length_N < frames).any():
        raise DataError(
            f"{config.data}: it needs two conditions or more, and walks of {frames} frames or more"
        )
    person_N = np.unique(walks.person_N, return_inverse=True)[1].reshape(-1)
    walked = Walked(person_N, condition_N.reshape(-1))
    found, own = {}, cosine(np.empty((0, 0)))
    for name, change in changes(rate_hz).items():
        tell(name)
        score = cosine(unit(vectors_of(change(walks), model, frames)))
        own = score if name == AS_IS else own
        found[name] = said(hits(walked, score))
    bones = distance(bone_vectors(walks, np.ones(len(walks), np.bool_)))
    data = {
        "people": len(np.unique(person_N)),
        "walks": len(walks),
        "rank1": found,
        "conditions": [str(name) for name in names],
        "pairs": {who: pairs(walked, score) for who, score in ((MODEL, own), (BONES, bones))},
    }
    text = write_table(config.out, render(data), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def changes(rate_hz: float) -> dict[str, Change]:
    """What is done to walks, by name."""
    made: dict[str, Change] = {AS_IS: lambda walks: walks}
    for name, joints in HIDDEN.items():
        made[name] = lambda walks, joints=joints: without(walks, never(*joints), _all(walks))[0]  # type: ignore[misc]
    made["held still beside the hips"] = lambda walks: _each(walks, held_still)
    for seconds in SECONDS:
        frames = round(seconds * rate_hz)
        made[f"the middle {seconds:g} s"] = lambda walks, frames=frames: middle(walks, frames)  # type: ignore[misc]
    return made


def vectors_of(walks: SkeletonSet, model: Model, frames: int) -> Any:
    """The vector (N, D) of each walk."""
    return means(*windows_of(walks, model, frames))


def held_still(walk_TJ3: Float32) -> Float32:
    """A walk in which every joint keeps its mean place beside the hips, where it was seen."""
    seen_TJ = walk_TJ3[..., 2] > 0
    hips_T2 = walk_TJ3[:, _HIPS, :2].mean(axis=1)
    beside_TJ2 = np.where(seen_TJ[..., None], walk_TJ3[..., :2] - hips_T2[:, None], 0.0)
    mean_J2 = beside_TJ2.sum(axis=0) / np.maximum(seen_TJ.sum(axis=0), 1)[:, None]
    made_TJ3 = walk_TJ3.copy()
    made_TJ3[..., :2] = np.where(seen_TJ[..., None], hips_T2[:, None] + mean_J2, 0.0)
    return made_TJ3


def middle(walks: SkeletonSet, frames: int) -> SkeletonSet:
    """The middle of each walk; of a shorter one all of it."""
    kept_S = np.zeros(len(walks.skeleton_SJ3), np.bool_)
    lengths = []
    for i in range(len(walks)):
        rows = np.arange(len(walks.skeleton_SJ3))[walks.rows(i)]
        begin = max(0, (len(rows) - frames) // 2)
        kept_S[rows[begin : begin + frames]] = True
        lengths.append(min(len(rows), frames))
    length_N = np.array(lengths, walks.length_N.dtype)
    return dataclasses.replace(walks, skeleton_SJ3=walks.skeleton_SJ3[kept_S], length_N=length_N)


def pairs(walked: Walked, score: Score) -> list[list[float]]:
    """Rank-1 with each condition as the gallery (rows) of each (columns)."""
    conditions = np.unique(walked.condition_N).tolist()
    return [[rank1(walked, score, g, p) for p in conditions] for g in conditions]


def rank1(walked: Walked, score: Score, gallery: int, probe: int) -> float:
    """The share of probes whose nearest other walk is the person's own; nan without any."""
    gallery_G, probe_Q = (np.flatnonzero(walked.condition_N == each) for each in (gallery, probe))
    score_QG = np.where(probe_Q[:, None] == gallery_G, -np.inf, score(probe_Q, gallery_G))
    same_QG = walked.person_N[probe_Q][:, None] == walked.person_N[gallery_G]
    own_Q = np.where(same_QG, score_QG, -np.inf).max(axis=1)
    other_Q = np.where(same_QG, -np.inf, score_QG).max(axis=1)
    known_Q = np.isfinite(own_Q)
    return float((own_Q > other_Q)[known_Q].mean()) if known_Q.any() else float("nan")


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page."""
    lines = [
        f"{data['walks']} walks of {data['people']} people, each condition the gallery of each "
        "other one; rank-1 in percent [95 % over people].",
        "",
        "| walks | rank-1 |",
        "|---|---:|",
    ]
    for name, numbers in data["rank1"].items():
        share, low, high = (100 * each for each in numbers)
        lines.append(f"| {name} | {share:.1f} [{low:.1f}, {high:.1f}] |")
    heads = " | ".join(data["conditions"])
    for who, rows in data["pairs"].items():
        lines += ["", f"| {who}: gallery, and probes of | {heads} |"]
        lines.append("|---|" + "---:|" * len(rows))
        for name, row in zip(data["conditions"], rows, strict=True):
            lines.append(f"| {name} | {' | '.join(f'{100 * each:.1f}' for each in row)} |")
    return "\n".join(lines)


def _all(walks: SkeletonSet) -> Bool:
    return np.ones(len(walks), np.bool_)


def _each(walks: SkeletonSet, change: Callable[[Float32], Float32]) -> SkeletonSet:
    made = [change(walks.sequence(i)) for i in range(len(walks))]
    return dataclasses.replace(walks, skeleton_SJ3=np.concatenate(made))


if __name__ == "__main__":
    sys.exit(main(ReasonsConfig, build_table))
