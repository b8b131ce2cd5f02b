"""`edgehuman run` of gait models on frames: names, a video of them, cameras and their faults."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.runtime.gait import watch as of_gait
from edgehuman.runtime.gait.run import RunConfig, SilhouetteRunConfig
from edgehuman.runtime.gait.walkers import Wanted
from edgehuman.runtime.gallery import empty_gallery, read_gallery, write_gallery
from edgehuman.runtime.image.frames.results import Person
from edgehuman.runtime.model import load
from edgehuman.runtime.stream import stream
from edgehuman.runtime.view.screen import Notes
from tests.runtime.gait.scenes import FRAMES, Walker, pictures, video, watching
from tests.runtime.image.camera.cameras import at_once, stage
from tests.runtime.serve.viewing import viewed

__all__ = ["at_once", "stage"]
MODEL, SILHOUETTES = "zoo:gait-skeleton-int8", "zoo:gait-silhouette-int8"
Rows = list[dict[str, Any]]


@pytest.fixture
def walkers(monkeypatch: pytest.MonkeyPatch) -> list[Walker]:
    """Who is found in frames, one for each run, without a network."""
    made: list[Walker] = []

    def found(*words: object) -> Any:
        made.append(Walker())
        return watching(made[-1])

    monkeypatch.setattr(of_gait, "watching_for", found)
    monkeypatch.setattr("edgehuman.runtime.gait.walkers.watching_for", found)
    return made


@pytest.fixture
def door(tmp_path: Path, walkers: list[Walker]) -> Path:
    return video(tmp_path / "door.avi")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Rows, str]]:
    def go(*words: object) -> tuple[int, Rows, str]:
        code = main(["run", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return go


@pytest.fixture(params=[MODEL, SILHOUETTES])
def known(request: Any, door: Path, tmp_path: Path) -> tuple[str, Path]:
    """A model, and the gallery in which the walker is Ada."""
    model = load(request.param)
    *_, result = stream(model, door)
    path = tmp_path / "known.npz"
    write_gallery(path, empty_gallery(model.card).enrol("Ada", "one", result.vector_D))
    return request.param, path


def test_names_and_a_video_of_them(
    known: tuple[str, Path], door: Path, tmp_path: Path, run: Any
) -> None:
    model, gallery = known
    film = tmp_path / "seen.mp4"
    code, rows, err = run(model, "--source", door, "--gallery", gallery, "--save", film)
    assert code == 0
    assert {row["id"] for row in rows} == {"1"}
    assert (rows[0]["label"], rows[0]["state"]) == (None, "not yet")
    assert {(row["label"], row["state"]) for row in rows[1:]} == {("Ada", "known")}
    assert f"{len(rows)} windows of 1 tracks" in err
    saved = cv2.VideoCapture(str(film))
    assert saved.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    assert not list(tmp_path.glob(".*"))


def test_lines_are_saved_where_no_video_is_asked_for(
    door: Path, tmp_path: Path, capsys: Any
) -> None:
    lines = tmp_path / "walks.jsonl"
    assert main(["run", MODEL, "--source", str(door), "--json", "--save", str(lines)]) == 0
    assert lines.read_text() == capsys.readouterr().out


def test_an_empty_scene_has_no_track_and_no_walk(
    door: Path, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker(begins=999)))
    code, rows, err = run(MODEL, "--source", door)
    assert (code, rows) == (1, [])
    assert "nobody was followed in its 72 frames" in err


def test_poses_are_no_further_source_of_frames(door: Path, tmp_path: Path, run: Any) -> None:
    poses = tmp_path / "walk.jsonl"
    poses.write_text("{}")
    code, rows, err = run(MODEL, "--source", door, "--also", poses)
    assert (code, rows) == (2, [])
    assert f"--also {poses} is no camera, no video" in err


def test_masks_are_no_further_source_of_frames(door: Path, tmp_path: Path, run: Any) -> None:
    """Looked at as pictures, nobody would be found in them; with a detector they are asked for."""
    masks = str(pictures(tmp_path / "masks", 2))
    code, rows, err = run(SILHOUETTES, "--source", door, "--also", masks)
    assert (code, rows) == (2, [])
    assert f"--also {masks} is no camera, no video" in err
    with pytest.raises(UsageError, match=r"source .* is no camera"):
        stream(SILHOUETTES, [door, masks])
    detector = ["--detector", "zoo:person-detector-int8"]
    assert run(SILHOUETTES, "--source", door, "--also", masks, *detector)[0] == 0


def test_the_video_is_not_written_over(door: Path, tmp_path: Path, run: Any) -> None:
    there = door.rename(tmp_path / "door.mp4")
    before = there.read_bytes()
    assert run(MODEL, "--source", there, "--save", there)[0] == 2
    assert there.read_bytes() == before


def test_several_sources_have_tracks_and_names_of_their_own(
    known: tuple[str, Path], door: Path, tmp_path: Path, run: Any
) -> None:
    model, gallery = known
    other = video(tmp_path / "yard.avi")
    words = ["--source", door, "--also", other, "--gallery", gallery]
    code, rows, _ = run(model, *words, "--ids", tmp_path / "ids.txt")
    assert code == 0
    assert {(row["source"], row["id"]) for row in rows} == {(str(door), "1"), (str(other), "2")}
    assert (tmp_path / "ids.txt").read_text() == "1000\n"


def test_of_several_sources_each_has_a_film(door: Path, tmp_path: Path, run: Any) -> None:
    other = video(tmp_path / "yard.avi")
    code, _, err = run(
        MODEL, "--source", door, "--also", other, "--every", 2, "--save", tmp_path / "seen.mp4"
    )
    assert code == 0, err
    films = sorted(each.name for each in tmp_path.glob("*.mp4"))
    assert films == ["seen-door.mp4", "seen-yard.mp4"]
    for name in films:
        saved = cv2.VideoCapture(str(tmp_path / name))
        assert saved.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES / 2
    assert not list(tmp_path.glob(".*"))


def test_no_film_takes_the_place_of_one_of_the_sources(
    door: Path, tmp_path: Path, run: Any
) -> None:
    """Also where it has the name that one of several films would have."""
    there = door.rename(tmp_path / "seen-yard.mp4")
    yard = video(tmp_path / "yard.avi")
    before = there.read_bytes()
    code, _, err = run(MODEL, "--source", there, "--also", yard, "--save", tmp_path / "seen.mp4")
    assert (code, "would overwrite the video" in err) == (2, True)
    assert there.read_bytes() == before


@pytest.mark.parametrize("which", ["consented", "all"])
def test_names_are_not_sent_to_nowhere(door: Path, run: Any, which: str) -> None:
    for source in (door, "simulated"):
        code, rows, err = run(MODEL, "--source", source, "--sink-names", which)
        assert (code, rows) == (2, [])
        assert f"--sink-names {which} is for what leaves this machine; add --sink" in err


def test_what_was_recorded_is_replayed_with_the_same_results(
    known: tuple[str, Path], door: Path, tmp_path: Path, run: Any
) -> None:
    model, gallery = known
    first, again = tmp_path / "first.jsonl", tmp_path / "again.jsonl"
    day = tmp_path / "day"
    words = ["--gallery", gallery, "--save"]
    assert run(model, "--source", door, *words, first, "--record", day)[0] == 0
    assert run(model, "--source", day, *words, again)[0] == 0
    assert first.read_text()
    assert main(["diff", str(first), str(again)]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "event"), [("black", "black"), ("frozen", "frozen"), ("crash", "lost")]
)
def test_what_befalls_a_camera_is_a_line_and_is_never_inferred_on(
    does: str, event: str, stage: str, at_once: None, walkers: list[Walker], run: Any
) -> None:
    """The stage shows frames 0, 1 and 2 before it fails."""
    seconds = 4 if event == "frozen" else 1.5
    code, rows, err = run(MODEL, "--source", f"{stage}{does}", "--seconds", seconds)
    assert code == 0, err
    events = [row for row in rows if "event" in row]
    assert events[0]["event"] == event
    assert set(events[0]) == {"source", "event", "t_s", "said"}
    assert events[0]["source"] == f"http://***@stage/{does}"
    assert "secret" not in err
    (walker,) = walkers
    assert min(walker.seen) > 10  # a black picture is 0
    assert f"of cameras: {len([e for e in events if e['event'] == event])} {event}" in err


@pytest.mark.slow
def test_nobody_before_a_camera_is_no_error_and_no_frame_is(
    stage: str, at_once: None, walkers: list[Walker], monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker(begins=9999)))
    code, rows, err = run(MODEL, "--source", f"{stage}steady", "--seconds", 1)
    assert (code, rows) == (0, [])
    assert "0 windows of 0 tracks" in err
    code, rows, err = run(MODEL, "--source", f"{stage}absent", "--seconds", 1)
    assert code == 1
    assert [row["event"] for row in rows] == ["lost"]
    assert "stopped before any frame came" in err


@pytest.mark.slow
def test_a_camera_is_filmed_at_its_times_and_its_walker_named(
    stage: str, known: tuple[str, Path], tmp_path: Path, run: Any
) -> None:
    model, gallery = known
    film = tmp_path / "seen.mp4"
    words = ["--source", f"{stage}steady?fps=20", "--seconds", 3.5, "--policy", "all"]
    code, rows, err = run(model, *words, "--gallery", gallery, "--save", film, "--threshold", 0.5)
    assert code == 0, err
    assert rows[-1]["label"] == "Ada"
    assert all(0.5 < row["t_s"] < 3.6 for row in rows)
    assert {row["source"] for row in rows} == {"http://***@stage/steady?fps=20"}
    saved = cv2.VideoCapture(str(film))
    assert saved.get(cv2.CAP_PROP_FPS) == 15
    assert 15 * 2.0 < saved.get(cv2.CAP_PROP_FRAME_COUNT) < 15 * 3.8


def test_the_page_has_names_only_where_people_are_identified(
    known: tuple[str, Path], door: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    model, gallery = known
    for given in (gallery, None):
        shots, about = shown(model, door, given, monkeypatch)
        assert about["identifies"] == (given is not None)
        people = [person for shot in shots for person in shot["people"]]
        assert {person["track"] for person in people} == {"1"}
        names = {person.get("name") for person in people}
        # Of a fast file the page takes some frames alone, those before the name or not.
        assert names - {None} == ({"Ada"} if given else set())
    capsys.readouterr()


def shown(
    model: str, door: Path, gallery: Path | None, monkeypatch: pytest.MonkeyPatch
) -> tuple[Rows, dict[str, Any]]:
    """What a viewer of the page saw, picture by picture, and what the page is about."""
    said: list[str] = []
    held = threading.Event()

    class Told(Notes):
        def __call__(self, message: str) -> None:
            said.append(message)

    monkeypatch.setattr(of_gait, "Notes", Told)
    show = of_gait._show

    def after_the_viewer(*given: Any) -> None:
        held.wait(20)
        show(*given)

    monkeypatch.setattr(of_gait, "_show", after_the_viewer)
    words = RunConfig(model, str(door), gallery=gallery, json=True, serve="0")
    wanted: Wanted = "outlines" if "silhouette" in model else "joints"
    done: list[Any] = []
    thread = threading.Thread(target=lambda: done.append(of_gait.watch(words, wanted, None)))
    thread.start()
    seen: Rows = []
    with viewed(said).socket() as viewer:
        row, _ = viewer.update()
        about = row.get("about", row)
        held.set()
        while row:
            seen.append(row)
            viewer.acknowledge(row)
            row, _ = viewer.update()
    thread.join(20)
    assert done
    return [shot for each in seen for shot in each.get("shots", ())], about


@pytest.mark.parametrize("wanted", ["joints", "outlines"])
def test_who_walks_before_a_camera_is_enrolled_on_the_page_and_named(
    wanted: Wanted, door: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop stands at frame 42 until the page has enrolled who is on track 1."""
    said: list[str] = []
    monkeypatch.setattr(Notes, "__call__", lambda self, message: said.append(message))
    # The simulator's picture has 1920x1080 pixels, and this one 64x48.
    small_3 = np.array([64 / 1920, 48 / 1080, 1.0], np.float32)
    found = Walker.answer_all

    def smaller(self: Walker, *given: Any) -> list[Person]:
        people = found(self, *given)
        joints = [np.asarray(each.joint_J3) * small_3 for each in people]
        return [replace(each, joint_J3=own) for each, own in zip(people, joints, strict=True)]

    monkeypatch.setattr(Walker, "answer_all", smaller)
    here, held, show = threading.Event(), threading.Event(), of_gait._show
    named: list[Any] = []

    def until_enrolled(beside: Any, taken: Any, result: Any) -> None:
        if taken.index == 42:
            here.set()
            held.wait(20)
        named.extend(person.answer.get("name") for person in result.people)
        show(beside, taken, result)

    monkeypatch.setattr(of_gait, "_show", until_enrolled)
    path = tmp_path / "known.gallery"
    kind = RunConfig if wanted == "joints" else SilhouetteRunConfig
    model = MODEL if wanted == "joints" else SILHOUETTES
    words = kind(model=model, source=str(door), gallery=path, json=True, serve="0", hop_s=0.15)
    run = threading.Thread(target=lambda: of_gait.watch(words, wanted, None, True))
    run.start()
    page = viewed(said)
    here.wait(20)
    word = json.loads(page.ask("/people").body)["word"]
    body = json.dumps({"do": "enrol", "track": "1", "name": "Ada", "consent": "2026-03"}).encode()
    answer = page.ask(
        "/people",
        "POST",
        body,
        origin=f"http://{page.headers['host']}",
        content_type="application/json",
        content_length=str(len(body)),
        x_edgehuman_change=word,
    )
    held.set()
    run.join(20)
    assert answer.status == 200, answer.body
    assert b"Ada is enrolled with track 1" in answer.body
    assert read_gallery(path).people() == {"Ada": 1}
    assert set(named[:43]) == {None}
    assert named[-1] == "Ada"


@pytest.mark.long
def test_real_walkers_one_by_one(tmp_path: Path, run: Any) -> None:
    """Somebody comes in after 6.9 s, and leaves by 19.4 s; nobody is there before and after."""
    source = Path(os.environ.get("EDGEHUMAN_DATA", "-")) / "video/one-by-one-person-detection.mp4"
    if not source.is_file():
        pytest.skip("EDGEHUMAN_DATA has no video")
    ids = tmp_path / "ids.txt"
    words = ["--seconds", "15", "--ids", str(ids), "--save", str(tmp_path / "seen.mp4")]
    code, rows, err = run(MODEL, "--source", source, *words)
    assert code == 0
    assert {row["id"] for row in rows} == {"1"}
    assert all(7 < row["t_s"] < 15 for row in rows)
    assert "windows of 1 tracks" in err
    assert ids.read_text() == "1000\n"
