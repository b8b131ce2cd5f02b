"""The hand example of one row of ten pixels, the numbers of Parsing R-CNN's evaluation on drawn
people, and the edges of the rules.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.crowds.parts import THRESHOLDS, FoundParts, PartsJudge
from edgehuman.metrics.crowds.people import person_of
from tests.metrics.crowds.test_people import person, row

A, B = "1111220000", "0000001111"
BOTH = row("1111221111")


def found(text: str, score: float) -> FoundParts:
    return FoundParts(person(text), score)


def judged(*each: FoundParts, least: float = 0.0) -> PartsJudge:
    judge = PartsJudge(4, least)
    judge.add(each, [person(A), person(B)], BOTH)
    return judge


def test_the_example_by_hand() -> None:
    scores = judged(found("0000001100", 0.8), found("1111230000", 0.9)).scores()
    # The best of both is 0.625: right up to a threshold of 0.6.
    assert scores.ap_T.tolist() == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    assert scores.ap_vol == pytest.approx(2 / 3)
    # One part of two of A is over 0.5, and none of B, where 2 of 4 is 0.5.
    assert scores.pcp_T[THRESHOLDS.index(0.5)] == pytest.approx(0.25)
    # Painted 1111231100: background 0 of 2; 1: 6 of 8; 2: 1 of 2; 3: 0 of 1.
    assert scores.pixels is not None
    assert scores.pixels.mean_iou == pytest.approx(0.3125)
    assert scores.as_metrics()["ap_p_50"] == 1
    assert next(iter(scores.as_metrics())) == "ap_p_vol"


def test_the_higher_score_is_painted_last_and_a_low_one_not_at_all() -> None:
    pair = found("1111110000", 0.9), found("2222220000", 0.8)
    pixels = judged(*pair).scores().pixels
    assert pixels is not None
    assert pixels.iou_C[1] == pytest.approx(4 / 10)
    pixels = judged(*pair, least=0.95).scores().pixels
    assert pixels is not None
    assert pixels.pixel_accuracy == 0
    assert judged(*pair, least=0.85).scores().found == 1


def test_the_second_of_two_detections_of_a_person_is_wrong() -> None:
    twice = judged(found(A, 0.9), found(A, 0.8), found(B, 0.7)).scores()
    # Recall 1/2 at precision 1, then 1 at 2/3.
    assert twice.ap_T[4] == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_people_to_ignore_count_neither_way() -> None:
    judge = PartsJudge(4)
    ignored_M = np.array([False, True])
    judge.add([found(B, 0.9), found(A, 0.8)], [person(A), person(B)], BOTH, ignored_M)
    scores = judge.scores()
    assert (scores.people, scores.found) == (1, 1)
    assert scores.ap_T.tolist() == [1.0] * 9


def test_people_without_parts_count_unless_they_are_skipped() -> None:
    nobody = person_of(row("0" * 10), row("0" * 10) > 0)
    for skip_empty, people in ((False, 2), (True, 1)):
        judge = PartsJudge(4, skip_empty=skip_empty)
        judge.add([found(A, 0.9)], [person(A), nobody], row(A))
        assert judge.scores().people == people


def test_pictures_without_people_count_what_is_found_in_them() -> None:
    judge = PartsJudge(4)
    judge.add([found(A, 0.95)], [], row("0" * 10))
    judge.add([found(A, 0.9)], [person(A)], row(A))
    judge.add([], [], row("0" * 10))
    assert judge.scores().ap_T[0] == pytest.approx(0.5)


def test_nobody_at_all_is_an_error() -> None:
    judge = PartsJudge(4)
    judge.add([found(A, 0.95)], [], row("0" * 10))
    with pytest.raises(DataError, match="found nobody to parse"):
        judge.scores()


def test_the_numbers_of_the_published_evaluation(reference_vectors: Path) -> None:
    with np.load(reference_vectors / "parsing_refs.npz") as file:
        arrays = dict(file)
    text = (reference_vectors / "vision_metric_refs.json").read_text()
    expected = json.loads(text)["parsing"]
    judge = PartsJudge(expected["num_classes"])
    for number, part_HW in enumerate(arrays["sem_gt"], start=1):
        people = [person_of(m, m > 0) for m in arrays["gt_inst"][arrays["gt_img"] == number]]
        is_here_K = arrays["pred_img"] == number
        pairs = zip(arrays["pred_inst"][is_here_K], arrays["pred_score"][is_here_K], strict=True)
        judge.add([FoundParts(person_of(m, m > 0), float(s)) for m, s in pairs], people, part_HW)
    scores = judge.scores()
    assert scores.ap_T == pytest.approx(expected["APp"], abs=1e-12)
    assert scores.ap_vol == pytest.approx(expected["APp_vol"], abs=1e-12)
    assert scores.pcp_T == pytest.approx(expected["PCP"], abs=1e-12)
