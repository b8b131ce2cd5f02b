"""A network of others is told by its metadata, its names and its shapes; doubt is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.foreign.families import open_finder
from tests.runtime.frame_models import write_detector, write_foreign


def zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


SQUARE = (1, 3, 64, 64)


@pytest.mark.parametrize(
    ("shape", "outputs", "kind"),
    [
        (SQUARE, {"output0": zeros(1, 56, 84)}, "Yolo"),
        (SQUARE, {"output0": zeros(1, 300, 57)}, "Yolo"),
        ((1, 3, 640, 640), {"output0": zeros(1, 84, 8400)}, "Yolo"),
        (SQUARE, {"output0": zeros(1, 116, 84), "output1": zeros(1, 32, 16, 16)}, "Yolo"),
        (SQUARE, {"output": zeros(1, 84, 85)}, "YoloX"),
        (SQUARE, {"output": zeros(1, 84, 6)}, "YoloX"),
        (SQUARE, {"dets": zeros(1, 9, 5), "keypoints": zeros(1, 9, 17, 3)}, "Rtmo"),
        ((1, 3, 64, 48), {"simcc_x": zeros(1, 17, 96), "simcc_y": zeros(1, 17, 128)}, "RtmPose"),
        (SQUARE, {"mask": zeros(1, 1, 64, 64)}, "MaskNetwork"),
        ((1, 256, 256, 3), {"mask": zeros(1, 256, 256, 1)}, "Selfie"),
        (
            (1, 256, 256, 3),
            {"a": zeros(1, 195), "b": zeros(1, 1), "c": zeros(1, 256, 256, 1)},
            "BlazePose",
        ),
    ],
)
def test_each_family_is_told(
    shape: tuple[int, ...], outputs: Mapping[str, NDArray[Any]], kind: str, tmp_path: Path
) -> None:
    path = write_foreign(tmp_path / "net.onnx", shape, outputs)
    assert type(open_finder(path, notify=lambda _: None)).__name__ == kind


@pytest.mark.parametrize("answer", [zeros(1, 1, 17, 3), zeros(1, 6, 56)])
def test_movenet_takes_whole_numbers(answer: NDArray[Any], tmp_path: Path) -> None:
    shape = (1, 192, 192, 3) if answer.shape[1] == 1 else (1, "h", "w", 3)
    path = write_foreign(tmp_path / "net.onnx", shape, {"y": answer}, np.int32)
    told: list[str] = []
    assert type(open_finder(path, notify=told.append)).__name__ == "MoveNet"
    assert "published under Apache-2.0" in told[0]


def test_two_families_are_refused_and_the_flag_named(tmp_path: Path) -> None:
    """Boxes and labels after NMS are YOLOX's or RTMDet's."""
    outputs: dict[str, Any] = {"dets": zeros(1, 9, 5), "labels": np.zeros((1, 9), np.int64)}
    path = write_foreign(tmp_path / "net.onnx", SQUARE, outputs)
    with pytest.raises(ArtefactError, match=r"may be YOLOX or RTMDet.*--family yolox\|rtmdet"):
        open_finder(path)
    assert type(open_finder(path, family="rtmdet", notify=lambda _: None)).__name__ == "RtmDet"
    with pytest.raises(ArtefactError, match="is not RTMO: it takes"):
        open_finder(path, family="rtmo")
    with pytest.raises(UsageError, match="unknown family 'rtm'; valid: yolo, "):
        open_finder(path, family="rtm")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"license": "Apache-2.0"}, "its licence, by its metadata: Apache-2.0"),
        ({"License": "AGPL-3.0"}, "its licence is AGPL-3.0"),
        ({"task": "x", "author": "Ultralytics"}, "its licence is AGPL-3.0"),
        ({}, "it states no licence; ask whoever gave it"),
    ],
)
def test_the_licence_is_told(metadata: dict[str, str], said: str, tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "net.onnx", SQUARE, {"mask": zeros(1, 1, 64, 64)}, **metadata)
    told: list[str] = []
    open_finder(path, notify=told.append)
    assert said in told[0]


def test_ours_and_unsigned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArtefactError, match="a model of edgehuman's own"):
        open_finder(write_detector(tmp_path))
    with pytest.raises(ArtefactError, match=r"zoo:person-detector is a model of edgehuman's own"):
        open_finder("zoo:person-detector")
    path = write_foreign(tmp_path / "net.onnx", SQUARE, {"mask": zeros(1, 1, 64, 64)})
    monkeypatch.setenv("EDGEHUMAN_REQUIRE_SIGNED", "1")
    monkeypatch.setenv("EDGEHUMAN_TRUSTED_KEYS", str(tmp_path))
    with pytest.raises(UsageError, match="a signature is required"):
        open_finder(path)
