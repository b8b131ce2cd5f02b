"""The public datasets, as small trees in every published form: names, roles, records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.catalogue import datasets_of
from edgehuman.data.silhouette.load import find_layout, load_silhouettes
from edgehuman.data.skeleton.load import layouts as skeleton_layouts
from tests.data.silhouette_trees import person_masks, records, write_masks, write_pickle

FRAMES = 4
_CASIA = [f"{who}/{walk}/{view}" for who in ("001", "080") for walk in ("nm-01", "bg-01")
          for view in ("000", "090")]  # fmt: skip
_OUMVLP = ["00001/00/000", "00001/01/000", "00002/00/030", "00002/01/030"]
_GREW = ["00001train/00/4XPn5Z28", "00002/01/4XPn5Z29", "00002/02/4XPn5Z30", "probe/03/4XPn5Z31"]
_GAIT3D = [f"000{who}/camid{camera}_videoid2/seq0" for who in (0, 1) for camera in (0, 3)]
ROLES = {
    "casia_b": {"casia_b:001-nm-01-000": "train", "casia_b:080-nm-01-090": "gallery",
                "casia_b:080-bg-01-090": "probe"},
    "oumvlp": {"oumvlp:00001-00-000": "train", "oumvlp:00002-00-030": "probe",
               "oumvlp:00002-01-030": "gallery"},
    "grew": {"grew:00001train-00-4XPn5Z28": "train", "grew:00002-01-4XPn5Z29": "gallery",
             "grew:00002-02-4XPn5Z30": "probe", "grew:probe-03-4XPn5Z31": ""},
    "gait3d": {"gait3d:0000-camid0_videoid2-seq0": "train",
               "gait3d:0001-camid0_videoid2-seq0": "gallery",
               "gait3d:0001-camid3_videoid2-seq0": "probe"},
}  # fmt: skip


def _pickles(names: list[str]) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        for seed, name in enumerate(names):
            write_pickle(root / name / f"{Path(name).name}.pkl", records(FRAMES, seed))

    return make


def _images(names: list[str]) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        for seed, name in enumerate(names):
            write_masks(root / name, person_masks(FRAMES, seed), name.replace("/", "-") + "-")

    return make


_OUMVLP_A = ["Silhouette_000-00/00001", "Silhouette_000-01/00001", "Silhouette_030-00/00002",
             "Silhouette_030-01/00002"]  # fmt: skip
_OUMVLP_B = ["00_000/00001", "01_000/00001", "00_030/00002", "01_030/00002"]
_GREW_A = ["train/00001/4XPn5Z28", "test/gallery/00002/4XPn5Z29", "test/gallery/00002/4XPn5Z30",
           "test/probe/4XPn5Z31"]  # fmt: skip
TREES: dict[tuple[str, str], Callable[[Path], None]] = {
    ("casia_b", "pickles"): _pickles(_CASIA),
    ("casia_b", "images"): _images(_CASIA),
    ("oumvlp", "pickles"): _pickles(_OUMVLP),
    ("oumvlp", "view-walk"): _images(_OUMVLP_A),
    ("oumvlp", "walk_view"): _images(_OUMVLP_B),
    ("grew", "pickles"): _pickles(_GREW),
    ("grew", "images"): _images(_GREW_A),
    ("gait3d", "pickles"): _pickles(_GAIT3D),
    ("gait3d", "images"): _images(_GAIT3D),
}
_SETS = {
    "OUMVLP.json": {"TRAIN_SET": ["00001"], "TEST_SET": ["00002"]},
    "Gait3D.json": {
        "TRAIN_SET": ["0000"],
        "TEST_SET": ["0001"],
        "PROBE_SET": ["0001-camid3_videoid2-seq0"],
    },
}


@pytest.fixture(params=TREES, ids="-".join)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    root = tmp_path / "data"
    root.mkdir()
    TREES[request.param](root)
    for name, sets in _SETS.items():
        (tmp_path / name).write_text(json.dumps(sets))
    return request.param[0], root


def test_a_published_tree_has_its_names_roles_and_records(tree: tuple[str, Path]) -> None:
    dataset, root = tree
    walks = load_silhouettes(root)
    assert walks.name == dataset
    assert walks.length_N.tolist() == [FRAMES] * len(walks)
    roles = dict(zip(walks.sequence_N.tolist(), walks.role_N.tolist(), strict=True))
    assert ROLES[dataset].items() <= roles.items()
    assert walks.licence == datasets_of("silhouette")[dataset].licence
    assert set(np.unique(walks.silhouette_SHW)) == {0, 255}
    assert walks.silhouette_SHW[:, 0].any(axis=1).all()


def test_skeletons_do_not_take_a_tree_of_silhouettes(tree: tuple[str, Path]) -> None:
    _, root = tree
    assert not [layout.dataset for layout in skeleton_layouts() if layout.recognise(root)]
    assert find_layout(root.parent)[1] == root


def test_a_walk_has_the_same_records_in_every_form(tmp_path: Path) -> None:
    name = "001/nm-01/000"
    write_pickle(tmp_path / "a" / name / "000.pkl", load_of(tmp_path / "b", name))
    np.testing.assert_array_equal(
        load_silhouettes(tmp_path / "a").silhouette_SHW,
        load_silhouettes(tmp_path / "b").silhouette_SHW,
    )


def load_of(root: Path, name: str) -> object:
    _images([name])(root)
    return load_silhouettes(root).silhouette_SHW
