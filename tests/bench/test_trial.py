"""Records of the card are timed; --dataset is refused if they have no named sets."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.trial import MOST_TIMED, Words, trial_of_samples
from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.data.samples import unlabelled
from edgehuman.errors import UsageError

CARD = Card(
    "nose", "gait-embedding", "toy", 1, 1, skeleton_input(4), OutputSpec("embedding", dim=2)
)


def test_samples_of_the_record_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    people = np.full(MOST_TIMED + 5, "made")
    walks = unlabelled(np.zeros((len(people), 4, 18, 3), np.float32), people, "made walks")
    monkeypatch.setattr("edgehuman.data.skeleton.samples.read_samples", lambda card, data: walks)
    trial = trial_of_samples(CARD, Words("x"), lambda model: {"rank1": 0.5})
    assert trial.timed.shape == (MOST_TIMED, 4, 18, 3)
    assert (trial.dataset, trial.said, trial.scored) == ("made walks", "made walks", 0)


def test_a_dataset_is_refused_for_other_records_than_windows() -> None:
    with pytest.raises(
        UsageError, match="--dataset is not for nose, which reads SkeletonSequence; leave it out"
    ):
        trial_of_samples(CARD, Words("x", dataset="uci_har"), lambda model: {})
