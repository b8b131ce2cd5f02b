"""A model that finds everybody in a frame and parts each, as a `PersonFinder`.

    for person in PartsFinder(load("parts.onnx"), score=0.5).find(frame_HWC):
        person.part_HW, person.parts

Axes: H height, W width, R rows and X numbers of the model's answer.
"""

from __future__ import annotations

import numpy as np

from edgehuman.metrics.crowds.answers import people_of, require_rows
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.follow import FAINT
from edgehuman.runtime.image.whole_frame import WholeFrame
from edgehuman.runtime.model import Model

KIND = "person_parts"
"""Of the output of such a model."""


class PartsFinder(WholeFrame):
    """A model of edgehuman's own that gives people and their parts.

    Args:
        score: people below half of it are dropped at once.

    Raises:
        ArtefactError: its output is something else.
    """

    def __init__(self, model: Model, score: float) -> None:
        super().__init__(
            model,
            KIND,
            "not the parts of people in frames; give a model of `edgehuman finetune --task "
            "multi-parsing`",
        )
        self._score = FAINT * score

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """People in a frame, best first, with their masks and parts.

        Raises:
            DataError: an output that is not finite.
        """
        output_NRX, place = self.answer(frame_HWC)
        labels = self.output.labels
        row_RX = require_rows(output_NRX, len(labels), self.size, self._score)[0]
        return [
            FoundPerson(
                each.box_4,
                each.score,
                mask_HW=each.mask_HW,
                cut=each.person.box,
                part_HW=each.person.part_HW,
                parts=labels,
            )
            for each in people_of(row_RX, len(labels), self.size, place, self._score)
        ]


def shares_of(part_HW: Uint8, parts: tuple[str, ...]) -> dict[str, float]:
    """The share that each part has of a person's labelled pixels."""
    count_C = np.bincount(part_HW.ravel(), minlength=len(parts))[1 : len(parts)]
    total = int(count_C.sum())
    return {
        name: round(float(count / total), 5)
        for name, count in zip(parts[1:], count_C.tolist(), strict=True)
        if count
    }
