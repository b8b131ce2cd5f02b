"""rtmlib and MediaPipe, played: what they give, and what is said where they are not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, EngineError, MissingDependencyError, UsageError
from edgehuman.runtime.foreign.names import is_wheel
from edgehuman.runtime.foreign.wheels import open_wheel

FRAME = np.zeros((100, 200, 3), np.uint8)


def test_names() -> None:
    assert [is_wheel(name) for name in ("rtmlib:balanced", "a/pose.task", "a.onnx", "zoo:x")] == [
        True,
        True,
        False,
        False,
    ]


def test_rtmlib_reads_bgr_and_a_row_of_zeros_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    point_MJ2 = np.zeros((2, 17, 2))
    point_MJ2[1] = np.stack([np.arange(17), np.arange(17) + 30], axis=1)
    score_MJ = np.stack([np.zeros(17), np.full(17, 0.8)])

    class Body:
        def __init__(self, **words: Any) -> None:
            assert words == {"mode": "balanced", "backend": "onnxruntime", "device": "cpu"}

        def __call__(self, frame: Any) -> Any:
            if not frame.any():
                raise ValueError("black")
            assert frame[0, 0].tolist() == [3, 2, 1]
            return point_MJ2, score_MJ

    monkeypatch.setitem(sys.modules, "rtmlib", SimpleNamespace(Body=Body))
    finder = open_wheel("rtmlib:balanced")
    frame = np.tile(np.array((1, 2, 3), np.uint8), (100, 200, 1))
    (person,) = finder.find(frame)
    assert person.box_4.tolist() == [0, 30, 16, 46]
    assert person.score == pytest.approx(0.8)
    with pytest.raises(EngineError, match="rtmlib failed: black"):
        finder.find(FRAME)


def test_mediapipe_has_33_landmarks_in_shares_of_the_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = [SimpleNamespace(x=k / 100, y=0.5, visibility=0.9) for k in range(33)]
    landmarker = SimpleNamespace(detect=lambda image: SimpleNamespace(pose_landmarks=[marks]))
    vision = SimpleNamespace(
        PoseLandmarkerOptions=lambda **words: words,
        RunningMode=SimpleNamespace(IMAGE="image"),
        PoseLandmarker=SimpleNamespace(create_from_options=lambda options: landmarker),
    )
    tasks = SimpleNamespace(vision=vision, BaseOptions=lambda model_asset_path: model_asset_path)
    package = SimpleNamespace(
        tasks=tasks,
        Image=lambda image_format, data: data,
        ImageFormat=SimpleNamespace(SRGB="srgb"),
    )
    monkeypatch.setitem(sys.modules, "mediapipe", package)
    (tmp_path / "pose.task").write_bytes(b"model")
    (person,) = open_wheel(str(tmp_path / "pose.task")).find(FRAME)
    assert person.joint_J3 is not None
    np.testing.assert_allclose(person.joint_J3[0], (0, 50, 0.9), atol=1e-5)  # the nose
    np.testing.assert_allclose(person.joint_J3[16], (2 * 28, 50, 0.9), atol=1e-5)  # right ankle


def test_what_is_not_installed_or_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("rtmlib", "mediapipe"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "pose.task").write_bytes(b"model")
    with pytest.raises(MissingDependencyError, match=r"rtmlib:balanced needs rtmlib.*extra `pose`"):
        open_wheel("rtmlib:balanced")
    with pytest.raises(MissingDependencyError, match="extra `pose` brings it"):
        open_wheel(str(tmp_path / "pose.task"))
    with pytest.raises(UsageError, match="unknown mode 'best' of rtmlib; valid: lightweight"):
        open_wheel("rtmlib:best")
    with pytest.raises(ArtefactError, match="no such file"):
        open_wheel("none.task")
