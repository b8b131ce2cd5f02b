"""The table of real walkers: rows, columns, kept evaluations; on made walks in two scenarios."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman import catalogue
from edgehuman.bench.evaluate import silhouette as evaluated
from edgehuman.bench.pages.silhouette import kth
from edgehuman.bench.pages.silhouette.kth import KthConfig, build_table
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError, UsageError
from tests.data.outlines import outlines
from tests.tasks.outlines import TINY

MADE = outlines(4, 4, 5, name="kth_walk")
SETS = {
    "walks": dataclasses.replace(MADE, condition_N=np.array(["s1", "s1", "s2", "s2"] * 4)),
    "other": outlines(4, 4, 5),
}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two made sets; `tiny_set` is in the catalogue."""
    like, arguments = TINY["tiny_set"]
    row = dataclasses.replace(catalogue.NETWORKS[like], arguments=arguments)
    monkeypatch.setitem(catalogue.NETWORKS, "tiny_set", row)

    def load(path: str, people: int, each: int) -> SilhouetteSet:
        return SETS[path]

    monkeypatch.setattr(evaluated, "load_silhouettes", load)


def asked(out: Path, data: str = "walks", random_networks: int = 2) -> KthConfig:
    return KthConfig(("tiny_set",), data, out, random_networks)


def test_the_table_and_its_kept_evaluations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = build_table(asked(tmp_path))
    lines = outcome.text.splitlines()
    assert lines[0].startswith("Real walkers, not trained on: kth_walk: 16 probes in a gallery of")
    assert "| | rank-1 | rank-5 | mAP | mINP | rank-1 in one scenario |" in lines
    assert "| | s1 in s1 | s2 in s1 | s1 in s2 | s2 in s2 |" in lines
    rows = json.loads((tmp_path / "table.json").read_text())["rows"]
    assert list(rows) == ["tiny_set", "gait energy images", "random weights, tiny_set, mean of 2"]
    assert (
        sum(line.startswith("| gait energy images | 100.0 [100.0, 100.0]") for line in lines) == 2
    )
    across = rows["tiny_set"]["across"]["metrics"]
    assert across["rank1"] == pytest.approx(
        (rows["tiny_set"]["s2 in s1"]["metrics"]["rank1"]
         + rows["tiny_set"]["s1 in s2"]["metrics"]["rank1"]) / 2
    )  # fmt: skip
    assert any(line.startswith("tiny_set over gait energy images, same walks") for line in lines)
    assert (tmp_path / "table.md").read_text().strip() == outcome.text.strip()
    monkeypatch.setattr(kth, "evaluate", lambda words: pytest.fail("not kept"))
    assert build_table(asked(tmp_path)).text == outcome.text


def test_other_walks_and_empty_requests(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="other is made, scored as gallery-probe; this table is of"):
        build_table(asked(tmp_path, "other", 1))
    with pytest.raises(UsageError, match="--model is"):
        KthConfig((), "walks")
    with pytest.raises(UsageError, match="--random-networks is 0; it must be at least 1"):
        asked(tmp_path, random_networks=0)
