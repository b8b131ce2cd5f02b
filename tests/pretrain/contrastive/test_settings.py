"""The config of contrastive pretraining: its rules, and what follows from the data."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from edgehuman.errors import UsageError
from edgehuman.pretrain.contrastive.settings import ContrastiveConfig


def test_pairs_are_of_a_person_only_where_identities_are_certain() -> None:
    assert ContrastiveConfig().positives == "person"
    assert ContrastiveConfig(data=("walks.npz",)).positives == "sequence"
    assert ContrastiveConfig(data=("simulated", "walks.npz")).positives == "sequence"
    assert ContrastiveConfig(positives="sequence").positives == "sequence"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": 7}, "--batch is 7"),
        ({"batch": 2}, "--batch is 2"),
        ({"accumulate": 2}, "--accumulate is 2"),
        ({"people": -1}, "--people is -1"),
        ({"share": 0.0}, "--share is 0.0"),
        ({"frames": 1}, "--frames is 1"),
        ({"temperature": 0.0}, "--temperature is 0.0"),
        ({"exam_people": 1}, "--exam-people is 1"),
    ],
)
def test_a_value_outside_its_range_is_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        ContrastiveConfig(out=Path("x"), **changes)  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_the_augmentation_takes_its_strengths() -> None:
    made = ContrastiveConfig(pace=1.5, mirror=0.25).augment(24)
    assert (made.frames, made.pace, made.mirror) == (24, 1.5, 0.25)
