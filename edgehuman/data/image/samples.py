"""Pictures of people that calibrate and judge an export: of any size, brought to the network's."""

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

# Pictures are large, and their ranges settle soon: enough to calibrate and to judge.
_SIMULATED_PEOPLE, _PICTURES_EACH, _MOST_PICTURES = 64, 4, 1024


def read_samples(card: Card, data: Path | str) -> Samples:
    """Pictures with the labels of the model's task; where there are none, any pictures.

    Raises:
        DataError: no such pictures, or none that can be read.
    """
    labelled = read_labelled(card, str(data))
    if labelled is not None:
        image_NHWC, people = labelled
        source = f"labelled pictures of {people.persons.dataset}"
        return unlabelled(image_NHWC, names_of(people), source, people)
    height, width = card.input.shape[:2]
    if str(data) == SIMULATED:
        drawn = simulate_people(_SIMULATED_PEOPLE, _PICTURES_EACH, 0, height, width)
        person_N = np.array([f"{SIMULATED}:{person}" for person in drawn.person_N])
        return unlabelled(drawn.image_NHWC, person_N, "simulated people")
    return _pictures(data, height, width)


def _pictures(data: Path | str, height: int, width: int) -> Samples:
    """Evenly spread pictures of a folder. Who is in one is not known: each is taken for somebody
    else.
    """
    images = open_images(data)
    chosen = np.unique(np.linspace(0, len(images) - 1, _MOST_PICTURES).astype(np.int64))
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
