"""What is wrong with an own recording is said before anything is learnt from it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.own import Own, copies, spelled_twice, why_unused
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.lines import Rows
from edgehuman.preprocess.imu.text.whole import Recording


def own(
    person: str, labels: list[str], seed: int = 0, rate_hz: float = 50.0, path: str = ""
) -> Own:
    """A recording with one row per label, x up."""
    imu_TC = np.random.default_rng(seed).normal(0, 0.02, (len(labels), 6)).astype(np.float32)
    imu_TC[:, 0] += 1
    rows = Rows(np.arange(len(labels)) / rate_hz, imu_TC, None)
    recording = Recording(rows, (), True, True)
    return Own(Path(path or f"{person}.csv"), person, recording, ImuFormat(), tuple(labels))


@pytest.mark.parametrize(
    ("labels", "rate_hz", "why"),
    [
        (["walking"] * 128, 50.0, ""),
        (["walking"] * 127, 50.0, r"2\.54 s at most without a gap, and a window is 2\.56 s"),
        (["walking"], 50.0, "0.02 s at most"),
        (["walking", "sitting"] * 100, 50.0, r"no window of 2\.56 s has one label all through"),
        ([""] * 128, 50.0, "no labels; add a label column or an interval file"),
        ([*[""] * 64, *["walking"] * 128], 50.0, ""),
        (["walking"] * 128, 6000.0, "the stream has 6,000 rows per second"),
    ],
)
def test_why_nothing_is_learnt_from_a_recording(
    labels: list[str], rate_hz: float, why: str
) -> None:
    found = why_unused(own("anna", labels, rate_hz=rate_hz))
    if not why:
        assert found == ""
        return
    assert found.startswith("anna.csv: ")
    assert re.search(why, found)


def test_the_person_of_a_table_is_named() -> None:
    assert why_unused(own("p2", ["walking"], path="all.csv")).startswith("all.csv (p2): ")


def test_the_same_rows_of_two_people_are_named_and_of_one_are_not() -> None:
    walk = ["walking"] * 200
    anna, ben, other = own("anna", walk), own("ben", walk), own("cara", walk, seed=1)
    (line,) = copies([anna, ben, other])
    assert line.startswith("ben.csv holds the same 200 rows as anna.csv")
    assert copies([anna, own("anna", walk, path="anna/2.csv"), other]) == []


def test_names_that_differ_by_case() -> None:
    (line,) = spelled_twice([own("Anna", [""]), own("anna", [""]), own("ben", [""])])
    assert line.startswith("are 'Anna' and 'anna' one person?")
