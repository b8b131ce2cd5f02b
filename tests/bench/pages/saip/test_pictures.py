"""Pictures for table 5: the same of the same number, poorer ones, and folders of several."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.bench.pages.saip.pictures import (
    Source,
    collected,
    marred,
    objects,
    person,
)
from edgehuman.errors import DataError
from edgehuman.records import Uint8
from tests.runtime.frame_models import street, write_video


def detail(image_HWC: Uint8) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(cv2.Laplacian(image_HWC, cv2.CV_32F)).mean())


def test_pictures_depend_on_their_number_alone() -> None:
    for draw in (person, marred, objects):
        assert draw(3).shape == (256, 128, 3)
        assert np.array_equal(draw(3), draw(3))
        assert not np.array_equal(draw(3), draw(4))


def test_marred_people_have_less_detail() -> None:
    clean, poor = ([detail(draw(number)) for number in range(6)] for draw in (person, marred))
    assert np.median(poor) < 0.75 * np.median(clean)


def test_a_folder_is_made_once_and_several_are_links(tmp_path: Path) -> None:
    sources = [Source("people", 2), Source("objects", 3)]
    folder = collected(tmp_path / "work", sources)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"objects-{n:06d}.png" for n in range(3)] + [
        f"people-{n:06d}.png" for n in range(2)
    ]
    first = (tmp_path / "work" / "people-2" / "000001.png").stat().st_mtime_ns
    assert collected(tmp_path / "work", sources) == folder
    assert (tmp_path / "work" / "people-2" / "000001.png").stat().st_mtime_ns == first
    image_BGR = cv2.imread(str(folder / "people-000001.png"))
    assert image_BGR is not None
    assert np.array_equal(image_BGR[..., ::-1], person(1))


def test_a_video_of_nobody_is_told_and_leaves_no_folder(tmp_path: Path) -> None:
    film = write_video(tmp_path / "nobody.avi", [street(128, 192)] * 3)
    with pytest.raises(DataError, match="no picture for cuts"):
        collected(tmp_path / "work", [Source("cuts", 5, film)])
    assert not (tmp_path / "work" / "cuts-5").exists()
