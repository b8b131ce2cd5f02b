"""The live view and its plain twin."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from edgehuman.runtime.imu.results import ImuResult, ImuTally
from edgehuman.runtime.view.palette import colours, terminal_code
from edgehuman.runtime.view.screen import cells
from edgehuman.runtime.view.terminal import LiveView, bar, plain_line, plain_lines

LABELS = ("walking", "walking_upstairs")


def result(t_s: float = 2.54, **more: object) -> ImuResult:
    fields = {"raw_label": "walking", "prob_C": (0.25, 0.75), **more}
    return ImuResult(t_s, "walking_upstairs", 0.75, 12.0, stamp_ns=0, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0.0, "    "), (0.5, "██  "), (1.0, "████"), (0.53125, "██▏ "), (7, "████")],
)
def test_a_bar_is_drawn_in_eighths(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_a_plain_line_says_what_differs() -> None:
    line = plain_line(result(true_label="walking"))
    words = re.sub(" +", " ", line).strip()
    assert words == "2.54 s walking_upstairs 0.750 12.00 ms (network: walking) [true: walking]"
    assert "(frozen)" in plain_line(result(reason="frozen"))


def test_plain_lines_are_one_a_result() -> None:
    stream = io.StringIO()
    plain_lines(stream).write([result(1.0), result(2.0)])
    heads, *lines = stream.getvalue().splitlines()
    assert heads.split() == ["time", "label", "score", "latency"]
    assert len(lines) == 2


def screen_of(view: LiveView, one: ImuResult) -> str:
    view.write([one])
    return "\n".join(view.screen(one))


def test_the_screen_shows_label_probabilities_truth_latency_and_drops() -> None:
    tally = ImuTally(0.64, classes=LABELS)
    tally.add(result())
    view = LiveView(io.StringIO(), "zoo on hand", LABELS, tally, lambda: 3, coloured=False)
    view.note("the clock went back")
    screen = screen_of(view, result(true_label="walking"))
    for words in (
        "zoo on hand",
        "WALKING UPSTAIRS",
        "true: walking",
        "p50 12.0 p95 12.0 ms",
        "samples dropped 3",
        "the clock went back",
    ):
        assert words in screen
    assert re.search(r"walking_upstairs +█+[▏▎▍▌▋▊▉]? +0\.75", screen)
    assert "\x1b" not in screen


def test_no_label_of_a_recording_reaches_the_terminal_as_an_escape() -> None:
    stream = io.StringIO()
    bad = "walk\x1b[2J\r"
    shown = result(true_label=bad, raw_label=bad)
    plain_lines(stream).write([shown, result(reason=bad)])
    view = LiveView(io.StringIO(), bad, LABELS, ImuTally(0.64, classes=LABELS), coloured=False)
    said = stream.getvalue() + "\n".join(view.screen(shown))
    assert "walk?[2J?" in said
    assert not {"\x1b", "\r"} & set(said)


def test_the_bars_that_fit_are_the_most_probable() -> None:
    labels = tuple(f"label_{k}" for k in range(30))
    prob_C = tuple(k / 435 for k in range(30))
    view = LiveView(io.StringIO(), "t", labels, ImuTally(0.64, classes=labels), coloured=False)
    lines = view.screen(result(prob_C=prob_C), 79, 23)
    assert len(lines) <= 23
    bars = [line.split()[0] for line in lines if line.startswith(" label_")]
    assert bars == [f"label_{k}" for k in range(30 - len(bars), 30)]
    assert f" {30 - len(bars)} less probable" in lines


@pytest.mark.parametrize("columns", [39, 60, 79, 119])
@pytest.mark.parametrize("coloured", [False, True])
def test_the_screen_fits_from_forty_columns(columns: int, coloured: bool) -> None:
    tally = ImuTally(0.64, classes=LABELS)
    tally.add(result())
    title = "zoo:activity on a/very/long/path/to/a/recording/of/somebody.csv"
    view = LiveView(io.StringIO(), title, LABELS, tally, coloured=coloured)
    view.note("the clock of the sensor went back by 3.2 seconds; the stream begins anew")
    for one in [result(t_s=k, true_label="walking") for k in range(200)]:
        view.write([one])
    plain = re.compile(r"\x1b\[[0-9;]*m")
    lines = [plain.sub("", line) for line in view.screen(result(t_s=12345.6), columns, 23)]
    assert max(map(cells, lines)) <= columns
    assert len(lines) <= 23
    assert any("capture to label p50 12.0" in line for line in lines)


@pytest.mark.parametrize("latency_ms", [0.2, 12.0, 12345.6])
@pytest.mark.parametrize("columns", [39, 59, 79])
@pytest.mark.parametrize("rows", [11, 14, 23])
def test_the_latency_is_seen_at_every_size(rows: int, columns: int, latency_ms: float) -> None:
    labels = tuple(f"label_{k}" for k in range(30))
    tally = ImuTally(0.64, classes=labels)
    one = replace(result(prob_C=(1 / 30,) * 30, true_label="walking"), latency_ms=latency_ms)
    tally.add(one)
    view = LiveView(io.StringIO(), "t" * 200, labels, tally, lambda: 123456, coloured=False)
    for note in ("one " * 30, "two " * 30):
        view.note(note)
    lines = view.screen(one, columns, rows)
    assert len(lines) <= rows
    assert max(map(cells, lines)) <= columns
    said = " ".join(" ".join(lines).split())
    assert f"p50 {latency_ms:.1f} p95 {latency_ms:.1f} ms" in said
    assert "samples dropped 123456" in said
    assert "WALKING UPSTAIRS" in said
    assert "less probable" in said


def test_eighty_by_twenty_four_has_everything() -> None:
    tally = ImuTally(0.64, classes=LABELS)
    tally.add(result())
    view = LiveView(io.StringIO(), "title", LABELS, tally, coloured=False)
    view.note("a note")
    lines = view.screen(result(true_label="walking"), 79, 23)
    assert [line.split()[0] if line else "" for line in lines] == [
        *("title", "", "██", "", "walking", "walking_upstairs", ""),
        *("label", "network", "", "capture", "0.0", "!"),
    ]


def test_the_screen_draws_over_itself_and_gives_the_cursor_back() -> None:
    stream = io.StringIO()
    view = LiveView(stream, "zoo", LABELS, ImuTally(0.64, classes=LABELS), coloured=True)
    view.write([result()])
    view.close()
    drawn = stream.getvalue()
    lines = len(view.screen(result()))
    assert f"\x1b[{lines}F" in drawn
    assert drawn.startswith("\x1b[?25l")
    assert drawn.endswith("\x1b[?25h")


def test_colours_are_one_a_label_and_exist_on_the_terminal() -> None:
    many = tuple(f"label_{k}" for k in range(20))
    rgb = colours(many)
    assert set(many) < set(rgb)
    assert len(set(rgb.values())) == 21
    assert all(16 <= terminal_code(value) <= 231 for value in rgb.values())
