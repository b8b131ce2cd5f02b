"""A model of edgehuman's own that answers for a whole frame: what the finders of people share.

    class PartsFinder(WholeFrame):
        def find(self, frame_HWC, box_4=None):
            output_NRX, place = self.answer(frame_HWC)

Axes: H height, W width of a frame; N 1, R rows and X numbers of the model's answer.
"""

from __future__ import annotations

import numpy as np

from edgehuman.errors import ArtefactError, DataError
from edgehuman.preprocess.image.letterbox import Letterbox, fit
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.image.answer import BROKEN_OUTPUT
from edgehuman.runtime.model import Model


class WholeFrame:
    """A model of one kind of answer.

    Args:
        kind: of its output.
        wanted: what that is and who makes it, for the message: "not parts; give a model of ...".

    Attributes:
        output: what its card says of its output. size: height and width of its input.

    Raises:
        ArtefactError: its output is something else.
    """

    def __init__(self, model: Model, kind: str, wanted: str) -> None:
        self.output = model.card.output
        if self.output.kind != kind:
            raise ArtefactError(f"{model.name} gives {self.output.kind}, {wanted}")
        height, width = model.card.input.shape[:2]
        self._model, self.size = model, (height, width)

    @property
    def name(self) -> str:
        """The name or path that the model was loaded by."""
        return self._model.name

    def answer(self, frame_HWC: Uint8) -> tuple[Float32, Letterbox]:
        """What the model says of a frame, (N, R, X), and where the frame lies in its input.

        Raises:
            DataError: an output that is not finite.
        """
        input_HWC, place = fit(frame_HWC, *self.size)
        output_NRX = self._model.logits(input_HWC[None])
        if not np.isfinite(output_NRX).all():
            raise DataError(BROKEN_OUTPUT)
        return output_NRX, place
