"""A running maximum is what the whole clip gives; windows are averaged, and say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.model import load
from edgehuman.runtime.silhouette.windows import (
    RecentFrames,
    RecentMaximum,
    RunningMaximum,
    Windows,
    memory_of,
    recent_of,
    sound,
)
from tests.runtime.outlines import expected, outline_card, write_outline_model


def noise(frames: int, seed: int = 0) -> Uint8:
    """Records whose whiteness wanders, so that every frame may raise a maximum."""
    random = np.random.default_rng(seed)
    level = random.uniform(0.1, 0.9, (frames, 1, 64))
    return ((random.random((frames, 64, 64)) < level) * 255).astype(np.uint8)


def unit(vector: Float32) -> Float32:
    return np.asarray(vector / np.linalg.norm(vector, axis=-1, keepdims=True))


@pytest.mark.parametrize("frames", [1, 7, 60, 150])
def test_the_running_maximum_is_the_answer_to_the_whole_clip(tmp_path: Path, frames: int) -> None:
    model = load(write_outline_model(tmp_path / "outline.onnx"))
    memory = memory_of(model)
    assert isinstance(memory, RunningMaximum)
    records_THW = noise(frames)
    for t, record_HW in enumerate(records_THW):
        memory.add(record_HW)
        assert memory.due
        if t % 5 == 0:  # asked in between, as a stream does
            assert np.allclose(memory.answer(), expected(records_THW[: t + 1]), atol=1e-6)
    whole = model.logits(records_THW[None])[0]
    assert np.abs(memory.answer() - whole).max() <= 1e-6
    assert memory.used == frames


def test_without_parts_a_short_walk_goes_whole(tmp_path: Path) -> None:
    model = load(write_outline_model(tmp_path / "outline.onnx", parts=False))
    memory = memory_of(model)
    assert isinstance(memory, Windows)
    records_THW = noise(60)
    for record_HW in records_THW:
        memory.add(record_HW)
    assert memory.how == "whole walk at once"
    assert np.allclose(memory.answer(), unit(expected(records_THW)), atol=1e-6)


def test_a_longer_walk_is_the_mean_of_windows_the_last_of_which_ends_with_it(
    tmp_path: Path,
) -> None:
    model = load(write_outline_model(tmp_path / "outline.onnx", parts=False))
    memory = Windows(model, frames=6, hop=3)
    records_THW = noise(11)
    due = []
    for record_HW in records_THW:
        memory.add(record_HW)
        due.append(memory.due)
    wanted = [unit(expected(records_THW[begin : begin + 6])) for begin in (0, 3, 5)]
    assert np.allclose(memory.answer(), np.mean(wanted, axis=0), atol=1e-6)
    assert memory.how == "mean of 3 windows of 6 frames, one every 3"
    # At the third frame, then whenever a window is full.
    assert [t for t, is_due in enumerate(due, start=1) if is_due] == [3, 6, 9]


def test_a_model_of_a_fixed_length_gets_windows_of_it(tmp_path: Path) -> None:
    fixed = outline_card().input
    spec = type(fixed)(fixed.record, (4, 64, 64), fixed.dtype, fixed.units, fixed.rate_hz)
    model = load(write_outline_model(tmp_path / "outline.onnx", parts=False, input=spec))
    memory = memory_of(model)
    for record_HW in noise(5):
        memory.add(record_HW)
    memory.answer()
    assert memory.how == "mean of 2 windows of 4 frames, one every 2"


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.0])
def test_an_answer_without_a_direction_is_refused(wrong: float) -> None:
    vector = np.ones((2, 4), np.float32)
    assert sound(vector) is vector
    vector[1] = wrong
    with pytest.raises(ArtefactError, match="not finite, or zero"):
        sound(vector)


@pytest.mark.parametrize("parts", [True, False])
def test_what_is_recent_is_the_answer_to_the_frames_of_the_newest_blocks(
    tmp_path: Path, parts: bool
) -> None:
    model = load(write_outline_model(tmp_path / "outline.onnx", parts=parts))
    recent = recent_of(model, 3)
    assert isinstance(recent, RecentMaximum if parts else RecentFrames)
    records_THW = noise(50)
    for t, record_HW in enumerate(records_THW):
        if t and t % 10 == 0:
            recent.turn()
        recent.add(record_HW)
    assert recent.used == 30
    assert np.allclose(recent.answer(), expected(records_THW[20:]), atol=1e-6)
    recent.turn()
    recent.turn()  # nothing came in between
    assert np.allclose(recent.answer(), expected(records_THW[40:]), atol=1e-6)


def test_a_model_of_so_many_frames_looks_at_the_newest(tmp_path: Path) -> None:
    model = load(write_outline_model(tmp_path / "outline.onnx", parts=False))
    recent = RecentFrames(model, 2, frames=5)
    records_THW = noise(12)
    for t, record_HW in enumerate(records_THW):
        recent.add(record_HW)
        recent.turn()
        assert recent.used == min(t + 1, 5)
    assert np.allclose(recent.answer(), expected(records_THW[-5:]), atol=1e-6)
