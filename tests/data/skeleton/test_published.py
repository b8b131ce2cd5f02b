"""CASIA-B, OUMVLP, GREW and Gait3D in every layout in which their poses are published."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.gait.walks import SkeletonSet
from edgehuman.data.skeleton.load import find_layout, load_skeletons
from edgehuman.errors import DataError
from edgehuman.records import Float32
from tests.data.pose_trees import FRAMES, pickled, table, text_frames, walks

CASIA_B = ("001/nm-01/000", "080/nm-01/090", "080/nm-05/090", "080/cl-02/018")


def equal(walks: SkeletonSet, made: dict[str, Float32], names: dict[str, str]) -> None:
    """Every sequence is the walk it was made of, to what text keeps."""
    assert set(walks.sequence_N.tolist()) == set(names.values())
    for source, name in names.items():
        index = walks.sequence_N.tolist().index(name)
        np.testing.assert_allclose(walks.sequence(index), made[source], atol=2e-3)


def fields(walks: SkeletonSet, *columns: str) -> list[tuple[str, ...]]:
    return list(zip(*(getattr(walks, column).tolist() for column in columns), strict=True))


_CASIA_FIELDS = [
    ("casia_b:001", "000", "nm-01", "train"),
    ("casia_b:080", "090", "nm-01", "gallery"),
    ("casia_b:080", "090", "nm-05", "probe"),
    ("casia_b:080", "018", "cl-02", "probe"),
]


def test_casia_b_as_pickles(tmp_path: Path) -> None:
    made = pickled(tmp_path, CASIA_B)
    walks = load_skeletons(tmp_path)
    assert walks.name == "casia_b"
    assert walks.rate_hz_N.tolist() == [25.0] * 4
    assert walks.image_size_N2.tolist() == [[240, 320]] * 4
    assert sorted(fields(walks, "person_N", "view_N", "condition_N", "role_N")) == sorted(
        _CASIA_FIELDS
    )
    equal(walks, made, {name: "casia_b:" + name.replace("/", "-") for name in CASIA_B})
    assert "research" in walks.licence


def test_casia_b_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "casia-b_pose_train_valid.csv"
    names = [f"frames/{name.replace('/', '-')}" for name in CASIA_B]
    made = table(path, names, sized=False, pattern="{:06d}.jpg")
    walks = load_skeletons(path)
    assert fields(walks, "person_N", "view_N", "condition_N", "role_N") == _CASIA_FIELDS
    equal(walks, made, {name: f"casia_b:{name.removeprefix('frames/')}" for name in names})


def test_frames_that_a_table_lacks_are_bridged_or_part_the_walk(tmp_path: Path) -> None:
    path = tmp_path / "poses.csv"
    table(path, ["x/001-nm-01-000"], sized=False, pattern="{:06d}.jpg")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5] + lines[6:20] + lines[35:]))
    walks = load_skeletons(path)
    assert walks.sequence_N.tolist() == ["casia_b:001-nm-01-000#0", "casia_b:001-nm-01-000#1"]
    # Rows 1 to 19 with one missing, and rows 35 to 50.
    assert walks.length_N.tolist() == [19, 16]


def test_oumvlp_has_eighteen_joints_and_its_own_people_to_train(tmp_path: Path) -> None:
    names = ("00001/00/000", "00002/01/000", "00002/00/090")
    made = pickled(tmp_path / "poses", names, joints=18)
    (tmp_path / "OUMVLP.json").write_text(json.dumps({"TRAIN_SET": ["00001"], "TEST_SET": []}))
    walks = load_skeletons(tmp_path / "poses")
    assert walks.name == "oumvlp"
    assert walks.role_N.tolist() == ["train", "probe", "gallery"]
    equal(walks, made, {name: "oumvlp:" + name.replace("/", "-") for name in names})


def test_grew_as_pickles(tmp_path: Path) -> None:
    names = (
        "00001train/00/4XPn5Z28",
        "00001/01/79XJefi8",
        "00001/02/t16VLaQf",
        "probe/03/etaGVnWf",
    )
    made = pickled(tmp_path, names)
    walks = load_skeletons(tmp_path)
    assert walks.name == "grew"
    assert sorted(fields(walks, "person_N", "condition_N", "role_N")) == [
        ("grew:00001", "01", "gallery"),
        ("grew:00001", "02", "probe"),
        ("grew:probe-etaGVnWf", "03", ""),
        ("grew:train-00001", "00", "train"),
    ]
    equal(walks, made, {name: "grew:" + name.replace("/", "-") for name in names})


def test_grew_as_published(tmp_path: Path) -> None:
    made = walks(4)
    for folder, walk in zip(
        ("train/00001/aaaaaaaa", "test/gallery/00001/bbbbbbbb", "test/gallery/00001/cccccccc",
         "test/probe/dddddddd"), made, strict=True,
    ):  # fmt: skip
        text_frames(tmp_path / folder, walk, "{:05d}_2d_pose.txt")
        (tmp_path / folder / "00001_3d_pose.txt").write_text("1,2,3\n")
    found = load_skeletons(tmp_path)
    assert fields(found, "person_N", "condition_N", "role_N") == [
        ("grew:train-00001", "00", "train"),
        ("grew:00001", "01", "gallery"),
        ("grew:00001", "02", "probe"),
        ("grew:probe-dddddddd", "03", ""),
    ]
    assert found.image_size_N2[0].tolist() == [1080, 1920]
    assert found.rate_hz_N[0] == 30.0
    for i, walk in enumerate(made):
        np.testing.assert_allclose(found.sequence(i), walk, atol=2e-3)


def test_grew_as_a_table(tmp_path: Path) -> None:
    names = ["train/00001/aaaaaaaa", "gallery/00001/bbbbbbbb", "gallery/00001/cccccccc"]
    made = table(tmp_path / "grew.csv", names, sized=True, pattern="{:05d}_2d_pose.txt")
    found = load_skeletons(tmp_path / "grew.csv")
    assert fields(found, "person_N", "condition_N", "role_N") == [
        ("grew:train-00001", "00", "train"),
        ("grew:00001", "01", "gallery"),
        ("grew:00001", "02", "probe"),
    ]
    equal(found, made, {name: "grew:" + name.replace("/", "-") for name in names})


GAIT3D = ("0000/camid0_videoid2/seq0", "0001/camid1_videoid2/seq0", "0001/camid3_videoid1/seq1")
_GAIT3D_JSON = {
    "TRAIN_SET": ["0000"],
    "TEST_SET": ["0001"],
    "PROBE_SET": ["0001-camid3_videoid1-seq1"],
}


@pytest.mark.parametrize("form", ["pickles", "text", "table"])
def test_gait3d_in_all_its_forms(tmp_path: Path, form: str) -> None:
    root = tmp_path / "Gait3D"
    root.mkdir()
    (tmp_path / "Gait3D.json").write_text(json.dumps(_GAIT3D_JSON))
    if form == "pickles":
        made = pickled(root, GAIT3D)
    elif form == "text":
        made = dict(zip(GAIT3D, walks(3), strict=True))
        for name, walk in made.items():
            text_frames(root / name, walk, "{:04d}.txt")
    else:
        root = tmp_path / "gait3d.csv"
        made = table(root, GAIT3D, sized=True, pattern="{:04d}.jpg")
    found = load_skeletons(root)
    assert found.name == "gait3d"
    assert found.role_N.tolist() == ["train", "gallery", "probe"]
    assert found.length_N.tolist() == [FRAMES] * 3
    equal(found, made, {name: "gait3d:" + name.replace("/", "-") for name in GAIT3D})


def test_gait3d_without_its_partition_has_no_roles(tmp_path: Path) -> None:
    pickled(tmp_path / "poses", GAIT3D[:1])
    assert load_skeletons(tmp_path / "poses").role_N.tolist() == [""]


def test_an_archives_own_folder_is_looked_into(tmp_path: Path) -> None:
    pickled(tmp_path / "CASIA-B-pkl", CASIA_B[:1])
    layout, place = find_layout(tmp_path, "casia_b")
    assert (layout.dataset, place.name) == ("casia_b", "CASIA-B-pkl")
    with pytest.raises(DataError, match="given as 'grew', but it looks like 'casia_b'"):
        find_layout(tmp_path, "grew")


def _broken(path: Path, line: int, change: str) -> None:
    lines = path.read_text().splitlines()
    lines[line] = change.format(lines[line])
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("line", "change", "said"),
    [
        (0, "{},more_x", "found 52 columns of joints; COCO-17 has 51"),
        (7, "{},1", "line 8: found 53 columns"),
        (7, "x/001-nm-01-000/000007.jpg,a", "line 8: found 2 columns"),
        (7, "x/1/7.jpg", "line 8"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, line: int, change: str, said: str) -> None:
    path = tmp_path / "poses.csv"
    table(path, ["x/001-nm-01-000"], sized=False, pattern="{:06d}.jpg")
    _broken(path, line, change)
    with pytest.raises(DataError, match=said):
        load_skeletons(path)


def test_a_frame_that_comes_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poses.csv"
    table(path, ["x/001-nm-01-000"], sized=False, pattern="{:06d}.jpg")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:4], lines[3], *lines[4:]]) + "\n")
    with pytest.raises(DataError, match="stamps rise from frame to frame"):
        load_skeletons(path)


def test_a_walk_in_two_places_of_a_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poses.csv"
    names = ["x/001-nm-01-000", "x/001-nm-02-000"]
    table(path, names, sized=False, pattern="{:06d}.jpg")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[-1], *lines[1:-1]]) + "\n")
    with pytest.raises(DataError, match="are in two places; sort the file"):
        load_skeletons(path)


def test_broken_pickles_are_named(tmp_path: Path) -> None:
    pickled(tmp_path, CASIA_B[:1])
    file = tmp_path / "001/nm-01/000/000.pkl"
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DataError, match="found a dict; the pickle of a walk is one array"):
        load_skeletons(tmp_path)
    file.write_bytes(pickle.dumps(np.zeros((4, 16, 3))))
    with pytest.raises(DataError, match="casia_b:001-nm-01-000: found 16 joints"):
        load_skeletons(tmp_path)
    file.write_bytes(pickle.dumps(np.full((4, 17, 3), np.nan)))
    with pytest.raises(DataError, match="not a finite number"):
        load_skeletons(tmp_path)
    for name in ("000.pkl", "more.pkl"):
        file.with_name(name).write_bytes(pickle.dumps(np.zeros((4, 17, 3))))
    with pytest.raises(DataError, match=r"more\.pkl: found a second pickle beside 000\.pkl"):
        load_skeletons(tmp_path)


def test_silhouettes_in_the_same_folders_are_no_poses(tmp_path: Path) -> None:
    pickled(tmp_path, CASIA_B[:1])
    file = tmp_path / "001/nm-01/000/000.pkl"
    file.write_bytes(pickle.dumps(np.zeros((4, 64, 64), np.uint8)))
    with pytest.raises(DataError, match="no poses that are known here"):
        load_skeletons(tmp_path)


def test_broken_text_is_named(tmp_path: Path) -> None:
    text_frames(tmp_path / GAIT3D[0], walks(1)[0], "{:04d}.txt")
    file = tmp_path / GAIT3D[0] / "0003.txt"
    file.write_text("1,2,3")
    with pytest.raises(DataError, match="found 3 numbers; a frame has 53"):
        load_skeletons(tmp_path)
    file.write_text("1,two")
    with pytest.raises(DataError, match="cannot be read as numbers"):
        load_skeletons(tmp_path)


def test_a_partition_of_another_form_is_named(tmp_path: Path) -> None:
    pickled(tmp_path / "poses", GAIT3D[:1])
    (tmp_path / "Gait3D.json").write_text("[]")
    with pytest.raises(DataError, match="found no TRAIN_SET"):
        load_skeletons(tmp_path / "poses")
