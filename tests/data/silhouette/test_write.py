"""Silhouettes as PNG files, as `edgehuman data simulate --kind silhouettes` writes them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.silhouette.load import find_layout, load_silhouettes
from edgehuman.data.silhouette.write import MARK, names_of, roles_of, write_tree
from edgehuman.errors import DataError
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.silhouette.walks import SimulatedSilhouettes, simulate_silhouettes

TWO_VIEWS = Cameras(views_deg=(0.0, 90.0))
WALKS = simulate_silhouettes(
    SimulatedSilhouettes(people=2, walks_each=4, frames=3, conditions=("nm",), cameras=TWO_VIEWS)
)


def test_every_frame_of_every_walk_comes_back(tmp_path: Path) -> None:
    outcome = write_tree(WALKS, tmp_path)
    assert isinstance(outcome.data, dict)
    assert (outcome.data["people"], outcome.data["walks"], outcome.data["frames"]) == (2, 8, 24)
    assert "SIMULATED" in outcome.text
    for i, name in enumerate(names_of(WALKS)):
        files = sorted((tmp_path / name).iterdir())
        assert [file.name for file in files] == [
            f"{name.replace('/', '-')}-{t:03d}.png" for t in (1, 2, 3)
        ]
        back = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
        np.testing.assert_array_equal(back, WALKS.silhouette_NTHW[i])
    assert len(list(tmp_path.rglob("*.png"))) == 24


def test_walks_of_one_condition_and_view_are_counted() -> None:
    names = names_of(WALKS)
    assert sorted(names[:4]) == ["001/nm-01/000", "001/nm-01/090", "001/nm-02/000", "001/nm-02/090"]
    assert {name[:3] for name in names[4:]} == {"002"}


def test_the_command_writes_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["data", "simulate", "--kind", "silhouettes", "--each", "3", "--out"]
    assert main([*line, str(tmp_path / "made"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["walks"], said["frames"], said["simulated"]) == (3, 180, True)
    kinds = {folder.name for folder in (tmp_path / "made" / "001").iterdir()}
    assert kinds == {"nm-01", "bg-01"}
    assert main([*line, str(tmp_path / "none"), "--people", "0"]) == 2
    assert "people is 0" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"--out: .*file is a file"):
        write_tree(WALKS, tmp_path / "file")


def test_what_reads_it_knows_that_nobody_is_real(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree, packed = tmp_path / "tree", tmp_path / "a.silhouettes"
    write_tree(WALKS, tree, seed=7)
    assert main(["data", "pack", str(tree), "--out", str(packed)]) == 0
    assert "SIMULATED" in capsys.readouterr().out
    for path in (tree, packed):
        walks = load_silhouettes(path)
        assert (walks.name, walks.simulated, walks.licence) == (
            "simulated",
            True,
            "none needed: simulated",
        )
        assert sorted(set(walks.person_N.tolist())) == ["simulated:7:0", "simulated:7:1"]
        assert sorted(walks.role_N.tolist()) == ["gallery"] * 4 + ["probe"] * 4
        assert set(walks.rate_hz_N.tolist()) == {WALKS.rate_hz}
        assert set(walks.condition_N.tolist()) == {"nm"}
        assert main(["data", "check", str(path)]) == 0
        assert "SIMULATED" in capsys.readouterr().out
    frames = load_silhouettes(tree).silhouette_SHW
    np.testing.assert_array_equal(frames, load_silhouettes(packed).silhouette_SHW)
    with pytest.raises(DataError, match="given as 'casia_b', but it looks like 'simulated'"):
        find_layout(tree, "casia_b")


def test_few_people_are_all_tested_and_of_many_the_first_74_train() -> None:
    wanted = SimulatedSilhouettes(people=76, walks_each=4, frames=2, conditions=("nm",))
    walks = simulate_silhouettes(wanted)
    assert roles_of(WALKS) == ["gallery", "gallery", "probe", "probe"] * 2
    assert roles_of(walks)[: 74 * 4] == ["train"] * 74 * 4
    assert roles_of(walks)[74 * 4 :] == ["gallery", "gallery", "probe", "probe"] * 2


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("[]", "is wrong"),
        ("{", "not JSON"),
        ('{"seed": 0, "rate_hz": 24}', "is wrong"),
        ('{"seed": 0, "rate_hz": 0, "roles": {}}', "has the rate_hz 0"),
        ('{"seed": 0, "rate_hz": 24, "roles": {"001/nm-01/000": "king"}}', "has the role 'king'"),
    ],
)
def test_a_damaged_mark_is_told(mark: str, said: str, tmp_path: Path) -> None:
    write_tree(WALKS, tmp_path)
    (tmp_path / MARK).write_text(mark)
    with pytest.raises(DataError, match=said):
        load_silhouettes(tmp_path)
