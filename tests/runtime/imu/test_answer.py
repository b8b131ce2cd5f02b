"""Blocks to labels, on recordings of a few seconds whose answers a person can name."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.card import Decision, InputSpec, OutputSpec
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.answer import AT_ONCE, BROKEN_OUTPUT, Recogniser, StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
from edgehuman.runtime.imu.results import ImuResult, summary_text
from edgehuman.runtime.imu.ring import SampleBlock
from tests.runtime.conftest import LABELS, MakeModel, tiny_card


def still(seconds: float, axis: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A sensor at rest at 50 Hz with one axis up, and the noise that every real one has."""
    noise = np.random.default_rng(seed).normal(0.0, 0.01, (round(seconds * 50), 6))
    noise[:, axis] += 1.0
    return noise.astype(np.float32)


def recording(*parts: tuple[float, int]) -> ImuRecording:
    """Seconds at rest with an axis up, one after the other; the axis is the true label."""
    imu_TC = np.concatenate([still(seconds, axis) for seconds, axis in parts])
    label_T = np.concatenate([np.full(round(s * 50), axis, np.int16) for s, axis in parts])
    return ImuRecording(imu_TC, 50.0, "somebody", label_T, LABELS, "made by hand")


def recognise(
    path: Any, source: ImuRecording, **options: Any
) -> tuple[Recogniser, list[ImuResult], list[str]]:
    notes: list[str] = []
    chosen = StreamOptions(format=CANONICAL, **options)
    recogniser = Recogniser(edgehuman.load(path), "hand", chosen, notes.append)
    results = [result for block in ReplaySource(source) for result in recogniser.push(block)]
    return recogniser, results + recogniser.close(), notes


def test_one_result_a_hop_with_its_time_and_truth(make_model: MakeModel) -> None:
    _, results, notes = recognise(make_model(), recording((10.0, 1)))
    assert [round(result.t_s, 2) for result in results[:3]] == [2.54, 3.18, 3.82]
    assert len(results) == 12  # 500 samples: one after 128, then one every 32
    assert {result.label for result in results} == {"sitting"}
    assert {result.true_label for result in results} == {"sitting"}
    assert all(0.9 < result.score <= 1.0 and result.latency_ms >= 0 for result in results)
    assert notes == []


def test_the_hop_is_a_whole_number_of_samples(make_model: MakeModel) -> None:
    recogniser, results, _ = recognise(make_model(), recording((10.0, 1)), hop_s=1.285)
    assert recogniser.hop_s == pytest.approx(1.28)
    assert round(results[1].t_s - results[0].t_s, 2) == 1.28


def test_what_is_given_goes_over_the_card(make_model: MakeModel) -> None:
    path = make_model(card=tiny_card(decision=Decision(threshold=0.5, smoothing="hysteresis")))
    recogniser, results, _ = recognise(path, recording((5.0, 1)), threshold=0.999)
    assert {result.label for result in results} == {"unknown"}
    assert {result.raw_label for result in results} == {"sitting"}
    assert recogniser.decision.smoothing == "hysteresis"
    with pytest.raises(UsageError, match="threshold is 2"):
        recognise(path, recording((5.0, 1)), threshold=2.0)


def test_the_look_ahead_is_part_of_the_latency(make_model: MakeModel) -> None:
    options = {"smoothing": "fixed_lag", "delay_s": 1.28}
    _, results, _ = recognise(make_model(gain=1.0), recording((10.0, 1)), **options)
    waited = [result for result in results if result.delay_s > 0]
    assert waited
    assert max(result.delay_s for result in waited) <= 1.2800001
    assert all(result.latency_ms >= result.delay_s * 1e3 for result in results)


def test_an_idle_stream_gives_the_answers_whose_time_is_up(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ns = [5_000_000_000]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns[0])
    monkeypatch.setattr(time, "monotonic", lambda: now_ns[0] / 1e9)
    options = StreamOptions(smoothing="fixed_lag", delay_s=0.64, format=CANONICAL)
    recogniser = Recogniser(edgehuman.load(make_model(gain=1.0)), "hand", options)
    blocks = list(ReplaySource(recording((3.3, 1))))
    results = [result for block in blocks for result in recogniser.push(block)]
    idle = SampleBlock(np.empty(0), np.empty((0, 6), np.float32), np.empty(0, np.int64))
    assert recogniser.push(idle) == []
    now_ns[0] += 630_000_000
    assert recogniser.push(idle) == []
    now_ns[0] += 70_000_000
    late = recogniser.push(idle)
    assert len(results) + len(late) == 2
    assert late[0].label == "sitting"
    assert late[0].latency_ms == pytest.approx(700)


def test_a_frozen_sensor_is_unknown_counted_and_said_once(make_model: MakeModel) -> None:
    held = recording((6.0, 1), (6.0, 1))
    held.imu_TC[300:] = held.imu_TC[300]
    recogniser, results, notes = recognise(make_model(), held)
    frozen = [result for result in results if result.reason]
    assert {(result.label, result.score, result.reason) for result in frozen} == {
        ("unknown", 0.0, "frozen")
    }
    assert recogniser.tally.reasons["frozen"] == len(frozen) > 3
    assert len(notes) == 1
    assert "gave the same value" in notes[0]


def test_outputs_that_are_not_finite_are_dropped_and_said_once(make_model: MakeModel) -> None:
    recogniser, results, notes = recognise(make_model(gain=float("inf")), recording((6.0, 1)))
    assert {(result.label, result.raw_label) for result in results} == {("unknown", "unknown")}
    assert recogniser.tally.reasons == {BROKEN_OUTPUT: len(results)}
    assert len(notes) == 1
    assert "not finite" in notes[0]


def test_the_tally_counts_what_the_wearer_did(make_model: MakeModel) -> None:
    recogniser, results, _ = recognise(make_model(), recording((10.0, 0), (10.0, 2)))
    summary = recogniser.tally.summary()
    assert summary["windows"] == summary["labelled_windows"] == len(results)
    assert set(summary["seconds_per_label"]) == {"walking", "laying"}
    right = sum(result.label == result.true_label for result in results) / len(results)
    assert summary["online_accuracy"] == pytest.approx(right, abs=1e-4)
    assert summary["flicker_per_minute"] == pytest.approx(60 / (len(results) * 0.64), abs=1e-3)


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (tiny_card(task="gait"), "for the task 'gait'"),
        (
            tiny_card(input=InputSpec("OtherRecord", (128, 6), "float32", "", 50.0)),
            "on a OtherRecord",
        ),
        (tiny_card(output=OutputSpec("tokens")), "gives tokens"),
    ],
)
def test_a_model_for_something_else_is_refused(
    make_model: MakeModel, card: edgehuman.Card, message: str
) -> None:
    with pytest.raises(ArtefactError, match=message):
        Recogniser(edgehuman.load(make_model(card=card)))


def played(path: Any, stamp_s_T: Any, imu_TC: Any, **options: Any) -> Recogniser:
    recogniser = Recogniser(
        edgehuman.load(path), "hand", StreamOptions(format=CANONICAL, **options), lambda _: None
    )
    for at in range(0, len(stamp_s_T), 64):
        rows = slice(at, at + 64)
        arrival_ns_T = np.zeros(len(stamp_s_T[rows]), np.int64)
        recogniser.push(SampleBlock(stamp_s_T[rows], imu_TC[rows], arrival_ns_T))
    recogniser.close()
    return recogniser


@pytest.mark.parametrize("smoothing", ["none", "fixed_lag"])
def test_all_of_the_stream_is_answered_or_accounted_for(
    smoothing: str, make_model: MakeModel
) -> None:
    """A gap of thirty seconds, a frozen sensor of six, stretches too short for a window, a clock
    that steps back an hour."""
    stamp_s_T, imu_TC = np.arange(3000) / 50, still(60.0, 1)
    stamp_s_T[500:] += 30.0
    imu_TC[1000:1300, :3] = imu_TC[1000, :3]
    stamp_s_T[2000:] += 0.4
    stamp_s_T[2100:] += 0.4
    stamp_s_T[2500:] -= 3600.0
    summary = played(make_model(), stamp_s_T, imu_TC, smoothing=smoothing).tally.summary()
    without = summary["without_answer_s"]
    assert summary["stream_s"] == pytest.approx(60 + 30.8, abs=0.03)
    assert without["gap"] == pytest.approx(30.8, abs=0.03)
    assert 6.0 <= without["frozen"] <= 6.0 + 2 * 2.54
    assert without["frozen"] == pytest.approx(0.64 * summary["without_answer"]["frozen"], abs=0.02)
    assert without["too short for a window"] == pytest.approx(2.0 + 4 * 0.3, abs=1.3)
    assert summary["answered_s"] + sum(without.values()) == pytest.approx(
        summary["stream_s"], abs=0.03
    )
    text = summary_text(summary)
    assert f"{sum(without.values()):.3g} s without an answer: 30.8 s gap, " in text
    assert f"{without['frozen']:.3g} s frozen" in text
    assert f"{summary['without_answer']['frozen']} frozen)" in text


def test_a_stream_without_holes_has_nothing_to_account_for(make_model: MakeModel) -> None:
    summary = played(make_model(), np.arange(1000) / 50, still(20.0, 1)).tally.summary()
    assert summary["answered_s"] == pytest.approx(2.54 + 27 * 0.64)
    assert sum(summary["without_answer_s"].values()) < 0.64
    assert "without an answer" not in summary_text(summary)


def test_a_hop_longer_than_the_window_is_accounted_for_too(make_model: MakeModel) -> None:
    tally = played(make_model(), np.arange(3000) / 50, still(60.0, 1), hop_s=5.0).tally
    summary = tally.summary()
    assert summary["answered_s"] + sum(summary["without_answer_s"].values()) == pytest.approx(
        summary["stream_s"], abs=0.03
    )


@pytest.mark.parametrize("rate_hz", [12.5, 50.0, 100.0])
def test_the_blocks_of_a_stream_do_not_change_its_answers(
    rate_hz: float, make_model: MakeModel
) -> None:
    """Row by row, in the blocks of a file, and all at once; with rotation in deg/s that shows only
    later, a change of the unit of acceleration, a gap and a clock that steps back."""
    count = round(70 * rate_hz)
    t_T, noise = np.arange(count) / rate_hz, np.random.default_rng(1)
    imu_TC = noise.normal(0, 0.02, (count, 6))
    imu_TC[:, 1] += np.cos(0.4 * np.sin(t_T * 6))
    imu_TC[:, 2] += np.sin(0.4 * np.sin(t_T * 6))
    imu_TC[t_T > 15, 3] += 57.3 * 0.4 * 6 * np.cos(t_T[t_T > 15] * 6)
    imu_TC[t_T > 30, :3] *= 9.80665
    stamp_s_T = np.where(t_T > 55, t_T - 1000, t_T + 3 * (t_T > 50))
    found = []
    for size in (1, 64, 512, count):
        recogniser, results = Recogniser(edgehuman.load(make_model()), notify=lambda _: None), []
        for at in range(0, count, size):
            rows, size_here = slice(at, at + size), min(size, count - at)
            block = SampleBlock(
                stamp_s_T[rows], imu_TC[rows].astype(np.float32), np.zeros(size_here, np.int64)
            )
            results += recogniser.push(block)
        results += recogniser.close()
        found.append((results, recogniser.report))
    (first, report), *others = found
    assert len(first) > 80
    assert (report.accel_unit, report.gyro_unit) == ("ms2", "degs")
    for results, other in others:
        assert [(round(r.t_s, 6), r.label, r.reason) for r in results] == [
            (round(r.t_s, 6), r.label, r.reason) for r in first
        ]
        assert [r.score for r in results] == pytest.approx([r.score for r in first], abs=1e-4)
        assert {*other.notes} == {*report.notes}
        assert replace(other, notes=[]) == replace(report, notes=[])


def asked_and_found(
    path: Any, imu_TC: np.ndarray[Any, np.dtype[np.float32]], rows: int
) -> tuple[list[int], list[tuple[float, str, float]], bool]:
    """How many windows the model saw at once, the answers, and whether a mounting was learnt, of a
    stream in blocks of so many rows.
    """
    recogniser = Recogniser(edgehuman.load(path), "hand", StreamOptions(format=CANONICAL))
    run, sizes = recogniser._run, []

    def counted(record_NTC: Any) -> Any:
        sizes.append(len(record_NTC))
        return run(record_NTC)

    recogniser._run = counted  # type: ignore[assignment]
    results: list[ImuResult] = []
    for at in range(0, len(imu_TC), rows):
        part_TC = imu_TC[at : at + rows]
        stamp_s_T = (at + np.arange(len(part_TC))) / 50
        results += recogniser.push(
            SampleBlock(stamp_s_T, part_TC, np.zeros(len(part_TC), np.int64))
        )
    results += recogniser.close()
    answers = [(round(r.t_s, 3), r.label, round(r.score, 4)) for r in results]
    return sizes, answers, recogniser.mounting.worn is not None


@pytest.mark.parametrize("upright", [(), ("walking",)])
def test_windows_that_come_together_are_answered_as_one_by_one_and_seldom_twice(
    upright: tuple[str, ...], make_model: MakeModel
) -> None:
    """Whoever walks all the time teaches the mounting anew every few windows."""
    model = make_model(tiny_card(decision=Decision(hop_s=0.64, upright=upright)))
    together, found, learnt = asked_and_found(model, still(60.0, 0), 3000)
    single, one_by_one, _ = asked_and_found(model, still(60.0, 0), 16)
    assert learnt == bool(upright)
    assert found == one_by_one
    assert set(single) == {1}
    assert len(together) <= 30
    assert sum(together) <= len(found) + AT_ONCE
