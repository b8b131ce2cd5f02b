"""Curves in panels: one file, the same bytes for the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.pictures.curves import Panel, draw_curves


def test_the_same_curves_are_the_same_bytes_and_others_are_not(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    def drawn(name: str, last: float) -> bytes:
        panel = Panel("made", "%", {"a": ([0, 1], [2, last]), "b": ([0, 1], [1, 1])})
        return draw_curves([panel, panel], "step", tmp_path / "new" / name).read_bytes()

    first = drawn("a.png", 3)
    assert first.startswith(b"\x89PNG")
    assert drawn("b.png", 3) == first
    assert drawn("c.png", 4) != first
