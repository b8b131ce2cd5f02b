"""Text-to-image person search: find the picture that a sentence describes.

    edgehuman finetune --task text-reid --weights runs/saip --data CUHK-PEDES --out runs/words

A backbone with an embedding head and a text encoder give vectors in one space. Three losses, each
of which can be left out but the first: ITC or SDM aligns pictures and sentences, identities are
told apart by one classifier of both, and hidden words are guessed from the picture. Classifier and
guesser are used in training only. An epoch shows each picture once, with one of its sentences.

Source: IRRA, arXiv 2303.12501. What differs: no CLIP weights, so the text encoder and its
vocabulary are learnt from the training captions, and the contrastive loss is the default; the
dataset's validation part selects the checkpoint, where the published code selects by the test part.

Axes: N pairs, S tokens, F embedding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.card import OutputSpec
from edgehuman.data.image.captions.score import caption_scores
from edgehuman.data.image.captions.sentences import require_searchable
from edgehuman.data.image.score import PersonScores
from edgehuman.data.image.set import PersonSet
from edgehuman.nets.checkpoint import read_weights
from edgehuman.nets.image.heads import EmbeddingHead, person_net
from edgehuman.nets.image.sentences import TEXT, SearchNet, TextEncoder, merges_of, sizes_of
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.bpe import CONTEXT, PAD, Bpe
from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Float32, Index
from edgehuman.tables.trainings import TEXT_REID
from edgehuman.tasks.finetune import Start, Work, answer_of
from edgehuman.tasks.image.augment import draw_move, vary
from edgehuman.tasks.image.captions.hiding import MaskedWords, hide
from edgehuman.tasks.image.captions.losses import (
    ITC_SCALE,
    SCALE,
    identity_loss,
    itc_loss,
    masked_loss,
    sdm_loss,
)
from edgehuman.tasks.image.captions.settings import TextReidConfig
from edgehuman.tasks.image.captions.vocabulary import learn_merges
from edgehuman.tasks.image.splits import split_people
from edgehuman.tasks.image.train import PersonTask, begin, in_memory, person_work
from edgehuman.tasks.learner import Learner


class TextReidLearner(Learner):
    """A network with its losses; classifier and guesser are used in training only."""

    compares = True

    def __init__(self, network: SearchNet, num_people: int, config: TextReidConfig) -> None:
        super().__init__()
        self.network: SearchNet = network
        text = network.text
        self.alignment = config.alignment
        usual = {"sdm": SCALE, "itc": ITC_SCALE}[config.alignment]
        self.scale = config.scale or usual
        self.weights = {"identity": config.identity, "masked": config.masked}
        self.classifier = nn.Linear(text.dim, num_people) if config.identity else None
        if self.classifier is not None:
            nn.init.normal_(self.classifier.weight, std=1e-3)
            nn.init.zeros_(self.classifier.bias)
        cells = _map_width(network, config.size)
        depth = config.masked_depth
        self.guesser = (
            MaskedWords(cells, text.width, text.bpe.size, depth) if config.masked else None
        )

    def forward(self, *batch: Tensor) -> dict[str, Tensor]:
        """Return the losses of pictures (N, H, W, 3), ids (N, S), ids with words hidden and these
        words (N, S), and identities (N,).
        """
        image_NHWC, ids_NS, shown_NS, target_NS, person_N = self.viewed(*batch)
        network = self.network
        token_ND, map_NEHW = network.backbone.backbone(network.backbone.normalise(image_NHWC))
        image_NF = cast(EmbeddingHead, network.head).feature(token_ND).float()
        longest = int((ids_NS != PAD).sum(dim=1).max())
        text_NF = network.text.feature(ids_NS[:, :longest]).float()
        parts = self.losses(torch.stack([image_NF, text_NF], dim=1), person_N)
        if self.guesser is None:
            return parts
        tokens_NSD = network.text.tokens(shown_NS[:, :longest])
        guessed = masked_loss(self.guesser(tokens_NSD, map_NEHW), target_NS[:, :longest])
        return {
            **parts,
            "loss": parts["loss"] + self.weights["masked"] * guessed,
            "masked": guessed,
        }

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return the losses that compare pairs, {"loss", "identity", "accuracy"} and one of "itc"
        and "sdm", of both vectors (N, 2, F), not normalised, for identities (N,).
        """
        (image_NF, text_NF), (person_N,) = output_N.unbind(dim=1), target
        cosine_NN = functional.normalize(image_NF, dim=1) @ functional.normalize(text_NF, dim=1).T
        align = {"sdm": sdm_loss, "itc": itc_loss}[self.alignment]
        aligned = align(cosine_NN, person_N, self.scale)
        found_N = person_N[cosine_NN.detach().argmax(dim=0)] == person_N
        parts = {"loss": aligned, self.alignment: aligned, "accuracy": found_N.float().mean()}
        if self.classifier is None:
            return parts
        identity = identity_loss(self.classifier(image_NF), self.classifier(text_NF), person_N)
        parts["loss"] = aligned + self.weights["identity"] * identity
        return {**parts, "identity": identity}


def _map_width(network: SearchNet, size: tuple[int, int]) -> int:
    """Width of the backbone's last map."""
    with torch.inference_mode():
        blank_NHWC = torch.zeros((1, *size, 3), dtype=torch.uint8)
        return network.backbone.backbone(network.backbone.normalise(blank_NHWC))[1].shape[1]


def train(config: TextReidConfig, data: PersonSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task text-reid`; write the checkpoint to `config.out`.

    Args:
        data: people with captions in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError, MissingDependencyError: see `prepare`
            and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: TextReidConfig, data: PersonSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see `person_work`; or the data has no captions.
        MissingDependencyError: `tokenizers` is not installed.
    """
    config = in_memory(config, data)
    start, persons = begin(config, TEXT_REID, data)
    require_searchable(persons)
    splits = split_people(persons, config.select_share, config.seed, TEXT_REID)
    people, number_K = np.unique(persons.person_N[splits.learn], return_inverse=True)
    number_of = dict(zip(splits.learn.tolist(), number_K.tolist(), strict=True))
    sentences = [one for index in splits.learn.tolist() for one in persons.captions[index]]
    learned = _learned(start)
    merges = merges_of(learned) if learned else learn_merges(sentences, config.vocabulary)
    bpe = Bpe(merges)

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        image_HWC = resize(persons.image(index), *config.size)
        move = draw_move(config.variation, rng, *config.size)
        said = persons.captions[index]
        ids_S = np.full(CONTEXT, PAD, np.int32)
        ids = bpe.ids(said[int(rng.integers(len(said)))])
        ids_S[: len(ids)] = ids
        seen_HWC = vary(image_HWC, move, config.variation, rng)
        return seen_HWC, ids_S, *hide(ids_S, bpe.size, rng), np.array(number_of[index])

    task = PersonTask(
        name=TEXT_REID,
        output=OutputSpec("embedding", distance="cosine", dim=config.dim),
        learner=lambda network: TextReidLearner(cast(SearchNet, network), len(people), config),
        sample=sample,
        select_by="rank1",
        build=lambda start: _network(config, start, bpe, learned),
        judge=lambda index_K, network: searched(
            persons, index_K, cast(SearchNet, network), config.size, config.batch
        ),
    )
    return person_work(config, start, persons, task)


def searched(
    persons: PersonSet, index_K: Index, network: SearchNet, size: tuple[int, int], batch: int
) -> PersonScores:
    """Search these pictures by their captions with the network."""
    bpe, answer = network.text.bpe, answer_of(network.text)

    def speak(sentences: Sequence[str]) -> Float32:
        return answer(bpe.padded(sentences))

    return caption_scores(persons, index_K, answer_of(network), speak, size, batch)


def _learned(start: Start) -> dict[str, Tensor]:
    """The weights that a training starts from, if they are of this task; else none."""
    if start.weights is None or start.learned is None or start.learned.task != TEXT_REID:
        return {}
    weights, _ = read_weights(start.weights)
    return weights if f"{TEXT}merges" in weights else {}


def _network(
    config: TextReidConfig, start: Start, bpe: Bpe, learned: Mapping[str, Tensor]
) -> SearchNet:
    """The network to train, with the head and the text encoder that were learned, as far as they
    have the width asked for.
    """
    output = OutputSpec("embedding", distance="cosine", dim=config.dim)
    images = person_net(start.arch, output, config.size, config.seed, drop_path=config.drop_path)
    head = cast(EmbeddingHead, images.head)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        width, depth = config.text_width, config.text_depth
        if learned:
            width, depth = sizes_of(learned)
        text = TextEncoder(bpe.merges, head.dim, width, depth)
    network = SearchNet(images.encoder, head, text)
    own = {n: t for n, t in network.state_dict().items() if n.startswith((TEXT, "head."))}
    fitting = {n: learned[n] for n in own if n in learned and learned[n].shape == own[n].shape}
    network.load_state_dict(fitting, strict=False)
    return network.eval()
