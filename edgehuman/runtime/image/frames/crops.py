"""Models of one person on the people of a frame: each is cropped around its box, with a margin, and
stands in the middle of the crop; where that leaves the frame, the frame's edge goes on.

    CropModel(load("zoo:person-pose")).answer(frame_HWC, found)

Axes: H height, W width, J joints.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.image.cropping import MARGIN, padded, person_box, whole_pixels
from edgehuman.preprocess.image.pixels import MIN_SIDE, clip_box
from edgehuman.records import Uint8
from edgehuman.runtime.foreign.found import FoundPerson, PersonFinder
from edgehuman.runtime.image.answer import answer_image, require_answers
from edgehuman.runtime.image.frames.results import Person, joint_names
from edgehuman.runtime.image.results import PhotoResult, to_row
from edgehuman.runtime.model import Model

_OF_THE_ANSWER = ("attributes", "embedding", "parts")


class CropModel:
    """A model of person crops, for each person of a frame.

    Attributes:
        looks: whether its answer is a vector of what the person looks like.

    Raises:
        ArtefactError: its output is no answer about a person.
    """

    def __init__(self, model: Model) -> None:
        require_answers(model)
        self._model = model
        height, width = model.card.input.shape[:2]
        self._shape = width / height
        self.looks = model.card.output.kind == "embedding"

    def answer(self, frame_HWC: Uint8, found: FoundPerson) -> Person:
        """The person with the model's answer; without one where the box is too small.

        Raises:
            DataError: an output that is not finite.
        """
        height, width = frame_HWC.shape[:2]
        cut = person_box(found.box_4.tolist(), height, width, self._shape, MARGIN)
        x0, y0, x1, y1 = whole_pixels(cut)
        if min(x1 - x0, y1 - y0) < MIN_SIDE:
            return Person(found.box_4, found.score)
        result = answer_image(self._model, padded(frame_HWC, cut), "a person")
        if result.reason:
            raise DataError(result.reason)
        return _answered(found, result, (x0, y0, x1, y1), (height, width))


class CropFinder:
    """A network of others that takes one person, for each person of a frame."""

    looks = False

    def __init__(self, finder: PersonFinder) -> None:
        self._finder = finder

    def answer(self, frame_HWC: Uint8, found: FoundPerson) -> Person:
        """The person with the network's joints or mask; the box and its score stay."""
        seen = self._finder.find(frame_HWC, found.box_4)
        if not seen:
            return Person(found.box_4, found.score)
        joint_J3 = seen[0].joint_J3
        return Person(
            found.box_4,
            found.score,
            joint_J3,
            () if joint_J3 is None else joint_names(len(joint_J3)),
            seen[0].mask_HW,
            seen[0].mask_place,
        )


def _answered(
    found: FoundPerson,
    result: PhotoResult,
    cut: tuple[int, int, int, int],
    size: tuple[int, int],
) -> Person:
    """The answer for a crop, in pixels of the frame, whose height and width are `size`."""
    joint_J3, mask_HW, place = result.joint_J3, None, None
    if joint_J3 is not None:
        # A crop's joints have integers at pixel centres.
        shift = np.array((cut[0] + 0.5, cut[1] + 0.5, 0), np.float32)
        joint_J3 = np.asarray(joint_J3 + shift, np.float32)
    if result.part_HW is not None:
        x0, y0, x1, y1 = place = clip_box(cut, *size)
        part_HW = result.part_HW[y0 - cut[1] : y1 - cut[1], x0 - cut[0] : x1 - cut[0]]
        # Shares of parts are of the frame's pixels alone, as the mask is.
        result, mask_HW = dataclasses.replace(result, part_HW=part_HW), part_HW > 0
    row = to_row(result)
    return Person(
        found.box_4,
        found.score,
        joint_J3,
        () if joint_J3 is None else result.labels,
        mask_HW,
        place,
        answer={key: row[key] for key in _OF_THE_ANSWER if key in row},
    )
