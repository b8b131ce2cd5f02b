"""`edgehuman.train`: each method and each task on a set in memory, and what is refused."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import edgehuman
from edgehuman import catalogue
from edgehuman.catalogue import IN_MEMORY
from edgehuman.config import read_table
from edgehuman.errors import DataError, UsageError
from edgehuman.geometry import COCO_WHOLEBODY_133
from edgehuman.nets.checkpoint import read_weights
from edgehuman.outcome import Outcome
from edgehuman.training.settings import TrainingConfig
from tests.in_memory import walkers
from tests.pretrain import made_silhouettes
from tests.pretrain.made_walks import tiny_config as contrastive_config
from tests.tasks.conftest import made_windows
from tests.tasks.crowds import parted_set
from tests.tasks.drawn_frames import drawn_set
from tests.tasks.garments import worn_set
from tests.tasks.people import made_people
from tests.tasks.people import quick as photo_config

OF_PHOTOS = ("reid", "attributes", "pose", "landmarks", "parsing")
COMMON: dict[str, Any] = {"steps": 2, "save_every": 2, "log_every": 1, "threads": 1}


def config_of(name: str, out: Path) -> TrainingConfig:
    row = catalogue.METHODS.get(name) or catalogue.TASKS[name]
    kind = catalogue.load_object(row.config)
    special: dict[str, dict[str, Any]] = {
        "mae": {"arch": "tests.own_networks:MyVit", "batch": 8},
        "saip": {
            "arch": "tests.own_networks:MyBackbone",
            "batch": 4,
            "workers": 0,
            "height": 64,
            "width": 32,
            "local_views": 2,
            "prototypes": 16,
            "head_width": 16,
            "decoder_width": 32,
            "decoder_depth": 1,
        },
        "activity": {"arch": "tests.own_networks:MyImu", "batch": 8},
        "gait": {"arch": "tests.own_networks:MyGait", "batch": 8, "each": 2, "read_test": False},
    }
    if name == "contrastive":
        return contrastive_config(out, batch=8, exam_people=0, **COMMON)
    if name == "diffusion":
        return made_silhouettes.tiny_config(out, exam_people=0, **COMMON)
    if name in OF_PHOTOS:
        each = {"each": 2} if name == "reid" else {}
        made: TrainingConfig = photo_config(
            kind, out, arch="tests.own_networks:MyBackbone", **each, **COMMON
        )
        return made
    if name == "text-reid":
        small = {"text_width": 64, "text_depth": 1, "masked_depth": 1}
        arch = "tests.own_networks:MyBackbone"
        searched: TrainingConfig = photo_config(kind, out, arch=arch, **small, **COMMON)
        return searched
    if name in ("detection", "multi-parsing", "part-attributes"):
        special[name] = {
            "arch": "starnet_s100",
            "batch": 2,
            "workers": 0,
            "height": 64,
            "width": 96,
        }
    config: TrainingConfig = kind(out=out, **special[name], **COMMON)
    return config


def data_of(name: str) -> Any:
    if name in ("mae", "activity"):
        return made_windows()
    if name in ("contrastive", "gait"):
        return walkers()
    if name == "diffusion":
        return made_silhouettes.walkers()
    if name == "detection":
        return dataclasses.replace(
            drawn_set(12, test=4, height=64, width=96, most=2), dataset="drawn"
        )
    if name == "multi-parsing":
        frames = parted_set(12, test=4, height=64, width=96, most=2)
        return dataclasses.replace(frames, dataset="drawn")
    if name == "part-attributes":
        frames = worn_set(12, test=4, height=64, width=96, most=2)
        return dataclasses.replace(frames, dataset="drawn")
    if name == "saip":
        return [made_people().image(index) for index in range(8)]
    return made_people(joints=COCO_WHOLEBODY_133) if name == "landmarks" else made_people()


class Kept:
    """A logger that counts."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.closed = 0

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        self.steps.append(step)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("name", [*catalogue.METHODS, *catalogue.TASKS])
def test_each_method_and_task_trains_on_a_set_in_memory(name: str, tmp_path: Path) -> None:
    config, kept = config_of(name, tmp_path / "run"), Kept()
    outcome = edgehuman.train(config, data_of(name), loggers=[kept])
    assert outcome.exit_code == 0
    assert {1, 2} <= set(kept.steps)
    assert kept.closed == 1
    card = read_weights(config.out)[1]
    assert card.data
    assert all(row.dataset != catalogue.SIMULATED for row in card.data)
    stored = read_table(config.out / "config.toml")["data"]
    assert stored in (IN_MEMORY, [IN_MEMORY])


@pytest.mark.parametrize("name", [*catalogue.METHODS, *catalogue.TASKS])
def test_data_of_another_type_says_what_to_give(name: str, tmp_path: Path) -> None:
    wrong = [b"no image"] if name == "saip" else {"windows": 3}
    with pytest.raises((UsageError, DataError), match=r"; give (a \w+Set|uint8 RGB)"):
        edgehuman.train(config_of(name, tmp_path / "run"), wrong)


def test_several_sets_are_trained_on_together(tmp_path: Path) -> None:
    config = config_of("activity", tmp_path / "run")
    edgehuman.train(config, [made_windows(), made_windows(people=4, dataset="another")])
    data = read_weights(config.out)[1].data
    assert [row.dataset for row in data if row.role == "training"] == ["made", "another"]
    assert {(row.simulated, row.licence) for row in data} == {(False, "not stated")}


def test_a_config_of_nothing_that_trains_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="config is TrainingConfig; give that of a method"):
        edgehuman.train(TrainingConfig(out=tmp_path))


@dataclass(frozen=True)
class OutlineConfig(TrainingConfig):
    """A second config of the task gait, of this test alone."""

    task: str = "gait"


def train_outlines(config: OutlineConfig) -> Outcome:
    """Says its task."""
    return Outcome({"task": config.task}, "outlines")


def test_a_task_of_two_modalities_follows_from_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, __name__, sys.modules[train_outlines.__module__])
    monkeypatch.setattr(OutlineConfig, "__module__", __name__)
    other = catalogue.Task(
        f"{__name__}:OutlineConfig", f"{__name__}:train_outlines", "silhouette", "", "", ""
    )
    row = dataclasses.replace(catalogue.TASKS["gait"], also=(other,))
    monkeypatch.setattr(catalogue, "TASKS", {**catalogue.TASKS, "gait": row})
    assert edgehuman.train(OutlineConfig(out=tmp_path / "o")).text == "outlines"
    config = config_of("gait", tmp_path / "g")
    assert edgehuman.train(config, walkers()).text != "outlines"
