"""Score a detector on labelled frames: used in training, by `evaluate`, and by the accuracy check
of an export.

    found = [boxes_of(output_K5, place) for ...]      a network's rows, in pixels of the frame
    box_metrics(found, people)["ap50"]

Axes: N frames, K boxes of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.errors import ArtefactError, DataError, ImageError, MissingDependencyError
from edgehuman.metrics.boxes.crowd import crowd_scores, jaccard_index
from edgehuman.metrics.boxes.detection import Found, average_precision
from edgehuman.metrics.boxes.overlap import areas
from edgehuman.preprocess.image.letterbox import Letterbox, fit
from edgehuman.records import Float32, Index, Uint8

Answer = Callable[[Uint8], Float32]
"""Frames at the network's size (N, H, W, 3) -> its boxes and scores (N, rows, 5)."""


@dataclass(frozen=True, slots=True)
class FrameScores:
    """Attributes:
    metrics: values 0..1; the metric that selects checkpoints comes first.
    frames: number scored.
    people: number of people in them that count.
    said: description of what was scored.
    unreadable: frames left out because they could not be read.
    """

    metrics: dict[str, float]
    frames: int
    people: int
    said: str
    unreadable: int = 0


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
    found: list[Found] = []
    people: list[People] = []
    places: list[Letterbox] = []
    scored: list[int] = []
    for index_N, place_N, input_NHWC in read_batches(frames, index_K, size, batch, unreadable):
        output_NK5 = require_boxes(answer(input_NHWC))
        found += [boxes_of(*each) for each in zip(output_NK5, place_N, strict=True)]
        people += seen(frames, index_N, place_N)
        places += place_N
        scored += index_N.tolist()
    if not found:
        raise DataError(f"{frames.dataset}: no frame to score, or none is readable")
    said = f"{len(found)} frames"
    stated = sum(len(frames.people[index].box_M4) for index in scored)
    outside = stated - sum(len(each.box_M4) for each in people)
    if outside:
        said += f"; {outside} boxes outside their frames left out"
    metrics = box_metrics(found, people)
    sizes = [(place.height, place.width) for place in places]
    crowd = crowd_scores(found, people, sizes)
    metrics |= {"crowd_ap": crowd.ap, "miss_rate": crowd.miss_rate}
    try:
        metrics["jaccard"] = jaccard_index(found, people, sizes)
    except MissingDependencyError as error:
        said += f"; no Jaccard index: {error}"
    total = sum(int(np.count_nonzero(~each.ignore_M)) for each in people)
    return FrameScores(metrics, len(found), total, said, len(unreadable))


def box_metrics(found: Sequence[Found], people: Sequence[People]) -> dict[str, float]:
    """COCO's average precision; `ap50` selects checkpoints.

    Raises:
        DataError: nobody to find.
    """
    scores = average_precision(found, people)
    return {"ap50": scores.ap50, "ap": scores.ap, "ap75": scores.ap75}


def seen(frames: FrameSet, index_N: Index, places: Sequence[Letterbox]) -> list[People]:
    """The people of these frames, clipped to them; those entirely outside are left out."""
    found = []
    for index, place in zip(index_N.tolist(), places, strict=True):
        people = frames.people[index]
        box_M4 = _clipped(people.box_M4, place)
        is_seen_M = areas(box_M4) > 0
        found.append(People(box_M4[is_seen_M], people.ignore_M[is_seen_M]))
    return found


def boxes_of(output_K5: Float32, place: Letterbox) -> Found:
    """A network's rows as boxes and scores in pixels of the frame, clipped to it: what lies outside
    cannot be seen.
    """
    box_K4 = place.to_frame(output_K5[:, :4])
    return _clipped(box_K4, place), np.asarray(output_K5[:, 4], np.float32)


def _clipped(box_K4: Float32, place: Letterbox) -> Float32:
    limit_4 = np.array((place.width, place.height) * 2, np.float32)
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
