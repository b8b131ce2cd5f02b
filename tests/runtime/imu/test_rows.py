"""Samples in Python: each way to give them is the same stream, and what is none says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.rows import SampleRows

NAMES = ("t", "ax", "ay", "az", "gx", "gy", "gz")


def rows(seconds: float = 6.0, step: float = 1.0) -> list[tuple[float, ...]]:
    """A sensor at 50 Hz whose x points up, so that the tiny model says walking."""
    rng = np.random.default_rng(0)
    noise_T6 = rng.normal(0, 0.02, (int(seconds * 50), 6))
    noise_T6[:, 0] += 1.0
    return [(i * 0.02 * step, *map(float, row)) for i, row in enumerate(noise_T6)]


def mappings() -> list[dict[str, Any]]:
    return [{**dict(zip(NAMES, row, strict=True)), "label": "walking"} for row in rows()]


def block() -> SampleBlock:
    number_T7 = np.array(rows())
    arrival_ns_T = np.zeros(len(number_T7), np.int64)
    return SampleBlock(number_T7[:, 0], number_T7[:, 1:].astype(np.float32), arrival_ns_T)


def generated() -> Iterator[tuple[float, ...]]:
    yield from rows()


WAYS: dict[str, Any] = {
    "list": rows(),
    "generator": generated,
    "array": np.array(rows()),
    "arrays": [np.array(rows()[:10]), np.array(rows()[10:])],
    "mappings": mappings(),
    "milliseconds": rows(step=1000.0),
    "block": [block()],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_give_samples_is_the_stream_of_the_file(
    way: str, tiny: Path, tmp_path: Path
) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([",".join(NAMES), *(",".join(map(repr, row)) for row in rows())]))
    wanted = [(round(one.t_s, 6), one.label, one.prob_C) for one in edgehuman.stream(tiny, path)]
    given = WAYS[way]() if callable(WAYS[way]) else WAYS[way]
    stream = edgehuman.stream(tiny, given)
    results = list(stream)
    assert len(wanted) == 6
    assert [(round(one.t_s, 6), one.label) for one in results] == [
        (t, label) for t, label, _ in wanted
    ]
    for one, (_, _, prob_C) in zip(results, wanted, strict=True):
        np.testing.assert_allclose(np.asarray(one.prob_C), np.asarray(prob_C), atol=1e-4)
    assert stream.report()["source"]["rows"] == 300
    assert {one.true_label for one in results} == ({"walking"} if way == "mappings" else {None})


def test_a_row_is_read_before_the_next_is_asked_for(tiny: Path) -> None:
    asked = 0

    def slow() -> Iterator[tuple[float, ...]]:
        nonlocal asked
        for row in rows():
            asked += 1
            yield row

    next(edgehuman.stream(tiny, slow()))
    assert asked < 140  # a window has 128 rows


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ((0.0, 1.0), r"sample 2 is 2 values \(\(0.0, 1.0\)\); give \(t, ax"),
        ("0,1,0,0,0,0,0", "sample 2 is str '0,1,0"),
        (None, "sample 2 is NoneType 'None'"),
        (np.zeros((3, 6)), r"sample 2 is an array \(3, 6\) of float64"),
        (np.zeros((1, 3, 7)), r"sample 2 is an array \(1, 3, 7\)"),
        ((0.0, "fast", 0, 0, 0, 0, 0), "sample 2 is tuple"),
        ({"t": 0.0, "ax": 1.0}, "sample 2: no columns ay, az"),
        ({**dict.fromkeys(NAMES, 1.0), "gz": "x"}, "sample 2 is dict"),
    ],
)
def test_what_is_no_sample_says_its_place_and_what_to_give(item: object, said: str) -> None:
    reader = SampleRows()
    reader.read([rows()[0]])
    with pytest.raises(DataError, match=said):
        reader.read([item])


def test_a_missing_value_is_dropped_and_counted(tiny: Path) -> None:
    given = [list(row) for row in rows()]
    given[7][3] = float("nan")
    stream = edgehuman.stream(tiny, given)
    assert list(stream)
    assert stream.report()["stream"]["not_finite"] == 1


def test_an_iterable_does_not_keep_a_pace(tiny: Path) -> None:
    with pytest.raises(UsageError, match="an iterable is read as fast as it gives"):
        edgehuman.stream(tiny, rows(), realtime=True)
