"""`edgehuman run zoo:gait-skeleton --source VIDEO`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.cli import main
from edgehuman.runtime.gait import watch as of_gait
from edgehuman.runtime.run import action_of
from tests.runtime.gait.scenes import Walker, video, watching

MODEL = "zoo:gait-skeleton"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker()))
    monkeypatch.setattr(
        "edgehuman.runtime.gait.walkers.watching_for", lambda *w: watching(Walker())
    )
    return video(tmp_path / "door.avi")


def test_it_is_the_step_of_gait_models() -> None:
    assert action_of("run", MODEL).config == "edgehuman.runtime.gait.run:RunConfig"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--size", "64x48"], "--size is for poses"),
        (["--realtime"], "--realtime is for poses"),
        (["--rate-hz", "10"], "is a video and has its own"),
        (["--every", "0"], "--every must be at least 1"),
        (["--save", "seen.avi"], "name it seen.mp4"),
        (["--seconds", "-1"], "seconds is -1"),
    ],
)
def test_wrong_words(door: Path, words: list[str], said: str, capsys: Any) -> None:
    assert main(["run", MODEL, "--source", str(door), *words]) == 2
    assert said in capsys.readouterr().err


def test_words_of_frames_say_nothing_of_poses(capsys: Any) -> None:
    for words in (["--every", "2"], ["--pose", "x"], ["--ids", "x"], ["--detector", "x"]):
        assert main(["run", MODEL, "--source", "simulated", "--seconds", "3", *words]) == 2
        assert f"{words[0]} is for frames" in capsys.readouterr().err
