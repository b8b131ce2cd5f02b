"""`edgehuman evaluate --fuse`: walks of both records, and what both models make of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate import fusion
from edgehuman.bench.evaluate.fusion import both_records, pairs_of, table_of
from edgehuman.cli import main
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.trials import Trials
from edgehuman.runtime.model import Model, load

JOINTS, OUTLINES = "zoo:gait-skeleton-int8", "zoo:gait-silhouette-int8"


@pytest.fixture(scope="module")
def models() -> tuple[Model, Model]:
    return load(JOINTS), load(OUTLINES)


def test_simulated_people_are_the_same_in_both_records(
    models: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(fusion, "_EACH", 2)
    monkeypatch.setattr(fusion, "_FRAMES", 30)
    words = ["evaluate", OUTLINES, "--fuse", JOINTS, "--data", "simulated:3"]
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["people"], data["walks"], data["probes"], data["left_out"]) == (3, 6, 3, 0)
    assert data["simulated"] is True
    spaces = [model.card.gallery_space for model in models]
    assert data["weights"] == spaces
    assert 0 < data["share_of_joints"] < 1
    assert set(data["metrics"]) == {"joints", "outlines", "both", "gain_over"}
    both = data["open_set"]["both"]
    assert both["accepted_right"] + both["accepted_wrong"] + both["refused"] == pytest.approx(1)
    swapped = ["evaluate", JOINTS, "--fuse", OUTLINES, "--data", "simulated:3"]
    assert main(swapped) == 0
    text = capsys.readouterr().out
    assert "SIMULATED walkers" in text
    assert f"{100 * data['metrics']['both']['rank1'][0]:.1f} [" in text


def walks(kind: type[Any], names: list[str], frames: int) -> Any:
    count = len(names)
    about: dict[str, Any] = {
        "name": "kth_walk",
        "length_N": np.full(count, frames),
        "person_N": np.array([name[0] for name in names]),
        "sequence_N": np.array(names),
        "view_N": np.full(count, ""),
        "condition_N": np.array([name[1:] for name in names]),
        "role_N": np.full(count, "probe"),
        "rate_hz_N": np.full(count, 24.0),
        "image_size_N2": np.zeros((count, 2), np.int64),
    }
    if kind is SkeletonSet:
        joint_SJ3 = np.random.default_rng(0).random((count * frames, 18, 3), np.float32)
        return SkeletonSet(**about, skeleton_SJ3=joint_SJ3)
    return SilhouetteSet(**about, silhouette_SHW=np.zeros((count * frames, 64, 64), np.uint8))


def test_walks_without_one_record_or_too_short_are_left_out(
    models: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    joints, outlines = (
        walks(SkeletonSet, ["as1", "as2", "bs1"], 24),
        walks(SilhouetteSet, ["bs1", "as1", "cs1"], 24),
    )
    monkeypatch.setattr(fusion, "_loaded", lambda data, rate_hz: (joints, outlines))
    first, second, left_out = both_records("x", models)
    assert first.sequence_N.tolist() == second.sequence_N.tolist() == ["as1", "bs1"]
    assert left_out == 2
    assert "2 walks lack joints or outlines" in capsys.readouterr().err
    short = walks(SkeletonSet, ["as1", "bs1"], 23)
    monkeypatch.setattr(fusion, "_loaded", lambda data, rate_hz: (short, outlines))
    with pytest.raises(DataError, match="no walk has joints and outlines"):
        both_records("x", models)


def test_conditions_are_galleries_of_each_other_and_roles_are_one_gallery() -> None:
    pairs, _ = pairs_of(walks(SkeletonSet, ["as1", "as2", "bs1", "bs2", "bs3"], 2), "kth-walk")
    assert len(pairs) == 6
    assert pairs[0][0].tolist() == [True, False, True, False, False]
    assert pairs[0][1].tolist() == [False, True, False, True, False]
    made = walks(SkeletonSet, ["as1", "as2", "bs1", "bs2"], 2)
    roles = np.array(["gallery", "probe", "gallery", ""])
    made = dataclasses.replace(made, role_N=roles)
    ((in_gallery_N, is_probe_N),), _ = pairs_of(made, "gallery-probe")
    assert in_gallery_N.tolist() == [True, False, True, False]
    assert is_probe_N.tolist() == [False, True, False, False]


def test_shares_are_over_probes_and_gains_are_paired() -> None:
    rank_WQ = np.array([[1, 2, 6, 1], [2, 1, 1, 1], [1, 1, 1, 1]])
    blank_WQ = np.zeros((3, 4))
    table = table_of(Trials(np.array([0, 0, 1, 2]), blank_WQ, blank_WQ, blank_WQ, rank_WQ, (0.5,)))
    assert table["joints"]["rank1"][0] == 0.5
    assert table["joints"]["rank5"][0] == 0.75
    assert table["both"]["rank1"] == [1.0, 1.0, 1.0]
    assert table["gain_over"]["outlines"]["rank1"][0] == 0.25


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fuse", OUTLINES], "a model of joints"),
        (["--fuse", JOINTS, "--submission", "s.csv"], "--submission is for one model"),
        (["--fuse", JOINTS, "--random-networks", "3"], "--random-networks is for one model"),
        (["--fuse", JOINTS, "--data", "simulated:x"], "a whole number from 1"),
        (["--fuse", JOINTS, "--data", "none.npz"], "none.npz"),
    ],
)
def test_wrong_words(words: list[str], said: str, capsys: Any) -> None:
    assert main(["evaluate", OUTLINES, *words]) in (1, 2)
    assert said in capsys.readouterr().err.replace("Give a gait model", "a model of joints")


def test_a_number_of_people_is_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="from 2"):
        fusion._loaded("simulated:1", 24.0)
