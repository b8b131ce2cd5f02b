"""The bench of the view pipeline: stages add up, and a photo that cannot be read is left out."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.targets import views
from edgehuman.bench.targets.table import TARGETS
from edgehuman.bench.targets.views import StageClock, ViewsConfig, bench_views, photos_in_memory
from edgehuman.data.image.unlabelled.images import Images, open_images
from edgehuman.data.image.unlabelled.shards import ShardImages
from edgehuman.data.image.views import make as view_making
from edgehuman.errors import UsageError
from tests.data.pictures import cut_short, photos

STAGES = ["draw", "decode", "crop + resize", "colour", "blur", "store"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return photos(tmp_path / "p", 4, 160, 106)


def test_every_stage_has_a_share(folder: Path) -> None:
    outcome = bench_views(ViewsConfig(str(folder)))
    assert isinstance(outcome.data, dict)
    data = json.loads(json.dumps(outcome.data))
    assert list(data["stage_us"]) == STAGES
    assert data["photos"] == 4
    per_photo_us = sum(data["stage_us"].values())
    assert data["photos_per_s_per_core"] == pytest.approx(1e6 / per_photo_us, rel=0.01)
    assert f"4 photos of {folder}" in outcome.text


def test_the_command_prints_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ViewsConfig, bench_views, ["--data", str(folder), "--photos", "2"]) == 0
    said = capsys.readouterr().out
    assert "2 photos of" in said
    assert all(stage in said for stage in STAGES)


def test_damage_is_left_out_and_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut_short(folder / "001.jpg")
    assert len(photos_in_memory(str(folder), 3)) == 3
    assert "left out: " in capsys.readouterr().err


def test_simulated_people_stand_in_where_there_are_no_photos(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGEHUMAN_DATA", str(tmp_path))
    images = photos_in_memory("", 3)
    assert (images.source, len(images)) == ("simulated", 3)
    assert images.read(2).shape == (320, 212, 3)
    assert images.encoded(0)[:2] == b"\xff\xd8"


def test_a_clock_adds_up() -> None:
    clock = StageClock()
    assert clock.time("a", lambda: sum(range(200_000))) > 0
    first = clock.seconds["a"]
    clock.time("a", lambda: sum(range(200_000)))
    assert clock.seconds["a"] > first > 0


def test_the_target_measures_this(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    [target] = [each for each in TARGETS if each.name == "views"]
    monkeypatch.setattr(views, "photos_in_memory", lambda data, count: open_images(folder))
    assert target.goal == 250
    assert target.measure(None) > 10  # type: ignore[arg-type]


def test_local_shards_are_held_against_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("webdataset")
    clock_s = [0.0]

    def make(images: Images, index: int, *others: object) -> None:
        assert images.read(index).shape == (160, 106, 3)
        clock_s[0] += 2.0 if isinstance(images, ShardImages) else 1.5

    monkeypatch.setattr(view_making, "make_views", make)
    monkeypatch.setattr(time, "perf_counter", lambda: clock_s[0])
    assert views.shards_over_memory(str(folder), 4) == 0.75
    [target] = [each for each in TARGETS if each.name == "shards"]
    assert (target.sense, target.goal) == ("at least", 0.95)


def test_no_photo_is_no_number() -> None:
    with pytest.raises(UsageError, match="--photos is 0"):
        ViewsConfig(photos=0)
