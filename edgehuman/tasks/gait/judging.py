"""How a training of gait recognition is judged: first on the people held out, then on the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from edgehuman.card import Card, Decision
from edgehuman.data.gait.score import GENERIC, WalkScores, judged_walks, protocol_of
from edgehuman.data.gait.walks import WalkSetT
from edgehuman.metrics.gait.strangers import stranger_threshold
from edgehuman.metrics.retrieval import Distance
from edgehuman.tasks.finetune import Decided, Judge, Measured, no_test_part
from edgehuman.tasks.gait.splits import GaitSplits


class Asked(Protocol):
    """The fields of a gait config that judging reads."""

    @property
    def out(self) -> Path:
        """Folder of the checkpoint."""

    @property
    def data(self) -> str:
        """The walks' path."""

    @property
    def distance(self) -> Distance:
        """How vectors are compared."""

    @property
    def protocol(self) -> str | None:
        """Of the test."""

    @property
    def read_test(self) -> bool:
        """Whether the test part is read."""


Score = Callable[[WalkSetT, nn.Module, Card, "str | None"], WalkScores]
"""(walks, network, its card, protocol) -> scores."""


def require_judgeable(config: Asked, splits: GaitSplits[WalkSetT]) -> None:
    """Raise UsageError or DataError before training if the result could not be scored: wrong
    protocol, or fewer than two people.
    """
    if splits.select is not None:
        judged_walks(splits.select, GENERIC)
    if splits.test is not None and config.read_test:
        judged_walks(splits.test, protocol_of(splits.test, config.protocol))


def judge_of(config: Asked, splits: GaitSplits[WalkSetT], score: Score[WalkSetT]) -> Judge:
    """Return how a training is judged; the people held out set the score below which a person is
    unknown.
    """

    def decide(network: nn.Module, card: Card) -> Decided:
        data: dict[str, Any] = {
            "task": "gait",
            "simulated": splits.learn.simulated,
            "walks": {
                "learn": len(splits.learn),
                "select": 0 if splits.select is None else len(splits.select),
                "test": 0 if splits.test is None else len(splits.test),
            },
        }
        if splits.select is not None:
            found = score(splits.select, network, card, GENERIC)
            threshold = stranger_threshold(found.vectors, config.distance)
            card = card.replace(decision=Decision(threshold=threshold))
            data |= {"selection": found.scores.metrics, "threshold": threshold}
        return Decided(card, data, f"{config.out}: {card.arch} for gait")

    def test(network: nn.Module, card: Card) -> Measured:
        if splits.test is None:
            raise no_test_part(config.out, config.data, "a gallery and probes")
        found = score(splits.test, network, card, config.protocol)
        groups = {"groups": found.scores.groups}
        return Measured(found.scores.metrics, found.said, groups, vectors=found.vectors)

    return Judge(decide, test)
