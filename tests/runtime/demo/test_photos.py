"""Pictures of the demo: whole bodies, and parts that are mostly right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.runtime.demo import photos
from edgehuman.runtime.demo.photos import HEIGHT, PICTURES, WIDTH, album, parts_model


def test_three_pictures_with_parts_mostly_right() -> None:
    made = album(0)
    assert len(made.photos) == PICTURES
    assert len(made.palette) == len(made.labels)
    for photo in made.photos:
        picture = cv2.imdecode(np.frombuffer(photo.picture_jpg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert photo.found_png[:4] == photo.true_png[:4] == b"\x89PNG"
        assert photo.right > 0.6  # all background: about 0.8, all person: about 0.2
        assert 0.0 <= photo.right_person <= 1.0


def test_an_installation_with_int8_alone_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "zoo_names", lambda: ["zoo:person-garments-int8"])
    assert parts_model() == "zoo:person-garments-int8"
    monkeypatch.setattr(photos, "zoo_names", lambda: ["zoo:activity"])
    with pytest.raises(ArtefactError, match="none of zoo:person-garments"):
        parts_model()
