"""`edgehuman run` of gait models: which flags go with which source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from edgehuman.cli import main
from edgehuman.runtime.gait import watch as of_gait
from edgehuman.runtime.gait.run import RunConfig, SilhouetteRunConfig
from edgehuman.runtime.run import action_of
from tests.runtime.gait.scenes import Walker, pictures, video, watching
from tests.runtime.outlines import mask

MODEL, SILHOUETTES = "zoo:gait-skeleton", "zoo:gait-silhouette"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker()))
    return video(tmp_path / "door.avi")


def test_it_is_the_step_of_gait_models() -> None:
    assert action_of("run", MODEL).config == "edgehuman.runtime.gait.run:RunConfig"
    assert action_of("run", SILHOUETTES).function == "edgehuman.runtime.gait.run:run_silhouettes"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate-hz", "10"], "is a video or a camera and has its own"),
        (["--every", "0"], "--every must be at least 1"),
        (["--save", "seen.avi"], "name it seen.mp4"),
        (["--seconds", "-1"], "seconds is -1"),
        (["--policy", "newest"], "policy"),
        (["--also", "rtsp://"], "is no address"),
        (["--serve-token", "t"], "--serve-token is for the page; add --serve PORT"),
        (["--hop-s", "0"], "hop_s is 0"),
        (["--threshold", "3"], "threshold is 3"),
    ],
)
@pytest.mark.parametrize("model", [MODEL, SILHOUETTES])
def test_wrong_words(door: Path, model: str, words: list[str], said: str, capsys: Any) -> None:
    assert main(["run", model, "--source", str(door), *words]) == 2
    assert said in capsys.readouterr().err


def test_words_of_poses_say_nothing_of_frames(door: Path, capsys: Any) -> None:
    for words in (["--size", "64x48"], ["--realtime"], ["--layout", "x"], ["--sender", "x"]):
        assert main(["run", MODEL, "--source", str(door), *words]) == 2
        assert f"{words[0]} is for poses" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--every", "2"],
        ["--ids", "x"],
        ["--detector", "mog2"],
        ["--also", "0"],
        ["--serve", "0"],
        ["--record", "day"],
        ["--webhook", "https://a"],
    ],
)
def test_words_of_frames_say_nothing_of_poses_and_masks(
    words: list[str], tmp_path: Path, capsys: Any
) -> None:
    if words[0] not in ("--serve", "--webhook"):  # poses have a page too
        assert main(["run", MODEL, "--source", "simulated", "--seconds", "3", *words]) == 2
        assert f"{words[0]} is for frames" in capsys.readouterr().err
    if words[0] != "--detector":  # which says that it is frames
        assert main(["run", SILHOUETTES, "--source", "simulated", *words]) == 2
        assert f"{words[0]} is for frames" in capsys.readouterr().err


def test_what_gives_the_other_kind_of_model_its_input_needs_that_model(capsys: Any) -> None:
    for model, flag in ((SILHOUETTES, "--pose"), (MODEL, "--segmenter")):
        assert main(["run", model, "--source", "0", flag, "x"]) == 2
        assert f"{flag} x is for a second model; add --fuse" in capsys.readouterr().err
    assert SilhouetteRunConfig(model="m", source="s").live.given() == []
    assert RunConfig("m", "s").given_finding() == {
        "--detector": False,
        "--score": False,
        "--every": False,
    }


def test_pictures_of_people_are_frames_and_masks_are_walks(
    door: Path, tmp_path: Path, capsys: Any
) -> None:
    folder = pictures(tmp_path / "jpg", suffix=".jpg")
    assert main(["run", SILHOUETTES, "--source", str(folder), "--rate-hz", "24"]) == 0
    assert "windows of 1 tracks" in capsys.readouterr().out
    masks = tmp_path / "anna"
    masks.mkdir()
    for t in range(20):
        cv2.imwrite(str(masks / f"{t:03d}.png"), mask((14 + t % 3, 14)))
    assert main(["run", SILHOUETTES, "--source", str(masks)]) == 0
    assert "anna" in capsys.readouterr().out
    # A detector says that they are pictures of people, whatever they look like.
    given = ["run", SILHOUETTES, "--source", str(masks), "--detector", "mog2", "--rate-hz", "24"]
    assert main(given) == 0
    assert "of 1 tracks" in capsys.readouterr().out


def test_help_says_what_is_of_frames(capsys: Any) -> None:
    for model in (MODEL, SILHOUETTES):
        assert main(["run", model, "--help"]) == 0
        page = capsys.readouterr().out
        assert "of frames: videos, cameras, pictures:" in page
        assert "mog2, a fallback for a" in page
        assert "beside the run:" in page
