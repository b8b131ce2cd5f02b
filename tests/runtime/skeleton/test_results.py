"""One window's row for JSON, and what a stream of tracks adds up to."""

from __future__ import annotations

import numpy as np

from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.loop.results import to_row
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally, summary_text

COMMON = ["t_s", "label", "score", "latency_ms", "raw_label", "delay_s", "source"]


def result(t_s: float = 1.0, label: str = "", **more: object) -> GaitResult:
    return GaitResult(t_s, label, 0.5, 2.0, label, 0, track="7", **more)  # type: ignore[arg-type]


def test_a_row_holds_the_track_the_vector_and_the_next_in_the_gallery() -> None:
    assert list(to_row(result())) == [*COMMON, "id", "windows_averaged", "quality"]
    without = to_row(result(reason="frozen", state="unknown"))
    assert list(without) == [*COMMON, "state", "reason", "id", "windows_averaged", "quality"]
    assert to_row(result())["label"] is None
    others = tuple((name, 0.123456) for name in "bcdefg")
    full = result(
        vector_D=np.array([0.5, 0.25], np.float32), identity=Identity("a", 1.0, "a", others)
    )
    row = to_row(full)
    assert list(row) == [*COMMON, "id", "windows_averaged", "quality", "embedding", "others"]
    assert row["embedding"] == [0.5, 0.25]
    assert row["others"] == [{"label": name, "score": 0.12346} for name in "bcd"]


def test_what_happens_to_a_camera_is_a_row_of_its_own_and_no_window() -> None:
    event = result(3.0, source="rtsp://door/1", event="lost", reason="no frame for 5 s")
    assert to_row(event) == {
        "source": "rtsp://door/1",
        "event": "lost",
        "t_s": 3.0,
        "said": "no frame for 5 s",
    }
    tally = GaitTally(0.5)
    tally.add(event)
    assert (tally.summary()["windows"], tally.summary()["events"]) == (0, {"lost": 1})
    assert "of cameras: 1 lost" in summary_text(
        {**tally.summary(), "stream": {"tracks": 0, "short": 0}}
    )


def test_the_vectors_of_parts_are_too_long_for_a_row() -> None:
    assert "embedding" not in to_row(result(vector_D=np.ones((62, 96), np.float32)))


def test_the_tally_counts_names_and_windows_without_an_answer() -> None:
    tally = GaitTally(0.5)
    assert tally.summary()["latency_ms"] == {"p50": None, "p95": None, "max": None}
    for one in (result(3.0, "ANNA"), result(1.0, "ANNA"), result(2.0, "unknown", reason="frozen")):
        tally.add(one)
    summary = tally.summary()
    assert (summary["windows"], summary["stream_s"]) == (3, 3.0)  # tracks overlap in time
    assert summary["windows_per_label"] == {"ANNA": 2}
    assert summary["without_answer"] == {"frozen": 1}
    text = summary_text({**summary, "stream": {"tracks": 2, "short": 1}})
    assert "3 windows of 2 tracks over 3.0 s" in text
    assert "windows per name: ANNA 2" in text
    assert "tracks that ended before their first window: 1" in text
