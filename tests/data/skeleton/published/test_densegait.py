"""DenseGait: a table of tracks and an array for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import walks


def _tree(root: Path) -> None:
    (root / "skeletons").mkdir(parents=True)
    rows = ["file_name,track_id,gender"]
    for i, walk in enumerate(walks(2)):
        np.save(root / "skeletons" / f"{i}.npy", walk)
        rows.append(f"{root.name}/skeletons/{i}.npy,{40 + i},0.3")
    (root / "annotations.csv").write_text("\n".join(rows) + "\n")


def test_every_track_is_somebody_to_train_with(tmp_path: Path) -> None:
    root = tmp_path / "data-2.02"
    _tree(root)
    found = load_skeletons(root)
    assert found.name == "densegait"
    assert found.person_N.tolist() == ["densegait:40", "densegait:41"]
    assert found.role_N.tolist() == ["train", "train"]
    np.testing.assert_array_equal(found.sequence(1), walks(2)[1])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("none.npy,3,0", r"none\.npy: listed in annotations\.csv, but missing"),
        ("../../x.npy,3,0", "but missing"),
        (",3,0", "line 4 has no usable file_name or track_id"),
        ("data-2.02/annotations.csv,3,0", r"annotations\.csv: cannot be read"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, line: str, said: str) -> None:
    root = tmp_path / "data-2.02"
    _tree(root)
    (tmp_path.parent / "x.npy").write_bytes(b"")
    with (root / "annotations.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=said):
        load_skeletons(root)
