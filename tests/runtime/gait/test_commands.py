"""`edgehuman gallery enroll|identify` of a video of one walker."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.results import Person
from tests.runtime.gait.scenes import FRAMES, Walker, pictures, video, watching
from tests.runtime.image.camera.cameras import at_once, stage
from tests.runtime.outlines import step

__all__ = ["at_once", "stage"]
MODEL, SILHOUETTES = "zoo:gait-skeleton-int8", "zoo:gait-silhouette-int8"
Run = Callable[..., tuple[int, str, str]]


class Two(Walker):
    """Two people who walk side by side."""

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        found = super().find(frame_HWC, box_4)
        aside_4 = np.array((22, 0, 22, 0), np.float32)
        return [*found, *(FoundPerson(one.box_4 + aside_4, 0.8) for one in found)]

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        people = []
        for place, person in enumerate(super().answer_all(frame_HWC, found)):
            assert person.joint_J3 is not None
            aside_3 = np.array((600 * place, 0, 0), np.float32)
            people.append(dataclasses.replace(person, joint_J3=person.joint_J3 + aside_3))
        return people


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def go(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return go


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    see(monkeypatch, Walker)
    return video(tmp_path / "door.avi")


def see(monkeypatch: pytest.MonkeyPatch, who: Callable[[], Walker]) -> None:
    monkeypatch.setattr(
        "edgehuman.runtime.gait.walkers.watching_for", lambda *words: watching(who())
    )


@pytest.mark.parametrize("model", [MODEL, SILHOUETTES])
def test_a_video_of_one_walker_is_enrolled_and_found_again(
    model: str, door: Path, tmp_path: Path, run: Run
) -> None:
    words = [model, "--source", door, "--gallery", tmp_path / "k.npz"]
    code, out, err = run("gallery", "enroll", *words, "--name", "ADA", "--take-as-is")
    assert code == 0, err
    assert "ADA enrolled by" in out
    code, out, _ = run("gallery", "identify", *words, "--json")
    data = json.loads(out)
    (row,) = data.get("tracks") or data["walks"]
    assert (code, row["label"], row.get("id", row.get("walk"))) == (0, "ADA", "1")
    assert row["score"] == pytest.approx(1, abs=1e-4)
    code, out, _ = run("gallery", "list", tmp_path / "k.npz")
    assert "door.avi" in out


@pytest.mark.parametrize(("model", "flag"), [(MODEL, "--track"), (SILHOUETTES, "--walk")])
def test_of_several_walkers_one_is_chosen(
    model: str, flag: str, door: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(monkeypatch, Two)
    words = ["gallery", "enroll", model, "--source", door, "--gallery", tmp_path / "k.npz"]
    code, _, err = run(*words, "--name", "ADA", "--take-as-is")
    assert (code, f"choose one with {flag}" in err) == (1, True)
    assert not (tmp_path / "k.npz").exists()
    code, out, err = run(*words, "--name", "ADA", "--take-as-is", flag, "2")
    assert (code, "ADA enrolled" in out) == (0, True), err


def test_who_stands_is_not_enrolled_by_outlines(
    door: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their outline flickers as if legs moved. Who walks on the spot may be taken as it is."""

    class Standing(Walker):
        def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
            found = super().find(frame_HWC, box_4)
            return [FoundPerson(np.array((5, 5, 25, 43), np.float32), each.score) for each in found]

    see(monkeypatch, Standing)
    words = ["gallery", "enroll", SILHOUETTES, "--source", door, "--gallery", tmp_path / "k.npz"]
    code, _, err = run(*words, "--name", "ADA")
    assert (code, "track 1: the body stays where it is" in err) == (1, True), err
    assert not (tmp_path / "k.npz").exists()
    assert run(*words, "--name", "ADA", "--on-the-spot")[0] == 0
    words = ["gallery", "identify", *words[2:], "--json"]
    for spot, said in (([], ("not walking", None)), (["--on-the-spot"], ("known", "ADA"))):
        code, out, err = run(*words, *spot)
        (row,) = json.loads(out)["walks"]
        assert (code, row["state"], row["label"]) == (0, *said), err
        assert ("the body stays where it is" in row.get("why", "")) == (not spot)


def test_of_whom_too_little_is_seen_outlines_give_no_name(
    door: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a run: seventeen frames of a walk hold one step."""
    words = [SILHOUETTES, "--source", door, "--gallery", tmp_path / "k.npz"]
    assert run("gallery", "enroll", *words, "--name", "ADA", "--take-as-is")[0] == 0
    see(monkeypatch, lambda: Walker(begins=FRAMES - 17))
    code, out, err = run("gallery", "identify", *words, "--json")
    (row,) = json.loads(out)["walks"]
    assert (code, row["state"], row["label"]) == (0, "not yet", None), err
    assert "steps were seen, and 1.5 are needed" in row["why"]
    code, out, _ = run("gallery", "identify", *words)
    assert "not yet: " in out
    assert "ADA" not in out


@pytest.mark.parametrize("fps", [8, 50])
def test_steps_are_counted_by_the_time_of_frames(
    fps: int, door: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.8 steps a second, of a camera that is slow, and of one that is fast."""

    class Paced(Walker):
        def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
            people = []
            for each in super().answer_all(frame_HWC, found):
                assert each.mask_HW is not None
                leg = step(self._frame, fps) // 2
                mask_HW = np.zeros_like(each.mask_HW)
                mask_HW[:20, 4:16] = mask_HW[20:, 5 + leg : 15 - leg] = True
                people.append(dataclasses.replace(each, mask_HW=mask_HW))
            return people

    see(monkeypatch, Paced)
    folder = pictures(tmp_path / "paced", suffix=".jpg")
    words = [SILHOUETTES, "--source", folder, "--rate-hz", fps, "--gallery", tmp_path / "k.npz"]
    code, out, err = run("gallery", "enroll", *words, "--name", "ADA", "--take-as-is", "--json")
    assert code == 0, err
    (row,) = json.loads(out)["walks"]
    assert row["quality"]["steps_seen"] == pytest.approx(1.8 * FRAMES / fps, rel=0.15)


@pytest.mark.parametrize("model", [MODEL, SILHOUETTES])
def test_a_camera_needs_a_time_and_an_empty_scene_is_told(
    model: str, door: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["gallery", "enroll", model, "--name", "ADA", "--gallery", tmp_path / "k.npz"]
    code, _, err = run(*words, "--source", "http://127.0.0.1:9/door.mjpg")
    assert (code, "never ends; give --seconds, the time to look" in err) == (2, True)
    see(monkeypatch, lambda: Walker(begins=999))
    code, _, err = run(*words, "--source", door)
    assert code == 1
    assert not (tmp_path / "k.npz").exists()
    assert len(err.strip().splitlines()) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("model", [MODEL, SILHOUETTES])
def test_a_camera_enrols(
    model: str, stage: str, at_once: None, tmp_path: Path, run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    see(monkeypatch, Walker)
    words = ["--source", f"{stage}steady?fps=20", "--seconds", 3, "--gallery", tmp_path / "k.npz"]
    code, out, err = run("gallery", "enroll", model, *words, "--name", "ADA", "--take-as-is")
    assert (code, "ADA enrolled" in out) == (0, True), err
    assert "secret" not in err + out


def test_somebody_who_is_never_seen_whole_is_not_enrolled(
    door: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Near(Walker):
        def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
            super().find(frame_HWC, box_4)
            return [FoundPerson(np.array((10, 0, 40, 48), np.float32), 0.9)]

    see(monkeypatch, Near)
    words = ["--name", "ADA", "--gallery", tmp_path / "k.npz", "--source", door]
    code, _, err = run("gallery", "enroll", SILHOUETTES, *words)
    assert code == 1
    assert "nobody is seen whole in 12 frames of one track" in err


@pytest.mark.parametrize(
    ("model", "words", "said"),
    [
        (MODEL, ["--source", "DOOR", "--size", "64x48"], "--size is for poses"),
        (MODEL, ["--source", "simulated", "--detector", "mog2"], "--detector is for frames"),
        (SILHOUETTES, ["--source", "simulated", "--every", "2"], "--every is for frames"),
        (SILHOUETTES, ["--source", "simulated", "--on-the-spot"], "--on-the-spot is for frames"),
        (SILHOUETTES, ["--source", "simulated", "--seconds", "2"], "--seconds is for frames"),
        (SILHOUETTES, ["--source", "DOOR", "--rate-hz", "5"], "has its own"),
    ],
)
def test_wrong_words(
    model: str, words: list[str], said: str, door: Path, tmp_path: Path, run: Run
) -> None:
    given: list[Any] = [door if word == "DOOR" else word for word in words]
    common = ["--gallery", tmp_path / "k.npz"]
    code, _, err = run("gallery", "enroll", model, *given, *common, "--name", "ADA")
    assert (code, said in err) == (2, True), err
