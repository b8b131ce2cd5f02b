"""`edgehuman evaluate` on walks: how well a model finds people by their gait.

    edgehuman evaluate zoo:gait-skeleton --data ucalgary_gait_skeleton.npz --json

Every walk is cut into windows as long as the card says, overlapping by half; its vector is their
mean. Two baselines are scored too: nearest neighbours of bone lengths in the image, and the same
network with random weights (the mean of five if there are few walks). At the card's threshold, the
report counts known people who are rejected and strangers who are accepted.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.evaluate import open_model
from edgehuman.bench.evaluate.grew_submission import official_probes, submit
from edgehuman.bench.trial import Trial, Words, trial_of_samples
from edgehuman.card import Card, Decision
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.gait.score import WalkScores, score_walks
from edgehuman.data.skeleton.bones import bone_scores
from edgehuman.data.skeleton.load import load_skeletons, resampled
from edgehuman.data.skeleton.mistakes import empty_walks, shows_nobody
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import ArtefactError, DataError
from edgehuman.install import not_installed
from edgehuman.metrics.gait.protocols import PROTOCOLS
from edgehuman.metrics.gait.strangers import open_set_scores
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import require_gait

# Simulated people of the evaluation: world 0, which no training here uses.
_PEOPLE, _EACH = 100, 6
_FEW_WALKS = 200


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """Score a gait model on walks."""

    model: Positional[str]
    """zoo:NAME, an artefact's path, a checkpoint folder, or a name from `edgehuman models` (random
    weights)."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`."""
    protocol: str | None = None
    """The protocol, e.g. casia-b-cross-view; by default the dataset's usual one."""
    random_networks: int = 0
    """Number of networks with random weights to score as a baseline; 0: five if there are few
    walks, else one."""
    submission: Path | None = None
    """For GREW: write the submission file of the official probes for its server."""
    batch: int = 32
    """Windows per run."""
    threads: int = 1
    """Threads inside one operator."""
    seed: int = 0
    """Seed of the random weights."""

    def __post_init__(self) -> None:
        rules = [(getattr(self, name) >= 1, name, "at least 1") for name in ("batch", "threads")]
        usual = "1 or more, or 0 to let the number of walks decide"
        require(self, [*rules, (self.random_networks >= 0, "random_networks", usual)])


def evaluate(config: EvaluateConfig) -> Outcome:
    """`edgehuman evaluate` of a gait model, and of the two baselines.

    Raises:
        ArtefactError: the model does not turn walks into vectors.
        DataError: no such data, no gallery, fewer than two people in it, or no probes.
        UsageError: an unknown protocol, or --submission with data other than GREW.
    """
    model = _open(config)
    require_gait(model)
    walks = load_test(config.data, model.card.input.rate_hz)
    if config.dataset is not None and config.dataset != walks.name:
        raise DataError(
            f"--data {config.data} is {walks.name}, but --dataset asks for {config.dataset}"
        )
    if config.submission is not None:
        official_probes(walks)  # fail before the evaluation, not after it
    found = judge(model, walks, config)
    data = _as_data(model, walks, found, config) | _open_set(model, found)
    data |= _baselines(model, walks, found.protocol, config)
    if config.submission is not None:
        data["submission"] = submit(model, walks, config.submission, config.batch)
    return Outcome(data, _as_text(data))


def trial(card: Card, words: Words) -> Trial:
    """Walks to time models on; the benchmark does not score gait models yet.

    Raises:
        UsageError, DataError: see `trial_of_samples`.
    """

    def metrics(model: Model) -> dict[str, float]:
        raise DataError("the benchmark does not score gait models; use `edgehuman evaluate`")

    return trial_of_samples(card, words, metrics)


def _open(config: EvaluateConfig) -> Model:
    """Open the model; with PyTorch installed, a catalogue name needs no export."""
    if config.model in catalogue.NETWORKS and importlib.util.find_spec("torch") is not None:
        return open_random(config.model, config.seed, config.threads)
    return open_model(config)


def load_test(data: str, rate_hz: float) -> SkeletonSet:
    """Load the walks at the model's rate; simulated ones are of people whom no training sees.

    Walks in which nobody is seen are left out, with a note on stderr.

    Raises:
        DataError: see `load_skeletons`; or nobody is seen in any walk.
    """
    walks = load_skeletons(data, people=_PEOPLE, each=_EACH)
    empty_N = shows_nobody(walks)
    for line in empty_walks(walks):
        if empty_N.all():
            raise DataError(f"{data}: {line}")
        print(f"edgehuman: {data}: {line}; scoring the other walks", file=sys.stderr)
        walks = walks.subset(~empty_N)
    return resampled(walks, rate_hz)


def judge(
    model: Model, walks: SkeletonSet, config: EvaluateConfig, protocol: str | None = None
) -> WalkScores:
    """Score a model on walks.

    Raises:
        DataError: see `score_walks`.
    """
    card = model.card
    return score_walks(
        walks,
        model.logits,
        card.input.shape[0],
        cast(Distance, card.output.distance),
        protocol or config.protocol,
        config.batch,
    )


def _open_set(model: Model, found: WalkScores) -> dict[str, Any]:
    """Scores at the card's threshold (`OpenSetScores`), or None and the reason."""
    threshold = model.card.decision.threshold
    distance = cast(Distance, model.card.output.distance)
    if threshold == Decision().threshold:
        why = "the card has no threshold; `edgehuman finetune --task gait` sets one"
        return {"open_set": None, "open_set_left_out": why}
    try:
        scores = open_set_scores(found.vectors, PROTOCOLS[found.protocol], distance, threshold)
    except DataError as error:
        return {"open_set": None, "open_set_left_out": str(error)}
    return {"open_set": dataclasses.asdict(scores), "open_set_left_out": None}


def _open_set_line(data: Mapping[str, Any]) -> str:
    table = data["open_set"]
    if table is None:
        return f"  no open-set scores: {data['open_set_left_out']}"
    return (
        f"  at the card's threshold {table['threshold']:.4f}: of {table['known_probes']} probes of "
        f"known people {table['accepted_right']:.1%} accepted and right, "
        f"{table['accepted_wrong']:.1%} accepted and wrong, {table['refused']:.1%} refused; of "
        f"{table['stranger_probes']} strangers {table['strangers_accepted']:.1%} accepted"
    )


def _baselines(
    model: Model, walks: SkeletonSet, protocol: str, config: EvaluateConfig
) -> dict[str, Any]:
    """Metrics of each baseline and of each random network; a baseline that could not be measured,
    with the reason.
    """
    frames, arch = model.card.input.shape[0], model.card.arch
    found = {"bone_lengths": dict(bone_scores(walks, protocol, frames).metrics)}
    each: list[dict[str, float]] = []
    left_out: dict[str, str] = {}
    try:
        if arch not in catalogue.NETWORKS:
            raise ArtefactError(
                f"{arch} is not in the catalogue, so no random network of it can be built"
            )
        for k in range(1, (config.random_networks or _num_seeds(walks)) + 1):
            # A catalogue name is random itself: use other seeds than its own, and the same windows.
            random = open_random(arch, config.seed + k, config.threads, frames)
            each.append(dict(judge(random, walks, config, protocol).scores.metrics))
        found["random_weights"] = {
            key: sum(table[key] for table in each) / len(each) for key in each[0]
        }
    except ArtefactError as error:
        left_out["random_weights"] = str(error)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("edgehuman"):
            raise
        left_out["random_weights"] = str(not_installed(error.name))
    for why in left_out.values():
        print(f"edgehuman: no random-weights baseline: {why}", file=sys.stderr)
    return {
        "baselines": found,
        "baselines_left_out": left_out,
        "random_weights_seeds": len(each),
        "random_weights_each": each,
    }


def _num_seeds(walks: SkeletonSet) -> int:
    """Number of random networks in the baseline: one network says little on few walks."""
    return 5 if len(walks) <= _FEW_WALKS else 1


def _as_data(
    model: Model, walks: SkeletonSet, found: WalkScores, config: EvaluateConfig
) -> dict[str, Any]:
    scores = found.scores
    return {
        "model": model.name,
        "arch": model.card.arch,
        "task": "gait",
        "random_weights": model.card.random_weights,
        "precision": model.card.precision.name,
        "engine": dict(model.engine.describe()),
        "data": config.data,
        "dataset": walks.name,
        "simulated": walks.simulated,
        "split": "test",
        "protocol": found.said,
        "protocol_name": found.protocol,
        "distance": model.card.output.distance,
        "windows": f"{model.card.input.shape[0]} frames, overlapping by half; the mean of their "
        "vectors" + (", each of length 1" if model.card.output.distance == "cosine" else ""),
        "gallery": scores.gallery,
        "probes": scores.probes,
        "people": scores.people,
        "skipped_probes": scores.skipped,
        "too_short": found.too_short,
        "metrics": dict(scores.metrics),
        "groups": {name: dict(table) for name, table in scores.groups.items()},
    }


def _as_text(data: Mapping[str, Any]) -> str:
    kind = "SIMULATED walkers" if data["simulated"] else data["dataset"]
    random = ", RANDOM weights" if data["random_weights"] else ""
    short = f"; {data['too_short']} walks too short" if data["too_short"] else ""
    names = list(data["metrics"])
    lines = [
        f"{data['model']} ({data['precision']}{random}) on {kind}: {data['protocol']}{short}",
        "",
        f"  {'':<18}" + "".join(f"{name:>9}" for name in names),
        _row("this model", data["metrics"], names),
        *(_row(name.replace("_", " "), table, names) for name, table in data["baselines"].items()),
    ]
    if len(data["groups"]) > 1:
        lines += ["", *(_row(name, table, names) for name, table in data["groups"].items())]
    lines += ["", _open_set_line(data)]
    if "submission" in data:
        made = data["submission"]
        counts = f"{made['videos']} videos in a gallery of {made['gallery']} walks"
        lines.append(f"  submission: {made['path']}, {counts}")
    lines += [f"  no {name}: {why}" for name, why in data["baselines_left_out"].items()]
    return "\n".join(lines)


def _row(name: str, table: Mapping[str, float], names: list[str]) -> str:
    return f"  {name:<18}" + "".join(f"{table[key]:>9.4f}" for key in names)
