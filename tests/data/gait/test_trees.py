"""Folder names of the public gait datasets, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.gait.trees import TREES, Named, leaves


@pytest.mark.parametrize(
    ("dataset", "folder", "named"),
    [
        (
            "casia_b",
            "075/bg-01/090",
            Named("casia_b:075", "casia_b:075-bg-01-090", "090", "bg-01", "probe"),
        ),
        (
            "oumvlp",
            "00007/01/030",
            Named("oumvlp:00007", "oumvlp:00007-01-030", "030", "01", "gallery"),
        ),
        (
            "grew",
            "00001train/00/4XPn5Z28",
            Named("grew:train-00001", "grew:00001train-00-4XPn5Z28", "", "00", "train"),
        ),
        (
            "gait3d",
            "0000/camid0_videoid2/seq0",
            Named("gait3d:0000", "gait3d:0000-camid0_videoid2-seq0", "camid0_videoid2", "seq0"),
        ),
    ],
)
def test_a_folder_is_of_one_dataset_and_has_its_labels(
    tmp_path: Path, dataset: str, folder: str, named: Named
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    file = tmp_path / folder / "a.pkl"
    assert [name for name, tree in TREES.items() if tree.fits(tmp_path, ".pkl")] == []
    file.touch()
    assert [name for name, tree in TREES.items() if tree.fits(tmp_path, ".pkl")] == [dataset]
    assert not TREES[dataset].fits(tmp_path, ".png")
    ((*parts, found),) = leaves(tmp_path, ".pkl")
    assert found == file
    assert TREES[dataset].named(tmp_path, *map(str, parts)) == named
