"""`gallery enroll --fuse`: one walk in two galleries, or in none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.runtime.gait import walkers as of_walkers
from edgehuman.runtime.gallery import read_gallery
from edgehuman.runtime.silhouette import commands as of_masks
from tests.runtime.gait.scenes import Walker, video, watching

JOINTS, OUTLINES = "zoo:gait-skeleton-int8", "zoo:gait-silhouette-int8"
Enrol = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def found(*words: object) -> Any:
        return watching(Walker())

    for name in ("watching_for", "watching_both"):
        monkeypatch.setattr(of_walkers, name, found)
    monkeypatch.setattr("edgehuman.runtime.gait.enrolment.watching_both", found)
    monkeypatch.setattr("edgehuman.runtime.gait.watch.watching_both", found)
    return video(tmp_path / "door.avi")


@pytest.fixture
def enrol(door: Path, capsys: pytest.CaptureFixture[str]) -> Enrol:
    def go(first: str, second: str, *words: object, kind: str = "gallery") -> tuple[int, Any, str]:
        folder = door.parent
        galleries = ("--gallery", folder / f"a.{kind}", "--fuse-gallery", folder / f"b.{kind}")
        asked = ("gallery", "enroll", first, "--source", door, "--fuse", second, *galleries)
        code = main([*map(str, (*asked, *words)), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return go


@pytest.mark.parametrize("order", [(JOINTS, OUTLINES), (OUTLINES, JOINTS)])
def test_one_look_and_a_walk_of_one_id_in_both(
    enrol: Enrol, door: Path, order: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, data, err = enrol(*order, "--name", "Ada", "--no-consent-record", "--take-as-is")
    assert code == 0, err
    paths = [door.parent / name for name in ("a.gallery", "b.gallery")]
    galleries = [read_gallery(path) for path in paths]
    assert [each.person_G for each in galleries] == [("Ada",), ("Ada",)]
    assert galleries[0].walk_G == galleries[1].walk_G == (data["walk"],)
    assert {data["joints"]["person"], data["outlines"]["person"]} == {"Ada"}
    assert {each.vector_GD.ndim for each in galleries} == {2, 3}
    words = ("--gallery", paths[0], "--fuse-gallery", paths[1], "--json")
    asked = ("run", order[0], "--source", door, "--fuse", order[1], *words)
    assert main([*map(str, asked)]) == 0
    *_, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (last["label"], last["state"]) == ("Ada", "known")


def test_whom_one_model_refuses_is_in_neither(enrol: Enrol, door: Path) -> None:
    """Three seconds of three steps: outlines see too little of them."""
    code, _, err = enrol(JOINTS, OUTLINES, "--name", "Ada", "--no-consent-record")
    assert code == 1
    assert "by joints" in err or "by outlines" in err
    assert "Nobody was enrolled" in err
    assert "WITHOUT" not in err
    assert not list(door.parent.glob("*.gallery*"))


def test_a_walk_that_is_in_one_gallery_already_is_refused_for_both(
    enrol: Enrol, door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--name", "Ada", "--no-consent-record", "--take-as-is")
    assert enrol(JOINTS, OUTLINES, *words)[0] == 0
    (door.parent / "a.gallery").unlink()
    code, _, err = enrol(JOINTS, OUTLINES, *words)
    assert (code, "is in the gallery already, as Ada" in err) == (1, True), err
    assert not (door.parent / "a.gallery").exists()


@pytest.mark.parametrize("broken", [UsageError("the disk is full"), KeyboardInterrupt()])
def test_what_is_written_to_one_alone_is_said(
    enrol: Enrol, door: Path, monkeypatch: pytest.MonkeyPatch, broken: BaseException
) -> None:
    def breaks(ready: object) -> None:
        raise broken

    monkeypatch.setattr(of_masks.Ready, "write", breaks)
    words = ("--name", "Ada", "--no-consent-record", "--take-as-is")
    code, _, err = enrol(JOINTS, OUTLINES, *words)
    assert code == (130 if isinstance(broken, KeyboardInterrupt) else 1)
    assert str(broken) in err
    assert "Ada is in" in err
    assert (door.parent / "a.gallery").exists()
    assert not (door.parent / "b.gallery").exists()


def test_wrong_words(enrol: Enrol, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = enrol(JOINTS, OUTLINES, "--name", "Ada")
    assert (code, "nothing says that Ada agreed" in err) == (2, True), err
    words = ("--name", "Ada", "--no-consent-record", "--walk", "one")
    code, _, err = enrol(JOINTS, OUTLINES, *words)
    assert (code, "--walk names the walk of one model" in err) == (2, True), err
    asked = ("gallery", "enroll", JOINTS, "--source", "simulated", "--name", "A", "--gallery", "k")
    assert main([*asked, "--fuse", OUTLINES, "--fuse-gallery", "b"]) == 2
    assert "--fuse is for frames" in capsys.readouterr().err
    asked = (
        "gallery",
        "enroll",
        OUTLINES,
        "--source",
        "simulated",
        "--name",
        "A",
        "--gallery",
        "k",
    )
    assert main([*asked, "--fuse", JOINTS, "--fuse-gallery", "b"]) == 2
    assert "--fuse is for frames" in capsys.readouterr().err
