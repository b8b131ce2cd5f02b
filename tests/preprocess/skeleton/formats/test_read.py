"""Every format of a pose estimator gives back the walk that was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import Declared, declare
from edgehuman.preprocess.skeleton.formats.kind import find_format
from edgehuman.preprocess.skeleton.formats.read import lines_of, read_content, read_poses
from edgehuman.preprocess.skeleton.order import order_mistake
from edgehuman.records import Float32
from tests.preprocess.skeleton.formats import written
from tests.preprocess.skeleton.formats.single import ONE_JSON
from tests.preprocess.skeleton.formats.written import FRAMES, WRITERS, walk

STATED = declare(30, "1920x1080")
WALK = walk()


def joints_of(path: Path, declared: Declared = STATED) -> Float32:
    """(T, 18, 3) of the one track of a file."""
    [file] = read_poses(path, declared)
    [lines] = file.tracks.values()
    return np.stack([line.joints_J3 for line in lines])


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_walk_back(name: str, tmp_path: Path) -> None:
    format, write = WRITERS[name]
    path = write(tmp_path, WALK)
    assert find_format(path) == format
    [file] = read_poses(path, STATED)
    [lines] = file.tracks.values()
    found = np.stack([line.joints_J3 for line in lines])
    np.testing.assert_allclose(found[..., :2], WALK[..., :2], atol=0.01)
    np.testing.assert_allclose(found[..., 2], WALK[..., 2], atol=1e-4)
    steps_s = np.diff([line.t_s for line in lines])
    np.testing.assert_allclose(steps_s, 1 / 30, atol=1e-6)
    assert not any("assumed" in remark for remark in file.remarks)


@pytest.mark.parametrize("name", ["openpose shares", "mediapipe csv", "yolo", "movenet"])
def test_shares_need_the_size_of_the_picture(name: str, tmp_path: Path) -> None:
    path = WRITERS[name][1](tmp_path, WALK)
    with pytest.raises(DataError, match=r"shares of the picture.* or give --size, such as"):
        read_poses(path, Declared(rate_hz=30))


def test_the_frame_rate_that_is_assumed_is_said(tmp_path: Path) -> None:
    path = written.alphapose("coco17", tmp_path, WALK)
    [file] = read_poses(path)
    assert file.rate_hz == 24
    assert file.remarks == (
        "24 frames per second are assumed: the files do not state it; give --rate-hz",
    )


def test_yolo_without_confidences_is_sure_and_says_so(tmp_path: Path) -> None:
    found = joints_of(written.yolo("xy id", tmp_path, WALK))
    np.testing.assert_allclose(found[..., :2], WALK[..., :2], atol=0.01)
    assert (found[..., 2] == 1.0).all()


# The walker is 1.4 m from the neck to the ankles.
PX_PER_M = float(WALK[0, [10, 13], 1].mean() - WALK[0, 1, 1]) / 1.4


def kinect(folder: Path, turned: bool) -> Path:
    """Kinect's 25 joints, in the picture or in metres: x to the sensor's left, y up."""
    body = written.in_layout(WALK, "kinect25")
    hip = WALK[:, [8, 11]].mean(axis=1)
    neck, head = WALK[:, 1], WALK[:, 0] - np.array([0, 5, 0], np.float32)
    body[:, 0], body[:, 3], body[:, 20], body[:, 1] = hip, head, neck, (hip + neck) / 2
    if turned:
        body[..., :2] = (body[..., :2] - hip[0, :2]) / -PX_PER_M
    path = folder / "kinect.json"
    frames = [{"frame": k, "joints": joints.tolist()} for k, joints in enumerate(body)]
    path.write_text(json.dumps(frames))
    return path


def test_kinect_is_told_from_body_25_by_its_spine(tmp_path: Path) -> None:
    path = kinect(tmp_path, turned=False)
    [file] = read_poses(path, STATED)
    found = np.stack([line.joints_J3 for line in file.tracks["0"]])
    np.testing.assert_allclose(found[:, 1:14, :2], WALK[:, 1:14, :2], atol=0.01)
    assert not found[:, [0, 14, 15, 16, 17]].any()
    assert any("kinect25 has no nose" in remark for remark in file.remarks)


def test_bodies_of_kinect_have_their_own_names(tmp_path: Path) -> None:
    body = [{"colorX": 100.0 + j, "colorY": 200.0, "trackingState": 2} for j in range(25)]
    path = tmp_path / "a.json"
    frames = [{"relativeTime": 33 * k, "bodies": [{"joints": body}]} for k in range(3)]
    path.write_text(json.dumps(frames))
    assert find_format(path) == "kinect"
    [file] = read_poses(path, declare(layout="kinect"))
    assert [line.t_s for line in file.tracks["0"]] == pytest.approx([0, 0.033, 0.066])


def test_kinects_metres_are_seen_as_the_sensor_sees_them(tmp_path: Path) -> None:
    found = joints_of(kinect(tmp_path, turned=True), STATED)
    moved = (found[:, 1:14, :2] - found[:1, 1:2, :2]) * PX_PER_M / 250.0
    np.testing.assert_allclose(moved, WALK[:, 1:14, :2] - WALK[:1, 1:2, :2], atol=0.05)


def test_y_before_x_is_read_as_it_stands_and_named_when_checked(tmp_path: Path) -> None:
    path = written.rtmlib(tmp_path, WALK[:, :, [1, 0, 2]])
    said = order_mistake(joints_of(path, STATED))
    assert said is not None
    assert "or give --layout movenet17" in said
    found = joints_of(path, declare(30, layout="movenet"))
    np.testing.assert_allclose(found[..., :2], WALK[..., :2], atol=0.01)


def test_openpose_frames_may_have_other_names(tmp_path: Path) -> None:
    path = written.openpose("body25", tmp_path, WALK)
    for file in sorted(path.iterdir()):
        file.rename(file.with_name(file.name.replace("_keypoints", "")))
    assert find_format(path) == "openpose"
    np.testing.assert_allclose(joints_of(path)[..., :2], WALK[..., :2], atol=0.01)


def two(rows: list[dict[str, Any]], key: str, names: tuple[object, object]) -> list[dict[str, Any]]:
    """Everybody twice, under two ids; None leaves the id out."""
    made: list[dict[str, Any]] = []
    for name in names:
        made += [
            {k: v for k, v in row.items() if k != key}
            | {"keypoints": [value + len(made) for value in row["keypoints"]]}
            | ({} if name is None else {key: name})
            for row in rows
        ]
    return made


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((0, 0), "track '0' occurs twice in frame 0; two people need two ids: turn tracking on"),
        ((None, None), "found 2 people in one frame without tracks; turn tracking on"),
    ],
)
def test_several_people_need_ids(names: tuple[object, object], said: str, tmp_path: Path) -> None:
    path = written.alphapose("coco17", tmp_path, WALK)
    path.write_text(json.dumps(two(json.loads(path.read_text()), "idx", names)))
    with pytest.raises(DataError, match=said):
        read_poses(path, STATED)


def test_people_that_a_tracker_has_not_named_yet_are_left_out_and_counted(tmp_path: Path) -> None:
    path = written.alphapose("coco17", tmp_path, WALK)
    path.write_text(json.dumps(two(json.loads(path.read_text()), "idx", (1, None))))
    [file] = read_poses(path, STATED)
    assert list(file.tracks) == ["1"]
    assert file.remarks == (f"{FRAMES} of {2 * FRAMES} poses have no track id and are left out",)


def test_a_flat_list_of_tracked_people_has_a_frame_whenever_a_track_comes_again(
    tmp_path: Path,
) -> None:
    path = written.ultralytics("", tmp_path, WALK)
    rows = [row | {"track_id": track} for row in json.loads(path.read_text()) for track in (1, 2)]
    path.write_text(json.dumps(rows))
    [file] = read_poses(path, STATED)
    times = [[line.t_s for line in file.tracks[track]] for track in ("1", "2")]
    assert times[0] == times[1] == pytest.approx([k / 30 for k in range(FRAMES)])


def test_frames_without_anybody_leave_a_gap_in_time(tmp_path: Path) -> None:
    path = written.openpose("body25", tmp_path, WALK)
    for number in (3, 4):
        file = path / f"a_{number:012d}_keypoints.json"
        file.write_text(json.dumps({"version": 1.3, "people": []}))
    [found] = read_poses(path, STATED)
    frames = [round(line.t_s * 30) for line in found.tracks["0"]]
    assert frames == [k for k in range(FRAMES) if k not in (3, 4)]


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
def test_stamps_in_any_unit_are_seconds(unit: float, tmp_path: Path) -> None:
    path = written.rtmlib(tmp_path, WALK)
    rows = json.loads(path.read_text())
    path.write_text(json.dumps([row | {"timestamp": k * unit / 20} for k, row in enumerate(rows)]))
    [file] = read_poses(path)
    assert file.rate_hz == 0.0
    assert file.tracks["0"][10].t_s == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "it shows nobody"),
        ([{"frame": 0, "keypoints": []}], "it shows nobody"),
        ([{"frame": 0, "points": [[1, 2]]}], r"found keys \['frame', 'points'\]; a person needs"),
        ([{"frame": 0, "keypoints": [[100, 200, 0.5]] * 19}], "found 19 joints; valid: 18"),
        ([{"frame": 0, "keypoints": [["a", 2, 3]] * 17}], "give a list .x, y, confidence."),
        ([7], "found 7; give an object with joints"),
    ],
)
def test_what_holds_no_poses_is_named(content: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_content(json.dumps(content).encode(), "pipe")


def test_a_file_of_another_form_names_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    with pytest.raises(DataError, match=r"form of these poses is not known. Known are poses.jsonl"):
        read_poses(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_poses(tmp_path / "none.json")


def frames_of(path: Path) -> tuple[int, tuple[str, ...]]:
    """Frames of the one track, and the remarks."""
    [file] = read_poses(path, STATED)
    [lines] = file.tracks.values()
    return len(lines), file.remarks


def add_person(path: Path, x_px: float, confidence: float = 0.9) -> None:
    """Another person, without an id, in a file of OpenPose."""
    frame = json.loads(path.read_text())
    joints = [value for j in range(25) for value in (x_px + j, x_px + 9 * j, confidence)]
    nobody = [0.0] * 75
    person = {"person_id": [-1], "pose_keypoints_2d": joints if x_px else nobody}
    frame["people"].append(person)
    path.write_text(json.dumps(frame))


def test_people_of_whom_nothing_was_seen_are_nobody(tmp_path: Path) -> None:
    place = written.openpose("body25", tmp_path, WALK)
    for path in place.iterdir():
        add_person(path, 0.0)
    assert frames_of(place) == (FRAMES, ())


def test_a_second_person_in_a_few_frames_is_left_out_and_said(tmp_path: Path) -> None:
    place = written.openpose("body25", tmp_path, WALK)
    for path in sorted(place.iterdir())[20:24]:
        add_person(path, 900.0)
    found, remarks = frames_of(place)
    assert found == FRAMES
    assert remarks[0].startswith("4 of 66 frames hold several poses of track '0'; the one nearest")
    np.testing.assert_allclose(joints_of(place)[..., :2], WALK[..., :2], atol=0.01)
    for path in sorted(place.iterdir())[24:40]:
        add_person(path, 900.0)
    with pytest.raises(DataError, match="found 2 people in one frame without tracks; run a track"):
        read_poses(place, STATED)


@pytest.mark.parametrize("damage", ["", '{"version": 1.3, "peo'])
def test_a_damaged_frame_is_left_out_and_said(damage: str, tmp_path: Path) -> None:
    place = written.openpose("body25", tmp_path, WALK)
    files = sorted(place.iterdir())
    files[-1].write_text(damage)
    found, [remark] = frames_of(place)
    assert found == FRAMES - 1
    assert remark.startswith("1 of 66 files are left out, such as ")
    for path in files[:9]:
        path.write_text(damage)
    with pytest.raises(DataError, match=r"0000_keypoints\.json: not JSON .* copy or write it"):
        read_poses(place, STATED)


@pytest.mark.parametrize("name", ["openpose body25", "yolo", "mmpose pictures"])
def test_other_files_in_a_folder_of_frames_are_passed_over(name: str, tmp_path: Path) -> None:
    format, write = WRITERS[name]
    place = write(tmp_path, WALK)
    for path in list(place.iterdir()):
        (place / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07")
    (place / "classes.txt").write_text("person\n")
    (place / ".DS_Store").write_bytes(b"\x00")
    assert find_format(place) == format
    assert frames_of(place)[0] == FRAMES


def test_a_box_that_is_quite_sure_is_no_track(tmp_path: Path) -> None:
    place = written.yolo("conf", tmp_path, WALK)
    path = place / "walk_9.txt"
    path.write_text(path.read_text().replace(" 0.91\n", " 1\n"))
    found, remarks = frames_of(place)
    assert found == FRAMES
    assert not any("no track id" in remark for remark in remarks)


def test_rounded_times_are_not_called_two_people(tmp_path: Path) -> None:
    rows = [
        json.dumps({"t": round(k / 30, 1), "id": "7", "joints": frame.tolist()})
        for k, frame in enumerate(WALK)
    ]
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError, match=r"so the times are rounded; write t in seconds with three"):
        read_poses(path)


@pytest.mark.parametrize("key", ["fps", "frame_rate"])
def test_a_file_states_its_frame_rate_and_size(key: str, tmp_path: Path) -> None:
    frames = [
        {"frame": k, "landmarks": [{"x": x, "y": y, "visibility": c} for x, y, c in body]}
        for k, body in enumerate(written.shares(written.in_layout(WALK, "mediapipe33")).tolist())
    ]
    path = tmp_path / "landmarks.json"
    path.write_text(json.dumps({key: 30, "width": 1920, "height": 1080, "frames": frames}))
    [file] = read_poses(path)
    [lines] = file.tracks.values()
    assert file.rate_hz == 30
    assert not any("assumed" in remark for remark in file.remarks)
    found = np.stack([line.joints_J3 for line in lines])
    np.testing.assert_allclose(found[..., :2], WALK[..., :2], atol=0.01)


VALUES: tuple[Any, ...] = (None, np.nan, -np.inf, [[]], {"a": 1}, 10**400, 1e300, -1, "", True)


def keys_of(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every key of an object, and of the first element of every list."""
    if isinstance(node, dict):
        inside: list[Any] = [*node]
    else:
        inside = [0] if isinstance(node, list) and node else []
    for key in inside:
        yield (*at, key)
        yield from keys_of(node[key], (*at, key))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ONE_JSON, "openpose body25", "mmpose pictures"])
def test_whatever_a_key_holds_only_a_data_error_comes_out(name: str, tmp_path: Path) -> None:
    format, write = WRITERS[name]
    path = write(tmp_path, WALK[:2])
    file = path if path.is_file() else next(each for each in path.rglob("*") if each.is_file())
    text = file.read_text()
    for at in keys_of(json.loads(text)):
        for value in VALUES:
            node = whole = json.loads(text)
            for key in at[:-1]:
                node = node[key]
            node[at[-1]] = value
            file.write_text(json.dumps(whole))
            try:
                lines = lines_of(read_poses(path, STATED, format))
            except DataError:
                continue
            assert all(np.isfinite(line.joints_J3).all() for line in lines)
            assert all(np.isfinite(line.t_s) for line in lines)
            assert not any(line.track.lower() in ("nan", "inf", "-inf") for line in lines)
