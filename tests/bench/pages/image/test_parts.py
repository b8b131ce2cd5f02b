"""The picture of parts: colours by label, one picture of each person, only models of garments."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.bench.pages.image import parts as parts_picture
from edgehuman.bench.pages.image.parts import PictureConfig, columns, painted, picture_parts
from edgehuman.data.image.load import load_persons
from edgehuman.data.image.part_groups import LABELS, grouped
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.model import load


def test_parts_have_the_colours_of_their_labels() -> None:
    found = painted(np.array([[0, 1, 2, 255]], np.uint8), LABELS["garments"])
    assert found[0, 0].tolist() == found[0, 3].tolist() == [255, 255, 255]
    assert found[0, 1].tolist() == [0, 114, 178]
    assert found[0, 2].tolist() == [86, 180, 233]


def test_a_picture_of_the_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = load_persons("simulated", "parsing", people=12, each=4)
    monkeypatch.setattr(parts_picture, "load_persons", lambda data, task: few)
    path = tmp_path / "deep" / "parts.png"
    outcome = picture_parts(PictureConfig("zoo:person-garments-int8", path, people=2, json=True))
    assert json.loads(outcome.text)["simulated"] is True
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.std() > 10
    persons = grouped(few, "garments")
    shown = columns(load("zoo:person-garments-int8"), persons, 2)
    assert len(shown) == 2
    for image_HWC, said_HW, true_HW in shown:
        assert image_HWC.shape[:2] == said_HW.shape == true_HW.shape
        assert said_HW.max() < len(LABELS["garments"])


def test_wrong_words(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="gives classes, and the picture is of garments"):
        picture_parts(PictureConfig("zoo:activity", tmp_path / "a.png"))
    with pytest.raises(UsageError, match="--people is 0; it must be from 1 to 12"):
        PictureConfig(people=0)
    with pytest.raises(UsageError, match=r"must end in \.png"):
        PictureConfig(out=Path("a.jpg"))
