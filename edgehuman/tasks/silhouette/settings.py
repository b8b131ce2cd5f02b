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
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.silhouette.sampling import Kind, Sampling
from edgehuman.metrics.retrieval import Distance
from edgehuman.tasks.settings import FinetuneConfig

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


_SHUFFLED, _CONSECUTIVE = Sampling("fixed_unordered", 30), Sampling("fixed_ordered", 30)
RECIPES: Mapping[str, Recipe] = {
    "gaitset": Recipe(_SHUFFLED),
    "gaitpart": Recipe(replace(_CONSECUTIVE, skip=10)),
    # Smoothing is off for Gait3D and on for GREW.
    "gaitgl": Recipe(_CONSECUTIVE, 1.0, label_smoothing=0.0),
    "gaitgl_wide": Recipe(_CONSECUTIVE, 1.0),
    "gaitgl_wide_bnneck": Recipe(_CONSECUTIVE, 1.0),
    "smplgait": Recipe(_SHUFFLED, 0.1, 16.0),
    "gaitbase": Recipe(Sampling("unfixed_unordered"), 1.0, 16.0, augment="gaitbase"),
    "deepgaitv2": Recipe(replace(_CONSECUTIVE, skip=4), 1.0, 16.0, augment="gaitbase"),
}
"""By the network's name or, for its other widths, by its family."""


def recipe_of(arch: str) -> Recipe:
    """Return the recipe of a network; one of the caller's own is trained as GaitSet is."""
    if arch in RECIPES:
        return RECIPES[arch]
    row = catalogue.NETWORKS.get(arch)
    return RECIPES.get(DEFAULT_ARCH if row is None else row.family, RECIPES[DEFAULT_ARCH])


@dataclass(frozen=True, kw_only=True)
class GaitConfig(FinetuneConfig):
    """Gait recognition from silhouettes, supervised."""

    task: Literal["gait"] = "gait"
    """The task."""
    arch: str | None = None
    """A network from `edgehuman models` that reads a SilhouetteSequence; by default that of
    --weights."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    mode: Mode = "finetune"
    """Train the whole network, or as a probe the head alone: the backbone stays as it is."""
    lr_ratio: float = 1.0
    """Learning rate of the backbone, as a factor of --lr."""
    people: int = 64
    """Simulated people to train on."""
    walks: int = 6
    """Walks per simulated person."""
    test_people: int = 50
    """Simulated people in the test set."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 32
    """Walks per step and process: batch / each people; 128 as published."""
    each: int = 4
    """Walks per person in a batch."""
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
    margin: float = 0.2
    """Margin of the triplet loss."""
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
    protocol: str | None = None
    """Protocol of the test; by default the usual one for the dataset."""

    def __post_init__(self) -> None:
        FinetuneConfig.__post_init__(self)
        part = self.batch // self.accumulate
        rules = (
            (self.each >= 2, "each", "at least 2; a triplet needs two walks of a person"),
            (
                part % max(self.each, 1) == 0 and part >= 2 * self.each,
                "batch",
                f"a multiple of --each {self.each} and at least twice that, in each of "
                f"--accumulate {self.accumulate} parts",
            ),
            (self.people >= 2, "people", "at least 2"),
            (self.walks >= 2, "walks", "at least 2"),
            (self.test_people >= 2, "test_people", "at least 2"),
            (self.margin >= 0, "margin", "0 or more"),
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
