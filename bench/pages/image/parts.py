"""What a parsing model sees on simulated people, next to the simulator's ground truth.

    python -m edgehuman.bench.pages.image.parts --out docs/pictures/person_parts.png

The docs show no photos of real people, so the picture has simulated ones; no model of the zoo has
learned from them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.load import load_persons
from edgehuman.data.image.part_groups import LABELS, grouped
from edgehuman.data.image.set import PersonSet
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.export.catalogued import load
from edgehuman.metrics.person_answers import parts_of
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, save_png
from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Uint8
from edgehuman.runtime.model import Model
from edgehuman.runtime.view.palette import colours


@dataclass(frozen=True, slots=True)
class PictureConfig:
    """Simulated people, the parts that a model finds, and the true ones, as a PNG."""

    model: str = "zoo:person-garments"
    """A model of garments: `zoo:NAME` or an artefact."""
    out: Path = Path("person_parts.png")
    """The picture to write."""
    people: int = 6
    """Number of people to show, from the test part."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if not 1 <= self.people <= 12:
            raise UsageError(f"--people is {self.people}; it must be from 1 to 12")
        if self.out.suffix != ".png":
            raise UsageError(f"--out is {self.out}; its name must end in .png")


def painted(part_HW: Uint8, labels: Sequence[str]) -> Uint8:
    """Parts (H, W) in their colours (H, W, 3); background and unlabelled pixels are white."""
    of = colours(labels[1:])
    table = np.full((256, 3), 255, np.uint8)
    table[1 : len(labels)] = [of[name] for name in labels[1:]]
    picture_HWC: Uint8 = table[part_HW]
    return picture_HWC


def columns(model: Model, persons: PersonSet, count: int) -> list[tuple[Uint8, Uint8, Uint8]]:
    """Picture, parts found and true parts, for one picture of each of the first test people."""
    height, width = model.card.input.shape[:2]
    found = []
    test_N = np.flatnonzero(persons.role_N != "train")
    _, first_P = np.unique(persons.person_N[test_N], return_index=True)
    for index in test_N[first_P[:count]]:
        image_HWC = persons.image(int(index))
        logits_CHW = model.logits(resize(image_HWC, height, width)[None])[0]
        said_HW = parts_of(logits_CHW, image_HWC.shape[0], image_HWC.shape[1])
        found.append((image_HWC, said_HW.astype(np.uint8), persons.part(int(index))))
    return found


def draw(shown: Sequence[tuple[Uint8, Uint8, Uint8]], labels: Sequence[str], path: Path) -> None:
    """Plot the pictures on top, then the model's parts, then the true parts, and a colour legend.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = blank(1.25 * max(4, len(shown)), 7.4)
    grid: Any = figure.subplots(3, len(shown), squeeze=False)
    for column, (image_HWC, said_HW, true_HW) in zip(grid.T, shown, strict=True):
        rows = (image_HWC, painted(said_HW, labels), painted(true_HW, labels))
        for axes, picture in zip(column, rows, strict=True):
            axes.imshow(picture, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
    names = ("simulated person", "the model's parts", "true parts")
    for axes, name in zip(grid[:, 0], names, strict=True):
        axes.set_ylabel(name, fontsize=9)
    of = colours(labels[1:])
    for name in labels[1:]:
        colour = [value / 255 for value in of[name]]
        grid[0, 0].plot([], [], "s", color=colour, label=name.replace("_", " "))
    figure.legend(loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    save_png(figure, path, dpi=90)


def picture_parts(config: PictureConfig) -> Outcome:
    """Draw the picture.

    Raises:
        ArtefactError: the model does not segment garments.
    """
    model = load(config.model)
    labels = model.card.output.labels
    if model.card.output.kind != "segmentation" or labels != LABELS["garments"]:
        raise ArtefactError(
            f"{config.model} gives {model.card.output.kind}, and the picture is of garments; give "
            "a model of `edgehuman finetune --task parsing --parts garments`"
        )
    persons = grouped(load_persons(SIMULATED, "parsing"), "garments")
    shown = columns(model, persons, config.people)
    draw(shown, labels, config.out)
    data = {
        "model": config.model,
        "people": len(shown),
        "picture": str(config.out),
        "simulated": True,
    }
    text = f"{config.out}: {config.model} on {len(shown)} simulated people"
    return Outcome(data, json.dumps(data) if config.json else text)


if __name__ == "__main__":
    sys.exit(main(PictureConfig, picture_parts))
