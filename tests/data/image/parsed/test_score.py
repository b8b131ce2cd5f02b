"""A network's people against frames with parts; labels have to fit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.frames.set import FrameParts, FrameSet, People
from edgehuman.data.image.parsed.score import FramePartsJudge, fitting
from edgehuman.data.image.part_groups import LABELS as GROUPS
from edgehuman.errors import DataError
from edgehuman.metrics.crowds.parts import FoundParts
from edgehuman.metrics.crowds.people import PersonParts, box_of
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


@dataclasses.dataclass(frozen=True)
class Crowd:
    """Everybody is a square of two pixels, all hair, in a picture of 200x400."""

    count: int
    names: tuple[str, ...] = LABELS

    def __getitem__(self, index: int, /) -> FrameParts:
        part_HW = np.zeros((200, 400), np.uint8)
        own_HW = np.ones((2, 2), np.uint8)
        people = [PersonParts(4 * (i % 100), 4 * (i // 100), own_HW) for i in range(self.count)]
        for each in people:
            each.paint(part_HW)
        return FrameParts(people, part_HW)


def crowd(count: int) -> FrameSet:
    parts = Crowd(count)
    box_M4 = np.array([box_of(each) for each in parts[0].people], np.float32).reshape(-1, 4)
    people = People(box_M4, np.zeros(count, np.bool_))
    one = dataclasses.replace(made_frames(1), frames=[np.zeros((200, 400, 3), np.uint8)])
    return dataclasses.replace(one, people=[people], parts=parts)


def test_thousands_in_one_frame_of_whom_few_are_found_and_nobody_of_whom_nobody_is() -> None:
    judge = FramePartsJudge(LABELS, SIZE)
    frames, nobody = crowd(5000), crowd(0)
    assert frames.parts is not None
    found = [FoundParts(each, 0.9) for each in frames.parts[0].people[:100]]
    box_K4 = frames.people[0].box_M4[:100]
    judge.add_found(frames, 0, found, (box_K4, np.full(100, 0.9, np.float32)), (200, 400))
    none = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    judge.add_found(nobody, 0, [], none, (200, 400))
    scores = judge.scores()
    assert scores.people == 5000
    # All that are found are right: a fiftieth of everybody.
    assert scores.metrics["pcp_50"] == pytest.approx(0.02)
    assert scores.metrics["ap50"] == pytest.approx(0.02, abs=0.01)


def test_nobody_in_any_frame_is_an_error() -> None:
    judge = FramePartsJudge(LABELS, SIZE)
    judge.add(crowd(0), 0, rows_of(), fit(np.zeros((200, 400, 3), np.uint8), *SIZE)[1])
    with pytest.raises(DataError, match="nobody to parse"):
        judge.scores()
