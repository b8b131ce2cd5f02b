"""One photo in, the model's answer out.

Each photo is treated as one person's crop and resized to the model's size. An unreadable photo is
an answer too, with its reason.

Axes: H height, W width, J joints, A questions, D dimensions, C parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.person_answers import joints_of, parts_of, probabilities
from edgehuman.preprocess.image.pixels import read_image, resize, to_crop
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.image.results import PhotoResult
from edgehuman.runtime.model import Model

BROKEN_OUTPUT = "the model's output is not finite; export it again"


def answer_photo(model: Model, path: Path, name: str) -> PhotoResult:
    """The model's answer for one photo.

    Args:
        name: of the photo in the answer.

    Raises:
        ArtefactError: see `require_answers`.
    """
    require_answers(model)
    begin_ns = time.perf_counter_ns()
    try:
        image_HWC = read_image(path)
    except DataError as error:
        return PhotoResult(path, name, reason=str(error), latency_ms=_since_ms(begin_ns))
    return _answer(model, image_HWC, path, name, begin_ns)


def answer_image(model: Model, image_HWC: object, name: str) -> PhotoResult:
    """The model's answer for one photo in memory.

    Args:
        image_HWC: uint8 RGB (H, W, 3).
        name: of the photo in the answer.

    Raises:
        ArtefactError: see `require_answers`. DataError: no such array.
    """
    require_answers(model)
    begin_ns = time.perf_counter_ns()
    array = np.asarray(image_HWC)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise DataError(
            f"photo {name} is {array.dtype} {array.shape}; give uint8 RGB (height, width, 3). "
            "OpenCV reads BGR: image[..., ::-1]"
        )
    return _answer(model, np.ascontiguousarray(array), None, name, begin_ns)


def _answer(
    model: Model, image_HWC: Uint8, path: Path | None, name: str, begin_ns: int
) -> PhotoResult:
    height, width = model.card.input.shape[:2]
    output = model.logits(resize(image_HWC, height, width)[None])[0]
    if not np.isfinite(output).all():
        return PhotoResult(path, name, reason=BROKEN_OUTPUT, latency_ms=_since_ms(begin_ns))
    answer = _READERS[model.card.output.kind](output, image_HWC, (height, width))
    return PhotoResult(
        path,
        name,
        height=image_HWC.shape[0],
        width=image_HWC.shape[1],
        latency_ms=_since_ms(begin_ns),
        labels=model.labels,
        **answer,
    )


def require_answers(model: Model) -> None:
    """Raises ArtefactError for a model whose output is no answer about a photo."""
    kind = model.card.output.kind
    if kind not in _READERS:
        raise ArtefactError(
            f"{model.name} gives {kind}, which is no answer about a photo; fine-tune it "
            "with `edgehuman finetune --task reid|attributes|pose|landmarks|parsing`"
        )


def _read_vector(output: Float32, image_HWC: Uint8, size: tuple[int, int]) -> dict[str, Any]:
    return {"vector_D": output.reshape(-1)}


def _read_attributes(logits_A: Float32, image_HWC: Uint8, size: tuple[int, int]) -> dict[str, Any]:
    return {"prob_A": probabilities(logits_A)}


def _read_joints(heatmap_JHW: Float32, image_HWC: Uint8, size: tuple[int, int]) -> dict[str, Any]:
    height, width = size
    joint_J3 = joints_of(heatmap_JHW[None], height / heatmap_JHW.shape[1])[0]
    return {"joint_J3": to_crop(joint_J3, (0, 0, width, height), *image_HWC.shape[:2])}


def _read_parts(logits_CHW: Float32, image_HWC: Uint8, size: tuple[int, int]) -> dict[str, Any]:
    return {"part_HW": parts_of(logits_CHW, *image_HWC.shape[:2])}


_Reader = Callable[[Float32, Uint8, tuple[int, int]], dict[str, Any]]
# Kind of the output -> reader of its field of a PhotoResult.
_READERS: Mapping[str, _Reader] = {
    "embedding": _read_vector,
    "attributes": _read_attributes,
    "heatmaps": _read_joints,
    "segmentation": _read_parts,
}


def _since_ms(begin_ns: int) -> float:
    return (time.perf_counter_ns() - begin_ns) / 1e6
