"""A model that finds people and what they wear, and says the same of every frame, as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card, Decision, OutputSpec, image_input
from edgehuman.metrics.garments.answers import columns_of
from edgehuman.metrics.garments.outside import HEAD
from edgehuman.records import Float32
from tests.data.frame_trees import ANNE, BOB
from tests.runtime.parts_models import LEFT, SCALE, SIZE, write_parts

LABELS, ATTRIBUTES = ("person", "coat", "shoe"), ("check", "zip-up", "midi")
COAT = (12, 12, 28, 30)


def rows_of(anne: float = 0.9, bob: float = 0.6, coat: float = 0.8) -> Float32:
    """Anne in a coat with a zip, and Bob; a shoe of Bob's is too unsure, and one of nobody's."""
    found = (
        (ANNE, anne, 0), (BOB, bob, 0), (COAT, coat, 1), ((52, 40, 58, 44), 0.1, 2),
        ((70, 50, 78, 58), 0.7, 2),
    )  # fmt: skip
    row_KX = np.zeros((len(found), columns_of(SIZE, len(ATTRIBUTES))), np.float32)
    row_KX[:, HEAD:] = -9
    row_KX[2, HEAD + 1] = 3.0
    y_h, x_w = (np.arange(side // 4) * 4 + 2 for side in SIZE)
    for row_X, (box, score, label) in zip(row_KX, found, strict=True):
        x1, y1, x2, y2 = np.array(box) * SCALE + (LEFT, 0, LEFT, 0)
        row_X[:HEAD] = x1, y1, x2, y2, score, label
        map_hw = np.where(((y_h >= y1) & (y_h < y2))[:, None] & (x_w >= x1) & (x_w < x2), 9.0, -9.0)
        quarters = [map_hw[row::2, column::2] for row in (0, 1) for column in (0, 1)]
        row_X[HEAD + len(ATTRIBUTES) :] = np.stack(quarters).ravel()
    return row_KX


def worn_card(labels: tuple[str, ...] = LABELS, threshold: float = 0.3) -> Card:
    output = OutputSpec("part_attributes", labels, attributes=ATTRIBUTES)
    frame, decision = image_input(*SIZE, "Frame"), Decision(threshold=threshold)
    return Card("worn", "part-attributes", "toy", 0, 0, frame, output, decision)


def write_worn(folder: Path, row_KX: Float32, card: Card | None = None) -> Path:
    """`folder/parter.onnx`: (N, 64, 96, 3) -> these rows, for every frame."""
    return write_parts(folder, row_KX, worn_card() if card is None else card)
