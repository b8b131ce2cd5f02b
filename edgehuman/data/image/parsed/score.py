"""Score a network that parts people on labelled frames: in training, by `evaluate`, and by the
accuracy check of an export.

    judge = FramePartsJudge(labels, size, painted=0.3)
    judge.add(frames, index, row_RX, place)      for each frame
    judge.scores().metrics["ap_p_vol"]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgehuman.data.image.frames.score import as_metrics, boxes_of, seen
from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.data.image.part_groups import grouped_frames, grouping_with
from edgehuman.errors import DataError
from edgehuman.metrics.boxes.detection import Found, average_precision
from edgehuman.metrics.crowds.answers import boxes_in, people_of, require_rows
from edgehuman.metrics.crowds.parts import FoundParts, PartsJudge
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32

FLOOR = 0.05
"""Detections of lower scores are not looked at: their masks would take most of the time."""
PAINTED = 0.3
"""While nobody has chosen a threshold: of detections in the map that mIoU is of."""


@dataclass(frozen=True, slots=True)
class FramePartsScores:
    """Attributes:
    metrics: values 0..1; the one that selects checkpoints comes first.
    threshold: the score from which on boxes count, where their F1 is highest; 0: nothing was found.
    people: number that count.
    """

    metrics: dict[str, float]
    threshold: float
    people: int


class FramePartsJudge:
    """Collects a network's people frame by frame.

    Args:
        labels: of the network; the frames have the same (`fitting`).
        size: height and width of its input.
        painted: the score from which detections are in the map that mIoU is of.
    """

    def __init__(
        self, labels: Sequence[str], size: tuple[int, int], painted: float = PAINTED
    ) -> None:
        self._labels, self._size = tuple(labels), size
        self._parts = PartsJudge(len(labels), FLOOR, painted=max(painted, FLOOR))
        self._found: list[Found] = []
        self._people: list[People] = []

    def add(self, frames: FrameSet, index: int, row_RX: Float32, place: Letterbox) -> None:
        """Compare the network's answer for a frame with its people."""
        count = len(self._labels)
        row_RX = require_rows(row_RX[None], count, self._size, FLOOR)[0]
        boxes = boxes_of(boxes_in(row_RX, count), place)
        found = [
            FoundParts(each.person, each.score)
            for each in people_of(row_RX, count, self._size, place, FLOOR)
        ]
        self.add_found(frames, index, found, boxes, (place.height, place.width))

    def add_found(
        self,
        frames: FrameSet,
        index: int,
        found: Sequence[FoundParts],
        boxes: Found,
        size: tuple[int, int],
    ) -> None:
        """Compare people that were found in a frame, however, with its own.

        Args:
            boxes: of who was found, and their scores.
            size: height and width of the frame.
        """
        people = frames.people[index]
        assert frames.parts is not None
        truth = frames.parts[index]
        self._parts.add(found, truth.people, truth.part_HW, people.ignore_M)
        self._found.append(boxes)
        self._people.append(seen(people, size))

    def scores(self) -> FramePartsScores:
        """The scores of all frames: of parts, and AP50 of the boxes.

        Raises:
            DataError: no frames, or nobody in them.
        """
        if not self._found:
            raise DataError("no frame to score, or none is readable")
        parts = self._parts.scores()
        boxes = average_precision(self._found, self._people)
        metrics = parts.as_metrics() | {"ap50": as_metrics(boxes)["ap50"]}
        return FramePartsScores(metrics, boxes.best_score, parts.people)


def fitting(frames: FrameSet, labels: Sequence[str]) -> FrameSet:
    """The frames with the parts of these labels.

    Raises:
        DataError: they have no parts, or others that do not group to these.
    """
    grouping = grouping_with(labels)
    if grouping is not None:
        return grouped_frames(frames, grouping)
    own = () if frames.parts is None else frames.parts.names
    if own != tuple(labels):
        said = f"the parts {', '.join(own)}" if own else "no parts"
        raise DataError(
            f"{frames.dataset} has {said}, and the model {', '.join(labels)}; give data with these "
            "parts, or a model of --parts garments, which many data share"
        )
    return frames
