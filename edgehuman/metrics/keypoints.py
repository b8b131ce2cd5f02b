"""Keypoint metrics: object keypoint similarity (OKS), COCO AP and AR, whole-body parts.

Sources: the COCO keypoint task (cocodataset.org, "Keypoint Evaluation"; OKS thresholds .50:.05:.95,
20 detections per image, 101 recall points), computed by pycocotools; Jin et al., "Whole-Body Human
Pose Estimation in the Wild", arXiv 2007.11858, for the 133 landmarks and their sigmas, and its
released evaluation for the parts: a person without a labelled joint of the part is ignored for it.
OKS-NMS (Papandreou et al., arXiv 1701.01779, section 3.3) is for people found twice in a picture.

COCO-WholeBody order: body 17, feet 6, face 68, left hand 21, right hand 21.
Axes: N persons, J joints.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.install import not_installed
from edgehuman.records import Float64, Index

Record = Mapping[str, Any]

# Spread of human annotations of each joint, relative to the square root of the person's area.
_BODY = (26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89)
_FEET = (68, 66, 66, 92, 94, 94)
_JAW = (42, 43, 44, 43, 40, 35, 31, 25, 20, 23, 29, 32, 37, 38, 43, 41, 45)
_BROWS = (13, 12, 11, 11, 12, 12, 11, 11, 13, 15)
_NOSE = (9, 7, 7, 7, 12, 9, 8, 16, 10)
_EYES = (17, 11, 9, 11, 9, 7, 13, 8, 11, 12, 10, 34)
_MOUTH = (8, 8, 9, 8, 8, 7, 10, 8, 9, 9, 9, 7, 7, 8, 11, 8, 8, 8, 10, 8)
_FACE = (*_JAW, *_BROWS, *_NOSE, *_EYES, *_MOUTH)
_HAND = (29, 22, 35, 37, 47, 26, 25, 24, 35, 18, 24, 22, 26, 17, 21, 21, 32, 20, 19, 22, 31)

SIGMA_17: Float64 = np.array(_BODY) / 1000
SIGMA_133: Float64 = np.array((*_BODY, *_FEET, *_FACE, *_HAND, *_HAND)) / 1000
SIGMAS: Mapping[int, Float64] = {17: SIGMA_17, 133: SIGMA_133}

PARTS_133: Mapping[str, slice] = {
    "body": slice(0, 17),
    "foot": slice(17, 23),
    "face": slice(23, 91),
    "left_hand": slice(91, 112),
    "right_hand": slice(112, 133),
}
# Names of the four lists after `keypoints` in COCO-WholeBody files.
_FURTHER_LISTS = ("foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts")


@dataclass(frozen=True, slots=True)
class KeypointScores:
    """COCO's ten numbers, 0..1; NaN if the data has no such person.

    Attributes:
        ap, ar: mean over the OKS thresholds.
        ap50 … ar75: at 0.50 and 0.75.
        ap_medium … ar_large: for persons of 32² to 96² pixels, and larger ones.
    """

    ap: float
    ap50: float
    ap75: float
    ap_medium: float
    ap_large: float
    ar: float
    ar50: float
    ar75: float
    ar_medium: float
    ar_large: float


def oks(
    predicted_NJX: NDArray[np.floating],
    true_NJ3: NDArray[np.floating],
    area_N: NDArray[np.floating],
    sigma_J: Float64,
) -> Float64:
    """Return the similarity (N,) of each prediction to its ground truth: mean over the labelled
    joints of exp(-d² / (2 area (2 sigma)²)); NaN for a person without a labelled joint.

    Args:
        predicted_NJX: x, y in pixels; other columns are ignored.
        true_NJ3: x, y in pixels and visibility: 0 not labelled, 1 hidden, 2 visible.
        area_N: of each person, square pixels.

    Raises:
        DataError: shapes that do not match, or predictions that are not finite.
    """
    shape = true_NJ3.shape
    if len(shape) != 3 or shape[2] != 3 or predicted_NJX.shape[:2] != shape[:2]:
        raise DataError(
            f"found predictions {predicted_NJX.shape} and ground truth {shape}; "
            "give (N, J, 2) and (N, J, 3)"
        )
    if area_N.shape != shape[:1] or sigma_J.shape != shape[1:2]:
        raise DataError(
            f"found areas {area_N.shape} and sigmas {sigma_J.shape} for ground truth {shape}; "
            "give one area per person and one sigma per joint"
        )
    _check_finite(predicted_NJX)
    square_NJ = ((predicted_NJX[..., :2] - true_NJ3[..., :2]) ** 2).sum(axis=2)
    room_NJ = 2 * (area_N[:, None] + np.spacing(1)) * (2 * sigma_J) ** 2
    labelled_NJ = true_NJ3[..., 2] > 0
    total_N = np.where(labelled_NJ, np.exp(-square_NJ / room_NJ), 0).sum(axis=1)
    count_N = labelled_NJ.sum(axis=1)
    return np.asarray(np.where(count_N > 0, total_N / np.maximum(count_N, 1), np.nan))


def mean_error(predicted_NJX: NDArray[np.floating], true_NJ3: NDArray[np.floating]) -> float:
    """Return the mean distance of the labelled joints from where they are, pixels; NaN without any.

    Args:
        predicted_NJX, true_NJ3: see `oks`.
    """
    apart_NJ = np.hypot(*np.moveaxis(predicted_NJX[..., :2] - true_NJ3[..., :2], -1, 0))
    labelled_NJ = true_NJ3[..., 2] > 0
    return float(apart_NJ[labelled_NJ].mean()) if labelled_NJ.any() else math.nan


def oks_nms(
    keypoint_NJ3: NDArray[np.floating],
    area_N: NDArray[np.floating],
    score_N: NDArray[np.floating],
    most_alike: float = 0.9,
) -> Index:
    """Return the people of one picture to keep, by falling score: one who is more alike a kept one
    than `most_alike` is the same person found again.

    Args:
        keypoint_NJ3: x, y in pixels of the picture, and confidence; 0: not there, not compared.
        area_N: of each person, square pixels; two are compared by the mean of theirs.

    Raises:
        DataError: unequal lengths, or as `oks`.
    """
    if not len(keypoint_NJ3) == len(area_N) == len(score_N):
        raise DataError(
            f"found {len(keypoint_NJ3)} persons, {len(area_N)} areas and {len(score_N)} scores; "
            "give one of each per person"
        )
    sigma_J = SIGMAS.get(keypoint_NJ3.shape[1], np.full(keypoint_NJ3.shape[1], SIGMA_17.mean()))
    best_N = np.argsort(-score_N, kind="stable")
    # All pairs at once: a call for each person would take longer than what it compares.
    first_K, second_K = np.triu_indices(len(best_N), 1)
    kept_K, other_K = best_N[first_K], best_N[second_K]
    same_KJ3 = keypoint_NJ3[kept_K]
    same_KJ3[..., 2] *= keypoint_NJ3[other_K, :, 2] > 0
    alike_K = oks(keypoint_NJ3[other_K], same_KJ3, (area_N[other_K] + area_N[kept_K]) / 2, sigma_J)
    is_gone_N = np.zeros(len(best_N), bool)
    for place in np.flatnonzero(alike_K > most_alike):
        is_gone_N[second_K[place]] |= not is_gone_N[first_K[place]]
    return np.asarray(best_N[~is_gone_N], np.int64)


def person_score(
    confidence_NJ: NDArray[np.floating],
    box_score_N: NDArray[np.floating] | None = None,
    above: float = 0.2,
) -> Float64:
    """Return the score (N,) of each prediction: mean confidence of its joints above `above` (0 if
    there are none), times the detector's box score, if any."""
    sure_NJ = confidence_NJ > above
    total_N = np.where(sure_NJ, confidence_NJ, 0).sum(axis=1)
    score_N = total_N / np.maximum(sure_NJ.sum(axis=1), 1)
    return np.asarray(score_N if box_score_N is None else score_N * box_score_N, np.float64)


def coco_results(
    keypoint_NJ3: NDArray[np.floating],
    image_N: NDArray[np.integer],
    score_N: NDArray[np.floating] | None = None,
) -> list[dict[str, Any]]:
    """Convert predictions to the records of a COCO result file.

    Args:
        keypoint_NJ3: x, y in pixels of the whole image (or of the crop, like the ground truth) and
            confidence.
        image_N: image id of each person.
        score_N: of each person; None: `person_score` of the confidences.

    Raises:
        DataError: unequal lengths, or a value that is not finite.
    """
    if keypoint_NJ3.ndim != 3 or keypoint_NJ3.shape[2] != 3:
        raise DataError(f"found keypoints of shape {keypoint_NJ3.shape}; give (N, J, 3)")
    score_N = person_score(keypoint_NJ3[..., 2]) if score_N is None else np.asarray(score_N)
    if not len(keypoint_NJ3) == len(image_N) == len(score_N):
        raise DataError(
            f"found {len(keypoint_NJ3)} persons, {len(image_N)} images and {len(score_N)} scores; "
            "give one of each per person"
        )
    _check_finite(keypoint_NJ3)
    return [
        {
            "image_id": int(image),
            "category_id": 1,
            "keypoints": [float(value) for value in keypoint_J3.reshape(-1)],
            "score": float(score),
        }
        for keypoint_J3, image, score in zip(keypoint_NJ3, image_N, score_N, strict=True)
    ]


def coco_truth(
    keypoint_NJ3: NDArray[np.floating],
    area_N: NDArray[np.floating],
    box_N4: NDArray[np.floating],
    image_N: NDArray[np.integer],
) -> dict[str, Any]:
    """Convert labels to a COCO annotation file: x, y, visibility; boxes x, y, width, height.

    Raises:
        DataError: unequal lengths.
    """
    sizes = {len(each) for each in (keypoint_NJ3, area_N, box_N4, image_N)}
    if len(sizes) != 1 or keypoint_NJ3.shape[2:] != (3,) or box_N4.shape[1:] != (4,):
        raise DataError(
            f"found keypoints {keypoint_NJ3.shape}, areas {area_N.shape}, boxes {box_N4.shape} and "
            f"images {image_N.shape}; give (N, J, 3), (N,), (N, 4) and (N,)"
        )
    return {
        "images": [{"id": int(image)} for image in np.unique(image_N)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {
                "id": index + 1,
                "image_id": int(image_N[index]),
                "category_id": 1,
                "iscrowd": 0,
                "area": float(area_N[index]),
                "bbox": [float(value) for value in box_N4[index]],
                "keypoints": [float(value) for value in keypoint_NJ3[index].reshape(-1)],
            }
            for index in range(len(image_N))
        ],
    }


def keypoint_scores(truth: Record, results: Sequence[Record]) -> KeypointScores:
    """Return COCO AP and AR of predictions of 17 or 133 joints.

    Args:
        truth: contents of a COCO or COCO-WholeBody annotation file, or `coco_truth`.
        results: contents of a result file, or `coco_results`; may be empty.

    Raises:
        DataError: no labelled persons, a record without a field or with another number of joints,
            or an image that the labels do not list.
        MissingDependencyError: pycocotools is not installed.
    """
    persons, predictions = _records(truth, results)
    num_joints = len(persons[0]["keypoints"]) // 3
    return _evaluate(truth, persons, predictions, slice(0, num_joints))


def wholebody_scores(truth: Record, results: Sequence[Record]) -> dict[str, KeypointScores]:
    """Return the scores of "whole", "body", "foot", "face", "left_hand", "right_hand", and "hand"
    (the mean of both hands).

    Raises:
        DataError, MissingDependencyError: as `keypoint_scores`; or fewer than 133 joints.
    """
    persons, predictions = _records(truth, results)
    num_joints = len(persons[0]["keypoints"]) // 3
    if num_joints != len(SIGMA_133):
        raise DataError(f"found {num_joints} joints; whole-body scores need all {len(SIGMA_133)}")
    parts = {"whole": slice(0, num_joints), **PARTS_133}
    scores = {name: _evaluate(truth, persons, predictions, part) for name, part in parts.items()}
    scores["hand"] = _mean(scores["left_hand"], scores["right_hand"])
    return scores


def _mean(first: KeypointScores, second: KeypointScores) -> KeypointScores:
    return KeypointScores(
        *((one + other) / 2 for one, other in zip(astuple(first), astuple(second), strict=True))
    )


def _records(
    truth: Record, results: Sequence[Record]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return checked copies of persons and predictions, each with its keypoints in one list."""
    for name in ("images", "annotations"):
        if not truth.get(name):
            raise DataError(f"found no {name} in the labels; give an annotation file with persons")
    known = {image["id"] for image in truth["images"]}
    sides: list[list[dict[str, Any]]] = []
    for side, needed in (
        (truth["annotations"], ("keypoints", "image_id", "category_id", "area", "bbox")),
        (results, ("keypoints", "image_id", "category_id", "score")),
    ):
        joined = [{**record, "keypoints": _joined(record, needed)} for record in side]
        strange = {record["image_id"] for record in joined} - known
        if strange:
            raise DataError(
                f"found persons in image {sorted(strange)[0]}, which the labels do not list; "
                "use the image ids of the annotation file"
            )
        sides.append(joined)
    lengths = {len(record["keypoints"]) for side in sides for record in side}
    if len(lengths) > 1 or lengths.pop() % 3:
        raise DataError(
            "found keypoint lists of unequal lengths; every person must have the same joints, "
            "each with x, y and visibility or confidence"
        )
    _check_finite(np.array([[*record["keypoints"], record["score"]] for record in sides[1]]))
    return sides[0], sides[1]


def _joined(record: Record, needed: Sequence[str]) -> list[float]:
    lacking = [name for name in needed if name not in record]
    if lacking:
        raise DataError(f"found a person without {', '.join(lacking)}; needed: {', '.join(needed)}")
    further = [value for name in _FURTHER_LISTS for value in record.get(name, ())]
    return [*record["keypoints"], *further]


def _check_finite(keypoints: NDArray[np.floating]) -> None:
    if not np.isfinite(keypoints).all():
        raise DataError(
            "found predicted joints that are not finite; check the network that computed them"
        )


def _evaluate(
    truth: Record,
    persons: Sequence[Record],
    predictions: Sequence[Record],
    part: slice,
) -> KeypointScores:
    """Run pycocotools on the joints of one part, without its printed output."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        raise not_installed("pycocotools", "COCO AP") from None
    num_joints = len(persons[0]["keypoints"]) // 3
    if num_joints not in SIGMAS:
        raise DataError(f"found {num_joints} joints; sigmas are known for 17 and 133")
    people = [_part_of(person, part) for person in persons]
    # As in the released evaluation, drop predictions without a joint of the part.
    found = [_part_of(_with_extent(one), part) for one in predictions]
    found = [one for one in found if one["num_keypoints"]]
    categories = [{"id": each} for each in {person["category_id"] for person in persons}]
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for records in (people, found):
            side = COCO()
            # pycocotools treats id 0 as "not matched".
            numbered = [{**record, "id": index + 1} for index, record in enumerate(records)]
            side.dataset = {
                "images": [{"id": image["id"]} for image in truth["images"]],
                "categories": categories,
                "annotations": numbered,
            }
            side.createIndex()
            sides.append(side)
        judge = COCOeval(*sides, "keypoints")
        judge.params.kpt_oks_sigmas = SIGMAS[num_joints][part]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return KeypointScores(*(float(value) if value >= 0 else np.nan for value in judge.stats))


def _part_of(record: Record, part: slice) -> dict[str, Any]:
    keypoints = record["keypoints"][3 * part.start : 3 * part.stop]
    labelled = sum(value > 0 for value in keypoints[2::3])
    kept = {name: record[name] for name in ("image_id", "category_id", "area", "bbox")}
    return {
        **kept,
        "keypoints": keypoints,
        "num_keypoints": labelled,
        "score": record.get("score", 0.0),
        "iscrowd": record.get("iscrowd", 0),
    }


def _with_extent(prediction: Record) -> dict[str, Any]:
    """Set a prediction's area and box to its joints' extent, which decides medium or large."""
    x_J, y_J = (np.array(prediction["keypoints"][start::3]) for start in (0, 1))
    width, height = float(np.ptp(x_J)), float(np.ptp(y_J))
    box = [float(x_J.min()), float(y_J.min()), width, height]
    return {**prediction, "area": width * height, "bbox": box}
