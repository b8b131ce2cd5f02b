"""COCO's average precision: small numbers by hand, and pycocotools on drawn crowds."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.frames.set import People
from edgehuman.errors import DataError
from edgehuman.metrics.boxes.detection import Found, average_precision
from edgehuman.records import Float32


def people(*boxes: tuple[float, ...], ignore: tuple[int, ...] = ()) -> People:
    ignore_M = np.isin(np.arange(len(boxes)), ignore)
    return People(np.array(boxes, np.float32).reshape(-1, 4), ignore_M)


def found(*rows: tuple[float, ...]) -> Found:
    row_K5 = np.array(rows, np.float32).reshape(-1, 5)
    return row_K5[:, :4], row_K5[:, 4]


def test_one_of_two_found_by_hand() -> None:
    truth = [people((0, 0, 20, 40), (50, 0, 70, 40))]
    # Precision 1 at recall 0 to 0.5: 51 of 101 recalls.
    half = average_precision([found((0, 0, 20, 40, 0.9))], truth)
    assert (half.ap50, half.ap75, half.ap) == pytest.approx((51 / 101,) * 3)
    assert half.people == 2
    # The second comes after a false one: precision 2/3 beyond recall 0.5.
    late = [found((0, 0, 20, 40, 0.9), (100, 0, 120, 40, 0.8), (50, 0, 70, 40, 0.7))]
    assert average_precision(late, truth).ap50 == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_the_score_of_the_highest_f1_by_hand() -> None:
    truth = [people((0, 0, 20, 40), (50, 0, 70, 40))]
    both = (0, 0, 20, 40, 0.9), (50, 0, 70, 40, 0.4)
    # F1 after .9, .6 (false) and .4: 2/3, 1/2, 4/5; with three more false ones of .4 4/8.
    assert average_precision([found(*both, (100, 0, 120, 40, 0.6))], truth).best_score == (
        pytest.approx(0.4)
    )
    false = [(100.0 + 30 * n, 0, 120 + 30 * n, 40, 0.4) for n in range(4)]
    assert average_precision([found(*both, *false)], truth).best_score == pytest.approx(0.9)
    assert average_precision([found((100, 0, 120, 40, 0.9))], truth).best_score == 0


def test_overlap_decides_at_which_thresholds_a_box_counts() -> None:
    # 32 of 40 rows: IoU 0.8 holds at .50 to .80, seven of ten thresholds.
    whole = average_precision([found((0, 0, 20, 32, 0.9))], [people((0, 0, 20, 40))])
    assert (whole.ap50, whole.ap75, whole.ap) == pytest.approx((1, 1, 0.7))


def test_a_second_box_on_the_same_person_is_false() -> None:
    truth = [people((0, 0, 20, 40)), people((0, 0, 20, 40))]
    twice = [found((0, 0, 20, 40, 0.9), (1, 0, 20, 40, 0.8)), found((0, 0, 20, 40, 0.7))]
    assert average_precision(twice, truth).ap50 == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_regions_to_ignore_absorb_any_number() -> None:
    truth = [people((0, 0, 20, 40), (100, 0, 200, 100), ignore=(1,))]
    inside = [(110, 10, 130, 50, 0.99), (150, 10, 170, 50, 0.98)]
    assert average_precision([found((0, 0, 20, 40, 0.9), *inside)], truth).ap50 == 1


def test_nothing_found_is_zero_and_nothing_to_find_an_error() -> None:
    assert average_precision([found()], [people((0, 0, 20, 40))]).ap50 == 0
    with pytest.raises(DataError, match="no people to find in 1 pictures"):
        average_precision([found()], [people((0, 0, 9, 9), ignore=(0,))])
    with pytest.raises(DataError, match="detections of 1 pictures and people of 2"):
        average_precision([found()], [people(), people()])
    with pytest.raises(DataError, match="not finite"):
        average_precision([found((0, 0, 1, 1, np.nan))], [people((0, 0, 9, 9))])
    two_scores = (np.zeros((1, 4), np.float32), np.zeros(2, np.float32))
    with pytest.raises(DataError, match=r"boxes \(1, 4\) and scores \(2,\)"):
        average_precision([two_scores], [people((0, 0, 9, 9))])


def crowd(seed: int) -> tuple[list[Found], list[People]]:
    """Pictures of up to 12 people, some ignored, found with errors, twice or not at all."""
    rng = np.random.default_rng(seed)
    truths, detections = [], []
    for _ in range(25):
        count = int(rng.integers(0, 12))
        corner_M2 = rng.integers(0, 250, (count, 2))
        box_M4 = np.concatenate([corner_M2, corner_M2 + rng.integers(20, 90, (count, 2))], axis=1)
        truths.append(People(box_M4.astype(np.float32), rng.random(count) < 0.2))
        near_K4 = np.repeat(box_M4, 2, axis=0)[rng.random(2 * count) < 0.6]
        far_K4 = np.array([[0, 0, 30, 60], [200, 100, 240, 200]])
        box_K4 = np.concatenate([near_K4 + rng.normal(0, 4, near_K4.shape), far_K4])
        detections.append((box_K4.astype(np.float32), rng.random(len(box_K4)).astype(np.float32)))
    return detections, truths


def coco_stats(detections: list[Found], truths: list[People]) -> list[float]:
    coco, evaluation = (
        pytest.importorskip("pycocotools.coco"),
        pytest.importorskip("pycocotools.cocoeval"),
    )

    def records(image: int, box_M4: Float32) -> list[dict[str, Any]]:
        sides = np.concatenate([box_M4[:, :2], box_M4[:, 2:] - box_M4[:, :2]], axis=1)
        return [
            {"image_id": image, "category_id": 1, "bbox": side, "area": side[2] * side[3]}
            for side in sides.astype(np.float64).tolist()
        ]

    sides: list[list[dict[str, Any]]] = [[], []]
    for image, (truth, (box_K4, score_K)) in enumerate(zip(truths, detections, strict=True)):
        for row, ignore in zip(records(image, truth.box_M4), truth.ignore_M, strict=True):
            sides[0].append({**row, "iscrowd": int(ignore)})
        for row, score in zip(records(image, box_K4), score_K, strict=True):
            sides[1].append({**row, "iscrowd": 0, "score": float(score)})
    made = []
    with contextlib.redirect_stdout(io.StringIO()):
        for rows in sides:
            one = coco.COCO()
            one.dataset = {
                "images": [{"id": image} for image in range(len(truths))],
                "categories": [{"id": 1}],
                "annotations": [{**row, "id": number + 1} for number, row in enumerate(rows)],
            }
            one.createIndex()
            made.append(one)
        judge = evaluation.COCOeval(*made, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [float(each) for each in judge.stats[:3]]


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_of_pycocotools(seed: int) -> None:
    detections, truths = crowd(seed)
    ours = average_precision(detections, truths)
    assert [ours.ap, ours.ap50, ours.ap75] == pytest.approx(
        coco_stats(detections, truths), abs=1e-9
    )
    assert 0.1 < ours.ap < ours.ap50 < 0.9
