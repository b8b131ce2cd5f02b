"""The picture is a deterministic PNG; without matplotlib the error says what to install."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import MissingDependencyError
from edgehuman.pictures.confusion import draw_confusion

COUNTS = np.array([[5, 1], [0, 4]])


def test_it_writes_a_png_into_a_new_folder(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = draw_confusion(COUNTS, ("walking", "sitting"), tmp_path / "new" / "c.png", "title")
    assert path.read_bytes().startswith(b"\x89PNG")
    again = draw_confusion(COUNTS, ("walking", "sitting"), tmp_path / "again.png", "title")
    assert path.read_bytes() == again.read_bytes()


def test_without_matplotlib_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(MissingDependencyError, match=r"the extra `plot` brings it"):
        draw_confusion(COUNTS, ("a", "b"), tmp_path / "c.png")


def test_class_names_are_no_formulas(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw_confusion(np.eye(2, dtype=np.int64), ["$\\frac{$", "a$^$b"], tmp_path / "x.png", "$\\x$")
    assert (tmp_path / "x.png").is_file()
