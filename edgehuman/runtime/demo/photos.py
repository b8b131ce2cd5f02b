"""Pictures of one simulated person, and what the parts model sees in them beside the truth.

Axes: H, W pixels, C channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.records import Uint8
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.view.indexed_png import indexed_png
from edgehuman.runtime.view.palette import Rgb, colours
from edgehuman.runtime.zoo import zoo_names

# The first that this installation has.
MODELS = ("zoo:person-garments", "zoo:person-garments-fp16", "zoo:person-garments-int8")
PICTURES = 3
HEIGHT, WIDTH = 320, 160
_NOTHING: Rgb = (238, 240, 243)
_TAKEN = 24  # pictures of the person to choose from: others hide behind a bush, or are cut off
# The simulator's parts as garments; every other part is skin.
_GARMENT_OF: Mapping[str, str] = {
    "background": "background",
    "hair": "hair",
    "hat": "accessories",
    "bag": "accessories",
    "upper_clothes": "upper_clothes",
    "trousers": "lower_clothes",
    "skirt": "lower_clothes",
    "left_shoe": "shoes",
    "right_shoe": "shoes",
}


@dataclass(frozen=True, slots=True)
class Photo:
    """Attributes:
    picture_jpg: the picture as JPEG.
    found_png, true_png: the parts that the model found, and the true ones, as PNG.
    right: share of all pixels with the true part.
    right_person: share of the person's pixels with the true part.
    """

    picture_jpg: bytes
    found_png: bytes
    true_png: bytes
    right: float
    right_person: float


@dataclass(frozen=True, slots=True)
class Album:
    """Attributes:
    model: its name.
    labels: the parts.
    palette: a colour for each.
    photos: of one person.
    """

    model: str
    labels: tuple[str, ...]
    palette: tuple[Rgb, ...]
    photos: tuple[Photo, ...]


def parts_model() -> str:
    """The parts model of this installation.

    Raises:
        ArtefactError: it has none.
    """
    here = zoo_names()
    found = next((name for name in MODELS if name in here), None)
    if found is None:
        raise ArtefactError(f"none of {', '.join(MODELS)} is in this installation")
    return found


def album(seed: int) -> Album:
    """Three whole-body pictures of one person with the model's parts.

    Raises:
        ArtefactError: see `parts_model`.
        ImportError: OpenCV is not installed; it draws the pictures.
    """
    from edgehuman.simulate.image.people import PARTS, SimulatedImages

    name = parts_model()
    model = load(name)
    palette = (_NOTHING, *[colours(model.labels[1:])[label] for label in model.labels[1:]])
    images = SimulatedImages(1, _TAKEN, seed, HEIGHT, WIDTH)
    shots = [(i, images.shot(i)) for i in range(_TAKEN)]
    whole = [i for i, shot in shots if shot.occluder == "none" and shot.scale <= 1.0]
    table = np.array([_place(part, model.labels) for part in PARTS], np.uint8)
    photos = []
    for i in (whole or list(range(_TAKEN)))[:PICTURES]:
        made = images.labelled(i)
        photos.append(_photo(model, made.image_HWC, table[made.part_HW], palette))
    return Album(name, model.labels, palette, tuple(photos))


def _photo(model: Model, image_HWC: Uint8, true_HW: Uint8, palette: Sequence[Rgb]) -> Photo:
    from edgehuman.metrics.person_answers import parts_of
    from edgehuman.preprocess.image.pixels import resize

    height, width = model.card.input.shape[:2]
    logits_CHW = model.logits(resize(image_HWC, height, width)[None])[0]
    found_HW = parts_of(logits_CHW, *image_HWC.shape[:2])
    right_HW = found_HW == true_HW
    return Photo(
        _jpeg(image_HWC),
        indexed_png(found_HW, palette),
        indexed_png(true_HW, palette),
        float(right_HW.mean()),
        float(right_HW[true_HW > 0].mean()),
    )


def _place(part: str, labels: Sequence[str]) -> int:
    return list(labels).index(_GARMENT_OF.get(part, "skin"))


def _jpeg(image_HWC: Uint8) -> bytes:
    import cv2

    done, content = cv2.imencode(".jpg", image_HWC[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert done
    return bytes(content.tobytes())
