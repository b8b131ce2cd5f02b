"""Pictures are drawn, the same from the same figure."""

from __future__ import annotations

import math

import pytest

from edgehuman.bench.figures.draw import draw
from edgehuman.bench.figures.parts import Dot, Figure, Panel, Star, Trace


def _figure(traces: int = 2, simulated: bool = False) -> Figure:
    dots = (Dot(1.0, 0.5, 0.4, 0.6), Dot(10.0, 0.3), Dot(100.0, 0.2, math.nan, math.nan))
    star = Star(100.0, 0.21, 0.19, 0.23, 0.2)
    each = tuple(
        Trace(f"curve {k}", dots, f"{k % 3}", f"{k % 2}", star, [1.0, 100.0], [0.5, 0.2])
        for k in range(traces)
    )
    panel = Panel("title", "x", "y", each, log_y=True)
    return Figure("name", "title", "a paper", (panel,), simulated=simulated)


def test_a_figure_is_a_png_and_the_same_again() -> None:
    first = draw(_figure())
    assert first.startswith(b"\x89PNG")
    assert draw(_figure()) == first


@pytest.mark.parametrize("figure", [_figure(traces=20), _figure(simulated=True)])
def test_many_curves_and_simulated_ones_are_drawn(figure: Figure) -> None:
    assert draw(figure) != draw(_figure())
