"""Walks to calibrate and evaluate an export."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.samples import Samples, unlabelled
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.errors import DataError

FRAMES = 30
"""Of a stretch for a network that takes any number: what OpenGait's networks train on."""
_SIMULATED_WALKERS, _WALKS_EACH, _MOST_WALKS = 32, 4, 1024


def read_samples(card: Card, data: Path | str, most: int = _MOST_WALKS) -> Samples:
    """Cut walks into consecutive stretches of the card's length, or of `FRAMES` if it takes any; of
    the training walks if the set has any.

    Args:
        most: keep at most so many stretches, evenly spread.

    Raises:
        DataError: see `load_silhouettes`; or no walk is as long as a stretch.
    """
    frames = card.input.shape[0] or max(FRAMES, card.input.least)
    walks = load_silhouettes(data, people=_SIMULATED_WALKERS, each=_WALKS_EACH)
    if np.any(walks.role_N == "train"):
        walks = walks.subset(walks.role_N == "train")
    place = [
        (i, start)
        for i, length in enumerate(walks.length_N.tolist())
        for start in range(0, length - frames + 1, frames)
    ]
    if not place:
        raise DataError(
            f"{data}: none of its {len(walks)} walks has the {frames} silhouettes that {card.name} "
            "needs; use longer walks"
        )
    spread = np.linspace(0, len(place) - 1, min(len(place), most)).astype(np.int64)
    chosen = [place[k] for k in np.unique(spread)]
    array = np.stack([walks.sequence(i)[start : start + frames] for i, start in chosen])
    person_N = walks.person_N[[i for i, _ in chosen]]
    simulated = str(data).partition(":")[0] == SIMULATED
    source = "simulated walks" if simulated else f"walks of {walks.name}"
    return unlabelled(array, person_N, source)
