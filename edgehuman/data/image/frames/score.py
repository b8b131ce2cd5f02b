"""Score a detector on labelled frames: used in training, by `evaluate`, and by the accuracy check
of an export.

    found = [boxes_of(output_K5, place) for ...]      a network's rows, in pixels of the frame
    box_metrics(found, people)["ap50"]

Axes: N frames, K boxes of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.errors import ArtefactError, DataError, ImageError, MissingDependencyError
from edgehuman.metrics.boxes.crowd import Size, crowd_scores, jaccard_index
from edgehuman.metrics.boxes.detection import AveragePrecision, Found, average_precision
from edgehuman.metrics.boxes.overlap import areas
from edgehuman.preprocess.image.letterbox import Letterbox, fit
from edgehuman.records import Float32, Index, Uint8

Answer = Callable[[Uint8], Float32]
"""Frames at the network's size (N, H, W, 3) -> its boxes and scores (N, rows, 5)."""
Find = Callable[[Uint8], Found]
"""A frame (H, W, 3) -> boxes in its pixels, and scores."""


# Pictures that stand alone are each a sequence.
_FEW_SEQUENCES = 40


@dataclass(frozen=True, slots=True)
class FrameScores:
    """Attributes:
    metrics: values 0..1; the metric that selects checkpoints comes first.
    frames: number scored.
    people: number of people in them that count.
    said: description of what was scored.
    unreadable: frames left out because they could not be read.
    per_sequence: metrics of each camera or video, of a set of a few.
    """

    metrics: dict[str, float]
    frames: int
    people: int
    said: str
    unreadable: int = 0
    per_sequence: dict[str, dict[str, float]] = field(default_factory=dict)


def score(
    frames: FrameSet, index_K: Index, answer: Answer, size: tuple[int, int], batch: int = 8
) -> FrameScores:
    """Run a detector on these frames and score its boxes, in pixels of the frames.

    Args:
        size: height and width of its input.

    Raises:
        DataError: no frame is readable, or nobody is in them.
        ArtefactError: outputs that are no boxes, or not finite.
    """
    unreadable: dict[int, str] = {}
    judge = FrameJudge(frames)
    for found in answered(frames, index_K, answer, size, batch, unreadable):
        judge.add(*found)
    return judge.scores(len(unreadable))


def answered(
    frames: FrameSet,
    index_K: Index,
    answer: Answer,
    size: tuple[int, int],
    batch: int,
    unreadable: dict[int, str],
) -> Iterator[tuple[int, Size, Found]]:
    """Yield the index of each readable frame, its height and width, and a network's boxes in its
    pixels.

    Args:
        unreadable: filled with the frames that cannot be read, and the reasons.

    Raises:
        ArtefactError: outputs that are no boxes, or not finite.
    """
    for index_N, place_N, input_NHWC in read_batches(frames, index_K, size, batch, unreadable):
        output_NK5 = require_boxes(answer(input_NHWC))
        for index, output_K5, place in zip(index_N.tolist(), output_NK5, place_N, strict=True):
            yield index, (place.height, place.width), boxes_of(output_K5, place)


def score_each(
    frames: FrameSet,
    index_K: Index,
    finders: Mapping[str, Find],
    kept: Mapping[str, dict[int, Found]] | None = None,
) -> dict[str, FrameScores]:
    """Score several detectors on the same frames, each of which is read once.

    Args:
        kept: filled with the boxes of each detector by the index of their frame; a frame that
            cannot be read has none.

    Raises:
        DataError: no frame is readable, or nobody is in them.
    """
    unreadable = 0
    judges = {name: FrameJudge(frames) for name in finders}
    for index in index_K.tolist():
        try:
            frame_HWC = frames.frames[index]
        except ImageError:
            unreadable += 1
            continue
        height, width = frame_HWC.shape[:2]
        for name, find in finders.items():
            found = find(frame_HWC)
            judges[name].add(index, (height, width), found)
            if kept is not None:
                kept[name][index] = found
    return {name: judge.scores(unreadable) for name, judge in judges.items()}


class FrameJudge:
    """Collect a detector's boxes, and score them against the people at the end."""

    def __init__(self, frames: FrameSet) -> None:
        self._frames = frames
        self._found: list[Found] = []
        self._people: list[People] = []
        self._sizes: list[Size] = []
        self._index: list[int] = []

    def add(self, index: int, size: Size, found: Found) -> None:
        """Add the boxes of a frame of the set, given its height and width."""
        self._found.append((clipped(found[0], size), found[1]))
        self._people.append(seen(self._frames.people[index], size))
        self._sizes.append(size)
        self._index.append(index)

    def scores(self, unreadable: int = 0) -> FrameScores:
        """Score the collected boxes.

        Raises:
            DataError: no frames, or nobody in them.
        """
        if not self._found:
            raise DataError(f"{self._frames.dataset}: no frame to score, or none is readable")
        said = f"{len(self._found)} frames"
        stated = sum(len(self._frames.people[index].box_M4) for index in self._index)
        outside = stated - sum(len(each.box_M4) for each in self._people)
        if outside:
            said += f"; {outside} boxes outside their frames left out"
        metrics = _metrics(self._found, self._people, self._sizes)
        try:
            metrics["jaccard"] = jaccard_index(self._found, self._people, self._sizes)
        except MissingDependencyError as error:
            said += f"; no Jaccard index: {error}"
        total = sum(int(np.count_nonzero(~each.ignore_M)) for each in self._people)
        return FrameScores(metrics, len(self._found), total, said, unreadable, self._per_sequence())

    def _per_sequence(self) -> dict[str, dict[str, float]]:
        names_N = self._frames.sequence_N[self._index]
        count = len(np.unique(names_N))
        if not 1 < count <= _FEW_SEQUENCES or count == len(names_N):  # each a photo of its own
            return {}
        found = {}
        for name in np.unique(names_N).tolist():
            at = np.flatnonzero(names_N == name).tolist()
            people = [self._people[each] for each in at]
            if any(not each.ignore_M.all() for each in people):
                found[name] = _metrics(
                    [self._found[each] for each in at], people, [self._sizes[each] for each in at]
                )
        return found


def _metrics(
    found: Sequence[Found], people: Sequence[People], sizes: Sequence[Size]
) -> dict[str, float]:
    crowd = crowd_scores(found, people, sizes)
    return box_metrics(found, people) | {"crowd_ap": crowd.ap, "miss_rate": crowd.miss_rate}


def box_metrics(found: Sequence[Found], people: Sequence[People]) -> dict[str, float]:
    """COCO's average precision; `ap50` selects checkpoints.

    Raises:
        DataError: nobody to find.
    """
    return as_metrics(average_precision(found, people))


def as_metrics(scores: AveragePrecision) -> dict[str, float]:
    """Its numbers by name, AP50 first."""
    return {"ap50": scores.ap50, "ap": scores.ap, "ap75": scores.ap75}


def seen(people: People, size: Size) -> People:
    """The people of a frame, clipped to it; those entirely outside are left out."""
    box_M4 = clipped(people.box_M4, size)
    is_seen_M = areas(box_M4) > 0
    return People(box_M4[is_seen_M], people.ignore_M[is_seen_M])


def boxes_of(output_K5: Float32, place: Letterbox) -> Found:
    """A network's rows as boxes and scores in pixels of the frame, clipped to it: what lies outside
    cannot be seen.
    """
    box_K4 = place.to_frame(output_K5[:, :4])
    return clipped(box_K4, (place.height, place.width)), np.asarray(output_K5[:, 4], np.float32)


def clipped(box_K4: NDArray[np.floating], size: Size) -> Float32:
    """Boxes (K, 4) within a frame of this height and width."""
    height, width = size
    limit_4 = np.array((width, height, width, height), np.float32)
    return np.asarray(np.clip(box_K4, 0, limit_4), np.float32)


def require_boxes(output_NK5: Float32) -> Float32:
    """The outputs; ArtefactError unless they are finite boxes with scores."""
    if output_NK5.ndim != 3 or output_NK5.shape[2] != 5:
        raise ArtefactError(
            f"the network gives {output_NK5.shape}, not boxes (N, rows, 5); export it again"
        )
    if not np.isfinite(output_NK5).all():
        raise ArtefactError("the network's outputs are not finite; train or export it again")
    return output_NK5


def read_batches(
    frames: FrameSet,
    index_K: Index,
    size: tuple[int, int],
    batch: int,
    unreadable: dict[int, str],
) -> Iterator[tuple[Index, list[Letterbox], Uint8]]:
    """Yield indices in the set, where each frame lies in its input, and the inputs (N, H, W, 3).

    Args:
        unreadable: filled with the frames that cannot be read, and the reasons.
    """
    for start in range(0, len(index_K), batch):
        kept, places, inputs = [], [], []
        for index in map(int, index_K[start : start + batch]):
            try:
                frame_HWC = frames.frames[index]
            except ImageError as error:
                unreadable[index] = str(error)
                continue
            input_HWC, place = fit(frame_HWC, *size)
            kept.append(index)
            places.append(place)
            inputs.append(input_HWC)
        if kept:
            yield np.array(kept, np.int64), places, np.stack(inputs)
