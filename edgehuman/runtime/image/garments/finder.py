"""A model that finds people and what they wear, as a `PersonFinder`.

    for person in GarmentFinder(load("worn.onnx"), score=0.5).find(frame_HWC):
        person.worn[0].label, person.worn[0].attributes

Axes: H height, W width, K items and X numbers of the model's answer.
"""

from __future__ import annotations

from edgehuman.metrics.garments.answers import PERSON, items_of, require_items
from edgehuman.metrics.garments.wearers import by_wearer
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.follow import FAINT
from edgehuman.runtime.image.whole_frame import WholeFrame
from edgehuman.runtime.model import Model

KIND = "part_attributes"
"""Of the output of such a model."""


class GarmentFinder(WholeFrame):
    """A model of edgehuman's own that gives people and what they wear.

    Args:
        score: what is worn counts from it; people below half of it are dropped at once.

    Raises:
        ArtefactError: its output is something else.
    """

    def __init__(self, model: Model, score: float) -> None:
        super().__init__(
            model,
            KIND,
            "not what people in frames wear; give a model of `edgehuman finetune --task "
            "part-attributes`",
        )
        self._score = score

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """People in a frame with their masks and what they wear; who surely wears something is as
        sure as that.

        Raises:
            DataError: an output that is not finite.
        """
        output_NKX, place = self.answer(frame_HWC)
        labels, attributes = self.output.labels, self.output.attributes
        least = FAINT * self._score
        counts = len(labels), len(attributes)
        row_KX = require_items(output_NKX, *counts, self.size, least)[0]
        items = items_of(row_KX, labels, attributes, self.size, place, least)
        sure = [each for each in items if each.label == PERSON or each.score >= self._score]
        found = [
            FoundPerson(
                person.box_4,
                max([person.score, *(item.score for item in worn)]),
                mask_HW=person.mask_HW,
                cut=None if person.mask_HW is None else person.cut,
                worn=worn,
            )
            for person, worn in by_wearer(sure)
        ]
        return sorted(found, key=lambda each: -each.score)
