"""What the evaluations of both gait records report: scores, open set, baselines, and their text."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from edgehuman import catalogue
from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.evaluate import Asked, heading, open_model
from edgehuman.bench.evaluate.pairs import MODEL, pair_lines, pair_tables
from edgehuman.card import Card, Decision
from edgehuman.data.gait.score import WalkScores
from edgehuman.data.gait.walks import WalkSet
from edgehuman.errors import ArtefactError, DataError
from edgehuman.install import not_installed
from edgehuman.metrics.gait.pairs import mean_of
from edgehuman.metrics.gait.protocols import PROTOCOLS, GaitScores
from edgehuman.metrics.gait.strangers import open_set_scores
from edgehuman.metrics.retrieval import Distance
from edgehuman.progress import tell
from edgehuman.runtime.model import Model

RANDOM = "random_weights"
_FEW_WALKS = 250


def open_named(asked: Asked) -> Model:
    """Open the model; with PyTorch installed, a catalogue name needs no export.

    Raises:
        UsageError, ArtefactError, EngineError, MissingDependencyError, CheckpointError: see
            `open_model`.
    """
    if asked.model in catalogue.NETWORKS and importlib.util.find_spec("torch") is not None:
        return open_random(asked.model, asked.seed, asked.threads)
    return open_model(asked)


def as_data(model: Model, walks: WalkSet, found: WalkScores, data: str) -> dict[str, Any]:
    """JSON output: the model, the walks and the scores.

    Args:
        data: the value of --data.
    """
    scores = found.scores
    return {
        **heading(model, data, walks.name, walks.simulated, "test"),
        "task": "gait",
        "protocol": found.said,
        "protocol_name": found.protocol,
        "distance": model.card.output.distance,
        "gallery": scores.gallery,
        "probes": scores.probes,
        "people": scores.people,
        "skipped_probes": scores.skipped,
        "too_short": found.too_short,
        "metrics": dict(scores.metrics),
        "groups": {name: dict(table) for name, table in scores.groups.items()},
    }


def open_set(card: Card, found: WalkScores) -> dict[str, Any]:
    """Scores at the card's threshold (`OpenSetScores`), or None and the reason."""
    threshold = card.decision.threshold
    if threshold == Decision().threshold:
        why = "the card has no threshold; `edgehuman finetune --task gait` sets one"
        return {"open_set": None, "open_set_left_out": why}
    distance, protocol = cast(Distance, card.output.distance), PROTOCOLS[found.protocol]
    try:
        scores = open_set_scores(found.vectors, protocol, distance, threshold)
    except DataError as error:
        return {"open_set": None, "open_set_left_out": str(error)}
    return {"open_set": dataclasses.asdict(scores), "open_set_left_out": None}


def random_count(asked: int, walks: WalkSet) -> int:
    """Number of random networks; 0 was asked: five if there are few walks, else one."""
    return asked or (5 if len(walks) <= _FEW_WALKS else 1)


def baselines(
    model: GaitScores,
    own: Mapping[str, GaitScores],
    card: Card,
    random: Callable[[int], GaitScores],
    seed: int,
    count: int,
) -> dict[str, Any]:
    """Metrics of each baseline and of each random network; a baseline that could not be measured,
    with the reason. Where the protocol has pairs of conditions, `pair_tables` of all.

    Args:
        model: scores of the model.
        own: scores of the baselines that need no network.
        random: seed -> scores of the card's network with random weights.
        seed: of a catalogue name's weights, which are random too; the baselines have the next.
        count: of random networks.
    """
    found = {name: dict(scores.metrics) for name, scores in own.items()}
    each: list[GaitScores] = []
    left_out: dict[str, str] = {}
    try:
        if card.arch not in catalogue.NETWORKS:
            raise ArtefactError(
                f"{card.arch} is not in the catalogue, so no random network of it can be built"
            )
        each += [random(seed + k) for k in range(1, count + 1)]
        found[RANDOM] = {
            key: sum(scores.metrics[key] for scores in each) / len(each) for key in each[0].metrics
        }
    except ArtefactError as error:
        left_out[RANDOM] = str(error)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("edgehuman"):
            raise
        left_out[RANDOM] = str(not_installed(error.name))
    for why in left_out.values():
        tell(f"edgehuman: no random-weights baseline: {why}")
    data = {
        "baselines": found,
        "baselines_left_out": left_out,
        "random_weights_seeds": len(each),
        "random_weights_each": [dict(scores.metrics) for scores in each],
    }
    return data | _pairs({MODEL: [model], **{n: [s] for n, s in own.items()}, RANDOM: each})


def _pairs(found: Mapping[str, Sequence[GaitScores]]) -> dict[str, Any]:
    """The tables of pairs under "pairs"; empty where the protocol has none."""
    sums = {who: [s.by_person for s in scores if s.by_person] for who, scores in found.items()}
    means = {who: mean_of(each) for who, each in sums.items() if each}
    return {"pairs": pair_tables(means)} if means else {}


def as_text(data: Mapping[str, Any]) -> str:
    """Text output of all of the above."""
    kind = "SIMULATED walkers" if data["simulated"] else data["dataset"]
    random = ", RANDOM weights" if data[RANDOM] else ""
    short = f"; {data['too_short']} walks too short" if data["too_short"] else ""
    names = list(data["metrics"])
    lines = [
        f"{data['model']} ({data['precision']}{random}) on {kind}: {data['protocol']}{short}",
        "",
        f"  {'':<18}" + "".join(f"{name:>9}" for name in names),
        _row("this model", data["metrics"], names),
        *(_row(name.replace("_", " "), table, names) for name, table in data["baselines"].items()),
    ]
    if "pairs" in data:
        lines += ["", *pair_lines(data["pairs"])]
    elif len(data["groups"]) > 1:
        lines += ["", *(_row(name, table, names) for name, table in data["groups"].items())]
    lines += ["", _open_set_line(data)]
    if "submission" in data:
        made = data["submission"]
        counts = f"{made['videos']} videos in a gallery of {made['gallery']} walks"
        lines.append(f"  submission: {made['path']}, {counts}")
    lines += [f"  no {name}: {why}" for name, why in data["baselines_left_out"].items()]
    return "\n".join(lines)


def _open_set_line(data: Mapping[str, Any]) -> str:
    table = data["open_set"]
    if table is None:
        return f"  no open-set scores: {data['open_set_left_out']}"
    return (
        f"  at the card's threshold {table['threshold']:.4f}: of {table['known_probes']} probes of "
        f"{of_known(table)}; of {table['stranger_probes']} strangers "
        f"{table['strangers_accepted']:.1%} accepted"
    )


def of_known(table: Mapping[str, Any]) -> str:
    """What becomes of known people at a threshold, in words."""
    return (
        f"known people {table['accepted_right']:.1%} accepted and right, "
        f"{table['accepted_wrong']:.1%} accepted and wrong, {table['refused']:.1%} refused"
    )


def _row(name: str, table: Mapping[str, float], names: list[str]) -> str:
    return f"  {name:<18}" + "".join(f"{table[key]:>9.4f}" for key in names)
