"""OpenGait's pickles: what is in them, and that nothing in them is run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.errors import DataError
from tests.data.silhouette_trees import records, write_pickle

_RAN: list[str] = []


class _Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return _RAN.append, ("ran",)


class _Shell:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_tree_of_ones_own_is_read(tmp_path: Path, protocol: int) -> None:
    for seed, name in enumerate(("anna/normal/front", "anna/coat/side", "bert/normal/front")):
        write_pickle(tmp_path / name / "sil.pkl", records(3, seed), protocol)
    walks = load_silhouettes(tmp_path)
    assert walks.name == "opengait"
    assert walks.person_N.tolist() == ["anna", "anna", "bert"]
    assert walks.view_N.tolist() == ["side", "front", "front"]
    assert walks.condition_N.tolist() == ["coat", "normal", "normal"]
    np.testing.assert_array_equal(walks.sequence(2), records(3, 2))


@pytest.mark.parametrize("harmful", [_Harmful(), _Shell(), [_Shell(), np.ones(3)]])
def test_a_pickle_that_would_run_code_is_left_out_and_told(
    tmp_path: Path, harmful: object, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", records(3))
    write_pickle(tmp_path / "001/nm-02/000/000.pkl", harmful)
    assert len(load_silhouettes(tmp_path)) == 1
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "not a pickle of arrays (it names" in capsys.readouterr().out
    assert not _RAN
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", harmful)
    with pytest.raises(DataError):
        load_silhouettes(tmp_path)
    assert not _RAN


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (np.zeros((0, 64, 64), np.uint8), "has no frames"),
        (np.zeros((3, 64, 64), np.uint8), "shows nobody"),
        (255 - np.pad(records(3), ((0, 0), (9, 9), (9, 9))), "white background"),
        (np.zeros((3, 64, 64), np.float32), "holds float32"),
        ({"a": 1}, "holds a dict"),
    ],
)
def test_a_useless_pickle_is_left_out_with_a_reason(
    tmp_path: Path, held: object, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", records(3))
    write_pickle(tmp_path / "001/nm-02/000/000.pkl", held)
    walks = load_silhouettes(tmp_path)
    assert len(walks) == 1
    assert why in walks.left_out[0].why
    assert "1 of 2 walks are left out" in caplog.text


@pytest.mark.parametrize("shape", [(128, 128), (96, 50), (64, 44)])
def test_masks_of_another_size_are_normalised(tmp_path: Path, shape: tuple[int, int]) -> None:
    good = records(3)
    other = (
        good[:, :, 10:54]
        if shape == (64, 44)
        else np.stack([np.kron(frame, np.ones((2, 2), np.uint8)) for frame in good])
    )
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", other)
    found = load_silhouettes(tmp_path).silhouette_SHW
    assert found.shape == (3, 64, 64)
    assert np.mean(found != good) < 0.04


def test_of_several_pickles_the_masks_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "0000/camid0_videoid2/seq0"
    write_pickle(folder / "0-pose.pkl", np.ones((3, 17, 3), np.float32))
    write_pickle(folder / "1-mask.pkl", records(3))
    assert len(load_silhouettes(tmp_path)) == 1
    write_pickle(folder / "2-mask.pkl", records(3))
    with pytest.raises(DataError, match="second pickle of masks"):
        load_silhouettes(tmp_path)


@pytest.mark.parametrize("scaled", [records(3) > 0, (records(3) > 0).astype(np.uint8)])
def test_false_and_true_are_black_and_white(tmp_path: Path, scaled: np.ndarray[Any, Any]) -> None:
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", scaled)
    np.testing.assert_array_equal(load_silhouettes(tmp_path).sequence(0), records(3))


def test_a_tree_of_other_numbers_is_told_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", records(3).astype(np.float32))
    with pytest.raises(DataError, match=r"holds float32 \(3, 64, 64\); .* scale it and save it"):
        load_silhouettes(tmp_path)
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "holds float32 (3, 64, 64)" in capsys.readouterr().out


def test_a_damaged_first_pickle_hides_no_tree_and_files_of_a_mac_are_passed_over(
    tmp_path: Path,
) -> None:
    for walk in ("nm-01", "nm-02"):
        write_pickle(tmp_path / "001" / walk / "000/000.pkl", records(3))
    mac = tmp_path / "001/nm-01/000/._000.pkl"
    mac.write_bytes(b"made by a Mac")
    assert len(load_silhouettes(tmp_path)) == 2
    (tmp_path / "001/nm-01/000/000.pkl").write_bytes(b"cut")
    assert len(load_silhouettes(tmp_path)) == 1
    (tmp_path / "001/nm-02/000/000.pkl").write_bytes(b"cut")
    with pytest.raises(DataError, match="damaged pickle"):
        load_silhouettes(tmp_path)
