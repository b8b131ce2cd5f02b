"""One photo in, the model's answer out.

Each photo is treated as one person's crop and resized to the model's size; where that squeezes it
much, a remark says so. An unreadable photo is an answer too, with its reason.

Axes: H height, W width, J joints, A questions, D dimensions, C parts.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.person_answers import decode_joints, parts_of, probabilities
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.image.pixels import MIN_SIDE, resize, resize_labels, to_crop
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.image.results import PhotoResult
from edgehuman.runtime.model import Model

Size = tuple[int, int]
"""Height and width, pixels."""
# A photo's height over width, relative to that of the model's input. Crops of people are 1.4 to 4
# times as high as wide, and the models' inputs twice.
_SHAPES = (0.6, 2.5)
# The part map of a photo with more pixels is computed with about so many, and then enlarged.
_MAP_PIXELS = 4_000_000
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
        crop_HWC, photo = _read(model, path, name)
    except DataError as error:
        return PhotoResult(path, name, reason=str(error), latency_ms=_since_ms(begin_ns))
    return _answer(model, crop_HWC, photo, begin_ns)


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
    if min(array.shape[:2]) < MIN_SIDE:
        raise DataError(
            f"photo {name} is {array.shape[1]}x{array.shape[0]} pixels; each side must be at least "
            f"{MIN_SIDE}"
        )
    crop_HWC = resize(np.ascontiguousarray(array), *model.card.input.shape[:2])
    rows, columns = array.shape[:2]
    return _answer(model, crop_HWC, PhotoResult(None, name, rows, columns), begin_ns)


def _read(model: Model, path: Path, name: str) -> tuple[Uint8, PhotoResult]:
    """The model's input, and the result so far: a large photo is freed here, before its part map.

    Raises:
        ImageError: see `read_photo`.
    """
    height, width = model.card.input.shape[:2]
    photo = read_photo(path, height, width)
    result = PhotoResult(path, name, photo.height, photo.width, remark=photo.remark)
    return resize(photo.image_HWC, height, width), result


def _answer(model: Model, crop_HWC: Uint8, photo: PhotoResult, begin_ns: int) -> PhotoResult:
    """The result of a photo with its answer, or with the reason why there is none."""
    output = model.logits(crop_HWC[None])[0]
    if not np.isfinite(output).all():
        latency_ms = _since_ms(begin_ns)
        return PhotoResult(photo.path, photo.photo, reason=BROKEN_OUTPUT, latency_ms=latency_ms)
    size = crop_HWC.shape[0], crop_HWC.shape[1]
    remarks = (photo.remark, squeezed(photo.height, photo.width, *size))
    answer = _READERS[model.card.output.kind](output, photo, size, model.card)
    return dataclasses.replace(
        photo,
        latency_ms=_since_ms(begin_ns),
        remark="; ".join(filter(None, remarks)),
        labels=model.labels,
        **answer,
    )


def squeezed(height: int, width: int, model_height: int, model_width: int) -> str:
    """What to say of a photo whose shape is far from a person's; empty if it is not.

    Args:
        height, width: of the photo, pixels.
        model_height, model_width: of the model's input, pixels.
    """
    shape, expected = height / width, model_height / model_width
    if _SHAPES[0] <= shape / expected <= _SHAPES[1]:
        return ""
    return (
        f"{width}x{height} pixels are squeezed to the shape of one person, {expected:g} times as "
        "high as wide, and answered as one person; crop each person first, close around the body"
    )


def require_answers(model: Model) -> None:
    """Raises ArtefactError for a model whose output is no answer about a photo."""
    kind = model.card.output.kind
    if kind not in _READERS:
        raise ArtefactError(
            f"{model.name} gives {kind}, which is no answer about a photo; fine-tune it "
            "with `edgehuman finetune --task reid|attributes|pose|landmarks|parsing`"
        )


def _read_vector(output: Float32, photo: PhotoResult, size: Size, card: Card) -> dict[str, Any]:
    return {"vector_D": output.reshape(-1)}


def _read_attributes(
    logits_A: Float32, photo: PhotoResult, size: Size, card: Card
) -> dict[str, Any]:
    return {"prob_A": probabilities(logits_A)}


def _read_joints(output: Float32, photo: PhotoResult, size: Size, card: Card) -> dict[str, Any]:
    height, width = size
    joint_J3 = decode_joints(output[None], card.output, size, card.decision)[0]
    return {"joint_J3": to_crop(joint_J3, (0, 0, width, height), photo.height, photo.width)}


def _read_parts(logits_CHW: Float32, photo: PhotoResult, size: Size, card: Card) -> dict[str, Any]:
    times = math.ceil(math.sqrt(photo.height * photo.width / _MAP_PIXELS))
    rows, columns = (math.ceil(side / times) for side in (photo.height, photo.width))
    part_HW = parts_of(logits_CHW, rows, columns)
    return {"part_HW": resize_labels(part_HW, photo.height, photo.width)}


_Reader = Callable[[Float32, PhotoResult, Size, Card], dict[str, Any]]
# Kind of the output -> reader of its field of a PhotoResult.
_READERS: Mapping[str, _Reader] = {
    "embedding": _read_vector,
    "attributes": _read_attributes,
    "heatmaps": _read_joints,
    "simcc": _read_joints,
    "segmentation": _read_parts,
}


def _since_ms(begin_ns: int) -> float:
    return (time.perf_counter_ns() - begin_ns) / 1e6
