"""Windows in, vectors and names out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.gallery import Gallery, empty_gallery
from edgehuman.runtime.loop.results import to_row
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock, PoseParser
from edgehuman.runtime.skeleton.results import GaitResult
from tests.runtime.gait_models import ANNA, BOB, gait_card, walk, write_gait_model


def lines(*walks: list[dict[str, Any]]) -> PoseBlock:
    rows = sorted((row for each in walks for row in each), key=lambda row: float(row["t"]))
    block = PoseParser().parse([json.dumps(row) for row in rows])
    block.arrival_ns_T[:] = time.monotonic_ns()
    return block


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(write_gait_model(tmp_path / "nose.onnx"))


def known(sha: str) -> Gallery:
    empty = empty_gallery(gait_card(sha))
    anna_D, bob_D = np.array(ANNA, np.float32), np.array(BOB, np.float32)
    return empty.enrol("ANNA", "a", anna_D).enrol("BOB", "b", bob_D)


def push(identifier: Identifier, *walks: list[dict[str, Any]]) -> list[GaitResult]:
    return identifier.push(lines(*walks))


def hidden(begin_s: float, seconds: float) -> list[dict[str, Any]]:
    """ANNA on track 7, three joints of whom are seen."""
    rows = walk(ANNA, seconds, 7, begin_s=begin_s)
    return [
        {**row, "joints": [[x, y, c if k < 3 else 0] for k, (x, y, c) in enumerate(row["joints"])]}
        for row in rows
    ]


def test_interleaved_tracks_get_their_own_names(model: Model) -> None:
    identifier = Identifier(model, "cam", known(model.card.weights_sha256))
    found = push(identifier, walk(ANNA, 2, 7), walk(BOB, 2, "x"), walk((50, 50), 2, 9))
    names = {(result.track, result.state, result.label) for result in found}
    assert names == {
        *((track, "not yet", "") for track in "7x9"),
        *(("7", "known", "ANNA"), ("x", "known", "BOB"), ("9", "unknown", "unknown")),
    }
    assert {result.reason for result in found} == {""}
    assert [result.averaged for result in found if result.track == "7"] == [1, 2, 3, 4, 5, 6, 7]
    best = next(result for result in found if result.track == "7" and result.label)
    assert best.score == pytest.approx(1.0, abs=1e-5)
    row = to_row(best)
    assert (row["id"], row["label"], row["others"][0]["label"]) == ("7", "ANNA", "BOB")
    assert (row["state"], row["quality"]["steps_seen"] >= 1.5) == ("known", True)
    assert np.hypot(*row["embedding"]) == pytest.approx(1.0, abs=1e-5)
    json.dumps(row)


def test_without_a_gallery_there_are_vectors_and_no_names(model: Model) -> None:
    (result,) = push(Identifier(model), walk(ANNA, 0.5))
    assert (result.label, result.identity, result.score) == ("", None, 0.0)
    assert result.vector_D is not None
    assert result.vector_D == pytest.approx(np.array(ANNA) / np.hypot(*ANNA), abs=1e-5)


def test_a_tracks_vector_is_the_mean_of_its_newest_windows(model: Model) -> None:
    """Of those of 4.5 seconds, which begin every quarter of one: 19."""
    identifier = Identifier(model)
    vectors = (np.array(BOB) + share * (np.array(ANNA) - BOB) for share in np.linspace(0, 1, 13))
    steps = [walk(tuple(at), 1 / 3, 0, k / 3) for k, at in enumerate(vectors)]
    found = push(identifier, *steps, walk(ANNA, 6, 0, 13 / 3))
    assert found[-1].averaged == 19
    assert found[-1].vector_D == pytest.approx(np.array(ANNA) / np.hypot(*ANNA), abs=1e-5)
    middle = found[8].vector_D
    assert middle is not None
    assert 0.2 < middle[0] < 0.95


@pytest.mark.parametrize("pause_s", [0.0, 0.7], ids=["a jump", "a pause"])
def test_after_a_break_nobody_bears_the_last_ones_name(model: Model, pause_s: float) -> None:
    """Two people under one id, one after the other: each window has its own person's name."""
    identifier = Identifier(model, "cam", known(model.card.weights_sha256))
    found = push(identifier, walk(BOB, 2), walk(ANNA, 2, 0, 2.0 + pause_s))
    names = [(result.t_s < 2.0, result.label, result.averaged) for result in found]
    assert {label for is_early, label, _ in names if is_early} == {"", "BOB"}
    assert {label for is_early, label, _ in names if not is_early} == {"", "ANNA"}
    assert [averaged for is_early, _, averaged in names if not is_early][:2] == [1, 2]
    report = identifier.report
    assert (report.jumps, report.gaps) == ((1, 0) if not pause_s else (0, 1))


def test_latency_counts_from_the_arrival_and_the_wait_for_the_next_line(model: Model) -> None:
    identifier = Identifier(model)
    block = lines(walk(ANNA, 1))
    block.arrival_ns_T[:] -= 2_000_000_000
    (first, *_) = identifier.push(block)
    assert 2000 <= first.latency_ms < 60_000
    assert identifier.tally.summary()["latency_ms"]["max"] >= 2000


def test_what_is_not_known_is_said(model: Model) -> None:
    identifier = Identifier(model, gallery=known(model.card.weights_sha256), threshold=-1.0)
    *_, result = push(identifier, walk((50, 50), 1))
    assert result.label in ("ANNA", "BOB")
    assert identifier.tally.summary()["windows_per_label"] == {result.label: 1}
    assert identifier.tally.summary()["windows_not_yet"] == 2
    with pytest.raises(UsageError, match="threshold is 2"):
        Identifier(model, threshold=2.0)


def test_a_window_without_an_answer_says_what_was_said_before_and_no_name(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows agree on ANNA, but are too poor to say so; one that is not seen says it neither."""
    monkeypatch.setattr("edgehuman.runtime.skeleton.answer.too_little", lambda quality: "too poor")
    identifier = Identifier(model, "cam", known(model.card.weights_sha256))
    found = push(identifier, walk(ANNA, 2, 7), hidden(2.0, 1))
    assert found[-1].reason == "joints not seen"
    assert {(result.state, result.label, result.why) for result in found} == {
        ("not yet", "", "too poor")
    }


def test_who_does_not_walk_has_no_answer_and_who_is_forgotten_no_name(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = Identifier(model, "cam", known(model.card.weights_sha256))
    last = push(identifier, walk(ANNA, 2, 7), hidden(2.0, 1))[-1]
    assert (last.reason, last.label) == ("joints not seen", "ANNA")
    identifier.use(identifier.gallery.forget("ANNA"))  # type: ignore[union-attr]
    found = push(identifier, hidden(3.0, 1))
    assert {(each.state, each.label) for each in found} == {("not yet", "")}
    monkeypatch.setattr("edgehuman.runtime.skeleton.shown.Shown.idle", lambda shown: "stands")
    *_, last = push(identifier, walk(BOB, 2, 8, begin_s=4.0))
    assert (last.state, last.label, last.reason, last.why) == (
        *("not walking", "", "not walking"), "stands",
    )  # fmt: skip
    assert (last.vector_D, last.averaged, last.identity, last.score) == (None, 0, None, 0.0)


def test_another_models_gallery_is_refused(model: Model) -> None:
    with pytest.raises(ArtefactError, match="different models cannot be compared"):
        Identifier(model, gallery=known("b" * 64))


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write_gait_model(tmp_path / "x.onnx", output=OutputSpec("classes", ("a", "b")))
    with pytest.raises(ArtefactError, match="SkeletonSequence to classes"):
        Identifier(load(path))


def test_a_broken_output_is_no_answer_and_counted(tmp_path: Path) -> None:
    told: list[str] = []
    broken = load(write_gait_model(tmp_path / "nan.onnx", gain=float("nan")))
    identifier = Identifier(broken, notify=told.append)
    (result,) = push(identifier, walk(ANNA, 0.5))
    assert result.reason == "output not finite"
    assert "embedding" not in to_row(result)
    assert identifier.tally.summary()["without_answer"] == {"output not finite": 1}
    assert len(told) == 1


def test_a_track_that_comes_back_begins_anew(model: Model) -> None:
    identifier = Identifier(model)
    assert push(identifier, walk(ANNA, 1, "a"))[-1].averaged > 1
    push(identifier, walk(BOB, 1, "b", 9.0))
    again = push(identifier, walk(BOB, 1, "a", 18.0))[0]
    assert again.averaged == 1
    assert again.vector_D == pytest.approx(np.array(BOB) / np.hypot(*BOB), abs=1e-5)
    assert identifier.close() == []


def test_why_there_was_no_window(model: Model) -> None:
    identifier = Identifier(model)
    push(identifier, walk(ANNA, 0.25))
    assert "too short: give a longer recording" in identifier.no_window({})
    slow = Identifier(model)
    push(slow, [{**row, "t": 1000 * row["t"]} for row in walk(ANNA, 2)])
    assert "milliseconds by 1000" in slow.no_window({})
    numbered = Identifier(model)
    push(numbered, [{**row, "t": k} for k, row in enumerate(walk(ANNA, 2))])
    assert "divide frame numbers by the frame rate" in numbered.no_window({})
    backwards = Identifier(model)
    for row in walk(ANNA, 8)[::-1]:
        push(backwards, [row])
    assert "not in the order of time; sort them by t" in backwards.no_window({})
    broken = Identifier(model)
    push(broken, walk(ANNA, 0.3), walk(ANNA, 0.3, 0, 1.0))
    assert "1 pauses of over half a second break them up" in broken.no_window({})
    assert "9 lines unreadable" in Identifier(model).no_window({"bad_poses": 9})
