"""Counts in Prometheus' format: the names of the docs, few labels, no passwords, no people."""

from __future__ import annotations

import re

import pytest

from edgehuman.runtime.serve.meter import MOST_REASONS, Meter, public_name
from tests.whole.house import ROOT

LINE = re.compile(r'[a-z_]+(\{[a-z_]+="(\\.|[^"\\])*"(,[a-z_]+="(\\.|[^"\\])*")*\})? [0-9.e+-]+')


def values(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines), lines
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_the_text_holds_what_was_counted() -> None:
    meter = Meter("frames", 'a "b"\\c', "zoo:x")
    meter.ask(lambda: {"late": 7}, lambda: {"webhook": 2})
    for latency_s in (0.004, 0.005, 0.03, 20.0):
        meter.answered(latency_s, latency_s + 0.1, {"people": 0.001})
    meter.unanswered("unreadable")
    meter.seen("a", 3, 1)
    meter.seen("b", 1, 1)
    meter.seen("a", 2, 1)
    meter.up = False
    found = values(meter.text())
    source = 'source="a \\"b\\"\\\\c"'
    assert found[f"edgehuman_frames_total{{{source}}}"] == 5
    assert found[f'edgehuman_frames_unanswered_total{{{source},reason="unreadable"}}'] == 1
    assert found[f'edgehuman_frames_dropped_total{{{source},reason="late"}}'] == 7
    assert found['edgehuman_sink_dropped_total{sink="webhook"}'] == 2
    bucket = 'edgehuman_stage_seconds_bucket{stage="answer",le="%s"}'
    assert [found[bucket % le] for le in ("0.005", "0.025", "0.05", "10", "+Inf")] == [
        2,
        2,
        3,
        3,
        4,
    ]
    assert found['edgehuman_stage_seconds_count{stage="people"}'] == 4
    assert found["edgehuman_frame_age_seconds_count"] == 4
    assert found["edgehuman_frame_age_seconds_sum"] == pytest.approx(20.439)
    assert (found["edgehuman_tracks"], found[f"edgehuman_source_up{{{source}}}"]) == (2, 0)
    assert found["edgehuman_people"] == 3
    assert meter.text().endswith("\n")


def test_large_counts_stay_exact() -> None:
    meter = Meter("samples", "x", "y")
    meter.ask(lambda: {"late": 123_456_789_012}, dict)
    assert 'reason="late"} 123456789012\n' in meter.text()


def test_no_label_grows_without_end_and_none_is_a_person() -> None:
    meter = Meter("samples", "x", "y")
    for place in range(10 * MOST_REASONS):
        meter.unanswered(f"reason {place}")
    reasons = re.findall(r'reason="([^"]*)"', meter.text())
    assert (len(reasons), "other" in reasons) == (MOST_REASONS + 1, True)
    names = set(re.findall(r'[{,]([a-z_]+)="', meter.text()))
    assert names <= {"source", "stage", "reason", "sink", "le", "version", "model"}


def test_the_docs_name_every_count() -> None:
    page = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
    found = set()
    for kind in ("frames", "samples"):
        meter = Meter(kind, "x", "y")
        meter.ask(lambda: {"late": 1}, lambda: {"webhook": 1})
        meter.unanswered("frozen")
        found |= set(re.findall(r"^# TYPE (\S+) ", meter.text(), re.MULTILINE))
    assert set(re.findall(r"`(edgehuman_\w+)", page)) == found


@pytest.mark.parametrize(
    ("given", "shown"),
    [("door.mp4", "door.mp4"), ("0", "0"), ("rtsp://me:secret@cam:554/a?key=secret#x", "rtsp://cam:554/a"),
     ("http://[::1]:80/x", "http://[::1]:80/x"), ("rtsp://me:se/cret@cam:port/", "rtsp://"),
     ("mqtt://user:secret@10.0.0.1/imu", "mqtt://10.0.0.1/imu")],
)  # fmt: skip
def test_a_source_loses_what_may_be_a_password(given: str, shown: str) -> None:
    assert public_name(given) == shown


def test_figures_are_of_the_last_answers() -> None:
    meter = Meter("frames", "x", "y")
    assert (meter.figures()["p50_ms"], meter.figures()["per_s"]) == (None, None)
    for place in range(1024):
        meter.answered((place % 128 + 1) / 1e3, 0.2)
    found = meter.figures()
    assert (found["answers"], found["p99_ms"], found["age_ms"]) == (1024, 127.0, 200.0)
    assert found["p50_ms"] == 64.0
    assert found["per_s"] > 100
