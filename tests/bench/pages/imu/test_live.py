"""The page of live answers on recordings: every number by hand, and a page of a small stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.pages.imu import live
from edgehuman.bench.pages.imu.live import LiveConfig, measure, score
from edgehuman.errors import DataError
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.results import ImuResult

MakeModel = Callable[..., Path]
HOP_S = 0.64


def results(*said: tuple[str, str]) -> list[ImuResult]:
    """A hop for each pair of a true label and the label that was given."""
    return [
        ImuResult(HOP_S * k, label, 1.0, 10.0 + k, label, 0, "made", true_label=true)
        for k, (true, label) in enumerate(said)
    ]


def test_the_numbers_of_a_stream_by_hand() -> None:
    stream = results(
        ("walking", "walking"),
        ("walking", "unknown"),
        ("", "walking"),  # unlabelled time counts for flicker alone
        ("sitting", "walking"),
        ("sitting", "sitting"),
    )
    found = score([stream], ("walking", "sitting"), HOP_S)
    assert found["online_accuracy"] == 2 / 4
    assert found["unknown_share"] == 1 / 4
    assert (found["hops"], found["minutes"]) == (5, pytest.approx(5 * HOP_S / 60))
    changes_per_minute = 60 / (5 * HOP_S)
    assert found["flicker_per_minute"] == pytest.approx(3 * changes_per_minute)
    assert found["true_changes_per_minute"] == pytest.approx(changes_per_minute)
    assert found["latency_ms_p50"] == 12.0
    assert found["stretches_missed"] == 0


def recording(subject: str) -> ImuRecording:
    """Ten seconds whose channel 0 is 0, then 1: the model says walking, then sitting."""
    imu_TC = np.random.default_rng(0).normal(0, 0.01, (500, 6)).astype(np.float32)
    imu_TC[250:, 0] += 1.0
    imu_TC[:250, 1] += 1.0  # gravity lies along one of them
    label_T = (np.arange(500) >= 250).astype(np.int16)
    return ImuRecording(imu_TC, 50.0, subject, label_T, ("walking", "sitting"))


@pytest.fixture
def config(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LiveConfig:
    made = [recording("a"), recording("b"), recording("nobody")]
    monkeypatch.setattr(live, "load_recordings", lambda data: made)
    return LiveConfig(
        data="made.npz",
        model=str(make_model()),
        people=("a", "b", "absent"),
        picture="a",
        out=tmp_path / "live",
    )


def test_a_page_of_the_people_that_are_there(config: LiveConfig) -> None:
    pytest.importorskip("matplotlib")
    outcome = measure(config)
    assert isinstance(outcome.data, dict)
    assert list(outcome.data["people"]) == ["a", "b"]
    assert outcome.data["people"]["a"]["network"]["online_accuracy"] > 0.7
    assert (
        outcome.data["all"]["network"]["hops"] == 2 * outcome.data["people"]["a"]["network"]["hops"]
    )
    assert (config.out / "live.md").read_text() == outcome.text
    assert json.loads((config.out / "live.json").read_text())["people"].keys() == {"a", "b"}
    assert (config.out / "timeline.png").read_bytes().startswith(b"\x89PNG")
    rows = [line for line in outcome.text.splitlines() if line.startswith("|")]
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["a", "b", "**all**"]


def test_data_without_one_of_the_people_is_refused(
    config: LiveConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "load_recordings", lambda data: [recording("nobody")])
    with pytest.raises(DataError, match=r"made\.npz has no recording of a, b, absent"):
        measure(config)
    assert not config.out.exists()
