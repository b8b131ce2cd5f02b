"""The config of text-to-image person search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgehuman.config import require
from edgehuman.nets.image.size import TEXT_HEAD_WIDTH
from edgehuman.preprocess.image.bpe import MOST_MERGES, NUM_FIXED
from edgehuman.tasks.image.settings import PersonConfig


@dataclass(frozen=True, kw_only=True)
class TextReidConfig(PersonConfig):
    """Pictures of people and sentences about them in one space."""

    task: Literal["text-reid"] = "text-reid"
    """The task."""
    dim: int | None = None
    """Dimension of the vectors; by default the width of the image token, without a projection."""
    vocabulary: int = 4096
    """Most tokens of the vocabulary, which is learnt from the training captions; that of --weights
    stays."""
    text_width: int = 384
    """Width of the text encoder."""
    text_depth: int = 6
    """Layers of the text encoder."""
    alignment: Literal["itc", "sdm"] = "itc"
    """What aligns pictures and sentences: the contrastive loss, which learns from random weights,
    or IRRA's SDM, for encoders that know something already."""
    scale: float = 0.0
    """Of cosines in that loss, one over its temperature; 0: 14 for itc, 50 for sdm."""
    identity: float = 1.0
    """Weight of the identities in the loss; 0 leaves them out."""
    masked: float = 1.0
    """Weight of the hidden words in the loss; 0 leaves them out."""
    masked_depth: int = 4
    """Transformer layers that guess hidden words, in training only."""
    flip: float = 0.5
    """Augmentation: probability of a mirror image; sentences stay."""
    shift_px: int = 10
    """Augmentation: largest shift along each axis, pixels."""
    light: float = 0.0
    """Augmentation: largest relative change of brightness, contrast and colour, which sentences are
    about."""
    erase: float = 0.5
    """Augmentation: probability that a rectangle of the image becomes noise."""

    def __post_init__(self) -> None:
        PersonConfig.__post_init__(self)
        most = NUM_FIXED + MOST_MERGES
        rules = (
            (self.dim is None or self.dim >= 1, "dim", "at least 1"),
            (
                NUM_FIXED < self.vocabulary <= most,
                "vocabulary",
                f"{NUM_FIXED + 1} (bytes alone) to {most}",
            ),
            (
                self.text_width >= TEXT_HEAD_WIDTH and self.text_width % TEXT_HEAD_WIDTH == 0,
                "text_width",
                f"a multiple of {TEXT_HEAD_WIDTH}",
            ),
            (self.text_depth >= 1, "text_depth", "at least 1"),
            (self.scale >= 0, "scale", "above 0, or 0 for that of the loss"),
            (self.identity >= 0, "identity", "0 or more"),
            (self.masked >= 0, "masked", "0 or more"),
            (self.masked_depth >= 0, "masked_depth", "0 or more"),
            (
                self.batch // self.accumulate >= 2,
                "batch",
                "at least 2 in each of --accumulate parts: pairs are told from each other",
            ),
        )
        require(self, rules)
