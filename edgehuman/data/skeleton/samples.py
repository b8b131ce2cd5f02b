"""Walks to calibrate and evaluate an export."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.samples import Samples, unlabelled
from edgehuman.data.skeleton.load import load_skeletons, resampled
from edgehuman.errors import DataError

_SIMULATED_WALKERS, _WALKS_EACH, _MOST_WALKS = 64, 4, 1024


def read_samples(card: Card, data: Path | str, most: int = _MOST_WALKS) -> Samples:
    """Cut walks, resampled to the card's rate, into consecutive stretches of the card's length.

    Args:
        most: keep at most so many stretches, evenly spread.

    Raises:
        DataError: see `load_skeletons`; or no walk is as long as a stretch.
    """
    frames, rate_hz = card.input.shape[0], card.input.rate_hz
    walks = resampled(load_skeletons(data, people=_SIMULATED_WALKERS, each=_WALKS_EACH), rate_hz)
    if np.any(walks.role_N == "train"):
        walks = walks.subset(walks.role_N == "train")
    place = [
        (i, start)
        for i, length in enumerate(walks.length_N.tolist())
        for start in range(0, length - frames + 1, frames)
    ]
    if not place:
        raise DataError(
            f"{data}: none of its {len(walks)} walks has the {frames} frames at {rate_hz:g} Hz "
            f"that {card.name} needs; use longer walks"
        )
    spread = np.linspace(0, len(place) - 1, min(len(place), most)).astype(np.int64)
    chosen = [place[k] for k in np.unique(spread)]
    array = np.stack([walks.sequence(i)[start : start + frames] for i, start in chosen])
    person_N = walks.person_N[[i for i, _ in chosen]]
    source = "simulated walks" if str(data) == SIMULATED else f"walks of {walks.name}"
    return unlabelled(array, person_N, source)
