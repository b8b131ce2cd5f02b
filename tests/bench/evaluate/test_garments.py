"""evaluate of models that say what people wear, and others beside them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate import frames as of_frames
from edgehuman.bench.evaluate.frames import EvaluateConfig, evaluate, trial
from edgehuman.bench.trial import Words
from edgehuman.data.image.frames.set import FrameGarments, FrameSet
from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.records import Bool, Index
from edgehuman.runtime.model import load
from tests.data.frame_trees import ANNE, made_frames
from tests.data.garment_trees import fashionpedia
from tests.runtime.worn_models import ATTRIBUTES, COAT, LABELS, rows_of, worn_card, write_worn


@dataclasses.dataclass(frozen=True)
class Worn:
    """Anne in a coat with a zip, in every frame."""

    categories: tuple[str, ...] = LABELS[1:]
    attributes: tuple[str, ...] = ATTRIBUTES
    described: tuple[bool, ...] = (True, False)
    wrong: tuple[str, ...] = ()

    def __getitem__(self, index: int, /) -> FrameGarments:
        masks = [
            PersonParts(x1, y1, np.ones((y2 - y1, x2 - x1), np.uint8))
            for x1, y1, x2, y2 in (ANNE, COAT)
        ]
        return FrameGarments(
            np.array((ANNE, COAT), np.float32), np.array([0, 1]),
            np.array([[False] * 3, [False, True, False]]), np.zeros(2, np.bool_), masks,
            np.array([-1, 0]),
        )  # fmt: skip

    def together_CA(self, index_K: Index) -> Bool:
        return np.array([[False, True, False], [False] * 3])


def made() -> FrameSet:
    return dataclasses.replace(made_frames(), garments=Worn())


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(of_frames, "load_frames", lambda data, **few: made())
    return write_worn(tmp_path, rows_of())


def scores_of(model: Path, **changes: Any) -> dict[str, Any]:
    outcome = evaluate(EvaluateConfig(str(model), data="made", **changes))
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_boxes_masks_and_attributes_are_scored(model: Path) -> None:
    found = scores_of(model)
    assert (found["frames"], found["garments"], found["task"]) == (4, 4, "part-attributes")
    assert (found["categories"], found["attributes"]) == (2, 3)
    assert found["metrics"]["box_ap_iou_f1"] == pytest.approx(1)
    assert found["metrics"]["mask_ap_iou50_f1_50"] == pytest.approx(1)
    assert found["ms_per_frame"] > 0


def test_another_stands_beside_it(model: Path, tmp_path: Path) -> None:
    row_KX = rows_of()
    row_KX[2, 7:9] = -9, 3.0  # midi in the place of a zip
    other = str(write_worn(tmp_path / "other", row_KX))
    outcome = evaluate(EvaluateConfig(str(model), data="made", beside=(other,)))
    assert isinstance(outcome.data, dict)
    beside = outcome.data["beside"][other]["metrics"]
    assert beside["box_ap_iou"] == pytest.approx(1)
    assert beside["box_ap_iou_f1"] == 0
    assert other in str(outcome.text)
    strange = write_worn(tmp_path / "c", rows_of(), worn_card(("person", "coat", "hat")))
    with pytest.raises(ArtefactError, match="taught with the same"):
        scores_of(model, beside=(str(strange),))


def test_frames_without_garments_are_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_frames, "load_frames", lambda data, **few: made_frames())
    with pytest.raises(DataError, match="does not say what they wear"):
        scores_of(model)


def test_a_bench_scores_it(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    card = worn_card(("person", "coat", "shoe", "sleeve"))
    output = dataclasses.replace(card.output, attributes=("zip-up", "check", "long"))
    model = load(str(write_worn(tmp_path / "m", rows_of(), card.replace(output=output))))
    made = trial(model.card, Words(str(fashionpedia(tmp_path / "f"))))
    assert made.scored == 1
    # Of what is worn there, the coat is found beside its place, with an attribute it has not.
    assert made.score(model)["box_ap_f1"] == 0
