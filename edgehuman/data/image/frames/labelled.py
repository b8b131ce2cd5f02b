"""Labelled frames to evaluate an export with: the accuracy budget of a detector is then of AP50,
that of a network that parts people of AP^p_vol, and of one of garments AP_IoU+F1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.card import Card, OutputSpec
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.score import box_metrics, boxes_of, read_batches, seen
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.garments.score import FrameGarmentsJudge
from edgehuman.data.image.garments.score import fitting as fitting_garments
from edgehuman.data.image.parsed.score import FramePartsJudge, fitting
from edgehuman.errors import DataError
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.progress import tell
from edgehuman.records import Float32, Index, Uint8

MOST_FRAMES, SIMULATED_FRAMES, _BATCH = 256, 128, 16


@dataclass(frozen=True, slots=True)
class LabelledFrames:
    """Attributes:
    frames: the set; index_N: the indices of these frames in it.
    places: where each lies in the network's input.
    size: height and width of that.
    """

    frames: FrameSet
    index_N: Index
    places: Sequence[Letterbox]
    size: tuple[int, int]

    def select(self, index_K: Index) -> LabelledFrames:
        """Return the frames at these indices, in that order."""
        return LabelledFrames(
            self.frames,
            self.index_N[index_K],
            [self.places[index] for index in index_K],
            self.size,
        )

    def metrics(self, outputs: Float32, output: OutputSpec) -> Mapping[str, float]:
        """Score a network's outputs (N, rows, ...) for these frames; the metric that selects
        checkpoints comes first.

        Raises:
            DataError: another kind of output, or nobody in these frames.
        """
        if output.kind == "person_parts":
            judge = FramePartsJudge(output.labels, self.size)
            for index, row_RX, place in zip(
                self.index_N.tolist(), outputs, self.places, strict=True
            ):
                judge.add(self.frames, index, row_RX, place)
            return judge.scores().metrics
        if output.kind == "part_attributes":
            described = fitting_garments(self.frames, output).described
            worn = FrameGarmentsJudge(output, self.size, described)
            for index, row_KX, place in zip(
                self.index_N.tolist(), outputs, self.places, strict=True
            ):
                worn.add(self.frames, index, row_KX, place)
            return worn.scores().metrics
        if output.kind != "boxes":
            raise DataError(f"{output.kind} cannot be scored on frames with boxes")
        found = [boxes_of(*each) for each in zip(outputs, self.places, strict=True)]
        people = [
            seen(self.frames.people[index], (place.height, place.width))
            for index, place in zip(self.index_N.tolist(), self.places, strict=True)
        ]
        return box_metrics(found, people)


def read_labelled(
    card: Card, data: str, most: int = MOST_FRAMES
) -> tuple[Uint8, LabelledFrames] | None:
    """Read frames of a set's training split at the network's size, with their people.

    Return None if the data has no boxes, or nobody is in it: its pictures can still be used
    without.
    """
    if card.output.kind not in ("boxes", "person_parts", "part_attributes"):
        return None
    few = {"count": max(2, min(most, SIMULATED_FRAMES))} if data == SIMULATED else {}
    try:
        frames = load_frames(data, **few)
        if card.output.kind == "person_parts":
            frames = fitting(frames, card.output.labels)
        if card.output.kind == "part_attributes":
            fitting_garments(frames, card.output)
    except DataError as error:
        tell(f"edgehuman: no labels for {card.task}: {error}")
        return None
    index_N = spread(frames, min(most, MOST_FRAMES))
    height, width = card.input.shape[:2]
    parts = list(read_batches(frames, index_N, (height, width), _BATCH, {}))
    if not parts:
        return None
    kept_N = np.concatenate([index for index, _, _ in parts])
    places = [place for _, some, _ in parts for place in some]
    if all(_is_empty(frames, index) for index in kept_N.tolist()):
        return None
    inputs = np.concatenate([input_NHWC for _, _, input_NHWC in parts])
    return inputs, LabelledFrames(frames, kept_N, places, (height, width))


def _is_empty(frames: FrameSet, index: int) -> bool:
    """Whether nobody in a frame counts; where garments do, who wears them need not."""
    people = frames.people[index]
    return bool(people.ignore_M.all()) and (frames.garments is None or not len(people.box_M4))


def spread(frames: FrameSet, most: int) -> Index:
    """Indices of at most so many frames, evenly spread over those to train with, or over all if
    there are none.
    """
    index_N = np.flatnonzero(frames.role_N == "train")
    index_N = index_N if len(index_N) else np.arange(len(frames))
    place_K = np.linspace(0, len(index_N) - 1, min(len(index_N), most)).astype(np.int64)
    return np.asarray(index_N[np.unique(place_K)], np.int64)
