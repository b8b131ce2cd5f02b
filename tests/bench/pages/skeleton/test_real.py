"""The table of real walkers: a model that reads the nose, on two made sets."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton import real
from edgehuman.bench.pages.skeleton.real import RealConfig, build_table
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError, UsageError
from tests.data.gait.test_score import walks_of
from tests.runtime.gait_models import write_gait_model

pytest.importorskip("torch")

LIMBS = {"a": (8.0, 20.0), "b": (14.0, 20.0), "c": (8.0, 30.0)}


def with_noses(walks: SkeletonSet) -> SkeletonSet:
    """Everybody's nose, in pixels, tells who they are; of c's last walk it is nearest b's."""
    made = walks.skeleton_SJ3.copy()
    nose = {"a": (90.0, 10.0), "b": (10.0, 90.0), "c": (60.0, 60.0)}
    for i, person in enumerate(walks.person_N.tolist()):
        last = person == "c" and walks.sequence_N[i].endswith("-3")
        made[walks.rows(i), 0, :2] = (14.0, 90.0) if last else nose[person]
    return dataclasses.replace(walks, skeleton_SJ3=made)


SETS = {
    "scenes": dataclasses.replace(
        with_noses(walks_of(LIMBS, 4, name="kth_walk")),
        condition_N=np.array(["s1", "s1", "s2", "s2"] * 3),
    ),
    "roles": dataclasses.replace(
        with_noses(walks_of({"a": LIMBS["a"], "b": LIMBS["b"]}, 2, name="other")),
        condition_N=np.array(["N"] * 4),
        person_N=np.array(["x", "x", "y", "y"]),
    ),
}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real, "load_test", lambda path, rate_hz: SETS[path])


def test_probes_of_all_sets_are_pooled_and_people_resampled(tmp_path: Path) -> None:
    model = str(write_gait_model(tmp_path / "nose.onnx", arch="gaitformer_1"))
    outcome = build_table(RealConfig((model,), ("scenes", "roles"), tmp_path / "t", 2))
    data: Any = outcome.data
    table = data["models"][model]
    # Six probes from each scene to the other, of which c's last walk is missed.
    assert table["probes"] == {"kth_walk": 12, "other": 2, "pooled": 14}
    assert table["people"] == {"kth_walk": 3, "other": 2, "pooled": 5}
    rank1 = table["rank1"]
    assert rank1["other"]["this model"] == [1.0, 1.0, 1.0]
    assert rank1["kth_walk"]["bone lengths"] == [1.0, 1.0, 1.0]
    assert rank1["kth_walk"]["this model"][0] == pytest.approx(11 / 12)
    value, low, high = rank1["pooled"]["this model"]
    assert value == pytest.approx(13 / 14)
    assert low < value < high == 1.0
    gain = table["gain_over"]["bone lengths"]["pooled"]
    assert gain[0] == pytest.approx(-1 / 14)
    assert json.loads((tmp_path / "t" / "table.json").read_text()) == outcome.data
    lines = outcome.text.splitlines()
    assert lines[2] == (
        "| | kth_walk: 3 people, 12 probes | other: 2 people, 2 probes "
        "| pooled: 5 people, 14 probes |"
    )
    assert lines[4].startswith("| this model | 91.7 [")
    assert [line.split(" | ")[0] for line in lines[5:]] == [
        "| random weights", "| bone lengths", "| gain over random weights",
        "| gain over bone lengths",
    ]  # fmt: skip


def test_the_same_networks_are_drawn_again(tmp_path: Path) -> None:
    model = str(write_gait_model(tmp_path / "nose.onnx", arch="gaitformer_1"))
    config = RealConfig((model,), ("scenes",), tmp_path / "t", 1)
    assert build_table(config).data == build_table(config).data


def test_a_set_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    model = str(write_gait_model(tmp_path / "nose.onnx", arch="gaitformer_1"))
    with pytest.raises(DataError, match="roles is other again; give each dataset once"):
        build_table(RealConfig((model,), ("roles", "roles"), tmp_path / "t", 1))


def test_what_cannot_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="random-networks is 0"):
        RealConfig(("zoo:gait-skeleton",), ("a.npz",), random_networks=0)
    assert main(RealConfig, build_table, ["zoo:none", "--data", "scenes"]) == 2
    assert "zoo:none" in capsys.readouterr().err
