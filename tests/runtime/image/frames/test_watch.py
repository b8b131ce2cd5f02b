"""What looks at frames: which models go together."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.foreign.families import open_finder
from edgehuman.runtime.image.frames import watch as watching
from edgehuman.runtime.image.frames.answer import answer_frame
from edgehuman.runtime.image.frames.run import RunConfig
from edgehuman.runtime.image.frames.watch import (
    is_foreign,
    open_watching,
    watching_alone,
    watching_with,
)
from tests.runtime.frame_models import street, write_detector, write_foreign, write_video
from tests.runtime.image_models import write_image_model
from tests.runtime.serve.viewing import viewed


def finder(path: Path, shape: tuple[int, ...], **outputs: Any) -> Any:
    return open_finder(write_foreign(path, shape, outputs), notify=lambda _: None)


@pytest.fixture
def yolo(tmp_path: Path) -> Any:
    return finder(tmp_path / "y.onnx", (1, 3, 64, 64), output0=np.zeros((1, 300, 6), np.float32))


@pytest.fixture
def pose(tmp_path: Path) -> Any:
    planes = {"simcc_x": np.zeros((1, 17, 96)), "simcc_y": np.zeros((1, 17, 128))}
    return finder(
        tmp_path / "p.onnx", (1, 3, 64, 48), **{k: v.astype(np.float32) for k, v in planes.items()}
    )


def test_a_network_of_one_person_needs_a_detector(pose: Any, yolo: Any) -> None:
    with pytest.raises(UsageError, match=r"takes one person at a time.* add --detector"):
        watching_alone(pose)
    assert watching_with(pose, yolo).per_person is not None
    with pytest.raises(UsageError, match=r"--detector .*p\.onnx takes one person"):
        watching_with(pose, pose)


def test_what_finds_people_needs_none(yolo: Any, tmp_path: Path) -> None:
    ours = edgehuman.load(write_detector(tmp_path))
    for model in (yolo, ours):
        assert watching_alone(model).per_person is None
        with pytest.raises(UsageError, match="finds people itself; leave --detector out"):
            watching_with(model, yolo)


def test_a_mask_of_one_person_goes_with_a_detector_or_without(yolo: Any, tmp_path: Path) -> None:
    mask = finder(tmp_path / "m.onnx", (1, 3, 8, 8), mask=np.zeros((1, 1, 8, 8), np.float32))
    assert watching_alone(mask).per_person is None
    assert watching_with(mask, yolo).per_person is not None


def test_of_two_networks_of_others_the_family_is_of_the_one_that_can_be(
    pose: Any, tmp_path: Path
) -> None:
    """RTMPose with RTMDet, whose graph may be YOLOX's too: only --family opens it."""
    rows: dict[str, Any] = {
        "dets": np.zeros((1, 9, 5), np.float32),
        "labels": np.zeros((1, 9), np.int64),
    }
    detector = str(write_foreign(tmp_path / "d.onnx", (1, 3, 64, 64), rows))
    words = RunConfig(pose.name, "", detector=detector)
    with pytest.raises(ArtefactError, match="--family yolox"):
        open_watching(words)
    watching = open_watching(dataclasses.replace(words, family="rtmdet"))
    assert type(watching.finder).__name__ == "RtmDet"
    with pytest.raises(ArtefactError, match="--family yolox"):
        open_watching(dataclasses.replace(words, family="rtmpose"))
    with pytest.raises(ArtefactError, match=r"p\.onnx is not RTMO"):
        open_watching(dataclasses.replace(words, family="rtmo"))
    with pytest.raises(UsageError, match="unknown family"):
        open_watching(dataclasses.replace(words, family="rtm"))


def test_a_file_without_a_card_is_of_others(tmp_path: Path) -> None:
    assert not is_foreign(str(write_image_model(tmp_path, "reid")))
    assert not is_foreign("zoo:person-garments")
    assert is_foreign(
        str(write_foreign(tmp_path / "a.onnx", (1, 3), {"y": np.zeros((1, 2), np.float32)}))
    )


def test_a_run_shows_its_frames_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr(watching, "say", said.append)
    answer = answer_frame
    held = threading.Event()

    def after_the_viewer(*given: Any) -> Any:
        held.wait(20)
        return answer(*given)

    monkeypatch.setattr(watching, "answer_frame", after_the_viewer)
    film = write_video(tmp_path / "walk.avi", [street(128, 192, (20, 30, 60, 110))] * 6)
    words = RunConfig(str(write_detector(tmp_path)), str(film), json=True, serve="0")
    done: list[Any] = []
    run = threading.Thread(target=lambda: done.append(watching.watch(open_watching(words), words)))
    run.start()
    with viewed(said).socket() as viewer:
        row, _ = viewer.update()
        held.set()
        seen: list[Any] = []
        while row:
            seen.append(row)
            viewer.acknowledge(row)
            row, picture = viewer.update()
            assert not row.get("shots") or picture[16:18] == b"\xff\xd8"
    run.join(20)
    assert seen[-1]["ended"]["frames"] == 6
    shots = [shot for row in seen for shot in row["shots"]]
    assert shots[-1]["people"][0]["track"] == "1"
    assert [line["people"] for row in seen for line in row.get("lines", ())] == [1] * 6
    assert done[0].data["page"]["slow"] == 0
    assert len(capsys.readouterr().out.splitlines()) == 6
