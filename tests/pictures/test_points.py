"""Named points: one file, the same bytes for the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.pictures.points import Point, draw_points


def test_the_same_points_are_the_same_bytes_and_others_are_not(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    def drawn(name: str, last: float) -> bytes:
        points = [Point("a", 1.0, 2.0), Point("b", 10.0, last)]
        return draw_points(points, "ms", "%", tmp_path / "new" / name).read_bytes()

    first = drawn("a.png", 3)
    assert first.startswith(b"\x89PNG")
    assert drawn("b.png", 3) == first
    assert drawn("c.png", 4) != first
