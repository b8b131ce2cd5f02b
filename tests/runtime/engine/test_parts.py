"""The two parts beside a model's file are used if they belong to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgehuman.runtime.engine.part_files import part_path, whole_path
from edgehuman.runtime.model import load
from tests.runtime.outlines import NUMBERS, write_outline_model


def test_the_files_of_parts_stand_beside_the_whole() -> None:
    path = Path("models/gait.v2.onnx")
    assert part_path(path, "frame") == Path("models/gait.v2.frame.onnx")
    assert whole_path(part_path(path, "head")) == path
    assert whole_path(path) is None
    assert whole_path(Path("frame.onnx")) is None


def test_both_parts_give_what_the_whole_gives(tmp_path: Path) -> None:
    model = load(write_outline_model(tmp_path / "o.onnx"))
    assert model.parts is not None
    records_THW = np.random.default_rng(0).integers(0, 2, (5, 64, 64)).astype(np.uint8) * 255
    numbers_TM = model.parts.numbers(records_THW)
    assert numbers_TM.shape == (5, NUMBERS)
    whole = model.logits(records_THW[None])[0]
    assert np.abs(model.parts.answer(numbers_TM.max(axis=0)) - whole).max() <= 1e-6


def test_a_whole_file_alone_has_no_parts(tmp_path: Path) -> None:
    path = write_outline_model(tmp_path / "o.onnx")
    part_path(path, "head").unlink()
    assert load(path).parts is None


@pytest.mark.parametrize("damage", ["other model", "cut short"])
def test_parts_that_do_not_belong_are_told_and_not_used(tmp_path: Path, damage: str) -> None:
    path = write_outline_model(tmp_path / "o.onnx")
    frame = part_path(path, "frame")
    if damage == "cut short":
        frame.write_bytes(frame.read_bytes()[:200])
    else:
        other = write_outline_model(tmp_path / "other.onnx", sha="b" * 64)
        shutil.copy(part_path(other, "frame"), frame)
    told: list[str] = []
    model = load(path, notify=told.append)
    assert model.parts is None
    assert len(told) == 1
    assert ("another model" if damage == "other model" else "without its parts") in told[0]
