"""What a backbone sees alike: one person at two scales, and among others, before and after.

    python -m edgehuman.bench.pages.image.similarity --model runs/saip --out docs/saip.png

After figure 4 of the SAIP paper (arXiv 2503.08201), on simulated people. The query is the mean of
the middle map of the person seen by another camera. A map shows the cosine of every cell with the
query, after subtracting the mean cell of many other people from both. The maps of random weights
are above those of the pretrained ones.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.bench.pages.image.identity import random_twin
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, save_png
from edgehuman.records import Float32, Uint8
from edgehuman.simulate.image.people import PersonImages, simulate_people

if TYPE_CHECKING:
    from torch import nn


CROWD = 3
OTHERS = 24
STRIDE = 16


@dataclass(frozen=True, slots=True)
class SimilarityConfig:
    """Similarity maps of simulated people, random weights and pretrained, as a PNG."""

    model: Path
    """Folder of a pretraining's checkpoint."""
    out: Path = Path("similarity.png")
    """The picture to write."""
    seed: int = 977
    """Seed of the people; not that of the pretraining."""
    scales: tuple[float, float] = (0.75, 1.5)
    """Sizes at which to show the person, in units of the network's crop."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if not all(0.25 <= scale <= 4 for scale in self.scales):
            raise UsageError(f"--scales are {self.scales}; they must be from 0.25 to 4")
        if self.seed < 0:
            raise UsageError(f"--seed is {self.seed}; it must be at least 0")
        if self.out.suffix != ".png":
            raise UsageError(f"--out is {self.out}; its name must end in .png")


def scenes(pictures: PersonImages, scales: tuple[float, float]) -> list[Uint8]:
    """The first person small, large, and as the first of three; pictures are two of each person."""
    shown_HWC = pictures.image_NHWC[0]
    height, width = shown_HWC.shape[:2]
    sizes = [tuple(STRIDE * round(side * s / STRIDE) for side in (width, height)) for s in scales]
    # The second camera's picture of everybody, but the first's of the query person, so that the
    # crowd does not hold the crop of the query.
    crowd = [shown_HWC, *(pictures.image_NHWC[2 * other + 1] for other in range(1, CROWD))]
    return [
        *(cv2.resize(shown_HWC, size, interpolation=cv2.INTER_AREA) for size in sizes),
        np.concatenate([crowd[1], crowd[0], *crowd[2:]], axis=1),
    ]


def middle_maps(network: nn.Module, image_NHWC: Uint8) -> Float32:
    """Middle maps (N, E, H / 16, W / 16) of pictures."""
    import torch

    found: Any = network
    with torch.inference_mode():
        features = found.features(found.normalise(torch.from_numpy(image_NHWC)))
    maps: Float32 = features.middle_NEHW.numpy()
    return maps


def similarity(question_E: Float32, map_EHW: Float32, mean_E: Float32) -> Float32:
    """Cosine of every cell with the query, both minus the mean cell, (H, W)."""
    asked_E = question_E - mean_E
    cell_EHW = map_EHW - mean_E[:, None, None]
    length_HW = np.linalg.norm(cell_EHW, axis=0) * np.linalg.norm(asked_E)
    cosine_HW: Float32 = np.einsum("e,ehw->hw", asked_E, cell_EHW) / np.maximum(length_HW, 1e-12)
    return cosine_HW


def answers(network: nn.Module, pictures: PersonImages, shown: list[Uint8]) -> list[Float32]:
    """A similarity map of each scene; the query is the first person's second picture."""
    others_NEHW = middle_maps(network, pictures.image_NHWC[2 * CROWD :])
    mean_E = others_NEHW.mean(axis=(0, 2, 3))
    question_E = middle_maps(network, pictures.image_NHWC[1:2])[0].mean(axis=(1, 2))
    return [similarity(question_E, middle_maps(network, each[None])[0], mean_E) for each in shown]


def margin(crowd_HW: Float32) -> float:
    """Similarity of the query person minus that of the other two in the crowd."""
    person_P = [part.mean() for part in np.array_split(crowd_HW, CROWD, axis=1)]
    return float(person_P[1] - (person_P[0] + person_P[2]) / 2)


def agreement(one_HW: Float32, two_HW: Float32) -> float:
    """Correlation of the maps of one picture at two scales, the larger resized to the smaller."""
    small, large = sorted((one_HW, two_HW), key=lambda each: each.size)
    brought = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    pair_2K = np.stack([small.ravel(), brought.ravel()]).astype(np.float64)
    pair_2K -= pair_2K.mean(axis=1, keepdims=True)
    pair_2K /= np.linalg.norm(pair_2K, axis=1, keepdims=True)
    return float(pair_2K[0] @ pair_2K[1])


def draw(shown: list[Uint8], rows: dict[str, list[Float32]], path: Path) -> None:
    """Plot the pictures on top, then a row of maps per network, with one colour scale per row.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = blank(8.0, 8.5)
    wide = [1, 1, CROWD]
    grid: Any = figure.subplots(1 + len(rows), 3, width_ratios=wide, squeeze=False)
    titles = ["the person, smaller", "larger", "the person between two others"]
    for axes, picture, title in zip(grid[0], shown, titles, strict=True):
        axes.imshow(picture)
        axes.set_title(title, fontsize=9)
    for line, (name, maps) in zip(grid[1:], rows.items(), strict=True):
        low, high = min(m.min() for m in maps), max(m.max() for m in maps)
        for axes, picture, cosine_HW in zip(line, shown, maps, strict=True):
            axes.imshow(picture.mean(axis=2), cmap="gray")
            size = picture.shape[1::-1]
            smooth = cv2.resize(cosine_HW, size, interpolation=cv2.INTER_CUBIC)
            axes.imshow(smooth, cmap="inferno", alpha=0.65, vmin=low, vmax=high)
        line[0].set_ylabel(name, fontsize=9)
    for axes in grid.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    save_png(figure, path)


def picture_similarity(config: SimilarityConfig) -> Outcome:
    """Draw the picture; report two numbers per network.

    Raises:
        CheckpointError: not a checkpoint. UsageError: its network does not read person images.
    """
    from edgehuman.nets.checkpoint import load_network

    network, card = load_network(config.model)
    if not catalogue.is_of(card.input.record, "image"):
        raise UsageError(
            f"{config.model} holds {card.arch}, which reads {card.input.record}; "
            "give the checkpoint of a network of person images"
        )
    pictures = simulate_people(CROWD + OTHERS // 2, 2, config.seed, *card.input.shape[:2])
    shown = scenes(pictures, config.scales)
    sides = {
        "random weights": random_twin(card.arch, pictures.image_NHWC, 16),
        "pretrained": network.eval(),
    }
    rows = {name: answers(side, pictures, shown) for name, side in sides.items()}
    draw(shown, rows, config.out)
    numbers = {
        name: {"margin": margin(maps[2]), "agreement": agreement(maps[0], maps[1])}
        for name, maps in rows.items()
    }
    data = {"arch": card.arch, "picture": str(config.out), "simulated": True, **numbers}
    lines = [f"{config.out}: {card.arch} on simulated people"]
    lines += [
        f"{name}: the query person is more similar than the two others by {each['margin']:+.3f}; "
        f"maps at two scales agree by {each['agreement']:.3f}"
        for name, each in numbers.items()
    ]
    return Outcome(data, json.dumps(data) if config.json else "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main(SimilarityConfig, picture_similarity))
