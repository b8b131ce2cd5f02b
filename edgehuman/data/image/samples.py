"""Pictures of people to calibrate and evaluate an export, resized to the network's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.labelled_people import names_of, read_labelled
from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.samples import Samples, unlabelled
from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image.pixels import resize
from edgehuman.simulate.image.people import simulate_people

# Pictures are large, and value ranges converge quickly: enough to calibrate and to evaluate.
_SIMULATED_PEOPLE, _PICTURES_EACH, MOST_PICTURES = 64, 4, 1024


def read_samples(card: Card, data: Path | str, most: int = MOST_PICTURES) -> Samples:
    """Read pictures with the labels of the model's task, or unlabelled pictures if there are none.

    Args:
        most: read at most so many, evenly spread.

    Raises:
        DataError: no pictures, or none is readable.
    """
    labelled = read_labelled(card, str(data), most)
    if labelled is not None:
        image_NHWC, people = labelled
        source = f"labelled pictures of {people.persons.dataset}"
        return unlabelled(image_NHWC, names_of(people), source, people)
    height, width = card.input.shape[:2]
    if str(data) == SIMULATED:
        few = min(_SIMULATED_PEOPLE, -(-most // _PICTURES_EACH))
        drawn = simulate_people(few, _PICTURES_EACH, 0, height, width)
        person_N = np.array([f"{SIMULATED}:{person}" for person in drawn.person_N])
        return unlabelled(drawn.image_NHWC, person_N, "simulated people")
    return _pictures(data, height, width, most)


def _pictures(data: Path | str, height: int, width: int, most: int) -> Samples:
    """Evenly spread pictures of a folder. Their people are unknown: each counts as a different
    person.
    """
    images = open_images(data)
    chosen = np.unique(np.linspace(0, len(images) - 1, most).astype(np.int64))
    array, names = [], []
    for index in map(int, chosen):
        try:
            image_HWC = images.read(index)
        except ImageError:
            continue
        array.append(resize(image_HWC, height, width))
        names.append(images.name(index))
    if not array:
        raise DataError(f"{data}: none of its {len(images)} pictures can be read")
    return unlabelled(np.stack(array), np.array(names), f"pictures of {Path(data).name}")
