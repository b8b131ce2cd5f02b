"""Train on one made dataset, test on two; finished rows are kept, what cannot be scored is told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue
from edgehuman.bench.evaluate import silhouette as evaluated
from edgehuman.bench.pages.silhouette import cross
from edgehuman.bench.pages.silhouette.cross import CrossConfig, build_table, plain
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import UsageError
from edgehuman.tasks.silhouette import gait
from edgehuman.tasks.silhouette import splits as loaded
from tests.data.outlines import joined, outlines
from tests.tasks.outlines import TINY

SETS = {
    "a": joined(outlines(4, 4, 4, "train"), outlines(3, 4, 4, first=5)),
    "b": outlines(4, 4, 5, name="other"),
    "c": outlines(3, 4, 5, "train"),
}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths a, b and c are made sets; `tiny_set` is in the catalogue."""

    def load(path: str, **words: Any) -> SilhouetteSet:
        return SETS[path]

    like, arguments = TINY["tiny_set"]
    row = dataclasses.replace(catalogue.NETWORKS[like], arguments=arguments)
    monkeypatch.setitem(catalogue.NETWORKS, "tiny_set", row)
    monkeypatch.setattr(loaded, "load_silhouettes", load)
    monkeypatch.setattr(evaluated, "load_silhouettes", load)


def asked(out: Path, **changes: Any) -> CrossConfig:
    fields: dict[str, Any] = {
        "train": ("a",), "test": ("a", "b", "c"), "arch": "tiny_set", "steps": 2, "batch": 8,
        "frames": 3, "threads": 1, "device": "cpu",
    }  # fmt: skip
    return CrossConfig(out=out, **{**fields, **changes})


def test_the_table_and_its_kept_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = build_table(asked(tmp_path, model=("tiny_set",)))
    lines = outcome.text.splitlines()
    assert lines[0] == "| | a rank-1 | a mAP | b rank-1 | b mAP | c rank-1 | c mAP |"
    assert [line.split(" | ")[0] for line in lines[2:6]] == [
        "| tiny_set, as it is", "| tiny_set, trained on a", "| gait energy images",
        "| random weights",
    ]  # fmt: skip
    assert all(line.endswith("| - | - |") for line in lines[2:6])
    assert "- c: the gallery is empty" in outcome.text
    rows = json.loads((tmp_path / "table.json").read_text())
    energy = next(row for row in rows if row["name"] == "gait energy images")
    assert energy["cells"]["a"][0]["rank1"] == 1
    assert (tmp_path / "table.md").read_text().strip() == outcome.text.strip()
    # The second call neither trains nor evaluates.
    for module, name in ((gait, "train"), (cross, "evaluate")):
        monkeypatch.setattr(module, name, lambda *words: pytest.fail("not kept"))
    assert build_table(asked(tmp_path, model=("tiny_set",))).data == outcome.data


def test_names_of_folders_and_empty_requests() -> None:
    assert plain("/data/GREW pkl/") == "data_GREW_pkl"
    with pytest.raises(UsageError, match="--test is"):
        CrossConfig(test=())
    with pytest.raises(UsageError, match="--train is"):
        CrossConfig(train=())
