"""Networks of one mask: planes of probabilities or logits, of a frame or of a box of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.runtime.foreign.families import open_finder
from tests.runtime.frame_models import write_foreign

FRAME = np.full((80, 160, 3), 200, np.uint8)
LEFT = np.zeros((1, 1, 8, 16), np.float32)
LEFT[..., :8] = 1


def found(tmp_path: Path, plane: NDArray[Any], box_4: Any = None) -> Any:
    path = write_foreign(tmp_path / "m.onnx", (1, 3, 32, 64), {"mask": plane})
    return open_finder(path, notify=lambda _: None).find(FRAME, box_4)


@pytest.mark.parametrize(
    "plane",
    [
        LEFT,
        LEFT.transpose(0, 2, 3, 1),
        20 * LEFT - 10,
        np.concatenate([10 - 20 * LEFT, 20 * LEFT - 10], axis=1),
        np.concatenate([1 - LEFT, LEFT], axis=1),
    ],
)
def test_the_left_half_is_the_person(plane: NDArray[Any], tmp_path: Path) -> None:
    (person,) = found(tmp_path, np.ascontiguousarray(plane, np.float32))
    assert person.mask_HW is not None
    np.testing.assert_allclose(person.box_4, (0, 0, 80, 80), atol=5)
    assert person.score > 0.9


def test_a_mask_of_a_box_lies_in_it(tmp_path: Path) -> None:
    (person,) = found(tmp_path, LEFT, np.array((40, 20, 120, 60), np.float32))
    np.testing.assert_allclose(person.box_4, (40, 20, 80, 60), atol=3)


def test_an_empty_mask_is_nobody(tmp_path: Path) -> None:
    assert found(tmp_path, 0 * LEFT) == []
