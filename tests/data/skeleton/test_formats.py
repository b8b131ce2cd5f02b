"""The formats of pose estimators as sets of walks, in `data check` and `evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import FRAMES, alphapose, openpose, walks
from tests.preprocess.skeleton.formats import written
from tests.preprocess.skeleton.formats.written import WRITERS


def test_alphapose_tracks_are_walks(tmp_path: Path) -> None:
    first, second = walks(2)
    alphapose(tmp_path / "alphapose-results.json", {"1": first, "2": second})
    found = load_skeletons(tmp_path / "alphapose-results.json")
    assert found.name == "alphapose"
    assert found.sequence_N.tolist() == ["alphapose-results:1", "alphapose-results:2"]
    assert found.rate_hz_N.tolist() == [24.0, 24.0]
    np.testing.assert_allclose(found.sequence(0), first, atol=1e-3)
    np.testing.assert_allclose(found.sequence(1), second, atol=1e-3)
    assert load_skeletons(tmp_path, rate_hz=25).rate_hz_N.tolist() == [25.0, 25.0]


def _changed(path: Path, **changes: Any) -> None:
    rows = json.loads(path.read_text())
    rows[3] |= changes
    path.write_text(json.dumps(rows))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keypoints": [1.0, 2.0]}, "object 3: found 2 numbers; keypoints need three per joint"),
        ({"keypoints": "none"}, "object 3: joints are none"),
        ({"keypoints": [1.0] * 48}, "object 3: found 16 joints; valid"),
        ({"image_id": "first.jpg"}, "image_id is 'first.jpg'; it must end in"),
    ],
)
def test_a_broken_list_of_people_is_named(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = tmp_path / "a.json"
    alphapose(path, {"1": walks(1)[0]})
    _changed(path, **changes)
    with pytest.raises(DataError, match=said):
        load_skeletons(path)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    alphapose(path, {"1": walks(1)[0]})
    path.write_text(path.read_text()[:-40])
    with pytest.raises(DataError, match=r"a\.json: not JSON"):
        load_skeletons(path)


def test_openpose_folders_are_walks(tmp_path: Path) -> None:
    first, second = walks(2)
    openpose(tmp_path / "a", first)
    # BODY-25 has the middle of the hips as joint 8, and feet after the ears.
    body = np.concatenate(
        [second[:, :8], second[:, 8:9], second[:, 8:], np.zeros((FRAMES, 6, 3), np.float32)], axis=1
    )
    openpose(tmp_path / "b", body, person_id=4)
    found = load_skeletons(tmp_path)
    assert found.name == "openpose"
    assert found.sequence_N.tolist() == ["a:0", "b:4"]
    np.testing.assert_allclose(found.sequence(0), first, atol=1e-3)
    np.testing.assert_allclose(found.sequence(1), second, atol=1e-3)
    np.testing.assert_allclose(load_skeletons(tmp_path / "a").sequence(0), first, atol=1e-3)


def test_people_without_tracks_are_named(tmp_path: Path) -> None:
    openpose(tmp_path, walks(1)[0])
    files = sorted(tmp_path.iterdir())
    for number, file in enumerate(files):
        table = json.loads(file.read_text())
        table["people"] += json.loads(files[(number + 1) % len(files)].read_text())["people"][:1]
        file.write_text(json.dumps(table))
    with pytest.raises(DataError, match="found 2 people in one frame without tracks"):
        load_skeletons(tmp_path)
    table["people"] = [{"face": 1}]
    file.write_text(json.dumps(table))
    with pytest.raises(DataError, match=r"found keys \['face'\]; a person needs pose_keypoints_2d"):
        load_skeletons(tmp_path)
    file.write_text(json.dumps({"version": 1}))
    with pytest.raises(DataError, match=r"found keys \['version'\]"):
        load_skeletons(tmp_path)


def test_frames_without_anybody_are_bridged(tmp_path: Path) -> None:
    walk = walks(1)[0]
    openpose(tmp_path, walk)
    (tmp_path / "walk_000000000007_keypoints.json").write_text(json.dumps({"people": []}))
    found = load_skeletons(tmp_path)
    assert found.length_N.tolist() == [FRAMES]
    middle = 0.5 * (walk[6] + walk[8])
    np.testing.assert_allclose(found.sequence(0)[7], middle, atol=2e-3)


@pytest.mark.parametrize("name", WRITERS)
def test_check_reads_every_format(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    format, write = WRITERS[name]
    path = write(tmp_path, written.walk())
    words = ["data", "check", str(path), "--rate-hz", "30", "--size", "1920x1080", "--json"]
    code = main(words)
    said = json.loads(capsys.readouterr().out)
    assert (code, said["problems"]) == (0, [])
    assert (said["dataset"], said["walks"], said["frames"]) == (format, 1, written.FRAMES)
    assert said["rates_hz"] == pytest.approx([30.0])


def test_check_says_what_is_assumed_and_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written.yolo("id", tmp_path, written.walk())
    assert main(["data", "check", str(path)]) == 1
    assert "or give --size, such as 1920x1080" in capsys.readouterr().out
    assert main(["data", "check", str(path), "--size", "1920x1080"]) == 0
    out = capsys.readouterr().out
    assert "note: 24 frames per second are assumed" in out
    assert "note: coordinates are 0 to 1 across the picture; multiplied" in out


def test_flags_of_another_record_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written.rtmlib(tmp_path, written.walk())
    assert main(["data", "check", str(path), "--accel-unit", "g"]) == 2
    assert "holds skeletons; --accel-unit: for recordings" in capsys.readouterr().err
    table = tmp_path / "walk.csv"
    rows = [f"{k / 50},0,0,9.81,0,0,{0.1 * (k % 3)}" for k in range(200)]
    table.write_text("\n".join(["t,ax,ay,az,gx,gy,gz", *rows]) + "\n")
    assert main(["data", "check", str(table), "--size", "1920x1080"]) == 2
    assert "holds recordings of a wearable; --size: for poses" in capsys.readouterr().err


def test_labels_may_name_files_of_any_format(tmp_path: Path) -> None:
    rows = []
    for number, name in enumerate(("openpose body25", "mmpose", "yolo id", "alphapose halpe26")):
        place = tmp_path / f"{number}"
        place.mkdir()
        path = WRITERS[name][1](place, written.walk())
        row = {"file": str(path.relative_to(tmp_path)), "person": f"p{number % 2}"}
        rows.append(row | {"role": ("gallery", "probe")[number // 2], "sequence": str(number)})
    (tmp_path / "walks.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    found = load_skeletons(tmp_path, rate_hz=30, size="1920x1080")
    assert found.person_N.tolist() == ["p0", "p1", "p0", "p1"]
    assert found.role_N.tolist() == ["gallery", "gallery", "probe", "probe"]
    assert found.rate_hz_N.tolist() == [30.0] * 4
    for number in range(4):
        np.testing.assert_allclose(
            found.sequence(number)[..., :2], written.walk()[..., :2], atol=0.1
        )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poses.json", '{"a": 1}'),
        ("a.json", '[{"frame": 0, "keypoint_list": [[1, 2]]}]'),
        ("landmarks.csv", "frame,a,b\n0,1,2\n"),
    ],
)
def test_files_that_look_like_poses_are_told_the_forms_of_poses(
    name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(text + " " * 70_000)
    for words in (["data", "check"], ["evaluate", "zoo:activity", "--data"]):
        assert main([*words, str(path)]) == 1
        said = capsys.readouterr().err
        assert "looks like poses, but their form is not known. Known are poses.jsonl" in said
        assert "uci_har" not in said


def test_poses_for_a_wearable_are_named_as_what_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written.rtmlib(tmp_path, written.walk())
    assert main(["evaluate", "zoo:activity", "--data", str(path)]) == 1
    assert "is rtmlib (skeleton), which this cannot use" in capsys.readouterr().err
