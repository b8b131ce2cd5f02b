"""Intervals of activities: read, and matched to a recording by either clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.intervals import Interval, intervals_of, labels_between

SPANS = [Interval(0.0, 1.0, "walking"), Interval(2.0, 3.0, "sitting")]


def test_a_recording_without_intervals_has_none(tmp_path: Path) -> None:
    assert intervals_of(tmp_path / "anna.csv") is None


def test_names_are_read_as_labels_are(tmp_path: Path) -> None:
    (tmp_path / "anna.labels.csv").write_text("Start, End ,LABEL\n0,1,Walking up\n2,3,\n")
    spans = intervals_of(tmp_path / "anna.csv")
    assert spans == [Interval(0, 1, "walking_up"), Interval(2, 3, "")]
    (tmp_path / "anna.labels.csv").write_bytes(b"start,end,label\r0,1,Walking up\r2,3,\r")
    assert intervals_of(tmp_path / "anna.csv") == spans


@pytest.mark.parametrize("first", [0.0, 1.7e9])
def test_times_since_the_start_whatever_the_stamps(first: float) -> None:
    stamp_s_T = first + np.array([0.0, 0.9, 1.0, 2.5, 3.0])
    found = labels_between(SPANS, stamp_s_T, Path("anna.csv"))
    assert found == ("walking", "walking", "", "sitting", "")


def test_times_of_the_stamps_themselves() -> None:
    spans = [Interval(100.0, 101.0, "walking")]
    assert labels_between(spans, np.array([99.5, 100.5]), Path("a.csv")) == ("", "walking")


def test_intervals_of_another_day_are_refused() -> None:
    late = [Interval(9.0, 10.0, "walking"), Interval(10.0, 12.0, "sitting")]
    with pytest.raises(DataError, match=r"9 to 12 s; the recording lasts 1 s\. Give seconds since"):
        labels_between(late, np.array([0.0, 1.0]), Path("a.csv"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("0,40,walking", "30,80,standing"), r"line 2 \(walking, 0 to 40 s\) and line 3 \(stand"),
        (("30,80,standing", "0,40,walking"), r"line 2 \(standing, 30 to 80 s\) and line 3 \(walk"),
        (("0,90,walking", "10,20,walking", "30,40,sitting"), "line 2 .* and line 4 .* overlap"),
        (("0,90,walking", "10,20,nan"), r"line 3 \(no activity, 10 to 20 s\) overlap"),
        (("0,40,walking", "40,80,standing", "80,90,walking"), ""),
        (("0,40,walking", "30,80,walking"), ""),
    ],
)
def test_two_activities_at_once_are_refused_with_both_lines(
    lines: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "anna.labels.csv").write_text("\n".join(["start,end,label", *lines]))
    if not message:
        assert intervals_of(tmp_path / "anna.csv")
        return
    with pytest.raises(DataError, match=message):
        intervals_of(tmp_path / "anna.csv")
