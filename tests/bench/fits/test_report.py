"""The text that people read."""

from __future__ import annotations

from typing import Any

from edgehuman.bench.fits.report import as_text


def _law(**more: Any) -> dict[str, Any]:
    star = {"x": 64.0, "predicted": 1.0, "interval": [0.9, 1.1], "measured": 1.3, "inside": False}
    law = {
        "x": "hours",
        "y": "loss",
        "group": {"fold": "0"},
        "simulated": False,
        "form": "L = a hours^-b",
        "exponent": -0.5,
        "interval": [-0.6, -0.4],
        "held_out": star,
        "points": [1, 2, 3],
        "warnings": ["no floor seen"],
    }
    return {**law, **more}


def _data(laws: list[dict[str, Any]], simulated: bool = False) -> dict[str, Any]:
    return {
        "simulated": simulated,
        "laws": laws,
        "not_fitted": [f"reason {k}" for k in range(20)],
        "contrasts": [{"y": "loss", "what": "wide: ratio", "value": 0.9, "interval": [0.8, 1.0]}],
        "capacity": [],
        "compute": [{"y": "f1", "group": "v", "gamma": 6.5, "iso_flop": [{}]}],
        "checklist": {"loss": {"forms": "L = a hours^-b"}},
    }


def test_the_star_stands_first_and_says_where_it_fell() -> None:
    text = as_text(_data([_law()]))
    assert text.startswith("Largest points, predicted by the others (0 of 1 inside)\n")
    assert "0.9 to 1.1  1.3       OUTSIDE" in text
    assert "-0.6000 to -0.4000" in text
    assert "no floor seen" in text
    assert "wide: ratio: 0.9 (0.8 to 1)" in text
    assert "forms: L = a hours^-b" in text
    assert "f1, v: gamma 6.5; 1 curves of equal compute" in text
    assert "and 8 more (--json has them)" in text


def test_simulated_data_are_said_on_top_and_in_the_row() -> None:
    text = as_text(_data([_law(simulated=True)], simulated=True))
    assert text.startswith("SIMULATED data")
    assert "fold 0 (simulated)" in text


def test_many_laws_are_cut() -> None:
    text = as_text(_data([_law() for _ in range(60)]))
    assert "and 30 more (--json has them)" in text


def test_what_a_terminal_obeys_is_not_printed() -> None:
    assert "\x1b" not in as_text(_data([_law(group={"fold": "\x1b[31m"})]))
