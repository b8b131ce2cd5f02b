"""`edgehuman evaluate` on walks: how well a model finds people by their gait.

    edgehuman evaluate zoo:gait-skeleton --data ucalgary_gait_skeleton.npz --json

Every walk is cut into windows as long as the card says, overlapping by half; its vector is their
mean. Two baselines are scored too: nearest neighbours of bone lengths in the image, and the same
network with random weights (the mean of five if there are few walks). At the card's threshold, the
report counts known people who are rejected and strangers who are accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.gait.score import WalkScores, score_walks
from edgehuman.data.gait.walks import WalkSet
from edgehuman.data.skeleton.bones import bone_scores
from edgehuman.data.skeleton.load import load_skeletons, resampled
from edgehuman.data.skeleton.mistakes import empty_walks, shows_nobody
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.metrics.gait.protocols import GaitScores
from edgehuman.metrics.gait.trials import JOINTS
from edgehuman.metrics.gait.vectors import embed_walks
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Float32, Index
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import require_gait

# Simulated people of the evaluation: world 0, which no training here uses.
_PEOPLE, _EACH = 100, 6


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """Score a gait model on walks."""

    model: Positional[str]
    """zoo:NAME, an artefact's path, a checkpoint folder, or a name from `edgehuman models` (random
    weights)."""
    data: str = SIMULATED
    """A dataset's path, a folder of pose files with walks.jsonl, or the word `simulated`."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`."""
    protocol: str | None = None
    """The protocol, e.g. casia-b-cross-view; by default the dataset's usual one."""
    random_networks: int = 0
    """Number of networks with random weights to score as a baseline; 0: five if there are few
    walks, else one."""
    fuse: str | None = None
    """A model of outlines, whose score of the same walks is fused with this one's: the data has
    both records, as kth_walk.npz, or is simulated (simulated:200: so many people)."""
    submission: Path | None = None
    """For GREW: write the submission file of the official probes for its server."""
    rate_hz: float | None = None
    """Frames per second of poses whose files have frame numbers."""
    size: str | None = None
    """Size of the pictures of poses, WIDTHxHEIGHT, if their files do not state it."""
    layout: str | None = None
    """Order of the joints of poses, if their number does not tell it."""
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
    if config.fuse is not None:
        require_alone(config)
        return evaluate_fused(config, JOINTS)
    model = open_named(config)
    require_gait(model)
    walks = load_test(
        config.data,
        model.card.input.rate_hz,
        config.rate_hz,
        config.size,
        config.layout,
    )
    if config.dataset is not None and config.dataset != walks.name:
        raise DataError(
            f"--data {config.data} is {walks.name}, but --dataset asks for {config.dataset}"
        )
    if config.submission is not None:
        require_submittable(walks, config.submission)  # fail before the evaluation, not after it
    found = judge(model, walks, config)
    data = as_data(model, walks, found, config.data) | {"windows": _windows(model.card)}
    data |= open_set(model.card, found)
    data |= _baselines(model, walks, found, config)
    if config.submission is not None:
        data["submission"] = submit(walks, config.submission, _vectors(model, config.batch), model)
    return Outcome(data, as_text(data))


def trial(card: Card, words: Words) -> Trial:
    """Walks to time models on; the benchmark does not score gait models yet.

    Raises:
        UsageError, DataError: see `trial_of_samples`.
    """

    def metrics(model: Model) -> dict[str, float]:
        raise DataError("the benchmark does not score gait models; use `edgehuman evaluate`")

    return trial_of_samples(card, words, metrics)


def load_test(
    data: str,
    rate_hz: float,
    stated_hz: float | None = None,
    size: str | None = None,
    layout: str | None = None,
) -> SkeletonSet:
    """Load the walks at the model's rate; simulated ones are of people whom no training sees.

    Args:
        rate_hz: of the model.
        stated_hz, size, layout: of poses whose files do not state them, see `load_skeletons`.

    Walks in which nobody is seen are left out, with a note on stderr.

    Raises:
        DataError: see `load_skeletons`; or nobody is seen in any walk.
    """
    walks = load_skeletons(
        data, people=_PEOPLE, each=_EACH, rate_hz=stated_hz, size=size, layout=layout
    )
    empty_N = shows_nobody(walks)
    for line in empty_walks(walks):
        if empty_N.all():
            raise DataError(f"{data}: {line}")
        tell(f"edgehuman: {data}: {line}; scoring the other walks")
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


def _windows(card: Card) -> str:
    """How a walk becomes one vector."""
    scaled = ", each of length 1" if card.output.distance != "euclidean" else ""
    return f"{card.input.shape[0]} frames, overlapping by half; the mean of their vectors{scaled}"


def _vectors(model: Model, batch: int) -> Embed:
    """How walks become vectors: those that hold at least one window."""

    def embed(walks: WalkSet) -> tuple[Float32, Index]:
        sequences = (walks.frame_S[walks.rows(i)] for i in range(len(walks)))
        frames, distance = model.card.input.shape[0], cast(Distance, model.card.output.distance)
        return embed_walks(sequences, model.logits, frames, distance, batch)

    return embed


def _baselines(
    model: Model, walks: SkeletonSet, found: WalkScores, config: EvaluateConfig
) -> dict[str, Any]:
    frames = model.card.input.shape[0]

    def random(seed: int) -> GaitScores:
        # Of the same windows, however many frames are usual.
        opened = open_random(model.card.arch, seed, config.threads, frames)
        return judge(opened, walks, config, found.protocol).scores

    own = {"bone_lengths": bone_scores(walks, found.protocol, frames)}
    count = random_count(config.random_networks, walks)
    return baselines(found.scores, own, model.card, random, config.seed, count)
