"""The table of real walkers, all sets together: who finds people that no training saw.

    python -m edgehuman.bench.pages.skeleton.real zoo:gait-skeleton --data kth_walk.npz ucalgary.npz

Of each set, every condition (of KTH: scenario) is the gallery of each other one; a set without
conditions has its gallery and its probes. Beside each model stand networks of its kind with random
weights, on the same windows, and nearest neighbours of bone lengths. `pooled` counts every probe of
every set once; its 95 % intervals, also of the gains over both baselines, resample people, as walks
of one person depend on each other. It writes `table.md` and `table.json` to --out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from tyro.conf import Positional

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, judge, load_test
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.keep import write_table
from edgehuman.config import require
from edgehuman.data.gait.score import judged_walks, protocol_of, vectors_of
from edgehuman.data.skeleton.bones import bone_vectors
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.metrics.bootstrap import Interval, interval_of_groups
from edgehuman.metrics.gait.pairs import pair_sums
from edgehuman.metrics.gait.protocols import GALLERY, PROTOCOLS, GaitVectors
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Float64
from edgehuman.runtime.model import Model

POOLED = "pooled"
BONES, RANDOM = "bone lengths", "random weights"


@dataclass(frozen=True, slots=True)
class RealConfig:
    """Score models on real walkers of several sets."""

    model: Positional[tuple[str, ...]]
    """Models: zoo:NAME, artefacts, checkpoint folders."""
    data: tuple[str, ...]
    """The sets: files or folders of walks that no model learned from."""
    out: Path = Path("runs/real")
    """Folder of the table."""
    random_networks: int = 5
    """Networks with random weights, of each model's kind."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        rules = (
            (bool(self.model), "model", "at least one"),
            (bool(self.data), "data", "at least one"),
            *((getattr(self, n) >= 1, n, "at least 1") for n in ("random_networks", "threads")),
        )
        require(self, rules)


def build_table(config: RealConfig) -> Outcome:
    """Score all models and baselines on all sets; write the table.

    Raises:
        UsageError, ArtefactError: no such model, or one that does not embed skeletons.
        DataError: no such --data, the same twice, or fewer than two people in it.
    """
    models = {}
    for name in config.model:
        tell(f"{name}: {len(config.data)} sets, {config.random_networks} random networks")
        models[name] = _of_model(config, name)
    data = {"models": models, "random_networks": config.random_networks}
    text = write_table(config.out, render(data), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def _of_model(config: RealConfig, name: str) -> dict[str, Any]:
    """Scores of a model and of its baselines: set -> who -> share and interval, and gains."""
    totals: dict[str, dict[str, Float64]] = {}
    words = EvaluateConfig(name, threads=config.threads)
    model = open_named(words)
    frames = model.card.input.shape[0]
    seeds = range(words.seed + 1, words.seed + 1 + config.random_networks)
    random = [open_random(model.card.arch, seed, words.threads, frames) for seed in seeds]
    for path in config.data:
        walks = load_test(path, model.card.input.rate_hz)
        if walks.name in totals:
            raise DataError(f"{path} is {walks.name} again; give each dataset once")
        totals[walks.name] = dict(_each(model, random, walks, words))
    whos = list(next(iter(totals.values())))
    totals[POOLED] = {who: np.concatenate([t[who] for t in totals.values()]) for who in whos}
    model_name, *baselines = whos
    return {
        "frames": frames,
        "people": {where: len(rows[model_name]) for where, rows in totals.items()},
        "probes": {where: int(rows[model_name][:, 1].sum()) for where, rows in totals.items()},
        "rank1": {
            where: {who: _said(hits_H2) for who, hits_H2 in rows.items()}
            for where, rows in totals.items()
        },
        "gain_over": {
            who: {where: _gain(rows[model_name], rows[who]) for where, rows in totals.items()}
            for who in baselines
        },
    }


def _each(
    model: Model, random: Sequence[Model], walks: SkeletonSet, words: EvaluateConfig
) -> Iterator[tuple[str, Float64]]:
    """Hits and probes of each person (H, 2), of the model and of each baseline."""
    distance, frames = cast(Distance, model.card.output.distance), model.card.input.shape[0]
    found = judge(model, walks, words)
    yield "this model", _hits(found.vectors, distance)
    each = [_hits(judge(one, walks, words).vectors, distance) for one in random]
    yield RANDOM, np.mean(each, axis=0)
    protocol = protocol_of(walks)
    judged = judged_walks(walks, protocol)
    judged = judged.subset(judged.length_N >= frames)
    in_gallery_N = judged.role_N == GALLERY
    if PROTOCOLS[protocol].counting == "condition pairs":
        in_gallery_N = np.ones(len(judged), np.bool_)
    yield BONES, _hits(vectors_of(judged, bone_vectors(judged, in_gallery_N)), "euclidean")


def _hits(vectors: GaitVectors, distance: Distance) -> Float64:
    """How often the nearest walk is the person's own, and of how many probes, by person (H, 2)."""
    several = len(np.unique(vectors.condition_N)) > 1
    condition_N = vectors.condition_N if several else vectors.role_N
    _, person_N = np.unique(vectors.person_N, return_inverse=True)
    sums = pair_sums(vectors.feature_NX, person_N, condition_N, (1,), distance)
    across_P = np.array(
        [gallery != probe and (several or gallery == GALLERY) for gallery, probe in sums.pairs]
    )
    return np.asarray(sums.total_HPK[:, across_P][..., [0, -1]].sum(axis=1))


def _said(hits_H2: Float64) -> list[float]:
    found = interval_of_groups(hits_H2, lambda total_R2: total_R2[:, 0] / total_R2[:, 1])
    return _ends(found)


def _gain(one_H2: Float64, other_H2: Float64) -> list[float]:
    gain_H2 = np.stack([one_H2[:, 0] - other_H2[:, 0], one_H2[:, 1]], axis=1)
    return _said(gain_H2)


def _ends(found: Interval) -> list[float]:
    return [found.value, found.low, found.high]


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page."""
    lines = []
    for name, table in data["models"].items():
        places = list(table["rank1"])
        heads = [f"{p}: {table['people'][p]} people, {table['probes'][p]} probes" for p in places]
        lines += [
            f"{name}, windows of {table['frames']} frames, rank-1 in percent on **real** walkers "
            "whom no training saw [95 % over people]; "
            f"{RANDOM}: {data['random_networks']} networks.",
            "",
            f"| | {' | '.join(heads)} |",
            "|---|" + "---:|" * len(places),
        ]
        for who in table["rank1"][POOLED]:
            lines.append(_line(who, [table["rank1"][place][who] for place in places]))
        for who, gains in table["gain_over"].items():
            lines.append(_line(f"gain over {who}", [gains[place] for place in places]))
        lines.append("")
    return "\n".join(lines).rstrip()


def _line(head: str, cells: Sequence[Sequence[float]]) -> str:
    shown = [f"{100 * v:.1f} [{100 * low:.1f}, {100 * high:.1f}]" for v, low, high in cells]
    return f"| {head} | {' | '.join(shown)} |"


if __name__ == "__main__":
    sys.exit(main(RealConfig, build_table))
