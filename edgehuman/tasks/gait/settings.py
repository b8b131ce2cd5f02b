"""What the configs of gait from skeletons and from silhouettes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.tasks.settings import FinetuneConfig


@dataclass(frozen=True, kw_only=True)
class WalkConfig(FinetuneConfig):
    """Gait recognition, supervised, whatever a frame is."""

    task: Literal["gait"] = "gait"
    """The task."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    people: int = 64
    """Simulated people to train on."""
    walks: int = 6
    """Walks per simulated person."""
    test_people: int = 50
    """Simulated people in the test set."""
    steps: int = 1000
    """Optimiser steps."""
    each: int = 4
    """Walks per person in a batch."""
    margin: float = 0.2
    """Margin of the triplet loss."""
    whiten: float | None = None
    """In the place of training: scale the directions of the embedding by how much the walks of one
    person differ in them, over the training people; by 1 person's differences alone (0) up to not
    at all (1). Such as 0.1."""
    dim: int | None = None
    """Width of the embedding; by default the network's own. `edgehuman distill --compatible` makes
    it the teacher's."""
    protocol: str | None = None
    """Protocol of the test; by default the usual one for the dataset."""

    def kept_together(self) -> int:
        """The walks of one person."""
        return self.each

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
            (self.whiten is None or 0 <= self.whiten <= 1, "whiten", "a share from 0 to 1"),
            (
                self.whiten is None or self.weights is not None,
                "whiten",
                "given with --weights: it is fitted to what a network has learned",
            ),
            (self.dim is None or self.dim > 0, "dim", "at least 1"),
        )
        require(self, rules)
