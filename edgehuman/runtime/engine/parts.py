"""The two parts of a network that takes its frames as a set, beside its file.

    gaitset.onnx          the whole graph: a clip of any length -> embedding
    gaitset.frame.onnx    frames -> numbers of each
    gaitset.head.onnx     the maxima of the numbers -> embedding

`edgehuman export` writes the parts with the whole (`export.graph.frames`): the same weights and
precision, under the same card. They let a stream add a frame at the same cost however many there
were. A whole file alone runs too, and is then recomputed.

Axes: T frames, M numbers of a frame, and X any of an embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.errors import EdgehumanError, SignatureError
from edgehuman.records import Float32
from edgehuman.runtime.engine.open import Engine, EngineRequest, open_engine
from edgehuman.runtime.engine.part_files import FRAME, HEAD, part_path


@dataclass(frozen=True, slots=True)
class Parts:
    """The engines of both parts."""

    frame: Engine
    head: Engine

    def numbers(self, record_TX: NDArray[Any]) -> Float32:
        """The numbers (T, M) of frames, raw as the card says."""
        numbers_TM: Float32 = self.frame.run(record_TX[None])[0]
        return numbers_TM

    def answer(self, maxima_M: Float32) -> Float32:
        """What the whole network answers to the frames of these maxima."""
        answer_X: Float32 = self.head.run(maxima_M[None])[0]
        return answer_X


def open_parts(path: Path, card: Card, request: EngineRequest) -> Parts | None:
    """Open the parts beside a model's file; None, with a remark, if they do not belong to it, and
    None if there are none.

    Args:
        card: of the whole model.

    Raises:
        SignatureError: a signature is required, and a part has none that holds.
    """
    files = [part_path(path, part) for part in (FRAME, HEAD)]
    if not all(file.is_file() for file in files):
        return None
    try:
        frame, head = (open_engine(file, request) for file in files)
    except SignatureError:
        raise
    except EdgehumanError as error:
        request.notify(f"{path.name} runs without its parts for single frames: {error}")
        return None
    for engine, file in zip((frame, head), files, strict=True):
        if _identity(engine.card) != _identity(card):
            request.notify(
                f"{file.name} is of another model or precision than {path.name}, so it is not "
                "used; export both again"
            )
            return None
    return Parts(frame, head)


def _identity(card: Card) -> tuple[str, str, str | None]:
    return card.weights_sha256, card.precision.name, card.precision.calibration_sha256
