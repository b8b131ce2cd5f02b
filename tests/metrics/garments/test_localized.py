"""AP_IoU+F1 by hand, against COCO's where there are no attributes, and in time."""

from __future__ import annotations

import contextlib
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.boxes.overlap import ious, shares_within
from edgehuman.metrics.garments.localized import (
    FoundGarments,
    GarmentJudge,
    TrueGarments,
    macro_f1,
    matched,
)
from edgehuman.records import Bool, Float32, Float64, Index


def hot(*rows: tuple[int, ...], count: int = 294) -> Bool:
    table = np.zeros((len(rows), count), np.bool_)
    for row_A, places in zip(table, rows, strict=True):
        row_A[list(places)] = True
    return table


@pytest.mark.parametrize(
    ("true", "said", "expected"),
    [((0, 1), (1, 2), 0.748288), ((0,), (), 0.499148), ((0,), (0, 1), 0.832479), ((), (), 1.0)],
)
def test_f1_is_the_mean_of_what_is_there_and_what_is_not(
    true: tuple[int, ...], said: tuple[int, ...], expected: float
) -> None:
    assert macro_f1(hot(said), hot(true))[0, 0] == pytest.approx(expected, abs=1e-6)


def judged(
    score: list[float], f1_attributes: list[tuple[int, ...]], iou_KM: list[list[float]],
    crowd: tuple[bool, ...] = (False,), described: bool = True,
) -> dict[str, float]:  # fmt: skip
    """Detections of one category; truths have attribute 0 of four."""
    judge = GarmentJudge([described])
    count = len(score)
    found = FoundGarments(
        np.zeros(count, np.int64), np.array(score, np.float32), hot(*f1_attributes, count=4)
    )
    truth = TrueGarments(
        np.zeros(len(crowd), np.int64), hot(*[(0,)] * len(crowd), count=4), np.array(crowd)
    )
    judge.add(found, truth, np.array(iou_KM, np.float64).reshape(count, len(crowd)))
    return judge.scores().as_metrics("box")


def test_a_detection_counts_up_to_its_iou_and_its_f1() -> None:
    """IoU 0.72 reaches 5 of 10 thresholds. With attributes 0 and 1, where 0 is right, F1 is
    (2/3 + 4/5) / 2 = 0.7333, and reaches 5 of 10: 25 of 100 pairs.
    """
    found = judged([0.9], [(0, 1)], [[0.72]])
    assert found["box_ap_iou_f1"] == pytest.approx(0.25)
    assert found["box_ap_iou"] == pytest.approx(0.5)
    assert found["box_ap_f1"] == pytest.approx(0.5)
    without = judged([0.9], [(0, 1)], [[0.72]], described=False)
    assert without["box_ap_iou_f1"] == without["box_ap_iou"] == pytest.approx(0.5)


def test_an_earlier_truth_stays_unless_a_later_one_is_as_good_in_both() -> None:
    """Of two truths the second has the better IoU and the worse F1: the first keeps its place."""
    iou_KM, f1_KM = np.array([[0.6, 0.9]]), np.array([[0.9, 0.6]])
    right, _ = matched(iou_KM, f1_KM, np.zeros(2, np.bool_))
    assert right[2, :, 0].sum() == 10  # IoU 0.6: F1 thresholds to 0.9, and none
    assert right[3, :, 0].sum() == 4  # IoU 0.65: the second, F1 thresholds to 0.6
    plain, _ = matched(iou_KM, None, np.zeros(2, np.bool_))
    assert plain[8, 0, 0]


def test_a_crowd_absorbs_any_number_but_of_described_categories_one() -> None:
    crowd_M, iou_KM = np.array([False, True]), np.array([[0.0, 1.0], [0.0, 1.0]])
    _, lost = matched(iou_KM, None, crowd_M)
    assert lost[0, 0].tolist() == [True, True]
    _, lost = matched(iou_KM, np.ones((2, 2)), crowd_M)
    assert lost[0, 0].tolist() == [True, False]


def test_absent_categories_are_left_out_and_described_ones_weigh_ten_times() -> None:
    judge = GarmentJudge([True, False, True])
    found = FoundGarments(np.array([0]), np.array([0.9], np.float32), hot((0,), count=4))
    truth = TrueGarments(np.array([0, 1]), hot((0,), (), count=4), np.zeros(2, np.bool_))
    judge.add(found, truth, np.array([[1.0, 0.0]]))
    scores = judge.scores()
    assert scores.ap_iou_f1 == pytest.approx(10 / 11)
    assert scores.ap_iou == pytest.approx(1 / 2)
    assert scores.garments == 2
    with pytest.raises(DataError, match="found no garment to find"):
        GarmentJudge([True]).scores()
    with pytest.raises(DataError, match="overlaps of shape"):
        judge.add(found, truth, np.zeros((2, 2)))


def random_boxes(rng: np.random.Generator, count: int) -> Float32:
    corner = rng.uniform(0, 60, (count, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(10, 40, (count, 2))), axis=1)
    return np.asarray(boxes, np.float32)


def test_without_attributes_it_is_cocos() -> None:
    coco = pytest.importorskip("pycocotools.coco")
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(0)
    judge = GarmentJudge([False, False])
    annotations: list[dict[str, object]] = []
    results: list[dict[str, object]] = []
    for image in range(6):
        true_M4, box_K4 = random_boxes(rng, 5), random_boxes(rng, 9)
        box_K4[:4] = true_M4[:4] + rng.normal(0, 2, (4, 4))
        category_M, category_K = rng.integers(0, 2, 5), rng.integers(0, 2, 9)
        category_K[:4] = category_M[:4]
        crowd_M, score_K = rng.random(5) < 0.3, rng.random(9).astype(np.float32)
        for box, category, crowd in zip(true_M4, category_M, crowd_M, strict=True):
            x1, y1, x2, y2 = map(float, box)
            annotations.append({
                "id": len(annotations) + 1, "image_id": image, "category_id": int(category),
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": 1.0, "iscrowd": int(crowd),
            })  # fmt: skip
        for box, category, score in zip(box_K4, category_K, score_K, strict=True):
            x1, y1, x2, y2 = map(float, box)
            results.append({
                "image_id": image, "category_id": int(category), "score": float(score),
                "bbox": [x1, y1, x2 - x1, y2 - y1],
            })  # fmt: skip
        iou_KM = np.where(crowd_M, shares_within(box_K4, true_M4), ious(box_K4, true_M4))
        none = np.zeros((9, 4), np.bool_), np.zeros((5, 4), np.bool_)
        judge.add(
            FoundGarments(category_K, score_K, none[0]),
            TrueGarments(category_M, none[1], crowd_M),
            iou_KM,
        )
    truth = coco.COCO()
    truth.dataset = {
        "images": [{"id": image} for image in range(6)],
        "categories": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}],
        "annotations": annotations,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    found = judge.scores()
    assert 0.1 < found.ap_iou < 0.9
    assert [found.ap_iou, found.ap_iou50, found.ap_iou75] == pytest.approx(
        evaluation.stats[:3].tolist(), abs=1e-9
    )
    assert found.ap_iou_f1 == found.ap_iou


def test_a_picture_of_a_hundred_detections_takes_milliseconds() -> None:
    """1,158 pictures of the published validation part in a minute are 52 ms each."""
    rng = np.random.default_rng(0)
    judge = GarmentJudge([category < 18 for category in range(46)])
    found = FoundGarments(
        rng.integers(0, 46, 100), rng.random(100).astype(np.float32), rng.random((100, 294)) < 0.02
    )
    truth = TrueGarments(rng.integers(0, 46, 8), rng.random((8, 294)) < 0.02, np.zeros(8, np.bool_))
    iou_KM = rng.random((100, 8))
    begin = time.process_time()
    for _ in range(5):
        judge.add(found, truth, iou_KM)
    assert (time.process_time() - begin) / 5 < 0.052


def test_published_code_gives_the_same(reference_vectors: Path) -> None:
    truth = json.loads((reference_vectors / "fashionpedia_gt.json").read_text())
    results = json.loads((reference_vectors / "fashionpedia_dt.json").read_text())
    text = (reference_vectors / "vision_metric_refs.json").read_text()
    expected = json.loads(text)["fashionpedia"]
    place = {row["id"]: index for index, row in enumerate(truth["attributes"])}
    described = {*range(13), 28, 29, 31, 32, 33}
    judge = GarmentJudge([category in described for category in range(46)])

    def parts_of(
        rows: list[dict[str, Any]],
    ) -> tuple[Index, Bool, Float64]:
        corners_K4 = np.array([row["bbox"] for row in rows], np.float64).reshape(-1, 4)
        corners_K4[:, 2:] += corners_K4[:, :2]
        attributes = [tuple(place[each] for each in row["attribute_ids"]) for row in rows]
        category_K = np.array([row["category_id"] for row in rows], np.int64)
        return category_K, hot(*attributes, count=len(place)), corners_K4

    for image in truth["images"]:
        own, said = (
            [row for row in rows if row["image_id"] == image["id"]]
            for rows in (truth["annotations"], results)
        )
        category_M, attribute_MA, true_M4 = parts_of(own)
        category_K, attribute_KA, box_K4 = parts_of(said)
        score_K = np.array([row["score"] for row in said], np.float32)
        crowd_M = np.array([bool(row["iscrowd"]) for row in own])
        judge.add(
            FoundGarments(category_K, score_K, attribute_KA),
            TrueGarments(category_M, attribute_MA, crowd_M),
            ious(box_K4, true_M4),
        )
    found = judge.scores()
    for name, kind, key in (
        ("ap_iou_f1", "iou_f1", "AP"), ("ap_iou", "iou", "AP"), ("ap_f1", "f1", "AP"),
        ("ap_iou50", "iou", "AP_IOU50"), ("ap_iou75", "iou", "AP_IOU75"),
        ("ap_f1_50", "f1", "AP_F150"), ("ap_f1_75", "f1", "AP_F175"),
        ("ap_iou50_f1_50", "iou_f1", "AP_IOU50_F150"),
        ("ap_iou75_f1_75", "iou_f1", "AP_IOU75_F175"),
    ):  # fmt: skip
        assert getattr(found, name) == pytest.approx(expected[kind][key], abs=1e-9), name
