"""What looks at photos is told apart by its weights, precision and detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.runtime.image.search import look
from edgehuman.runtime.image.search.look import open_eye
from tests.runtime.image.search.colours import write_colours, write_photo


def test_each_photo_is_one_person_or_nobody(tmp_path: Path) -> None:
    eye = open_eye(str(write_colours(tmp_path / "words.onnx")), "none")
    assert eye.dim == 3
    box_M4, vector_MD, reason = eye.look(write_photo(tmp_path / "r.png", (255, 0, 0)), "r.png")
    assert np.isnan(box_M4).all()
    assert vector_MD.argmax() == 0
    assert reason == ""
    (tmp_path / "x.png").write_bytes(b"no picture")
    box_M4, vector_MD, reason = eye.look(tmp_path / "x.png", "x.png")
    assert (box_M4.shape, vector_MD.shape) == ((0, 4), (0, 3))
    assert "x.png" in reason


def test_a_detector_is_a_part_of_the_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        name = "finder"

    monkeypatch.setattr(look, "opened", lambda name, threads: Finder())
    model, file = str(write_colours(tmp_path / "words.onnx")), tmp_path / "finder.bin"
    file.write_bytes(b"1")
    alone, first = open_eye(model, None), open_eye(model, str(file))
    file.write_bytes(b"2")
    second = open_eye(model, str(file))
    identities = [dict(eye.identity) for eye in (alone, first, second)]
    assert [len(identity) for identity in identities] == [1, 2, 2]
    assert identities[1] != identities[2]
