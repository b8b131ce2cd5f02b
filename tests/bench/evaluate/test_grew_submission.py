"""The file for GREW's server, from walks to rows."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate import skeleton as gait_accuracy
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, evaluate
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError, UsageError
from tests.data.gait.test_score import PEOPLE, walks_of
from tests.runtime.gait_models import write_gait_model

FRAMES = 12
# Directions of the nose: ten people five degrees apart; v7 shows the third, v9 the eighth.
ANGLES = {f"{k:05d}": 5.0 * k for k in range(1, 11)}
VIDEOS = {"v7": 15.0, "v9": 39.5}


def nose_at(angle: float, frames: int) -> Any:
    """A walk whose nose is in this direction of the picture's corner, at most."""
    walk_TJ3 = np.ones((frames, 18, 3), np.float32)
    walk_TJ3[..., 0] += np.arange(frames)[:, None] % 2
    walk_TJ3[:, 0, :2] = 100 * np.cos(np.deg2rad(angle)), 100 * np.sin(np.deg2rad(angle))
    return walk_TJ3


def grew(lengths: dict[str, int]) -> SkeletonSet:
    """Two walks of everybody, two parts of v7 and one walk of v9."""
    rows = [(who, f"{n:02d}", role, angle) for who, angle in ANGLES.items()
            for n, role in ((1, "gallery"), (2, "probe"))]  # fmt: skip
    rows += [(f"probe-{v}", "03", "", angle) for v, angle in VIDEOS.items()]
    rows += [("probe-v7", "03", "", VIDEOS["v7"] + 0.2)]
    sizes = [lengths.get(who, FRAMES) for who, *_ in rows]
    count = len(rows)
    return SkeletonSet(
        name="grew",
        skeleton_SJ3=np.concatenate(
            [nose_at(row[3], n) for row, n in zip(rows, sizes, strict=True)]
        ),
        length_N=np.array(sizes),
        person_N=np.array([f"grew:{row[0]}" for row in rows]),
        sequence_N=np.array([f"grew:{row[0]}-{row[1]}-{i}" for i, row in enumerate(rows)]),
        view_N=np.full(count, ""),
        condition_N=np.array([row[1] for row in rows]),
        role_N=np.array([row[2] for row in rows]),
        rate_hz_N=np.full(count, 12.0),
        image_size_N2=np.zeros((count, 2), np.int64),
    )


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_gait_model(tmp_path / "nose.onnx"))


def read_as(monkeypatch: pytest.MonkeyPatch, walks: SkeletonSet) -> None:
    monkeypatch.setattr(gait_accuracy, "load_skeletons", lambda data, **_: walks)


def test_every_official_probe_has_a_row_of_the_twenty_nearest(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_as(monkeypatch, grew({}))
    path = tmp_path / "out" / "grew.csv"
    outcome = evaluate(EvaluateConfig(model, data="x", submission=path))
    data = json.loads(json.dumps(outcome.data))
    assert data["submission"] == {
        "path": str(path), "videos": 2, "gallery": 20, "left_out": 0
    }  # fmt: skip
    assert f"submission: {path}, 2 videos in a gallery of 20 walks" in outcome.text
    # The protocol's own scores stand beside: first walks are the gallery, second ones the probes.
    assert (data["gallery"], data["probes"], data["metrics"]["rank1"]) == (10, 10, 1.0)
    head, *rows = csv.reader(path.read_text().splitlines())
    assert (head[0], len(head)) == ("videoId", 21)
    # Both walks of the person, then those of the neighbours; v7 leans to 00004, v9 to 00007.
    assert [row[:5] for row in rows] == [
        ["v7", "00003", "00003", "00004", "00004"],
        ["v9", "00008", "00008", "00007", "00007"],
    ]


def test_a_probe_shorter_than_a_window_is_left_out_and_said(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_as(monkeypatch, grew({"probe-v9": 5}))
    data: Any = evaluate(EvaluateConfig(model, data="x", submission=tmp_path / "g.csv")).data
    assert (data["submission"]["videos"], data["submission"]["left_out"]) == (1, 1)
    assert "1 official probes are shorter than a window" in capsys.readouterr().err


def test_what_cannot_be_submitted_is_refused_before_anything_is_judged(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gait_accuracy, "judge", lambda *words: pytest.fail("too late"))
    config = EvaluateConfig(model, data="x", submission=tmp_path / "g.csv")
    read_as(monkeypatch, walks_of(PEOPLE, 2))
    with pytest.raises(UsageError, match="for GREW's official probes; the data is made, so"):
        evaluate(config)
    read_as(monkeypatch, dataclasses.replace(walks_of(PEOPLE, 2), name="grew"))
    with pytest.raises(DataError, match="found 0 official probes and 6 walks of the test's"):
        evaluate(config)
    few = grew({})
    read_as(monkeypatch, few.subset(np.flatnonzero(~np.char.endswith(few.person_N, "00010"))))
    with pytest.raises(DataError, match="found 18 walks of the test's people; --submission lists"):
        evaluate(config)
    assert not (tmp_path / "g.csv").exists()
    read_as(monkeypatch, few)
    with pytest.raises(UsageError, match=r"--submission: .* is a folder, not a file"):
        evaluate(dataclasses.replace(config, submission=tmp_path))
