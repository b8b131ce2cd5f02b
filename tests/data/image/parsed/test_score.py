"""A network's people against frames with parts; labels have to fit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.frames.set import FrameParts, FrameSet
from edgehuman.data.image.parsed.score import FramePartsJudge, fitting
from edgehuman.data.image.part_groups import LABELS as GROUPS
from edgehuman.errors import DataError
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.preprocess.image.letterbox import fit
from tests.data.frame_trees import made_frames
from tests.runtime.parts_models import LABELS, SIZE, rows_of


@dataclasses.dataclass(frozen=True)
class Parts:
    """Of each person the upper half is hair and the lower trousers; of Bob all is a shirt."""

    frames: FrameSet
    names: tuple[str, ...] = ("background", "hair", "shirt", "trousers")

    def __getitem__(self, index: int, /) -> FrameParts:
        part_HW = np.zeros(self.frames.frames[index].shape[:2], np.uint8)
        people = []
        for number, box_4 in enumerate(self.frames.people[index].box_M4):
            x1, y1, x2, y2 = box_4.astype(int).tolist()
            own_HW = np.full((y2 - y1, x2 - x1), 2, np.uint8)
            if not number:
                own_HW[: len(own_HW) // 2], own_HW[len(own_HW) // 2 :] = 1, 3
            people.append(PersonParts(x1, y1, own_HW))
            people[-1].paint(part_HW)
        return FrameParts(people, part_HW)


def parted(count: int = 4) -> FrameSet:
    frames = made_frames(count)
    return dataclasses.replace(frames, parts=Parts(frames))


def test_a_good_answer_scores_high_and_nobodys_is_wrong() -> None:
    frames = fitting(parted(), LABELS)
    assert frames.parts is not None
    assert frames.parts.names == GROUPS["garments"] == LABELS
    judge = FramePartsJudge(LABELS, SIZE)
    for index in range(len(frames)):
        _, place = fit(frames.frames[index], *SIZE)
        judge.add(frames, index, rows_of(), place)
    scores = judge.scores()
    assert scores.people == 4
    # Anne and Bob are said to be in each of four frames; Anne is in three, Bob in the second. By
    # score: Anne right in three frames, wrong in one; Bob wrong once, and then right.
    assert scores.metrics["ap_p_50"] == pytest.approx((1 + 1 + 1 + 4 / 6) / 4)
    assert scores.metrics["pcp_50"] > 0.9
    assert 0.5 < scores.metrics["mean_iou"] < 1
    assert scores.threshold == pytest.approx(0.9, abs=0.01)
    assert next(iter(scores.metrics)) == "ap_p_vol"


def test_labels_have_to_fit() -> None:
    frames = parted()
    assert fitting(frames, frames.parts.names) is frames  # type: ignore[union-attr]
    with pytest.raises(DataError, match="has the parts background, hair, shirt, trousers, and the"):
        fitting(frames, ("background", "hat"))
    with pytest.raises(DataError, match="has no parts, and the model background, hat"):
        fitting(made_frames(), ("background", "hat"))
    with pytest.raises(DataError, match="has boxes of people and no parts"):
        fitting(made_frames(), LABELS)


def test_no_frame_is_an_error() -> None:
    with pytest.raises(DataError, match="no frame to score"):
        FramePartsJudge(LABELS, SIZE).scores()
