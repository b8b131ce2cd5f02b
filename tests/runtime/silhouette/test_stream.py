"""`edgehuman.stream` of silhouettes: walks of a path, or the masks of one walk as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.silhouette.normalise import normalise_walk
from edgehuman.runtime.gallery import empty_gallery
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.silhouette.results import WalkResult
from tests.runtime.outlines import (
    ANNA,
    BOB,
    expected,
    outline_card,
    walk,
    write_outline_model,
    write_walk,
)


def outlines(model: Path, source: Any = None, **words: Any) -> LiveStream[WalkResult]:
    """The stream of a silhouette model, whose results no overload can tell from a photo's."""
    return cast("LiveStream[WalkResult]", edgehuman.stream(model, source, **words))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_outline_model(tmp_path / "outline.onnx")


def test_a_path_gives_a_result_for_each_walk(model: Path, tmp_path: Path) -> None:
    for name, body in (("a", ANNA), ("b", BOB)):
        write_walk(tmp_path / "walks" / name, walk(body, 4))
    known = empty_gallery(outline_card()).enrol(
        "ANNA", "w", expected(normalise_walk(walk(ANNA, 4)))
    )
    with outlines(model, tmp_path / "walks", gallery=known) as live:
        assert [(result.walk, result.label) for result in live] == [("a", "ANNA"), ("b", "unknown")]
        assert live.report()["walks"] == 2


def test_every_mask_of_a_walk_brings_the_answer_so_far(model: Path) -> None:
    masks = walk(ANNA, 5)
    records_THW = normalise_walk(masks)
    results = list(outlines(model, masks))
    assert [result.used for result in results] == [1, 2, 3, 4, 5]
    for result in results:
        wanted = expected(records_THW[: result.used])
        assert result.embedding_PD is not None
        assert np.abs(result.embedding_PD - wanted).max() <= 1e-6


def test_a_bad_mask_is_a_result_with_its_reason(model: Path) -> None:
    good = walk(ANNA, 2)
    results = list(outlines(model, [good[0], 0 * good[0], good[1]]))
    assert [result.reason for result in results] == ["", "empty", ""]
    assert results[-1].dropped == {"empty": 1}


def test_pushed_masks_are_answered_until_the_end(model: Path) -> None:
    live = outlines(model)
    assert len(live.push(walk(BOB, 1)[0])) == 1
    with pytest.raises(DataError, match=r"mask 1 is float64 \(3,\)"):
        live.push(np.zeros(3))
    assert live.end() == []
    with pytest.raises(UsageError, match="push after the end"):
        live.push(walk(BOB, 1)[0])
    assert live.report()["used"] == 1
    with pytest.raises(UsageError, match="no source to iterate"):
        next(live)


def test_without_parts_an_answer_comes_every_thirty_masks_and_at_the_end(tmp_path: Path) -> None:
    path = write_outline_model(tmp_path / "whole.onnx", parts=False)
    results = list(outlines(path, walk(ANNA, 100)))
    assert [result.used for result in results] == [30, 60, 90, 100]
    assert results[-1].how == "mean of 3 windows of 60 frames, one every 30"


def test_what_is_no_source_is_refused(model: Path) -> None:
    with pytest.raises(UsageError, match="reads silhouettes, not int"):
        outlines(model, 3)
    with pytest.raises(UsageError, match="hop_s says nothing of masks"):
        outlines(model, "walks", hop_s=1.0)
    with pytest.raises(UsageError, match="smoothing is not an argument"):
        outlines(model, "walks", smoothing="none")
