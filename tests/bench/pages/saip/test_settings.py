"""The flags of the pages on SAIP, and the recipes that come with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue
from edgehuman.bench.pages.saip.settings import METRICS, Schedule, task_of
from edgehuman.config import read_table, resolve
from edgehuman.errors import UsageError


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": ()}, "--seeds"),
        ({"tasks": ()}, "--tasks"),
        ({"tasks": ("reid", "reid")}, "each once"),
        ({"tasks": ("gait",)}, "--tasks is"),
        ({"data": ("reid",)}, "it must be TASK=PATH"),
        ({"data": ("parsing=ccp",), "tasks": ("reid",)}, "TASK of reid"),
        ({"tasks": ("multi-parsing@ccp",)}, "say where it is: --data multi-parsing@ccp=PATH"),
        ({"arch": "imuvit_512x5"}, "is pretrained by mae, not by saip"),
        ({"recipes": Path("absent")}, "--recipes absent has no pretrain.toml"),
        ({"images": 7}, "--images is 7"),
        ({"every": 0}, "--every is 0"),
    ],
)
def test_wrong_words(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        Schedule(out=tmp_path, **changes)


def test_the_data_of_a_task_and_of_the_same_task_elsewhere(tmp_path: Path) -> None:
    words = ("multi-parsing=cihp", "multi-parsing@ccp=a=b")
    tasks = ("multi-parsing", "multi-parsing@ccp")
    config = Schedule(out=tmp_path, tasks=tasks, data=words)
    assert config.given() == {"multi-parsing": "cihp", "multi-parsing@ccp": "a=b"}
    assert task_of("multi-parsing@ccp") == "multi-parsing"
    assert config.recipe("multi-parsing@ccp").name == "multi-parsing.toml"


TABLES = {"pretrain", "expert", "reid", "attributes", "parsing", "text-reid"}
EYES = {"pretrain", "pose", "parsing", "detection"}


@pytest.mark.parametrize(("name", "least"), [("saip_tables", TABLES), ("saip_eyes", EYES)])
def test_the_recipes_are_settings_of_their_tasks(name: str, least: set[str]) -> None:
    pytest.importorskip("torch")
    folder = Path(__file__).parents[4] / "recipes" / name
    names = {path.stem for path in folder.iterdir()}
    assert least <= names
    for name in names - {"pretrain"}:
        task = str(read_table(folder / f"{name}.toml")["task"])
        assert name in (task, "expert")
        assert task in METRICS
        resolve(catalogue.load_object(catalogue.TASKS[task].config), [], folder / f"{name}.toml")
    saip = catalogue.METHODS["saip"]
    resolve(catalogue.load_object(saip.config), [], folder / "pretrain.toml")
