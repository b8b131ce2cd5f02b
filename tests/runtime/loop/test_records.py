"""Pushed streams: results when they are ready, the last ones at the end, from any thread."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.loop.records import AT_ONCE, IterableSource
from edgehuman.runtime.skeleton.rows import PoseRows
from tests.runtime.image_models import write_image_model
from tests.runtime.imu.test_rows import rows
from tests.runtime.photos import flag


def test_pushing_is_the_stream_of_the_same_rows(tiny: Path) -> None:
    wanted = list(edgehuman.stream(tiny, rows(), smoothing="fixed_lag", delay_s=1.28))
    live = edgehuman.stream(tiny, smoothing="fixed_lag", delay_s=1.28)
    ready = [one for row in rows() for one in live.push(*row)]
    last = live.end()
    assert last  # smoothing held them back
    assert [(round(one.t_s, 6), one.label) for one in [*ready, *last]] == [
        (round(one.t_s, 6), one.label) for one in wanted
    ]
    assert live.end() == []
    summary = live.close()
    assert (summary["windows"], summary["source"]["rows"]) == (len(wanted), 300)
    assert live.close() == summary


def test_closing_alone_counts_what_was_held_back(tiny: Path) -> None:
    live = edgehuman.stream(tiny, smoothing="fixed_lag", delay_s=1.28)
    ready = [one for row in rows() for one in live.push(*row)]
    assert live.close()["windows"] > len(ready)
    with pytest.raises(UsageError, match="push after the end"):
        live.push(*rows()[0])


def test_a_wrong_record_does_not_end_the_stream(tiny: Path) -> None:
    live = edgehuman.stream(tiny)
    with pytest.raises(DataError, match="sample 1 is 3 values"):
        live.push(1.0, 2.0, 3.0)
    assert [one for row in rows() for one in live.push(*row)]


def test_many_threads_lose_nothing(tiny: Path) -> None:
    live = edgehuman.stream(tiny)
    given, turn = iter(rows(20.0)), threading.Lock()
    results: list[object] = []

    def push() -> None:
        while True:
            with turn:
                row = next(given, None)
                if row is None:
                    return
                results.extend(live.push(row))
            live.report()

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    results += live.end()
    assert len(results) == len(list(edgehuman.stream(tiny, rows(20.0))))


def test_threads_that_push_at_once_take_turns(tiny: Path) -> None:
    live = edgehuman.stream(tiny)
    chunk_T7 = np.array(rows(1.0))
    threads = [threading.Thread(target=live.push, args=(chunk_T7,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert live.close()["source"]["rows"] == 8 * 50


def test_a_pushed_stream_is_not_iterated_and_another_is_not_pushed(tiny: Path) -> None:
    with pytest.raises(UsageError, match="`push` returns its results"):
        next(edgehuman.stream(tiny))
    with pytest.raises(UsageError, match="push is for a stream without a source"):
        edgehuman.stream(tiny, rows()).push(*rows()[0])
    for word in ({"realtime": True}, {"seconds": 1.0}):
        with pytest.raises(UsageError, match=f"{next(iter(word))} is for a source that is read"):
            edgehuman.stream(tiny, **word)


def test_photos_are_pushed_and_iterated(tmp_path: Path) -> None:
    model = write_image_model(tmp_path, "parsing")
    image_HWC = flag()
    (pulled,) = edgehuman.stream(model, [image_HWC])
    live = edgehuman.stream(model)
    (pushed,) = live.push(image_HWC)
    for result in (pulled, pushed):
        assert (result.path, result.photo, result.reason) == (None, "0", "")
        assert result.part_HW is not None
        assert result.part_HW.shape == image_HWC.shape[:2]
    with pytest.raises(DataError, match=r"photo 1 is float64 .*; give uint8 RGB"):
        live.push(image_HWC / 255.0)
    assert live.close()["photos"] == 1
    with pytest.raises(UsageError, match="push after the end"):
        live.push(image_HWC)
    with pytest.raises(UsageError, match="`push` returns its results"):
        next(edgehuman.stream(model))


def test_a_list_is_read_in_groups_and_a_generator_one_by_one() -> None:
    people = [{"t": i / 24, "joints": np.ones((18, 3))} for i in range(AT_ONCE + 6)]
    sizes = [len(block) for block in IterableSource(people, PoseRows())]
    assert sizes == [AT_ONCE, 6, 0]
    sizes = [len(block) for block in IterableSource(iter(people), PoseRows())]
    assert sizes == [1] * (AT_ONCE + 6) + [0]
