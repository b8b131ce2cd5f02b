"""`edgehuman data check` on labelled people: counts, and what is wrong."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.data.image.load import load_persons
from tests.data import person_trees as trees
from tests.data.person_trees import TREES
from tests.data.pictures import cut_short


@pytest.mark.parametrize("name", TREES)
def test_check_knows_the_layout_and_counts(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, task = TREES[name]
    make(tmp_path)
    assert main(["data", "check", str(tmp_path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    persons = load_persons(tmp_path, task)
    assert (data["dataset"], data["ok"], data["problems"]) == (name, True, [])
    assert data["pictures"] == data["read"] == len(persons)
    assert sum(data["roles"].values()) == len(persons)


def test_check_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trees.ccp(tmp_path)
    cut_short(tmp_path / "photos" / "0003.jpg")
    trees.write_mask(tmp_path / "masks" / "0004.png", trees.halves(0, 1, 48, 32))
    assert main(["data", "check", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "is ccp: 9 pictures (8 train, 1 test); 9 of them read" in said
    assert "0003.jpg: a JPEG" in said
    assert "0004.png is 32x48" in said
    (tmp_path / "labels.txt").unlink()
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "labels.txt" in capsys.readouterr().out


def test_check_of_another_dataset_than_the_one_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trees.msmt(tmp_path)
    assert main(["data", "check", str(tmp_path), "--dataset", "msmt17"]) == 0
    assert main(["data", "check", str(tmp_path), "--dataset", "market1501"]) == 1
    assert "it looks like 'msmt17'" in capsys.readouterr().err
    assert main(["data", "check", str(tmp_path), "--dataset", "lip"]) == 1
    assert main(["data", "check", str(tmp_path), "--dataset", "uci_har"]) == 1
    assert main(["data", "check", str(tmp_path), "--dataset", "nope"]) == 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_turned_by_their_exif_are_told(
    orientation: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A turn by 180 degrees and a mirror leave the size as it is, so only this tells them."""
    trees.msmt(tmp_path)
    photo = next(iter(sorted(tmp_path.rglob("*.jpg"))))
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, orientation, 0)
    data = photo.read_bytes()
    photo.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    main(["data", "check", str(tmp_path)])
    said = capsys.readouterr().out
    assert (f"{photo.name} ({orientation})" in said) == (orientation != 1)
    assert ("1 of the pictures read are turned by their EXIF" in said) == (orientation != 1)
