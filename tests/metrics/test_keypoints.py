"""OKS by hand, COCO AP of a few persons, and published results."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, MissingDependencyError
from edgehuman.metrics.keypoints import (
    PARTS_133,
    SIGMA_17,
    SIGMA_133,
    coco_results,
    coco_truth,
    keypoint_scores,
    mean_error,
    oks,
    oks_nms,
    person_score,
    wholebody_scores,
)
from edgehuman.records import Float64


def people(count: int, num_joints: int = 17) -> Float64:
    """Persons of 200 x 200 pixels, every joint visible."""
    xy = np.random.default_rng(0).uniform(50, 250, (count, num_joints, 2))
    return np.concatenate([xy, np.full((count, num_joints, 1), 2.0)], axis=2)


def truth_of(keypoint_NJ3: Float64, area: float = 200.0**2) -> dict[str, Any]:
    count = len(keypoint_NJ3)
    box_N4 = np.tile([50.0, 50.0, 200.0, 200.0], (count, 1))
    return coco_truth(keypoint_NJ3, np.full(count, area), box_N4, np.arange(count))


def test_oks_by_hand() -> None:
    true = np.array([[[0, 0, 2], [10, 0, 1], [99, 99, 0]]], float)
    # Joint 0 is right, joint 1 is off by d = 2 sqrt(area) * 2 sigma, joint 2 is not labelled.
    area, sigma = 100.0, np.array([0.1, 0.05, 0.1])
    predicted = np.array([[[0, 0], [10 + 2 * 10 * 2 * 0.05, 0], [0, 0]]], float)
    expected = (1 + np.exp(-(2.0**2) / 2)) / 2
    assert oks(predicted, true, np.array([area]), sigma) == pytest.approx([expected])


def test_a_person_without_a_labelled_joint_has_no_oks() -> None:
    assert np.isnan(oks(np.zeros((1, 17, 2)), np.zeros((1, 17, 3)), np.ones(1), SIGMA_17)[0])


def test_one_person_found_twice_is_kept_once() -> None:
    one_J3 = people(1)[0]
    one_J3[:, 2] = 0.9
    again_J3, other_J3, half_J3 = one_J3.copy(), one_J3.copy(), one_J3.copy()
    again_J3[:, :2] += 1
    other_J3[:, :2] += 100
    half_J3[:8, :2] += 1000
    half_J3[:8, 2] = 0  # joints that are not there are not compared
    found_NJ3 = np.stack([again_J3, other_J3, half_J3, one_J3])
    area_N, score_N = np.full(4, 200.0**2), np.array([0.6, 0.7, 0.5, 0.9])
    assert oks_nms(found_NJ3, area_N, score_N).tolist() == [3, 1]
    assert oks_nms(found_NJ3, area_N, score_N, most_alike=1.0).tolist() == [3, 1, 0, 2]
    assert oks_nms(found_NJ3[:0], area_N[:0], score_N[:0]).tolist() == []
    with pytest.raises(DataError, match="found 4 persons, 4 areas and 3 scores"):
        oks_nms(found_NJ3, area_N, score_N[:3])


def test_sigmas_are_those_of_coco_and_wholebody(reference_vectors: Path) -> None:
    expected = json.loads((reference_vectors / "vision_metric_refs.json").read_text())
    for name, sigma_J in (("coco_kpt", SIGMA_17), ("wholebody_kpt", SIGMA_133)):
        assert sigma_J.tolist() == pytest.approx(expected[name]["sigmas"])


def test_the_parts_cover_the_whole_body() -> None:
    joints = [joint for part in PARTS_133.values() for joint in range(part.start, part.stop)]
    assert joints == list(range(133))


def test_a_person_score_is_the_mean_of_confident_joints() -> None:
    confidence = np.array([[0.9, 0.5, 0.1], [0.1, 0.0, 0.2]])
    assert person_score(confidence) == pytest.approx([0.7, 0.0])
    assert person_score(confidence, np.array([0.5, 1.0])) == pytest.approx([0.35, 0.0])


def test_right_joints_score_one_and_half_the_persons_half() -> None:
    true = people(4)
    results = coco_results(true, np.arange(4), np.linspace(0.9, 0.6, 4))
    every = keypoint_scores(truth_of(true), results)
    assert (every.ap, every.ap75, every.ap_large, every.ar) == pytest.approx((1, 1, 1, 1))
    assert np.isnan(every.ap_medium)
    half = keypoint_scores(truth_of(true), results[:2])
    # Recall 0..0.5 are 51 of the 101 points.
    assert half.ap == pytest.approx(51 / 101)
    assert half.ar == pytest.approx(0.5)


def test_an_oks_of_0_78_passes_six_of_the_ten_thresholds() -> None:
    true = people(1)
    gap_J = np.sqrt(-2 * np.log(0.78) * 200.0**2 * (2 * SIGMA_17) ** 2)
    off = true.copy()
    off[0, :, 0] += gap_J
    assert oks(off, true, np.array([200.0**2]), SIGMA_17) == pytest.approx([0.78])
    scores = keypoint_scores(truth_of(true), coco_results(off, np.arange(1), np.ones(1)))
    assert (scores.ap, scores.ap50, scores.ap75) == pytest.approx((0.6, 1, 1))


def test_no_prediction_scores_zero_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    scores = keypoint_scores(truth_of(people(2)), [])
    assert (scores.ap, scores.ar) == (0, 0)
    assert capsys.readouterr().out == ""


def test_the_labels_are_not_modified() -> None:
    truth = truth_of(people(1))
    before = json.dumps(truth)
    keypoint_scores(truth, coco_results(people(1), np.arange(1)))
    assert json.dumps(truth) == before


def test_a_wrong_foot_costs_the_foot_and_not_the_face() -> None:
    true = people(3, 133)
    off = true.copy()
    off[:, PARTS_133["foot"], 0] += 500
    off[:, PARTS_133["left_hand"], 0] += 500
    scores = wholebody_scores(truth_of(true), coco_results(off, np.arange(3), np.ones(3)))
    assert {name: round(each.ap, 3) for name, each in scores.items()} == {
        "whole": 0.6,  # OKS (133 - 6 - 21) / 133 = 0.797 passes .50 to .75 of .50 to .95
        "body": 1.0,
        "foot": 0.0,
        "face": 1.0,
        "left_hand": 0.0,
        "right_hand": 1.0,
        "hand": 0.5,
    }


def test_a_part_that_is_not_labelled_is_ignored() -> None:
    true = people(2, 133)
    true[0, PARTS_133["foot"]] = 0
    results = coco_results(true, np.arange(2), np.ones(2))
    # Person 0's foot is neither found nor missed; person 1's is found.
    assert wholebody_scores(truth_of(true), results)["foot"].ap == pytest.approx(1)
    true[1, PARTS_133["foot"]] = 0
    assert np.isnan(wholebody_scores(truth_of(true), results)["foot"].ap)


def test_the_five_lists_of_wholebody_files_are_read_as_one() -> None:
    true = people(2, 133)
    truth = truth_of(true)
    names = ("keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts")
    for annotation, keypoint_J3 in zip(truth["annotations"], true, strict=True):
        for name, part in zip(names, PARTS_133.values(), strict=True):
            annotation[name] = keypoint_J3[part].reshape(-1).tolist()
    results = coco_results(true, np.arange(2), np.ones(2))
    assert wholebody_scores(truth, results)["whole"].ap == pytest.approx(1)


@pytest.mark.parametrize("name", ["coco_kpt", "wholebody_kpt"])
def test_published_code_gives_the_same(name: str, reference_vectors: Path) -> None:
    expected = json.loads((reference_vectors / "vision_metric_refs.json").read_text())[name]
    truth, results = (
        json.loads((reference_vectors / f"{name}_{side}.json").read_text()) for side in ("gt", "dt")
    )
    del expected["sigmas"]
    scores = dataclasses.astuple(keypoint_scores(truth, results))
    assert scores == pytest.approx(tuple(expected.values()))


def broken(record: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return [{**record, **fields}]


def test_wrong_records_are_an_error() -> None:
    truth = truth_of(people(1))
    [result] = coco_results(people(1), np.arange(1))
    for results, said in (
        (broken(result, image_id=7), "image 7"),
        (broken(result, keypoints=[1.0, 2.0, 0.5]), "unequal lengths"),
        (broken(result, score=float("nan")), "not finite"),
        ([{"image_id": 0}], "without keypoints, category_id, score"),
    ):
        with pytest.raises(DataError, match=said):
            keypoint_scores(truth, results)
    with pytest.raises(DataError, match="no annotations"):
        keypoint_scores({**truth, "annotations": []}, [result])
    with pytest.raises(DataError, match="17 joints; whole-body"):
        wholebody_scores(truth, [result])
    with pytest.raises(DataError, match="sigmas are known for 17 and 133"):
        keypoint_scores(truth_of(people(1, 5)), [])


def test_wrong_arrays_are_an_error() -> None:
    true = people(2)
    with pytest.raises(DataError, match="2 persons, 1 images"):
        coco_results(true, np.arange(1))
    with pytest.raises(DataError, match="not finite"):
        coco_results(true * np.nan, np.arange(2))
    with pytest.raises(DataError, match=r"areas \(1,\)"):
        coco_truth(true, np.ones(1), np.ones((2, 4)), np.arange(2))
    with pytest.raises(DataError, match=r"predictions \(1, 17, 3\)"):
        oks(true[:1], true, np.ones(2), SIGMA_17)
    with pytest.raises(DataError, match=r"sigmas \(133,\)"):
        oks(true, true, np.ones(2), SIGMA_133)


def test_without_pycocotools_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    with pytest.raises(
        MissingDependencyError, match=r"COCO AP needs pycocotools, .* run: pip install"
    ):
        keypoint_scores(truth_of(people(1)), [])


def test_the_mean_error_is_of_labelled_joints_alone() -> None:
    true_NJ3 = np.array([[[0, 0, 2], [10, 10, 1], [50, 50, 0]]], np.float32)
    said_NJ3 = np.array([[[3, 4, 0.9], [10, 10, 0.1], [0, 0, 0.5]]], np.float32)
    assert mean_error(said_NJ3, true_NJ3) == 2.5
    assert np.isnan(mean_error(said_NJ3, true_NJ3 * [1, 1, 0]))
