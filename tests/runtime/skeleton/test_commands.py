"""`edgehuman gallery`, and what its `enroll` refuses: joints and walks that would find nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.geometry import COCO_17, OPENPOSE_18
from edgehuman.runtime.gallery import read_gallery
from edgehuman.runtime.skeleton import commands as gallery_commands
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from tests.preprocess.skeleton.formats import written
from tests.preprocess.skeleton.formats.written import WRITERS
from tests.runtime.gait_models import ANNA, BOB, RATE_HZ, walk, write_gait_model, write_poses
from tests.runtime.gait_words import enrol, run


def test_enrolled_people_are_found_and_forgotten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ANNA", "BOB"):
        code, out, _ = enrol(capsys, folder, name, "--json")
        assert code == 0
        assert json.loads(out)["windows"] == 7
    code, out, _ = run(
        capsys, "gallery", "identify", folder / "nose.onnx", "--source", folder / "door.jsonl",
        "--gallery", folder / "g.npz", "--json",
    )  # fmt: skip
    rows = {row["id"]: row["label"] for row in json.loads(out)["tracks"]}
    assert (code, rows) == (0, {"1": "ANNA", "2": "BOB", "3": "unknown"})
    report = json.loads(out)["report"]
    # Of the stream and the source alone: nothing was played, so there is no latency.
    assert set(report) == {"stream", "source"}
    assert (report["stream"]["frames"], report["stream"]["tracks"]) == (72, 3)
    code, out, _ = run(capsys, "gallery", "list", folder / "g.npz")
    assert "2 people, 2 walks, vectors of 2 by nose" in out
    assert "anna.jsonl#0" in out
    code, out, _ = run(capsys, "gallery", "forget", folder / "g.npz", "--name", "ANNA", "--json")
    assert json.loads(out) == {
        "gallery": str(folder / "g.npz"), "forgotten": 1, "people": {"BOB": 1}
    }  # fmt: skip
    assert read_gallery(folder / "g.npz").people() == {"BOB": 1}


@pytest.mark.parametrize("pause_s", [0.0, 0.7, 5.0], ids=["a jump", "a pause", "away"])
def test_people_one_after_the_other_under_one_id_are_named_each(
    pause_s: float, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ANNA", "BOB"):
        enrol(capsys, folder, name)
    write_poses(folder / "one_id.jsonl", [*walk(ANNA, 2), *walk(BOB, 2, 0, 2.0 + pause_s)])
    code, out, _ = run(
        capsys, "gallery", "identify", folder / "nose.onnx", "--source", folder / "one_id.jsonl",
        "--gallery", folder / "g.npz", "--json",
    )  # fmt: skip
    rows = {row["id"]: row["label"] for row in json.loads(out)["tracks"]}
    assert (code, rows) == (0, {"0": "ANNA", "0#2": "BOB"})


def test_what_is_refused_leaves_the_file_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(capsys, folder, "ANNA")
    before = (folder / "g.npz").read_bytes()
    write_gait_model(folder / "nose.onnx", weights_sha256="b" * 64)
    code, _, err = enrol(capsys, folder, "BOB")
    assert code == 1
    assert "vectors of different models cannot be compared" in err
    code, _, err = run(
        capsys, "run", folder / "nose.onnx", "--source", folder / "anna.jsonl", "--gallery",
        folder / "g.npz",
    )  # fmt: skip
    assert (code, "cannot be compared" in err) == (1, True)
    write_gait_model(folder / "nose.onnx")
    code, _, err = enrol(capsys, folder, "ANNA")
    assert code == 1
    assert "is in the gallery already, as ANNA; give --walk another id" in err
    assert (folder / "g.npz").read_bytes() == before
    assert enrol(capsys, folder, "ANNA", "--walk", "again")[0] == 0


def test_whose_walk_it_is_has_to_be_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["gallery", "enroll", folder / "nose.onnx", "--source", folder / "door.jsonl"]
    words += ["--name", "BOB", "--gallery", folder / "g.npz"]
    code, _, err = run(capsys, *words)
    assert (code, "holds 3 tracks (1, 2, 3); choose one with --track" in err) == (1, True)
    code, _, err = run(capsys, *words, "--track", "9")
    assert (code, "--track 9" in err) == (2, True)
    assert not (folder / "g.npz").exists()
    assert run(capsys, *words, "--track", "2")[0] == 0


def real_walk(
    joint_order: Sequence[int] = range(18), scale: tuple[float, float] = (1, 1)
) -> list[dict[str, Any]]:
    """A simulated walker's lines at the model's rate."""
    made = simulate_skeletons(1, 1, seed=0, frames=48, rate_hz=RATE_HZ)
    joint_TJ3 = made.skeleton_NTJ3[0][:, list(joint_order)] * np.array([*scale, 1], np.float32)
    return [
        {"t": k / RATE_HZ, "joints": joint_J3.astype(float).tolist()}
        for k, joint_J3 in enumerate(joint_TJ3)
    ]


COCO_AND_NECK = [OPENPOSE_18.index(name) for name in (*COCO_17, "neck")]
SHUFFLED = np.random.default_rng(0).permutation(18).tolist()


@pytest.mark.parametrize(
    ("lines", "said", "order_named"),
    [
        (
            real_walk(COCO_AND_NECK),
            "the order of COCO-17 with the neck after it; convert them",
            True,
        ),
        (real_walk(SHUFFLED), "The order of the joints is unknown", False),
        (real_walk(scale=(1, -1)), "the neck is below the ankles in 100% of frames", False),
        (real_walk(scale=(1e-3, 1e-3)), "joints must be in pixels: multiply x", False),
    ],
)
def test_joints_that_look_like_a_mistake_are_enrolled_only_where_that_is_asked_for(
    lines: list[dict[str, Any]],
    said: str,
    order_named: bool,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_poses(folder / "carl.jsonl", lines)
    code, out, err = enrol(capsys, folder, "CARL")
    error = err.splitlines()[-1]
    assert (code, out) == (1, "")
    assert error.startswith(f"edgehuman: {folder / 'carl.jsonl'}, track 0: ")
    assert said in error
    assert ('"layout": "coco17" (openpose18, coco17,' in error) == order_named
    assert err.count(said) == 1
    assert "give --take-as-is" in error
    assert not (folder / "g.npz").exists()
    code, out, err = enrol(capsys, folder, "CARL", "--take-as-is")
    assert (code, "CARL enrolled by" in out) == (0, True)
    for command in (["gallery", "identify"], ["run"]):
        code, _, err = run(
            capsys, *command, folder / "nose.onnx", "--source", folder / "carl.jsonl", "--gallery",
            folder / "g.npz",
        )  # fmt: skip
        assert code == 0, err


def test_a_mistake_that_is_not_refused_is_remarked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_poses(folder / "carl.jsonl", real_walk(scale=(1e-3, 1e-3)))
    said = "joints must be in pixels: multiply x"
    code, _, err = enrol(capsys, folder, "CARL", "--take-as-is")
    assert (code, err.count(said)) == (0, 1)
    code, _, err = run(
        capsys, "gallery", "identify", folder / "nose.onnx", "--source", folder / "carl.jsonl",
        "--gallery", folder / "g.npz",
    )  # fmt: skip
    assert (code, err.count(said)) == (0, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"t": 2.4}, "the frame rate is 5.0 Hz, and steps cannot be seen below 10 Hz"),
        ({"x": 9000.0}, "100% of joints lie outside the picture of 1920x1080 pixels; they reach"),
    ],
)
def test_frames_that_mean_nothing_are_enrolled_only_where_that_is_asked_for(
    change: dict[str, float], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        {
            "t": line["t"] * change.get("t", 1.0),
            "joints": [[x + change.get("x", 0.0), y, c] for x, y, c in line["joints"]],
            "width": 1920,
            "height": 1080,
        }
        for line in real_walk()
    ]
    write_poses(folder / "carl.jsonl", lines)
    code, _, err = enrol(capsys, folder, "CARL")
    error = err.splitlines()[-1]
    assert code == 1
    assert f"carl.jsonl, track 0: {said}" in error
    assert "layout" not in error
    assert err.count(said) == 1
    assert "give --take-as-is" in error
    assert not (folder / "g.npz").exists()
    assert enrol(capsys, folder, "CARL", "--take-as-is")[0] == 0


def test_the_right_order_is_enrolled_and_another_one_where_the_lines_name_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_poses(folder / "carl.jsonl", real_walk())
    assert enrol(capsys, folder, "CARL")[0] == 0
    named = [line | {"layout": "coco17"} for line in real_walk(COCO_AND_NECK[:17])]
    write_poses(folder / "dora.jsonl", named)
    # As another walk of CARL: the same walk of somebody else would be refused.
    (folder / "dora.jsonl").replace(folder / "carl.jsonl")
    assert enrol(capsys, folder, "CARL", "--walk", "named")[0] == 0
    carl_D, dora_D = read_gallery(folder / "g.npz").vector_GD
    assert carl_D == pytest.approx(dora_D, abs=1e-3)


def test_only_the_track_that_is_enrolled_has_to_be_right(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [line | {"id": "wrong"} for line in real_walk(COCO_AND_NECK)]
    write_poses(folder / "carl.jsonl", wrong, [line | {"id": "right"} for line in real_walk()])
    assert enrol(capsys, folder, "CARL", "--track", "right")[0] == 0
    code, _, err = enrol(capsys, folder, "CARL", "--track", "wrong")
    assert (code, "track wrong: limbs are" in err) == (1, True)


def test_a_wrong_number_of_joints_is_no_walk(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_poses(
        folder / "carl.jsonl", [line | {"joints": line["joints"][:16]} for line in walk(ANNA, 2)]
    )
    code, _, err = enrol(capsys, folder, "CARL")
    assert code == 1
    assert "holds no readable pose (24 dropped: line 1: found 16 joints" in err
    assert not (folder / "g.npz").exists()


def test_two_people_under_one_id_are_nobody(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_poses(folder / "twice.jsonl", walk(ANNA, 2), walk(BOB, 2))
    for more in ((), ("--take-as-is",)):
        code, out, err = enrol(capsys, folder, "TWICE", *more)
        assert (code, out) == (1, "")
        assert "track 0: 50% of its lines repeat the time" in err
        assert "give each person an id of their own" in err
    assert not (folder / "g.npz").exists()
    # A line that comes twice now and then, as datagrams do, does no harm.
    write_poses(folder / "once.jsonl", walk(ANNA, 2), walk(ANNA, 2)[:2])
    assert enrol(capsys, folder, "ONCE")[0] == 0


def test_a_gallery_that_cannot_be_written_is_refused_before_anybody_walks(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gallery_commands, "walks_of", lambda *words: pytest.fail("too late"))
    code, out, err = enrol(capsys, folder, "ANNA", "--gallery", folder / "nose.onnx" / "g.npz")
    assert (code, out) == (2, "")
    assert "nose.onnx is a file, not a folder; choose another folder" in err


def test_the_very_walk_of_somebody_else_is_taken_only_where_that_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(capsys, folder, "ANNA")
    (folder / "bert.jsonl").write_bytes((folder / "anna.jsonl").read_bytes())
    code, _, err = enrol(capsys, folder, "BERT")
    assert code == 1
    assert "this is the walk 'anna.jsonl#0' of ANNA, but --name is BERT. Nobody was" in err
    assert read_gallery(folder / "g.npz").people() == {"ANNA": 1}
    assert enrol(capsys, folder, "ANNA", "--walk", "again")[0] == 0
    assert enrol(capsys, folder, "BERT", "--take-as-is")[0] == 0
    assert read_gallery(folder / "g.npz").people() == {"ANNA": 2, "BERT": 1}


@pytest.mark.parametrize("name", ["openpose body25", "mediapipe csv", "yolo id", "alphapose cmu"])
def test_people_are_enrolled_and_found_from_files_of_a_pose_estimator(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = WRITERS[name][1](folder, written.walk())
    stated = ["--rate-hz", "30", "--size", "1920x1080", "--gallery", folder / "g.npz"]
    words = [folder / "nose.onnx", "--source", path, *stated]
    code, out, err = run(capsys, "gallery", "enroll", *words, "--name", "ANNA")
    assert (code, "assumed" in err) == (0, False)
    assert "ANNA enrolled" in out
    code, out, _ = run(capsys, "gallery", "identify", *words, "--json")
    assert [row["label"] for row in json.loads(out)["tracks"]] == ["ANNA"]
    code, out, _ = run(capsys, "run", *words, "--json")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["label"] for row in rows[:2]] == [None, None]
    assert {row["label"] for row in rows[2:]} == {"ANNA"}


def test_what_is_assumed_of_files_is_said_when_they_are_enrolled_and_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written.rtmlib(folder, written.walk())
    words = [folder / "nose.onnx", "--source", path, "--gallery", folder / "g.npz"]
    for command in (["gallery", "enroll"], ["run"]):
        name = ["--name", "ANNA"] if command[0] == "gallery" else []
        code, _, err = run(capsys, *command, *words, *name)
        assert (code, err.count("24 frames per second are assumed")) == (0, 1)


def test_several_people_without_ids_are_nobody(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written.openpose("body25", folder, written.walk())
    for file in path.iterdir():
        table = json.loads(file.read_text())
        file.write_text(json.dumps({"people": table["people"] * 2}))
    words = [folder / "nose.onnx", "--source", path, "--gallery", folder / "g.npz"]
    code, _, err = run(capsys, "gallery", "enroll", *words, "--name", "ANNA")
    assert code == 1
    assert "found 2 people in one frame without tracks; run a tracker" in err


@pytest.mark.parametrize("over", [1.12, 7.5])
def test_scores_over_one_drop_no_line_of_a_walk(
    over: float, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network that looks at places alone gives the same vector."""
    lines = walk(ANNA, 2)
    for line in lines:
        line["joints"] = [[x, y, c * over] for x, y, c in line["joints"]]
    write_poses(folder / "over.jsonl", lines)
    enrol(capsys, folder, "ANNA")
    code, out, err = run(
        capsys, "gallery", "identify", folder / "nose.onnx", "--source", folder / "over.jsonl",
        "--gallery", folder / "g.npz", "--json",
    )  # fmt: skip
    [row] = json.loads(out)["tracks"]
    assert (code, row["label"], row["windows"]) == (0, "ANNA", 7)
    assert json.loads(out)["report"]["source"]["bad_poses"] == 0
    assert "over.jsonl: " in err
