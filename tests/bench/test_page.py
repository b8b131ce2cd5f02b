"""The measurements in words and pictures: every column filled, nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench import bench as report
from edgehuman.bench.bench import BenchConfig, bench
from edgehuman.bench.latency import Footprint
from edgehuman.bench.page import as_html, as_markdown, as_svg, cells, draw_latency, head, reasons
from edgehuman.records import WindowSet

MakeModel = Callable[..., Path]
MakeWindows = Callable[..., WindowSet]


@pytest.fixture(autouse=True)
def known_data(monkeypatch: pytest.MonkeyPatch, make_windows: MakeWindows) -> None:
    """Every path is three labelled windows, and no process is started for the memory."""
    windows = make_windows([0, 1, 2], [0, 1, 1], ["a", "b", "b"])
    monkeypatch.setattr("edgehuman.bench.evaluate.imu.load_windows", lambda *words: windows)
    monkeypatch.setattr(report, "footprint", lambda entry: Footprint(12.5, 0.25))
    monkeypatch.setattr(report, "open_meter", lambda: (None, "no counter here"))


def run(*models: Path, **words: Any) -> dict[str, Any]:
    options = {"data": "x.npz", "rounds": 1, **words}
    data = bench(BenchConfig(tuple(map(str, models)), **options)).data
    assert isinstance(data, dict)
    return data


def test_the_conditions_are_said(make_model: MakeModel) -> None:
    text = as_markdown(run(make_model(), data="simulated"))
    assert "SIMULATED" in text
    assert "1 thread(s)" in text
    assert "outliers are included" in text
    assert "warm-up" in text
    assert "SIMULATED" not in as_markdown(run(make_model()))


def test_the_table_has_a_cell_for_every_column(make_model: MakeModel) -> None:
    data = run(make_model())
    assert len(cells(data["rows"][0])) == len(head())
    table = [line for line in as_markdown(data).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


class Links(HTMLParser):
    """Collects what a page asks for, and whether its tags match."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.wanted += [value or "" for key, value in attrs if key in ("src", "href")]
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_from_outside(make_model: MakeModel) -> None:
    data = run(make_model())
    data["rows"][0]["model"] = "<script>alert(1)</script>"
    page = as_html(data)
    reader = Links()
    reader.feed(page.replace("/>", ">"))
    assert reader.wanted == []
    assert reader.open == []
    assert "url(" not in page
    assert "<script>" not in page
    assert "<svg" in page


def test_bars_are_as_long_as_their_numbers() -> None:
    rows = [
        {
            "model": name,
            "engine": "onnxruntime",
            "latency_ms": {key: {"value": value} for key in ("p50", "p95", "p99")},
        }
        for name, value in (("a", 1.0), ("b", 4.0))
    ]
    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height="18"', as_svg(rows))]
    assert widths[1] == pytest.approx(4 * widths[0])


def made(p50: float, **more: Any) -> dict[str, Any]:
    """A row as far as the pictures and the reasons look at it."""
    latency = {key: {"value": p50, "low": p50, "high": p50} for key in ("p50", "p95", "p99")}
    usual = {"model": "a", "engine": "onnxruntime", "latency_ms": latency, "not_measured": {}}
    return {**usual, **more}


def test_a_reason_is_said_once_of_all_that_it_holds_for() -> None:
    rows = [made(1.0, engine=name, not_measured={"energy": "no counter"}) for name in ("x", "y")]
    assert reasons(rows) == ["not measured: energy of all: no counter"]
    rows[1]["not_measured"] = {"memory": "it died"}
    assert reasons(rows) == [
        "not measured: energy of a on x: no counter",
        "not measured: memory of a on y: it died",
    ]


def test_the_picture_is_a_file(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    data = {"rows": [made(1.0), made(2.0)], "settings": {"batch": 1}}
    path = draw_latency(data, tmp_path / "x.png")
    assert path.read_bytes().startswith(b"\x89PNG")
