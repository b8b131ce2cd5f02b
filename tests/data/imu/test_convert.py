"""`edgehuman data convert`: what is no wearable is named, with the commands that take it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main


def ucalgary(folder: Path) -> Path:
    path = folder / "walks.npz"
    none = np.zeros(1)
    np.savez(
        path, x=none, joints=none, length=none, subject=none, seq=none, gait=none, duplicate=none
    )
    return path


def made(kind: str, folder: Path) -> Path:
    words = ["data", "simulate", "--kind", kind, "--people", "2", "--out", str(folder / "made")]
    assert main(words) == 0
    return folder / "made"


@pytest.mark.parametrize(
    ("kind", "dataset", "command"),
    [
        ("ucalgary", "ucalgary_gait (skeleton)", "evaluate zoo:gait-skeleton --data {}`"),
        ("skeletons", "(skeleton)", "evaluate zoo:gait-skeleton --data {}`"),
        ("people", "(image)", "evaluate zoo:person-garments --data {}`"),
    ],
)
def test_what_is_no_wearable_is_named_with_the_command_that_serves(
    kind: str, dataset: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ucalgary(tmp_path) if kind == "ucalgary" else made(kind, tmp_path)
    capsys.readouterr()
    assert main(["data", "convert", str(path), "--out", str(tmp_path / "x.npz")]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert dataset in said
    assert "an .npz is for wearables alone" in said
    assert f"`edgehuman data check {path}`" in said
    assert command.format(path) in said
    assert not (tmp_path / "x.npz").exists()


def test_what_is_no_data_is_still_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("nothing")
    assert main(["data", "convert", str(tmp_path), "--out", str(tmp_path / "x.npz")]) == 1
    assert "is a folder with a.txt; no " in capsys.readouterr().err
    assert main(["data", "convert", "gone", "--out", str(tmp_path / "x.npz")]) == 1
    assert "gone: no such file or folder" in capsys.readouterr().err
