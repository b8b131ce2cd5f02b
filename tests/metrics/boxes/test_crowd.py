"""Crowd detection: the hand example of two pictures, the numbers of CrowdDet's own code on its
drawn crowds, and the edges of the rules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.frames.set import People
from edgehuman.errors import DataError, MissingDependencyError
from edgehuman.metrics.boxes import crowd
from edgehuman.metrics.boxes.crowd import crowd_scores, jaccard_by_score, jaccard_index
from edgehuman.metrics.boxes.detection import Found
from edgehuman.records import Float64


def corners(boxes: Any) -> Float64:
    """x, y, width, height -> x1, y1, x2, y2."""
    box_M4 = np.array(boxes, np.float64).reshape(-1, 4)
    return np.concatenate([box_M4[:, :2], box_M4[:, :2] + box_M4[:, 2:]], axis=1)


def people(*boxes: tuple[float, ...], ignore: tuple[int, ...] = ()) -> People:
    ignored_M = np.isin(np.arange(len(boxes)), ignore)
    return People(corners(boxes).astype(np.float32), ignored_M)


def found(*rows: tuple[float, ...]) -> Found:
    row_K5 = np.array(rows, np.float64).reshape(-1, 5)
    return corners(row_K5[:, :4]), row_K5[:, 4]


SIZES = [(100, 100), (100, 100)]
TRUTH = [
    people((10, 10, 20, 40), (50, 10, 20, 40), (80, 60, 20, 40), ignore=(2,)),
    people((0, 0, 50, 50)),
]
FOUND = [
    found(
        (10, 10, 20, 40, 0.9), (80, 60, 20, 40, 0.8), (12, 10, 20, 40, 0.7), (50, 10, 20, 40, 0.4)
    ),
    found((60, 60, 20, 20, 0.6)),
]


def test_two_pictures_by_hand() -> None:
    # By score: true .9, false .7, false .6, true .4; .8 lies in a region to ignore. Recall rises
    # once more, by 1/3, while precision goes from 1/3 to 1/2.
    scores = crowd_scores(FOUND, TRUTH, SIZES)
    assert scores.ap == pytest.approx((1 / 3 + 1 / 2) / 2 / 3, abs=1e-9)
    assert scores.ap == pytest.approx(0.138889, abs=1e-6)
    # The first point with one false detection a picture misses two of three; the last misses one.
    assert scores.miss_rate == pytest.approx(2 / 3)
    assert scores.people == 3


def test_jaccard_of_two_pictures_by_hand() -> None:
    pytest.importorskip("scipy")
    expected = [1 / 3] * 4 + [1 / 6] * 3 + [0.25, 0.25, 0]
    assert jaccard_by_score(FOUND, TRUTH, SIZES) == pytest.approx(expected, abs=1e-6)
    assert jaccard_index(FOUND, TRUTH, SIZES) == pytest.approx(1 / 3, abs=1e-6)


def test_published_code_gives_the_same(reference_vectors: Path) -> None:
    truth, detections, sizes = [], [], []
    for line in (reference_vectors / "crowdhuman_gt.odgt").read_text().splitlines():
        row = json.loads(line)
        boxes = row["gtboxes"]
        away = [each["tag"] != "person" or each["extra"]["ignore"] != 0 for each in boxes]
        box_M4 = corners([each["fbox"] for each in boxes]).astype(np.float32)
        truth.append(People(box_M4, np.array(away)))
        sizes.append((row["height"], row["width"]))
    for line in (reference_vectors / "crowdhuman_dt.odgt").read_text().splitlines():
        boxes = json.loads(line)["dtboxes"]
        score_K = np.array([each["score"] for each in boxes])
        detections.append((corners([each["box"] for each in boxes]), score_K))
    expected = json.loads((reference_vectors / "vision_metric_refs.json").read_text())["crowdhuman"]
    scores = crowd_scores(detections, truth, sizes)
    assert scores.ap == pytest.approx(expected["AP"], abs=1e-9)
    assert scores.miss_rate == pytest.approx(expected["MR"], abs=1e-9)
    assert scores.people == expected["gt"] - expected["ign"]
    pytest.importorskip("scipy")
    by_score = [
        *(0.330872, 0.343620, 0.364582, 0.373993, 0.393554),
        *(0.387738, 0.384840, 0.347331, 0.270803, 0.153117),
    ]
    assert jaccard_by_score(detections, truth, sizes) == pytest.approx(by_score, abs=1e-6)


def test_the_greatest_sum_of_overlaps_is_matched() -> None:
    pytest.importorskip("scipy")
    # The better of the two boxes on Anne is the only one that fits Bob: one each, not one of two.
    anne, bob = (0, 0, 100, 100), (30, 0, 100, 100)
    both = [found((15, 0, 100, 100, 0.9), (-30, 0, 130, 100, 0.8))]
    assert jaccard_index(both, [people(anne, bob)], [(100, 200)]) == pytest.approx(1, abs=1e-5)


def test_boxes_are_clipped_to_their_picture() -> None:
    half_out = people((-50, 0, 100, 100))
    assert crowd_scores([found((0, 0, 50, 100, 0.9))], [half_out], [(100, 100)]).miss_rate == 0


def test_all_found_misses_nothing_and_none_found_all() -> None:
    whole = [found((0, 0, 20, 40, 0.9), (50, 0, 20, 40, 0.8))]
    truth = [people((0, 0, 20, 40), (50, 0, 20, 40))]
    scores = crowd_scores(whole, truth, [(100, 100)])
    # The strip before the first point is not counted: recall 1/2 to 1.
    assert (scores.ap, scores.miss_rate) == (0.5, 0.0)
    nothing = crowd_scores([found()], truth, [(100, 100)])
    assert (nothing.ap, nothing.miss_rate) == (0.0, 1.0)


def test_empty_pictures_count_for_false_detections_alone() -> None:
    pytest.importorskip("scipy")
    truth = [people((0, 0, 20, 40)), people()]
    detections = [found((0, 0, 20, 40, 0.9)), found()]
    assert jaccard_index(detections, truth, SIZES) == pytest.approx(1, abs=1e-5)
    assert crowd_scores(detections, truth, SIZES).miss_rate == 0


def test_without_scipy_the_index_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy.optimize", None)
    with pytest.raises(MissingDependencyError, match="the Jaccard index needs scipy"):
        crowd.jaccard_index(FOUND, TRUTH, SIZES)


def test_sizes_of_other_pictures_are_refused() -> None:
    with pytest.raises(DataError, match="sizes of 1 pictures for 2"):
        crowd_scores(FOUND, TRUTH, SIZES[:1])
