"""The page: nothing from outside, every number, nothing that a table could smuggle in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from edgehuman.bench.figures.page import as_html
from edgehuman.bench.figures.parts import Dot, Figure, Panel, Star, Trace

_PNG = b"\x89PNG not really"


class Addresses(HTMLParser):
    """Everything that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def _page(label: str = "fold 0", simulated: bool = False, commands: int = 1) -> str:
    star = Star(4.0, 0.25, 0.2, 0.3, 0.26)
    trace = Trace(label, (Dot(1.0, 1.0, 0.9, 1.1, 3, "cell-a"), Dot(2.0, 0.5)), star=star, law="L")
    figure = Figure("loss", "Loss", "a paper", (Panel("t", "x", "y", (trace,)),), "", ("a note",))
    lacking = Figure("other", "Other", "a paper", lacks="the column width")
    law: dict[str, Any] = {
        "y": "loss",
        "x": "x",
        "group": {"fold": label},
        "form": "L = a x^-b",
        "points": [1],
        "exponent": -0.5,
        "interval": [-0.6, -0.4],
        "warnings": [],
        "simulated": simulated,
    }
    joint = {
        **law,
        "exponent": {"N": -0.3, "D": -0.4},
        "interval": {"N": [-0.4, -0.2], "D": [-0.5, -0.3]},
    }
    data = {
        "points": "points.csv",
        "simulated": simulated,
        "laws": [law, joint],
        "checklist": {"loss": {"forms": "L = a x^-b"}},
    }
    said = [f"edgehuman pretrain --seed {k}" for k in range(commands)]
    return as_html([figure, lacking], {"loss": _PNG}, data, said)


def test_nothing_comes_from_outside_and_nothing_runs() -> None:
    reader = Addresses()
    reader.feed(_page())
    assert all(address.startswith("data:image/png;base64,") for address in reader.found)
    assert len(reader.found) == 1
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    assert "http" not in re.sub(r"http-equiv", "", _page())
    assert "default-src 'none'" in _page()
    assert "prefers-color-scheme: dark" in _page()
    assert 'name="viewport"' in _page()


def test_every_point_and_the_star_are_in_the_table() -> None:
    page = _page()
    for said in ("cell-a", "0.9", "1.1", "predicted; measured 0.26", "0.25", "a note"):
        assert said in page
    assert "N -0.3000, D -0.4000" in page
    assert "the column width" in page
    assert "edgehuman pretrain --seed 0" in page


def test_what_a_table_holds_is_text() -> None:
    page = _page("<script>alert(1)</script>\x1b[31m")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page


def test_simulated_is_said_on_top() -> None:
    assert "Simulated data" in _page(simulated=True)
    assert "Simulated data" not in _page()


def test_thousands_of_commands_are_cut() -> None:
    page = _page(commands=500)
    assert "--seed 199" in page
    assert "--seed 200" not in page
    assert "and 300 more, in points.csv" in page
