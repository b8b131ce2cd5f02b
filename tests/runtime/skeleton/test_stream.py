"""`edgehuman.stream` of tracked skeletons: results in Python, as `edgehuman run` gives them."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.gallery import empty_gallery, read_gallery
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.source import open_poses
from edgehuman.runtime.stream import stream
from tests.preprocess.skeleton.formats import written
from tests.runtime.gait_models import gait_card


@pytest.mark.parametrize("opened", [False, True])
def test_a_gait_model_names_tracks_as_the_command_line_does(
    nose: Path, opened: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    door, known = nose.with_name("door.jsonl"), nose.with_name("g.npz")
    results = (
        stream(edgehuman.load(nose), open_poses(str(door)), gallery=read_gallery(known))
        if opened
        else edgehuman.stream(nose, door, gallery=str(known))
    )
    found = list(results)
    assert len(found) == 14
    assert {result.track: result.label for result in found} == {"1": "ANNA", "2": "unknown"}
    assert main(["run", str(nose), "--source", str(door), "--gallery", str(known), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["t_s"], r["id"], r["label"], r["score"]) for r in rows] == [
        (round(r.t_s, 4), r.track, r.label or None, round(r.score, 5)) for r in found
    ]
    report = results.report()
    assert (report["windows"], report["stream"]["tracks"], report["source"]["rows"]) == (14, 2, 48)


def test_without_a_gallery_there_are_vectors_and_no_names(nose: Path) -> None:
    results = list(edgehuman.stream(nose, nose.with_name("door.jsonl"), seconds=1, hop_s=0.5))
    assert len(results) == 4
    for result in results:
        assert isinstance(result, GaitResult)
        assert (result.label, result.identity) == ("", None)
        assert result.vector_D is not None
        assert np.linalg.norm(result.vector_D) == pytest.approx(1)


def test_a_threshold_decides_who_is_unknown(nose: Path) -> None:
    door, known = nose.with_name("door.jsonl"), nose.with_name("g.npz")
    assert {r.label for r in stream(nose, door, gallery=known, threshold=-1)} == {"", "ANNA"}
    assert {r.label for r in stream(nose, door, gallery=known)} == {"", "ANNA", "unknown"}


def test_an_empty_gallery_is_remarked_and_names_nobody(
    nose: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = read_gallery(nose.with_name("g.npz")).forget("ANNA")
    with caplog.at_level(logging.WARNING, "edgehuman.runtime"):
        results = list(stream(nose, nose.with_name("door.jsonl"), gallery=nobody))
    assert {(result.state, result.label) for result in results} == {
        ("not yet", ""),
        ("unknown", "unknown"),
    }
    assert "the gallery is empty: everybody is unknown" in caplog.text


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        (
            {"smoothing": "none"},
            UsageError,
            r"smoothing is not an argument for .*nose\.onnx, which reads",
        ),
        (
            {"delay_s": 1.0},
            UsageError,
            "SkeletonSequence records; it takes: gallery, hop_s, threshold",
        ),
        ({"treshold": 1.0}, UsageError, "treshold is not an argument .* Did you mean 'threshold'"),
        ({"gallery": "none.npz"}, ArtefactError, "none.npz: no such gallery"),
        ({"threshold": 7.0}, UsageError, "threshold is 7"),
        ({"seconds": 0.0}, UsageError, "seconds is 0.0; give a finite number above 0"),
        ({"seconds": math.nan}, UsageError, "seconds is nan; give a finite number above 0"),
        ({"gallery": 3}, UsageError, "gallery is 3; give a Gallery, text or a path"),
        ({"gallery": b"k"}, UsageError, "gallery is b'k'; give a Gallery, text or a path"),
        ({"gallery": ""}, UsageError, "gallery is ''; give the file"),
        ({"source": "none.jsonl"}, DataError, "none.jsonl: no such file"),
        ({"gallery": empty_gallery(gait_card("b" * 64))}, ArtefactError, "cannot be compared"),
    ],
)
def test_what_a_gait_model_cannot_take_is_refused_at_the_call(
    changes: dict[str, Any], kind: type[Exception], said: str, nose: Path
) -> None:
    words: dict[str, Any] = {"source": nose.with_name("door.jsonl"), **changes}
    with pytest.raises(kind, match=said):
        stream(nose, **words)


def test_a_source_of_somebody_elses_stays_open_where_words_are_refused(nose: Path) -> None:
    source = open_poses(str(nose.with_name("door.jsonl")))
    with pytest.raises(UsageError, match="threshold is 5"):
        stream(nose, source, threshold=5)
    assert len(list(stream(nose, source))) == 14
    with pytest.raises(UsageError, match="was read or closed already"):
        list(stream(nose, source))


def test_files_of_a_pose_estimator_are_streamed_with_what_they_do_not_state(nose: Path) -> None:
    path = written.mediapipe_csv(False, nose.parent, written.walk())
    results = list(edgehuman.stream(nose, path, rate_hz=30, size="1920x1080"))
    assert {result.track for result in results} == {"0"}
    with pytest.raises(UsageError, match="--size is 'big'"):
        edgehuman.stream(nose, path, size="big")
    with pytest.raises(DataError, match="or give --size, such as 1920x1080"):
        list(edgehuman.stream(nose, path))
