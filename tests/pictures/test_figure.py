"""An empty figure, or a clear error if matplotlib is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import pytest

from edgehuman.errors import MissingDependencyError, safe_name
from edgehuman.pictures.figure import blank, plain


def test_a_figure_has_its_size(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    blank(2.0, 1.0).savefig(tmp_path / "x.png", dpi=50)
    drawn = cv2.imread(str(tmp_path / "x.png"))
    assert drawn is not None
    assert drawn.shape == (50, 100, 3)


def test_a_figure_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"the extra `plot` brings it"):
        blank(1.0, 1.0)


@pytest.mark.parametrize("name", ["$\\frac{$", "a$b$c", "_hidden", "\x1b[2J", "a\nb"])
def test_a_name_is_drawn_letter_by_letter(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure = blank(2.0, 1.0)
    axes = figure.add_subplot()
    axes.plot([1], [1], label=plain(name))
    (text,) = axes.legend().get_texts()
    axes.set_title(plain(name))
    figure.savefig(tmp_path / "x.png", dpi=50)
    assert text.get_text().replace(r"\$", "$").strip() == safe_name(name)
    assert len(text.get_text().strip()) >= 3
