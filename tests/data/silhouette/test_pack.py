"""`edgehuman data pack`: silhouettes as one file, recognised by what a path holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.errors import UsageError
from edgehuman.flags import choose
from tests.data.silhouette_trees import person_masks, records, write_masks, write_pickle

_IMAGES = "edgehuman.data.image.pack:PackConfig"
_OURS = "edgehuman.data.silhouette.pack:PackConfig"


def test_a_tree_is_packed_and_loads_as_the_same_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = tmp_path / "tree", tmp_path / "out" / "a.silhouettes"
    for seed, walk in enumerate(("nm-01", "nm-02", "bg-01")):
        write_pickle(root / "080" / walk / "000" / "000.pkl", records(5, seed))
    write_pickle(root / "080/cl-01/000/000.pkl", {"no": "masks"})
    assert main(["data", "pack", str(root), "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["walks"], said["frames"]) == ("casia_b", 3, 15)
    assert "holds a dict" in said["left_out"][0]["why"]
    packed, made = load_silhouettes(out), load_silhouettes(root)
    np.testing.assert_array_equal(packed.silhouette_SHW, made.silhouette_SHW)
    assert packed.sequence_N.tolist() == made.sequence_N.tolist()
    assert packed.role_N.tolist() == made.role_N.tolist()
    assert packed.licence == made.licence
    assert main(["data", "pack", str(out), "--out", str(tmp_path / "b")]) == 2
    assert "is packed already" in capsys.readouterr().err


def test_the_path_chooses_what_is_packed(tmp_path: Path) -> None:
    masks, photos = tmp_path / "masks", tmp_path / "photos"
    write_masks(masks, person_masks(3))
    write_masks(photos, np.random.default_rng(0).integers(0, 256, (3, 80, 60, 3), np.uint8))
    assert choose.pack([str(masks), "--out", "a"])[0] == _OURS
    assert choose.pack(["--out", str(photos), str(masks)])[0] == _OURS
    assert choose.pack([str(photos), "--out", str(masks)])[0] == _IMAGES
    assert choose.pack(["simulated", "--out", "a"])[0] == _IMAGES
    assert choose.pack(["simulated:3", "--out", "a.silhouettes"])[0] == _OURS
    assert choose.pack(["none", "--out=a.silhouettes", "--kind", "people"])[0] == _IMAGES
    assert choose.pack(["simulated", "--kind", "silhouettes"])[0] == _OURS
    assert choose.pack([str(masks), "--kind=people"])[0] == _IMAGES
    with pytest.raises(UsageError, match="unknown kind 'skeletons'"):
        choose.pack(["--kind", "skeletons"])


def test_a_source_without_walks_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.silhouettes"
    write_pickle(tmp_path / "tree/080/nm-01/000/000.pkl", 0 * records(3))
    assert main(["data", "pack", str(tmp_path / "tree"), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert "shows nobody" in told
    assert f"`edgehuman data check {tmp_path / 'tree'}`" in told
    assert not out.exists()
    words = ["data", "pack", str(tmp_path / "none"), "--kind", "silhouettes", "--out", str(out)]
    assert main(words) == 1
    assert "no such file or folder" in capsys.readouterr().err
