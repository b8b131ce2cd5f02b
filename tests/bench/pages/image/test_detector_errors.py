"""The page of pose detectors' errors, with networks that are made and err in known ways."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.pages.image import detector_errors
from edgehuman.bench.pages.image.detector_errors import (
    ErrorsConfig,
    ahead,
    build_table,
    known,
)
from edgehuman.bench.pages.image.sights import Sight
from edgehuman.errors import DataError, UsageError
from edgehuman.geometry import COCO_17
from edgehuman.records import Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.results import Person

J = len(COCO_17)


class Poser:
    """Joints at fixed shares of the box, and so far to the right of them, in heights."""

    looks = False

    def __init__(self, off: float) -> None:
        self.off = off

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        people = []
        for person in found:
            x0, y0, x1, y1 = person.box_4.tolist()
            share = np.arange(J) / J
            height = y1 - y0
            joint_J3 = np.stack(
                [x0 + (share + self.off) * (x1 - x0), y0 + share * height, np.full(J, 0.9)], axis=1
            )
            joint_J3[:, 0] = x0 + (share * 0.5 + self.off) * height
            people.append(Person(person.box_4, 1.0, joint_J3.astype(np.float32), COCO_17))
        return people


def sights(count: int) -> list[Sight]:
    frame_HWC = np.zeros((300, 200, 3), np.uint8)
    box_4 = np.array((50, 40, 150, 240), np.float32)
    return [Sight(frame_HWC, box_4, place) for place in range(count)]


OFFS = {"own": 0.03, "thunder.onnx": 0.0, "full.onnx": 0.02}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_errors, "opened", lambda name, threads: name)
    monkeypatch.setattr(detector_errors, "watching_alone", lambda finder: finder)
    monkeypatch.setattr(detector_errors, "poser_of", lambda name, threads: Poser(OFFS[name]))
    monkeypatch.setattr(
        detector_errors,
        "sights_of",
        lambda path, watching, video, looking: sights(20 if path == "long" else 3),
    )


def config(tmp_path: Path, data: str = "long") -> ErrorsConfig:
    return ErrorsConfig(("own",), (data,), ("thunder.onnx", "full.onnx"), (100,), out=tmp_path)


def test_what_teachers_agree_on_is_the_measure(tmp_path: Path) -> None:
    outcome = build_table(config(tmp_path))
    data: Any = outcome.data
    assert (data["looks"], data["known"]) == (20, 1.0)
    for height in ("0", "100"):
        # The truth lies in the middle of both teachers, 0.01 from each and 0.02 from the student.
        medians = {name: row[height]["median"] for name, row in data["networks"].items()}
        assert medians == pytest.approx({"own": 2.0, "thunder": 1.0, "full": 1.0}, abs=0.01)
        assert data["networks"]["own"][height]["missing"] == 0.0
        assert data["networks"]["own"][height]["legs_cut"] == 100.0
    assert json.loads((tmp_path / "table.json").read_text()) == json.loads(json.dumps(data))
    assert "| own | full | 2.0 |" in outcome.text
    assert "NaN" not in (tmp_path / "table.json").read_text()


def test_too_few_people(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found 3 people who are alone, whole and at least 200"):
        build_table(config(tmp_path, "short"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"teachers": ("one",)}, "teachers"),
        ({"heights": (20,)}, "heights"),
        ({"most": 5}, "most"),
        ({"tall": 8}, "tall"),
        ({"first": -1}, "first"),
        ({"data": ()}, "data"),
    ],
)
def test_words_that_are_wrong(changes: dict[str, Any], said: str) -> None:
    words: dict[str, Any] = {"model": ("m",), "data": ("v",), "teachers": ("a", "b"), **changes}
    with pytest.raises(UsageError, match=said):
        ErrorsConfig(**words)


def test_everybody_is_turned_to_the_right() -> None:
    true_NJ2 = np.full((3, J, 2), np.nan)
    true_NJ2[:2, COCO_17.index("l_ear")] = (0.5, 0.0)
    true_NJ2[0, COCO_17.index("nose")], true_NJ2[1, COCO_17.index("nose")] = (0.6, 0), (0.4, 0)
    assert ahead(true_NJ2).tolist() == [1.0, -1.0, 1.0]


def test_none_in_the_place_of_nan() -> None:
    assert known({"a": [1.0, float("nan")], "b": (2,)}) == {"a": [1.0, None], "b": [2]}
