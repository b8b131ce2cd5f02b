"""PsyMo: what the names of its files say, and how it is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.gait.score import protocol_of
from edgehuman.data.skeleton.bones import bone_scores
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import alphapose, walks


def test_psymo_names_say_who_from_where_and_how(tmp_path: Path) -> None:
    place = tmp_path / "semantic_data" / "skeletons" / "0"
    names = ("000_00_45_0_nm", "000_01_45_2_nm", "000_02_90_0_txt")
    made = walks(3)
    for name, walk in zip(names, made, strict=True):
        alphapose(place / f"{name}.json", {"1": walk}, first=10)
    found = load_skeletons(tmp_path)
    assert found.name == "psymo"
    assert found.person_N.tolist() == ["psymo:000"] * 3
    assert found.view_N.tolist() == ["45", "45", "90"]
    assert found.condition_N.tolist() == ["nm-01", "nm-02", "txt"]
    assert found.role_N.tolist() == ["gallery", "probe", "probe"]
    assert found.rate_hz_N.tolist() == [25.0] * 3
    np.testing.assert_allclose(found.sequence(0), made[0], atol=1e-3)
    (place / "notes_of_mine.json").write_text("[]")
    with pytest.raises(DataError, match="PsyMo walks must be named"):
        load_skeletons(tmp_path)


def test_psymo_is_judged_by_view_pairs_with_the_first_normal_walk_as_gallery(
    tmp_path: Path,
) -> None:
    names = ("00_45_2_nm", "01_45_0_nm", "02_90_3_nm", "03_90_10_nm", "04_90_0_bg")
    for person in ("000", "001"):
        for name, walk in zip(names, walks(5), strict=True):
            alphapose(tmp_path / "skeletons" / person / f"{person}_{name}.json", {"1": walk})
    found = load_skeletons(tmp_path)
    assert found.condition_N.tolist() == ["nm-02", "nm-01", "nm-01", "nm-02", "bg"] * 2
    assert found.role_N.tolist() == ["probe", "gallery", "gallery", "probe", "probe"] * 2
    assert protocol_of(found) == "psymo"
    assert bone_scores(found, "psymo").groups.keys() == {"nm", "bg"}
