"""Roles of the published protocols, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import pickled

GAIT3D = ("0000/camid0_videoid2/seq0", "0001/camid1_videoid2/seq0", "0001/camid3_videoid1/seq1")


def test_a_partition_of_another_form_is_named(tmp_path: Path) -> None:
    pickled(tmp_path / "poses", GAIT3D[:1])
    (tmp_path / "Gait3D.json").write_text("[]")
    with pytest.raises(DataError, match="found no TRAIN_SET"):
        load_skeletons(tmp_path / "poses")


def test_gait3d_without_its_partition_has_no_roles(tmp_path: Path) -> None:
    pickled(tmp_path / "poses", GAIT3D[:1])
    assert load_skeletons(tmp_path / "poses").role_N.tolist() == [""]
