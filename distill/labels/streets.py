"""Which photos of CCP show nobody but the marked person: `data/image/crowds/clean.py` lists them.

python -m edgehuman.distill.labels.streets ccp movenet_multipose.onnx
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edgehuman.data.image.crowds.stock import beside
from edgehuman.data.image.load import load_persons
from edgehuman.data.image.set import FilePictures
from edgehuman.records import Bool, Uint8
from edgehuman.runtime.foreign.movenet import MoveNet

LEAST = 0.09
_SIDES = (288, 384)
_BORDER_PX = 110


def others(image_HWC: Uint8, person_HW: Bool, finders: tuple[MoveNet, MoveNet]) -> float:
    """The best score of anybody beside the marked person; 1 where there is no street to look at."""
    street_HWC = beside(image_HWC, person_HW)
    if street_HWC is None:
        return 1.0
    small, large = finders
    twice_HWC = cv2.copyMakeBorder(
        street_HWC, 0, 0, 0, min(street_HWC.shape[1], 128), cv2.BORDER_REFLECT
    )
    wide_HWC = np.asarray(cv2.resize(twice_HWC, None, fx=1.6, fy=1.0), np.uint8)
    scores = [each.score for each in (*small.find(street_HWC), *large.find(wide_HWC))]
    # MultiPose wants people of at most three quarters of its input.
    whole = cv2.copyMakeBorder(image_HWC, 0, 0, _BORDER_PX, _BORDER_PX, cv2.BORDER_CONSTANT)
    x_K = np.flatnonzero(person_HW.any(axis=0)) + _BORDER_PX
    for each in large.find(np.asarray(whole, np.uint8)):
        middle = 0.5 * float(each.box_4[0] + each.box_4[2])
        if not x_K[0] <= middle <= x_K[-1]:
            scores.append(each.score)
    return max([0.0, *scores])


def clean(path: str, model: str) -> Iterator[int]:
    """Numbers of the photos."""
    persons = load_persons(path, "parsing")
    assert isinstance(persons.images, FilePictures)
    small, large = (MoveNet(model, side=side, least=0.05) for side in _SIDES)
    for index in range(len(persons)):
        if others(persons.image(index), persons.part(index) > 0, (small, large)) < LEAST:
            yield int(Path(persons.images.names[index]).stem)


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, clean(*sys.argv[1:3]))) + "\n")
