"""Sentences to vectors on the device: the text encoder beside a model of pictures.

    vector_ND = sentences_of(model).vectors(["a woman in a red coat"])

Axes: N sentences, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.bpe import CONTEXT, Bpe
from edgehuman.records import Float32
from edgehuman.runtime.engine.open import Engine, open_engine
from edgehuman.runtime.engine.part_files import TEXT, part_path, whole_path
from edgehuman.runtime.model import Model
from edgehuman.tables.trainings import TEXT_REID

_TOGETHER = 16


class Sentences:
    """A text encoder, ready to run.

    Args:
        engine: runs its graph; its card holds the vocabulary.

    Attributes:
        bpe: the vocabulary.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self.card = engine, engine.card
        self.bpe = Bpe(engine.card.input.merges)

    def vectors(self, texts: Sequence[str]) -> Float32:
        """The unit vectors (N, D) of sentences of any length; the first `CONTEXT` tokens count.

        Raises:
            ArtefactError: a vector that is not finite.
        """
        least = self.card.input.least
        parts = [
            self.engine.run(self.bpe.padded(texts[start : start + _TOGETHER], least))
            for start in range(0, len(texts), _TOGETHER)
        ]
        vector_ND = np.concatenate(parts)
        if not np.isfinite(vector_ND).all():
            raise ArtefactError(
                f"{self.card.name}: its vectors are not finite; train or export it again"
            )
        return vector_ND

    def is_cut(self, text: str) -> bool:
        """Whether a sentence is longer than what counts."""
        return len(self.bpe.ids(text, 2 * CONTEXT)) > CONTEXT


def sentences_of(model: Model) -> Sentences:
    """The text encoder of a model: of a checkpoint its own, of a file the graph beside it.

    Raises:
        ArtefactError: the model has none, it is not there, or it belongs to another model.
        SignatureError, EngineError: as `open_engine`.
    """
    own: Engine | None = getattr(model.engine, "text", None)
    if own is not None:
        return Sentences(own)
    if model.card.input.merges:
        raise ArtefactError(
            f"{model.name} is the graph of sentences; give {whole_path(Path(model.name))}, that of "
            "pictures"
        )
    path = Path(str(model.engine.describe().get("path", "")))
    require_text(model.card, model.name)
    beside = part_path(path, TEXT)
    if not beside.is_file():
        raise ArtefactError(
            f"{model.name}: {beside.name}, its graph of sentences, is not beside it; copy both "
            "files, or export the checkpoint again"
        )
    engine = open_engine(beside, model.request)
    if engine.card.weights_sha256 != model.card.weights_sha256:
        raise ArtefactError(
            f"{beside} is of another model than {model.name}; export the checkpoint again"
        )
    return Sentences(engine)


def require_text(card: Card, name: str) -> None:
    """Raise ArtefactError for a model that was not taught by sentences."""
    if card.task != TEXT_REID:
        raise ArtefactError(
            f"{name} is for {card.task or 'no task'}, and knows no sentences; give one that "
            f"`edgehuman finetune --task {TEXT_REID}` made"
        )
