"""Which photos a path holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.source import find_photos, name_in


def test_nothing_to_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or photo"):
        find_photos(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="--source is empty"):
        find_photos("")
    with pytest.raises(DataError, match="holds nothing"):
        find_photos(tmp_path)
    (tmp_path / "letter.txt").write_text("words")
    with pytest.raises(DataError, match="1 files, none of them an image"):
        find_photos(tmp_path)


def test_a_photo_is_called_by_its_place_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.png"
    assert name_in(tmp_path, path) == "deep/a.png"
    assert name_in(path, path) == "a.png"


def test_label_maps_are_no_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate_people_folder(tmp_path / "p", people=2, each=4, seed=0)
    assert len(find_photos(tmp_path / "p")) == 8
    assert "8 photos; 8 label maps (masks) left out" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"holds no photo \(8 label maps \(masks\) left out\)"):
        find_photos(tmp_path / "p" / "parts")
