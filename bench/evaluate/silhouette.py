"""`edgehuman evaluate` on silhouettes: how well a model finds people by their gait.

    edgehuman evaluate runs/gait --data Gait3D-sils-64-44-pkl --json

Every walk goes through the model once, whole (`data.silhouette.score`); the distance of two walks
is the mean over the parts of their embeddings. Two baselines are scored too: nearest neighbours of
gait energy images, and the same network with random weights (the mean of five if there are few
walks). At the card's threshold, the report counts known people who are rejected and strangers who
are accepted. KTH's walks are scored by pairs of scenarios, with 95 % intervals over people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from tyro.conf import Positional

from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.fusion import evaluate_fused, require_alone
from edgehuman.bench.evaluate.grew_submission import Embed, require_submittable, submit
from edgehuman.bench.evaluate.walks import (
    as_data,
    as_text,
    baselines,
    open_named,
    open_set,
    random_count,
)
from edgehuman.bench.trial import Trial, Words, trial_of_samples
from edgehuman.card import Card, Decision
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.gait.score import WalkScores
from edgehuman.data.gait.walks import WalkSet
from edgehuman.data.silhouette.gei import energy_scores
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.data.silhouette.score import (
    LONGEST,
    embed_whole,
    least_frames,
    score_silhouettes,
)
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError
from edgehuman.metrics.gait.protocols import GaitScores
from edgehuman.metrics.gait.trials import OUTLINES
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Index
from edgehuman.runtime.model import Model
from edgehuman.runtime.silhouette.answer import require_silhouettes

# Simulated people of the evaluation: world 0, which no training here uses.
_PEOPLE, _EACH = 50, 6


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """Score a gait model on silhouettes."""

    model: Positional[str]
    """zoo:NAME, an artefact's path, a checkpoint folder, or a name from `edgehuman models` (random
    weights)."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`: of 50 people; `simulated:200` of 200."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`."""
    protocol: str | None = None
    """The protocol, e.g. casia-b-cross-view; by default the dataset's usual one."""
    distance: Distance | None = None
    """How embeddings are compared; by default as the model's card says."""
    random_networks: int = 0
    """Number of networks with random weights to score as a baseline; 0: five if there are few
    walks, else one."""
    fuse: str | None = None
    """A model of joints, whose score of the same walks is fused with this one's: the data has both
    records, as kth_walk.npz, or is simulated."""
    submission: Path | None = None
    """For GREW: write the submission file of the official probes for its server."""
    batch: int = 16
    """Walks of equal length per run."""
    threads: int = 1
    """Threads inside one operator."""
    seed: int = 0
    """Seed of the random weights."""

    def __post_init__(self) -> None:
        rules = [(getattr(self, name) >= 1, name, "at least 1") for name in ("batch", "threads")]
        usual = "1 or more, or 0 to let the number of walks decide"
        require(self, [*rules, (self.random_networks >= 0, "random_networks", usual)])


def evaluate(config: EvaluateConfig) -> Outcome:
    """`edgehuman evaluate` of a silhouette model, and of the two baselines.

    Raises:
        ArtefactError: the model does not turn silhouettes into embeddings.
        DataError: no such data, no gallery, fewer than two people in it, or no probes.
        UsageError: an unknown protocol, or --submission with data other than GREW.
    """
    if config.fuse is not None:
        require_alone(config)
        return evaluate_fused(config, OUTLINES)
    model = open_gait(config)
    walks = load_test(config.data, config.dataset)
    if config.submission is not None:
        require_submittable(walks, config.submission)  # fail before the evaluation, not after it
    found = judge(model, walks, config)
    data = as_data(model, walks, found, config.data)
    data |= {"frames": f"whole walks, at most {LONGEST} frames; no average over windows"}
    data |= open_set(model.card, found)
    data |= _baselines(model, walks, found, config)
    if config.submission is not None:
        data["submission"] = submit(walks, config.submission, _embed(model, config.batch), model)
    return Outcome(data, as_text(data))


def trial(card: Card, words: Words) -> Trial:
    """Walks to time models on; the benchmark does not score gait models.

    Raises:
        UsageError, DataError: see `trial_of_samples`.
    """

    def metrics(model: Model) -> dict[str, float]:
        raise DataError("the benchmark does not score gait models; use `edgehuman evaluate`")

    return trial_of_samples(card, words, metrics)


def open_gait(config: EvaluateConfig) -> Model:
    """Open the model, with the distance that was asked for.

    Raises:
        ArtefactError: the model does not turn silhouettes into embeddings, or is a part of one.
    """
    model = open_named(config)
    card = model.card
    require_silhouettes(model)
    if config.distance is not None:
        output = replace(card.output, distance=config.distance)
        # Its threshold belongs to the other distance.
        decision = card.decision if config.distance == card.output.distance else Decision()
        model.card = card.replace(output=output, decision=decision)
    return model


def load_test(data: str, dataset: str | None = None) -> SilhouetteSet:
    """Load the walks; simulated ones are of people whom no training sees.

    Raises:
        DataError: see `load_silhouettes`; or not the expected dataset.
    """
    walks = load_silhouettes(data, people=_PEOPLE, each=_EACH)
    if dataset is not None and dataset != walks.name:
        raise DataError(f"--data {data} is {walks.name}, but --dataset asks for {dataset}")
    return walks


def judge(
    model: Model, walks: SilhouetteSet, config: EvaluateConfig, protocol: str | None = None
) -> WalkScores:
    """Score a model on walks.

    Raises:
        DataError, ArtefactError: see `score_silhouettes`.
    """
    return score_silhouettes(
        walks,
        model.logits,
        cast(Distance, model.card.output.distance),
        protocol or config.protocol,
        config.batch,
        least_frames(model.card.arch),
    )


def _embed(model: Model, batch: int) -> Embed:
    """How walks become embeddings, for a submission."""

    def embed(walks: WalkSet) -> tuple[Float32, Index]:
        assert isinstance(walks, SilhouetteSet)
        return embed_whole(walks, model.logits, batch, least_frames(model.card.arch))

    return embed


def _baselines(
    model: Model, walks: SilhouetteSet, found: WalkScores, config: EvaluateConfig
) -> dict[str, Any]:
    def random(seed: int) -> GaitScores:
        opened = open_random(model.card.arch, seed, config.threads)
        opened.card = opened.card.replace(output=model.card.output)
        return judge(opened, walks, config, found.protocol).scores

    own = {"gait_energy_images": energy_scores(walks, found.protocol)}
    count = random_count(config.random_networks, walks)
    return baselines(found.scores, own, model.card, random, config.seed, count)
