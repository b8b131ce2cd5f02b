"""Look at photos for a search: the people in each, or each photo as one person.

    eye = open_eye("words.onnx", "zoo:person-detector-int8")
    box_M4, vector_MD, reason = eye.look(path, "a/1.jpg")

Axes: M people of a photo, D dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.card import Card, sha256_of_file
from edgehuman.records import Float32
from edgehuman.runtime.foreign.found import PersonFinder
from edgehuman.runtime.image.answer import answer_photo
from edgehuman.runtime.image.frames.answer import Watching, answer_frame, look_of
from edgehuman.runtime.image.frames.source import photo_frame
from edgehuman.runtime.image.frames.watch import ALONE, opened, watching_with
from edgehuman.runtime.image.sentences import Sentences, require_text, sentences_of
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.model import Model, load

Seen = tuple[Float32, Float32, str]
"""Boxes (M, 4), NaN where the whole photo is one person; vectors (M, D); why there are none."""


@dataclass(frozen=True)
class Eye:
    """What looks at photos, and understands sentences about them.

    Attributes:
        model: of pictures. sentences: the text encoder beside it.
        watching: finds people and answers for each; None: each photo is one person.
        identity: tells it from others whose vectors or boxes differ.
    """

    model: Model
    sentences: Sentences
    watching: Watching | None
    identity: Mapping[str, str]

    @property
    def dim(self) -> int:
        """D."""
        return int(self.sentences.card.output.dim or 0)

    def look(self, path: Path, name: str) -> Seen:
        """The people of a photo."""
        if self.watching is None:
            result = answer_photo(self.model, path, name)
            if result.vector_D is None:
                return self._nobody(result.reason)
            return np.full((1, 4), np.nan, np.float32), result.vector_D[None], ""
        found = answer_frame(self.watching, photo_frame(path, name, 0))
        people = [(one.box_4, look_of(one)) for one in found.people]
        vectors = [vector_D for _, vector_D in people if vector_D is not None]
        if not vectors:
            return self._nobody(found.reason)
        boxes = [box_4 for box_4, vector_D in people if vector_D is not None]
        return np.array(boxes, np.float32), np.array(vectors, np.float32), ""

    def _nobody(self, reason: str) -> Seen:
        return np.zeros((0, 4), np.float32), np.zeros((0, self.dim), np.float32), reason


def open_eye(model: str, detector: str | None, threads: int = 1) -> Eye:
    """Open a model with its text encoder, and a detector if people are to be found.

    Raises:
        UsageError, ArtefactError, SignatureError, EngineError: as `load`, `sentences_of` and
            `watching_with`.
    """
    pictures = load(model, threads=threads, notify=say)
    require_text(pictures.card, model)
    sentences = sentences_of(pictures)
    identity = {"model": _of_card(pictures.card)}
    if detector in (None, ALONE):
        return Eye(pictures, sentences, None, identity)
    finder = opened(str(detector), threads)
    identity["detector"] = _of_finder(finder, str(detector))
    return Eye(pictures, sentences, watching_with(pictures, finder), identity)


def _of_card(card: Card) -> str:
    precision = card.precision
    return f"{card.weights_sha256} {precision.name} {precision.calibration_sha256 or ''}"


def _of_finder(finder: Model | PersonFinder, name: str) -> str:
    """A detector of ours by its weights, one of others by its file."""
    if isinstance(finder, Model):
        return _of_card(finder.card)
    return sha256_of_file(Path(name)) if Path(name).is_file() else name
