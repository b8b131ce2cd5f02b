"""Multi-human parsing: mIoU, AP^p and PCP, of who wears what where in pictures of several people.

    judge = PartsJudge(num_classes=20)
    judge.add(found, people, part_HW)      for each picture
    judge.scores().ap_vol

mIoU   of one map for each picture, painted with the people found in rising score
AP^p   by falling score, a detection finds the person with the highest mean IoU over the classes of
       either, the background among them, even if that person is taken; it is right if that is over
       the threshold and the person is free. The area below precision over recall, with an
       envelope, at all points; `ap_vol` is the mean over the thresholds 0.1 to 0.9
PCP    share of a person's parts, background aside, whose IoU is over the threshold too, of people
       who are found at it; 0 of others

Sources: Zhao et al., "Understanding Humans in Crowded Scenes" (arXiv 1804.03287), section 3.3; Yang
et al., "Parsing R-CNN" (arXiv 1811.12596), and its released evaluation.

Axes: K detections of a picture, M people of it, T thresholds, C classes, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.crowds.people import Crowd, PersonParts, class_ious, crowd_of
from edgehuman.metrics.parsing import ParsingScores, mask_confusion, parsing_scores
from edgehuman.records import Bool, Float64, Uint8

THRESHOLDS = tuple(tenth / 10 for tenth in range(1, 10))
_HALF = THRESHOLDS.index(0.5)
# More of a detection than that within people to ignore: it is neither right nor wrong.
_WITHIN = 0.5


@dataclass(frozen=True, slots=True)
class FoundParts:
    """One detection: a person's parts, and a score of 0 to 1."""

    person: PersonParts
    score: float


@dataclass(frozen=True, slots=True)
class PartsScores:
    """Attributes:
    ap_T, pcp_T: AP^p and PCP at `THRESHOLDS`.
    pixels: of the painted maps; None: no picture has a labelled pixel.
    people: that count; found: detections that do.
    """

    ap_T: Float64
    pcp_T: Float64
    pixels: ParsingScores | None
    people: int
    found: int

    @property
    def ap_vol(self) -> float:
        """Mean AP^p over the thresholds."""
        return float(self.ap_T.mean())

    def as_metrics(self) -> dict[str, float]:
        """Its numbers by name, the one that selects checkpoints first."""
        found = {
            "ap_p_vol": self.ap_vol,
            "ap_p_50": float(self.ap_T[_HALF]),
            "pcp_50": float(self.pcp_T[_HALF]),
        }
        if self.pixels is not None:
            found["mean_iou"] = self.pixels.mean_iou
            found["mean_accuracy"] = self.pixels.mean_accuracy
            found["pixel_accuracy"] = self.pixels.pixel_accuracy
        return found


class PartsJudge:
    """Compares pictures one by one, and scores them together.

    Args:
        num_classes: C, the background among them.
        least: detections of a lower score are neither painted nor right or wrong.
        painted: the least score of those that are painted; None: `least`.
        skip_empty: people without any labelled part are left out, as the organisers of MHP do.
    """

    def __init__(
        self,
        num_classes: int,
        least: float = 0.0,
        skip_empty: bool = False,
        painted: float | None = None,
    ) -> None:
        self._num_classes, self._least, self._skip_empty = num_classes, least, skip_empty
        self._least_painted = least if painted is None else painted
        self._scores: list[float] = []
        self._hits: list[Bool] = []
        self._counted: list[Bool] = []
        self._pcp_T = np.zeros(len(THRESHOLDS))
        self._people = 0
        self._confusion_CC = np.zeros((num_classes, num_classes), np.int64)

    def add(
        self,
        found: Sequence[FoundParts],
        people: Sequence[PersonParts],
        part_HW: Uint8,
        ignored_M: Bool | None = None,
    ) -> None:
        """Compare the detections of a picture with its people.

        Args:
            part_HW: the parts of every pixel, whoever's they are; 255: not labelled.
            ignored_M: people who count neither for nor against; None: nobody.

        Raises:
            DataError: a part outside the classes.
        """
        kept = sorted(
            (each for each in found if each.score >= self._least), key=lambda each: -each.score
        )
        painted_HW = np.zeros(part_HW.shape, np.uint8)
        for each in reversed(kept):
            if each.score >= self._least_painted:
                each.person.paint(painted_HW)
        self._confusion_CC += mask_confusion(part_HW, painted_HW, self._num_classes)
        skipped_M = np.zeros(len(people), np.bool_) if ignored_M is None else ignored_M
        counted, region_HW = [], np.zeros(part_HW.shape, np.bool_)
        for person, is_skipped in zip(people, skipped_M.tolist(), strict=True):
            if is_skipped:
                x0, y0, x1, y1 = person.box
                region_HW[y0:y1, x0:x1] |= person.part_HW > 0
            elif person.part_HW.any() or not self._skip_empty:
                counted.append(person)
        self._match(kept, crowd_of(counted, self._num_classes, part_HW.size), region_HW)

    def _match(self, kept: Sequence[FoundParts], crowd: Crowd, region_HW: Bool) -> None:
        """Find the person of each detection, by falling score, at every threshold."""
        least_T = np.array(THRESHOLDS)
        self._people += len(crowd.people)
        taken_TM = np.zeros((len(least_T), len(crowd.people)), np.bool_)
        parts_M = np.count_nonzero(crowd.count_GC[:, 1:], axis=1)
        some_ignored = bool(region_HW.any())
        for each in kept:
            hit_T = np.zeros(len(least_T), np.bool_)
            if crowd.people:
                iou_MC = class_ious(each.person, crowd)
                mean_M = np.nanmean(iou_MC, axis=1)
                best = int(mean_M.argmax())
                hit_T = (mean_M[best] > least_T) & ~taken_TM[:, best]
                taken_TM[hit_T, best] = True
                right_T = (iou_MC[best, 1:] > least_T[:, None]).sum(axis=1)
                self._pcp_T += hit_T * right_T / max(int(parts_M[best]), 1)
            is_lost = some_ignored and each.person.share_of(region_HW) > _WITHIN
            self._scores.append(each.score)
            self._hits.append(hit_T)
            self._counted.append(hit_T | (not is_lost))

    def scores(self) -> PartsScores:
        """The scores of all pictures.

        Raises:
            DataError: nobody to find.
        """
        if not self._people:
            raise DataError("found nobody to parse in these pictures; give other data")
        order_D = np.argsort(-np.array(self._scores), kind="stable")
        shape = (-1, len(THRESHOLDS))
        hit_DT = np.array(self._hits, np.bool_).reshape(shape)[order_D]
        counts_DT = np.array(self._counted, np.bool_).reshape(shape)[order_D]
        ap_T = [
            _area(hit_D[counts_D], self._people)
            for hit_D, counts_D in zip(hit_DT.T, counts_DT.T, strict=True)
        ]
        return PartsScores(
            np.array(ap_T),
            self._pcp_T / self._people,
            parsing_scores(self._confusion_CC) if self._confusion_CC.any() else None,
            self._people,
            int(counts_DT.any(axis=1).sum()),
        )


def _area(hit_D: Bool, total: int) -> float:
    """Area below precision over recall, of detections by falling score: VOC's since 2010."""
    hits_D = np.cumsum(hit_D)
    precision_D = hits_D / np.arange(1, len(hit_D) + 1)
    best_D = np.maximum.accumulate(precision_D[::-1])[::-1]
    return float(best_D[hit_D].sum() / total)
