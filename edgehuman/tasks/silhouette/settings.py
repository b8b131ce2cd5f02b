"""The config of gait recognition from silhouettes, and how each network's authors train it.

Sources of the recipes: the configurations of OpenGait and of Gait3D-Benchmark. The diffusion paper
(OpenReview r4GxmIBDbO) trains otherwise in two points: the triplets compare by cosine, and the
identities of GaitBase weigh 0.1; and GaitGL is trained by triplets alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from edgehuman import catalogue
from edgehuman.config import require
from edgehuman.data.silhouette.sampling import SKIPS, Kind, Sampling
from edgehuman.metrics.retrieval import Distance
from edgehuman.tasks.gait.settings import WalkConfig

if TYPE_CHECKING:
    from edgehuman.training.silhouette.augment import Augment

DEFAULT_ARCH = "gaitset"
Mode = Literal["finetune", "probe"]
Kinds = Literal["recipe", "none", "gaitbase", "table6"]
"""Augmentations: of the network's recipe, none, of GaitBase, or of the diffusion paper."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the authors of a network train it.

    Attributes:
        sampling: the frames of a walk that it sees.
        identity_weight: weight of the identity loss; 0: triplets alone.
        scale: factor of the logits.
        label_smoothing: share of the target spread over all identities.
        augment: "none" or "gaitbase".
    """

    sampling: Sampling
    identity_weight: float = 0.0
    scale: float = 1.0
    label_smoothing: float = 0.1
    augment: Kinds = "none"


_SHUFFLED = Sampling("fixed_unordered", 30)
_ORDERED = {family: Sampling("fixed_ordered", 30, skip) for family, skip in SKIPS.items()}
RECIPES: Mapping[str, Recipe] = {
    "gaitset": Recipe(_SHUFFLED),
    "gaitpart": Recipe(_ORDERED["gaitpart"]),
    # Smoothing is off for Gait3D and on for GREW.
    "gaitgl": Recipe(_ORDERED["gaitgl"], 1.0, label_smoothing=0.0),
    "gaitgl_wide": Recipe(_ORDERED["gaitgl"], 1.0),
    "gaitgl_wide_bnneck": Recipe(_ORDERED["gaitgl"], 1.0),
    "smplgait": Recipe(_SHUFFLED, 0.1, 16.0),
    "gaitbase": Recipe(Sampling("unfixed_unordered"), 1.0, 16.0, augment="gaitbase"),
    "deepgaitv2": Recipe(_ORDERED["deepgaitv2"], 1.0, 16.0, augment="gaitbase"),
}
"""By the network's name or, for its other widths, by its family."""


def recipe_of(arch: str) -> Recipe:
    """Return the recipe of a network; one of the caller's own is trained as GaitSet is."""
    if arch in RECIPES:
        return RECIPES[arch]
    row = catalogue.NETWORKS.get(arch)
    return RECIPES.get(DEFAULT_ARCH if row is None else row.family, RECIPES[DEFAULT_ARCH])


@dataclass(frozen=True, kw_only=True)
class GaitConfig(WalkConfig):
    """Gait recognition from silhouettes, supervised."""

    arch: str | None = None
    """A network from `edgehuman models` that reads a SilhouetteSequence; by default that of
    --weights."""
    mode: Mode = "finetune"
    """Train the whole network, or as a probe the head alone: the backbone stays as it is."""
    lr_ratio: float = 1.0
    """Learning rate of the backbone, as a factor of --lr."""
    batch: int = 32
    """Walks per step, of all processes: batch / each people; 128 as published."""
    lr: float = 1e-3
    """Peak learning rate of the head and the classifier."""
    sampling: Kind | None = None
    """Which frames of a walk are seen; this and the next four by default as the network's authors
    do."""
    frames: int | None = None
    """Frames of a walk, if fixed."""
    skip: int | None = None
    """Frames that an ordered sampling leaves out of its stretch."""
    least: int | None = None
    """Fewest frames of a walk, if unfixed."""
    most: int | None = None
    """Most frames of a walk, if unfixed."""
    distance: Distance = "cosine"
    """How embeddings are compared, in the triplet loss and afterwards."""
    identity_weight: float | None = None
    """Weight of the identity loss relative to the triplet loss; 0: triplets alone. This and the
    next two by default as the network's authors do."""
    scale: float | None = None
    """Factor of the logits of the identities."""
    label_smoothing: float | None = None
    """Share of the target probability spread over all identities."""
    augmentation: Kinds = "recipe"
    """Augmentations: as the network's authors do, none, those of GaitBase, or of the diffusion
    paper's Table 6."""

    def __post_init__(self) -> None:
        WalkConfig.__post_init__(self)
        rules = (
            (self.lr_ratio > 0, "lr_ratio", "above 0; --mode probe leaves the backbone as it is"),
            ((self.identity_weight or 0) >= 0, "identity_weight", "0 or more"),
            (self.scale is None or self.scale > 0, "scale", "above 0"),
            (0 <= (self.label_smoothing or 0) < 1, "label_smoothing", "from 0 to under 1"),
        )
        require(self, rules)
        self.recipe(self.arch or DEFAULT_ARCH)

    def recipe(self, arch: str) -> Recipe:
        """Return the recipe of a network with what the flags change.

        Raises:
            UsageError: numbers of frames out of range.
        """
        usual = recipe_of(arch)
        names = {"kind": "sampling", **{name: name for name in ("frames", "skip", "least", "most")}}
        sampling = replace(usual.sampling, **self._given(names))
        names = {name: name for name in ("identity_weight", "scale", "label_smoothing")}
        augment = usual.augment if self.augmentation == "recipe" else self.augmentation
        return replace(usual, sampling=sampling, augment=augment, **self._given(names))

    def _given(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The fields that were given, by the name that they change."""
        found = {own: getattr(self, flag) for own, flag in names.items()}
        return {name: value for name, value in found.items() if value is not None}


def augment_of(kind: Kinds) -> Augment:
    """Return the augmentation of a recipe."""
    from edgehuman.training.silhouette import augment

    kinds = {"none": augment.NONE, "gaitbase": augment.GAITBASE, "table6": augment.Augment()}
    return kinds[kind]
