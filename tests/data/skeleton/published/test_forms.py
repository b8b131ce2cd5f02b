"""CASIA-B, OUMVLP, GREW and Gait3D in every layout in which their poses are published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton.load import find_layout, load_skeletons
from edgehuman.data.skeleton.walks import SkeletonSet
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


def test_an_archives_own_folder_is_looked_into(tmp_path: Path) -> None:
    pickled(tmp_path / "CASIA-B-pkl", CASIA_B[:1])
    layout, place = find_layout(tmp_path, "casia_b")
    assert (layout.dataset, place.name) == ("casia_b", "CASIA-B-pkl")
    with pytest.raises(DataError, match="given as 'grew', but it looks like 'casia_b'"):
        find_layout(tmp_path, "grew")
