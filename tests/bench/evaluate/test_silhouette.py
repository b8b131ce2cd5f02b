"""`edgehuman evaluate` on silhouettes, from the catalogue, a checkpoint, and by both distances."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman import catalogue
from edgehuman.bench.evaluate import silhouette as evaluated
from edgehuman.bench.evaluate.silhouette import EvaluateConfig, evaluate, open_gait
from edgehuman.cli import main
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.tasks.silhouette.gait import train
from tests.data.outlines import joined, outlines
from tests.runtime.outlines import write_outline_model
from tests.tasks.outlines import TINY, quick


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tiny_set` is in the catalogue."""
    like, arguments = TINY["tiny_set"]
    row = dataclasses.replace(catalogue.NETWORKS[like], arguments=arguments)
    monkeypatch.setitem(catalogue.NETWORKS, "tiny_set", row)


def read_as(monkeypatch: pytest.MonkeyPatch, walks: SilhouetteSet) -> None:
    monkeypatch.setattr(evaluated, "load_silhouettes", lambda data, people, each: walks)


def table(model: str, **changes: Any) -> dict[str, Any]:
    data = evaluate(EvaluateConfig(model, **changes)).data
    assert isinstance(data, dict)
    return data


def test_random_weights_beside_the_baselines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_as(monkeypatch, outlines(4, 4, 5))
    assert main(["evaluate", "tiny_set", "--data", "x", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"rank1", "rank5", "map", "minp"} <= set(data["metrics"])
    assert data["random_weights"] is True
    assert data["baselines"]["gait_energy_images"]["rank1"] == 1
    assert set(data["baselines"]["random_weights"]) == set(data["metrics"])
    assert (data["gallery"], data["probes"], data["people"], data["too_short"]) == (8, 8, 4, 0)
    assert data["frames"].startswith("whole walks, at most 720 frames")
    assert "no threshold" in data["open_set_left_out"]
    text = evaluate(EvaluateConfig("tiny_set", data="x")).text
    assert "gait energy images" in text
    assert "RANDOM weights" in text


def test_a_checkpoint_has_the_numbers_of_its_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = joined(outlines(5, 4, 5, "train"), outlines(3, 4, 5, first=6))
    said = train(quick(tmp_path, frames=3), walks).data
    assert isinstance(said, dict)
    read_as(monkeypatch, walks)
    found = table(str(tmp_path), data="x")
    assert found["metrics"] == pytest.approx(said["metrics"])
    assert found["open_set"]["threshold"] == pytest.approx(said["threshold"])
    assert (found["distance"], found["random_weights"]) == ("cosine", False)
    other = table(str(tmp_path), data="x", distance="euclidean")
    assert other["distance"] == "euclidean"
    assert other["open_set"] is None


def test_the_submission_of_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = outlines(10, 2, 4, name="grew")
    probes = outlines(2, 1, 4, name="grew", first=3)
    walks = dataclasses.replace(
        joined(people, dataclasses.replace(probes, sequence_N=np.array(["v1", "v2"]))),
        person_N=np.array(
            [f"grew:{who}" for who in people.person_N] + ["grew:probe-v1", "grew:probe-v2"]
        ),
        condition_N=np.array(["01", "02"] * 10 + ["03", "03"]),
        role_N=np.array(["gallery", "probe"] * 10 + ["", ""]),
    )
    read_as(monkeypatch, walks)
    file = tmp_path / "grew.csv"
    found = table("tiny_set", data="x", submission=file)
    assert found["protocol_name"] == "grew"
    assert {"rank1", "rank20"} <= set(found["metrics"])
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert [row[0] for row in rows] == ["videoId", "v1", "v2"]
    assert {len(row) for row in rows} == {21}
    # The same bar is in the gallery: its owner comes first.
    assert [row[1] for row in rows[1:]] == ["p3", "p4"]
    read_as(monkeypatch, outlines())
    with pytest.raises(UsageError, match="--submission is for GREW"):
        table("tiny_set", data="x", submission=file)


def test_what_cannot_be_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks = outlines(3, 2, 2)
    read_as(monkeypatch, walks)
    with pytest.raises(DataError, match="none of 6 walks has the 3 frames"):
        table("gaitgl", data="x")
    with pytest.raises(DataError, match="--data x is made, but --dataset asks for grew"):
        table("tiny_set", data="x", dataset="grew")
    with pytest.raises(UsageError, match="unknown protocol 'no'"):
        table("tiny_set", data="x", protocol="no")
    read_as(monkeypatch, dataclasses.replace(walks, role_N=np.full(len(walks), "probe")))
    with pytest.raises(DataError, match="the gallery is empty"):
        table("tiny_set", data="x")
    with pytest.raises(ArtefactError, match=r"gaitptv2_deep_1 is for .*: SkeletonSequence to "):
        open_gait(EvaluateConfig("gaitptv2_deep_1"))
    write_outline_model(tmp_path / "outline.onnx")
    with pytest.raises(ArtefactError, match=r"is a part of a model; give .*outline\.onnx"):
        open_gait(EvaluateConfig(str(tmp_path / "outline.frame.onnx")))
    with pytest.raises(UsageError, match="--batch is 0; it must be at least 1"):
        EvaluateConfig("tiny_set", batch=0)
