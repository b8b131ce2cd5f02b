"""`edgehuman data check`, `data list` and `data simulate` for skeletons, as a user meets them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.commands import CheckConfig, ListConfig, check, list_datasets
from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.data.skeleton.write import write_lines
from edgehuman.errors import DataError
from edgehuman.records import Bool
from tests.data.pose_trees import pickled


@pytest.fixture(scope="module")
def walks() -> SkeletonSet:
    return simulated_set(8, 4, seed=1)


def test_simulated_walks_are_written_and_checked(tmp_path: Path) -> None:
    out = tmp_path / "walks"
    words = ["data", "simulate", "--kind", "skeletons", "--people", "3", "--each", "2"]
    assert main([*words, "--out", str(out), "--json"]) == 0
    outcome = check(CheckConfig(out))
    assert outcome.exit_code == 0
    assert isinstance(outcome.data, dict)
    assert outcome.data["walks"] == 6
    assert outcome.data["people"] == 3
    assert outcome.data["roles"] == {"gallery": 3, "probe": 3}
    assert "nothing wrong" in outcome.text
    json.dumps(outcome.data)


def test_what_is_wrong_ends_with_exit_code_one(tmp_path: Path, walks: SkeletonSet) -> None:
    rates_hz = np.where(np.arange(len(walks)) < 4, 24.0, 80.0)
    rates = dataclasses.replace(walks, rate_hz_N=rates_hz)
    write_lines(rates, tmp_path)
    outcome = check(CheckConfig(tmp_path))
    assert outcome.exit_code == 1
    assert isinstance(outcome.data, dict)
    assert "steps per second" in outcome.data["problems"][0]
    assert "several frame rates: 24, 80" in outcome.text


def test_some_wrong_walks_are_named(tmp_path: Path, walks: SkeletonSet) -> None:
    frames = walks.skeleton_SJ3.copy()
    frames[: 4 * 96, :, 1] *= -1
    write_lines(dataclasses.replace(walks, skeleton_SJ3=frames), tmp_path)
    outcome = check(CheckConfig(tmp_path))
    assert outcome.exit_code == 1
    assert isinstance(outcome.data, dict)
    assert outcome.data["problems"][0].startswith("4 of 32 walks, such as simulated:1:0:0, ")
    assert outcome.data["wrong_walks"][outcome.data["problems"][0]] == [
        f"simulated:1:0:{k}" for k in range(4)
    ]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (lambda walks: walks.role_N == "probe", "the gallery is empty: no sequence has role"),
        (lambda walks: walks.role_N == "gallery", "found no probes among 16 sequences"),
        (
            lambda walks: walks.person_N == walks.person_N[0],
            "found one person in the gallery, simulated",
        ),
    ],
)
def test_what_evaluate_refuses_is_noted(
    chosen: Callable[[SkeletonSet], Bool],
    said: str,
    tmp_path: Path,
    walks: SkeletonSet,
) -> None:
    write_lines(walks.subset(chosen(walks)), tmp_path)
    outcome = check(CheckConfig(tmp_path))
    assert outcome.exit_code == 0
    assert f"note: `edgehuman evaluate` refuses it: {said}" in outcome.text


def test_walks_that_are_too_slow_are_noted(tmp_path: Path, walks: SkeletonSet) -> None:
    """Every third frame, and so said."""
    eighth = dataclasses.replace(
        walks,
        skeleton_SJ3=walks.skeleton_SJ3[::3],
        length_N=walks.length_N // 3,
        rate_hz_N=walks.rate_hz_N / 3,
    )
    write_lines(eighth, tmp_path)
    assert "note: 32 walks have under 10 frames per second" in check(CheckConfig(tmp_path)).text


def test_walks_that_are_left_out_are_named_with_the_reason(
    tmp_path: Path, walks: SkeletonSet
) -> None:
    """The fourth of 32 is stamped in milliseconds, the sixth changes its rate on the way."""
    write_lines(walks, tmp_path)
    for number, slower, from_s in ((3, 1000, 0), (5, 3, 2)):
        path = tmp_path / "poses" / f"{number:06d}.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in rows:
            row["t"] *= slower if row["t"] >= from_s else 1
        path.write_text("\n".join(map(json.dumps, rows)))
    outcome = check(CheckConfig(tmp_path))
    assert isinstance(outcome.data, dict)
    assert (outcome.exit_code, outcome.data["walks"]) == (0, 30)
    late, changing = outcome.data["left_out"]
    assert (late["sequence"], changing["sequence"]) == tuple(walks.sequence_N[[3, 5]])
    assert "line 4: poses/000003.jsonl: its stamps `t` are 41.7 s apart" in late["why"]
    assert "found 24 frames per second near" in changing["why"]
    assert outcome.data["notes"][0] == (
        f"2 walks are skipped, such as {late['sequence']}: {late['why']}"
    )
    assert f"  note: 2 walks are skipped, such as {late['sequence']}: " in outcome.text


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    pickled(tmp_path, ["001/nm-01/000"])
    (tmp_path / "001/nm-01/000/000.pkl").write_bytes(b"junk")
    outcome = check(CheckConfig(tmp_path))
    assert outcome.exit_code == 1
    assert isinstance(outcome.data, dict)
    assert "000.pkl" in outcome.data["problems"][0]
    assert "assumed: people 001 to 074 train" in outcome.text


def test_a_set_may_be_insisted_on(tmp_path: Path) -> None:
    pickled(tmp_path, ["080/nm-01/000", "080/nm-05/000"])
    assert check(CheckConfig(tmp_path, "casia_b")).exit_code == 0
    with pytest.raises(DataError, match="given as 'grew'"):
        check(CheckConfig(tmp_path, "grew"))


def test_the_list_counts_walks() -> None:
    outcome = list_datasets(ListConfig())
    assert "casia_b: 13640 walks, 124 people, 3 conditions, 25 Hz\n" in outcome.text
    assert isinstance(outcome.data, list)
    rows = {row["name"]: row for row in outcome.data}
    assert rows["casia_b"]["walks"] == 13_640
    assert {row["name"] for row in outcome.data if row["walks"] and row["weights_may_ship"]} == {
        "cmu_walk"
    }
