"""The people held out set the threshold; the test part is scored once, if there is one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from edgehuman.card import Card, OutputSpec, silhouette_input
from edgehuman.data.gait.score import WalkScores
from edgehuman.data.silhouette.gei import energy_images
from edgehuman.data.silhouette.score import score_silhouettes
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Float32, Uint8
from edgehuman.tasks.gait.judging import judge_of, require_judgeable
from edgehuman.tasks.gait.splits import GaitSplits
from tests.data.outlines import outlines

CARD = Card(
    "a net", "gait-embedding", "own", 1, 1, silhouette_input(),
    OutputSpec("embedding", distance="euclidean"),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Asked:
    out: Path = Path("runs/x")
    data: str = "x"
    distance: str = "euclidean"
    protocol: str | None = None
    read_test: bool = True


def by_width(
    walks: SilhouetteSet, network: nn.Module, card: Card, protocol: str | None
) -> WalkScores:
    def share(silhouette_NTHW: Uint8) -> Float32:
        share_N = silhouette_NTHW.mean(axis=(1, 2, 3), dtype=np.float32)
        return np.asarray(share_N[:, None, None])

    return score_silhouettes(walks, share, "euclidean", protocol)


def test_the_threshold_and_the_test() -> None:
    splits = GaitSplits(outlines(4, 4, 3, "train"), outlines(3, 4, 3), outlines(3, 4, 3, first=9))
    judge = judge_of(Asked(), splits, by_width)  # type: ignore[arg-type]
    decided = judge.decide(nn.Identity(), CARD)
    assert decided.data["walks"] == {"learn": 16, "select": 12, "test": 12}
    assert decided.card.decision.threshold == decided.data["threshold"]
    # Bars of other people differ by three columns: 1 / (1 + d) of that, at the most.
    columns = 3 * 60 / 64 / 64 * 255
    assert decided.data["threshold"] <= 1 / (1 + columns) + 1e-6
    measured = judge.test(nn.Identity(), CARD)
    assert measured.metrics["rank1"] == 1
    assert energy_images(splits.learn).shape == (16, 64, 44)


def test_nobody_held_out_and_no_test_part() -> None:
    splits = GaitSplits(outlines(4, 4, 3, "train"), None, None)
    require_judgeable(Asked(), splits)  # type: ignore[arg-type]
    judge = judge_of(Asked(), splits, by_width)  # type: ignore[arg-type]
    decided = judge.decide(nn.Identity(), CARD)
    assert "threshold" not in decided.data
    assert decided.card == CARD
    with pytest.raises(DataError, match="--data x has no test part; the checkpoint is in runs/x"):
        judge.test(nn.Identity(), CARD)


def test_what_cannot_be_judged_is_told_before_training() -> None:
    learn, test = outlines(4, 4, 3, "train"), outlines(3, 4, 3, first=9)
    with pytest.raises(UsageError, match="unknown protocol 'no'"):
        require_judgeable(Asked(protocol="no"), GaitSplits(learn, None, test))  # type: ignore[arg-type]
    empty = dataclasses.replace(test, role_N=np.full(len(test), "probe"))
    with pytest.raises(DataError, match="the gallery is empty"):
        require_judgeable(Asked(), GaitSplits(learn, None, empty))  # type: ignore[arg-type]
    require_judgeable(Asked(read_test=False), GaitSplits(learn, None, empty))  # type: ignore[arg-type]
