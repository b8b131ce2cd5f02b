"""Models of one person on the people of a frame: each is cropped around its box, with a margin, and
stands in the middle of the crop; where that leaves the frame, the frame's edge goes on.

    CropModel(load("zoo:person-pose")).answer_all(frame_HWC, found)

Axes: H height, W width, J joints.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.person_answers import SILHOUETTE, decode_joints
from edgehuman.preprocess.image.cropping import MARGIN, padded, person_box
from edgehuman.preprocess.image.pixels import (
    MIN_SIDE,
    Box,
    clip_box,
    resize,
    to_crop,
    whole_pixels,
)
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson, PersonFinder
from edgehuman.runtime.image.answer import BROKEN_OUTPUT, answer_image, require_answers
from edgehuman.runtime.image.frames.answer import PerPerson, person_of
from edgehuman.runtime.image.frames.results import Person, joint_names
from edgehuman.runtime.image.results import PhotoResult, to_row
from edgehuman.runtime.model import Model

_JOINTS = ("heatmaps", "simcc")
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

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        """Each person of a frame with the model's answer; without one where the box is too small.
        The network runs for one at a time; joints of all are decoded together.

        Raises:
            DataError: an output that is not finite.
        """
        cuts = [self._cut(frame_HWC, person) for person in found]
        if self._model.card.output.kind not in _JOINTS:
            return [
                Person(person.box_4, person.score)
                if cut is None
                else self._one(frame_HWC, person, cut)
                for person, cut in zip(found, cuts, strict=True)
            ]
        place_K = [place for place, cut in enumerate(cuts) if cut is not None]
        crops = [padded(frame_HWC, cuts[place]) for place in place_K]  # type: ignore[arg-type]
        people = [Person(person.box_4, person.score) for person in found]
        for place, joint_J3 in zip(place_K, self._joints(crops), strict=True):
            x0, y0, _, _ = whole_pixels(cuts[place])  # type: ignore[arg-type]
            # A crop's joints have integers at pixel centres.
            shift_3 = np.array((x0 + 0.5, y0 + 0.5, 0), np.float32)
            people[place] = dataclasses.replace(
                people[place],
                joint_J3=np.asarray(joint_J3 + shift_3, np.float32),
                joints=self._model.labels,
            )
        return people

    def _cut(self, frame_HWC: Uint8, person: FoundPerson) -> Box | None:
        """Where the person is cut out; None where that is too small."""
        height, width = frame_HWC.shape[:2]
        cut = person_box(person.box_4.tolist(), height, width, self._shape, MARGIN)
        x0, y0, x1, y1 = whole_pixels(cut)
        return None if min(x1 - x0, y1 - y0) < MIN_SIDE else cut

    def _joints(self, crops: Sequence[Uint8]) -> list[Float32]:
        """The joints (J, 3) of each crop, in pixels of it."""
        if not crops:
            return []
        card = self._model.card
        height, width = card.input.shape[:2]
        outputs = np.concatenate(
            [self._model.logits(resize(crop, height, width)[None]) for crop in crops]
        )
        if not np.isfinite(outputs).all():
            raise DataError(BROKEN_OUTPUT)
        joint_NJ3 = decode_joints(outputs, card.output, (height, width), card.decision)
        return [
            to_crop(joint_J3, (0, 0, width, height), *crop.shape[:2])
            for joint_J3, crop in zip(joint_NJ3, crops, strict=True)
        ]

    def _one(self, frame_HWC: Uint8, person: FoundPerson, cut: Box) -> Person:
        result = answer_image(self._model, padded(frame_HWC, cut), "a person")
        if result.reason:
            raise DataError(result.reason)
        return _answered(
            person, result, whole_pixels(cut), (frame_HWC.shape[0], frame_HWC.shape[1])
        )


class CropFinder:
    """A network of others that takes one person, for each person of a frame."""

    looks = False

    def __init__(self, finder: PersonFinder) -> None:
        self._finder = finder

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        """Each person with the network's joints or mask; the box and its score stay."""
        return [self._one(frame_HWC, person) for person in found]

    def _one(self, frame_HWC: Uint8, found: FoundPerson) -> Person:
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


class AsFound:
    """What the network that found a person says of them besides."""

    looks = False

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        """Each person as they were found."""
        return [person_of(person) for person in found]


class JointsAndOutlines:
    """Two models of one person, whose answers go together.

    Args:
        joints, outlines: what gives each.
    """

    looks = False

    def __init__(self, joints: PerPerson, outlines: PerPerson) -> None:
        self._joints, self._outlines = joints, outlines

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        """Each person with joints and an outline.

        Raises:
            DataError: an output that is not finite.
        """
        posed = self._joints.answer_all(frame_HWC, found)
        outlined = self._outlines.answer_all(frame_HWC, found)
        return [
            dataclasses.replace(one, joint_J3=other.joint_J3, joints=other.joints)
            for one, other in zip(outlined, posed, strict=True)
        ]


def _answered(
    found: FoundPerson,
    result: PhotoResult,
    cut: tuple[int, int, int, int],
    size: tuple[int, int],
) -> Person:
    """The answer for a crop, in pixels of the frame, whose height and width are `size`."""
    mask_HW, place, part_HW = None, None, None
    if result.part_HW is not None:
        x0, y0, x1, y1 = place = clip_box(cut, *size)
        part_HW = result.part_HW[y0 - cut[1] : y1 - cut[1], x0 - cut[0] : x1 - cut[0]]
        # Shares of parts are of the frame's pixels alone, as the mask is.
        result, mask_HW = dataclasses.replace(result, part_HW=part_HW), part_HW > 0
    row = to_row(result)
    return Person(
        found.box_4,
        found.score,
        mask_HW=mask_HW,
        cut=place,
        answer={key: row[key] for key in _OF_THE_ANSWER if key in row},
        part_HW=None if result.labels == SILHOUETTE else part_HW,
        parts=result.labels if part_HW is not None else (),
    )
