"""Trainings that are kept, that go on, and that run again when what they depend on changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.saip.settings import Schedule
from edgehuman.bench.pages.saip.trainings import (
    Clock,
    OutOfTime,
    labelled,
    pretrain_pictures,
    pretrained,
    tune_steps,
    tuned,
)
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of

ALWAYS = Clock(0.0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return leave_out_trainings(monkeypatch)


def small(out: Path, **changes: Any) -> Schedule:
    fields = {"people": 10, "images": 20, "tasks": ("reid",), "tune_steps": 8}
    return Schedule(out=out, **{**fields, **changes})


def test_a_finished_training_is_kept_until_its_pretraining_changes(
    asked: Asked, tmp_path: Path
) -> None:
    config = small(tmp_path)
    for _ in range(2):
        start = pretrained(config, "row", 0, tmp_path / "photos", {}, ALWAYS)
        found = tuned(config, "reid", "row", 0, start, ALWAYS)
    assert found["rank1"] == 0.75
    assert (len(of(asked, "pretrain")), len(of(asked, "reid"))) == (1, 1)
    start = pretrained(config, "row", 0, tmp_path / "photos", {"css": 0}, ALWAYS)
    tuned(config, "reid", "row", 0, start, ALWAYS)
    assert (len(of(asked, "pretrain")), len(of(asked, "reid"))) == (2, 2)
    assert of(asked, "pretrain")[1].css == 0


def test_a_share_of_the_steps(asked: Asked, tmp_path: Path) -> None:
    config = small(tmp_path)
    assert tune_steps(config, "reid") == 8
    tuned(config, "reid", "row", 0, None, ALWAYS, share=0.25)
    assert of(asked, "reid")[0].steps == 2
    assert tune_steps(small(tmp_path, tune_steps=0), "reid") > 8  # the recipe's


def test_no_training_begins_when_the_minutes_are_over(asked: Asked, tmp_path: Path) -> None:
    over = Clock(1.0, begin_s=-1e9)
    with pytest.raises(OutOfTime):
        tuned(small(tmp_path), "reid", "row", 0, None, over)
    assert not of(asked, "reid")


def test_data_are_those_given_or_simulated(asked: Asked, tmp_path: Path) -> None:
    given = small(tmp_path, data=("reid=Market",), pretrain_data="LUPerson")
    assert labelled(given, "reid") == "Market"
    assert pretrain_pictures(given) == Path("LUPerson")
    assert not asked
    assert labelled(small(tmp_path), "reid") == str(tmp_path / "people-10x3-7")
    assert labelled(small(tmp_path), "multi-parsing") == str(tmp_path / "frames-1500-parts")
    assert pretrain_pictures(small(tmp_path)) == tmp_path / "people-10x2-1007"
