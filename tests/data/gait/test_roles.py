"""Roles of the published protocols, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.gait.roles import (
    Partition,
    casia_b_role,
    gait3d_role,
    grew_role,
    oumvlp_role,
    read_partition,
)
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import pickled

GAIT3D = ("0000/camid0_videoid2/seq0", "0001/camid1_videoid2/seq0", "0001/camid3_videoid1/seq1")


def test_a_partition_of_another_form_is_named(tmp_path: Path) -> None:
    pickled(tmp_path / "poses", GAIT3D[:1])
    (tmp_path / "Gait3D.json").write_text("[]")
    with pytest.raises(DataError, match="has no TRAIN_SET"):
        load_skeletons(tmp_path / "poses")


def test_gait3d_without_its_partition_has_no_roles(tmp_path: Path) -> None:
    pickled(tmp_path / "poses", GAIT3D[:1])
    assert load_skeletons(tmp_path / "poses").role_N.tolist() == [""]


def test_casia_b_trains_with_the_first_74() -> None:
    assert casia_b_role("074", "nm-05") == "train"
    assert casia_b_role("075", "nm-04") == "gallery"
    assert casia_b_role("075", "nm-05") == "probe"
    assert casia_b_role("124", "cl-01") == "probe"


def test_grew_names_say_who_trains() -> None:
    assert grew_role("00001train", "00") == "train"
    assert grew_role("00001", "01") == "gallery"
    assert grew_role("00001", "02") == "probe"
    assert grew_role("probe", "03") == ""


def test_partitions_say_who_trains_and_what_asks() -> None:
    told = Partition(frozenset({"0000"}), frozenset({"0001"}), frozenset({"0001-c1-seq0"}))
    assert gait3d_role("0000", "c1", "seq0", told) == "train"
    assert gait3d_role("0001", "c1", "seq0", told) == "probe"
    assert gait3d_role("0001", "c1", "seq1", told) == "gallery"
    assert gait3d_role("0001", "c1", "seq1", Partition()) == ""
    assert oumvlp_role("0000", "00", told) == "train"
    assert oumvlp_role("0001", "00", told) == "probe"
    assert oumvlp_role("0001", "01", told) == "gallery"


def test_a_partition_stands_in_the_folder_or_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "poses"
    place.mkdir()
    assert read_partition(place, "none.json") == Partition()
    (tmp_path / "beside.json").write_text('{"TRAIN_SET": [1, 2], "TEST_SET": ["3"]}')
    found = read_partition(place, "beside.json")
    assert sorted(found.train) == ["1", "2"]
    assert (sorted(found.test), sorted(found.probe)) == (["3"], [])
