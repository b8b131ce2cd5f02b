"""Which models no other beats in both latency and accuracy, and the picture of that.

Only models of one task, with one metric on one set, are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.bench.budget.answers import Answer
from edgehuman.bench.budget.curve import Place
from edgehuman.bench.budget.latencies import Accuracy
from edgehuman.pictures.figure import blank, plain, save_png

Scored = tuple[tuple[str, str, bool], float, bool, bool]
"""Metric, protocol, whether predicted; the score; of its own file, and known."""
_LEAST_HEIGHT = 0.02
"""Of a panel, as a share of its scores."""
_MOST_PANELS, _MOST_NAMED = 12, 15
"""Of a picture; of a panel with more spots only the Pareto set is named."""
_KEY = (
    "filled: accuracy of this file; open: of its FP32 network, less what the export saw that it "
    "loses; ?: not measured; *: no other is faster and better"
)
_LOWER = ("loss", "ece", "eer", "error", "_px")


@dataclass(frozen=True, slots=True)
class Spot:
    """One model in a comparison.

    Attributes:
        name: in the picture.
        ms: of a frame, p50; high_ms: the asked quantile.
        measured: whether its time was measured; otherwise it is between measurements.
        score: measured or predicted.
        own: whether its score was measured of this very file.
        known: whether it was, or what the file loses against its network was.
    """

    name: str
    ms: float
    high_ms: float
    measured: bool
    score: float
    own: bool = True
    known: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models of one task with one metric on one set.

    Attributes:
        protocol: on what the metric was measured, or by which law it is predicted.
    """

    task: str
    metric: str
    protocol: str
    predicted: bool
    spots: tuple[Spot, ...]

    @property
    def best(self) -> list[bool]:
        """Whether each spot is in the Pareto set; one whose own score nobody knows is not, and
        puts no other out.
        """
        sign = -1.0 if is_lower_better(self.metric) else 1.0
        kept = iter(pareto_set([(spot.ms, sign * spot.score) for spot in self.spots if spot.known]))
        return [spot.known and next(kept) for spot in self.spots]

    @property
    def pareto(self) -> list[str]:
        """The names of the Pareto set."""
        return [spot.name for spot, kept in zip(self.spots, self.best, strict=True) if kept]


def is_lower_better(metric: str) -> bool:
    """Whether a smaller value of a metric is better."""
    return metric.endswith(_LOWER)


def pareto_set(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each (cost, gain) has no other that costs no more, gains no less, and is better in
    one of the two.
    """
    kept: set[tuple[float, float]] = set()
    most = -math.inf
    for cost, gain in sorted(points, key=lambda point: (point[0], -point[1])):
        if gain > most:
            kept.add((cost, gain))
            most = gain
    return [point in kept for point in points]


def name_of(answer: Answer) -> str:
    """The name of an answer in a comparison: its precision where the model's name has none, its
    engine and threads where they are not the usual ones.
    """
    name = answer.model
    if not name.endswith(f"-{answer.precision}"):
        name += f" {answer.precision}"
    if answer.format != "onnxruntime":
        name += f" {answer.format}"
    return name if answer.threads == 1 else f"{name}, {answer.threads} threads"


def score_of(accuracy: Accuracy) -> float:
    """A metric, less what an export measured that the file loses against its network; on the few
    records of an export some seem to gain, which counts as nothing.
    """
    return accuracy.value - max(0.0, accuracy.lost or 0.0)


def compare(answers: Sequence[Answer], places: Sequence[Place]) -> list[Comparison]:
    """The comparisons in which there is a model: by measured metrics, and by what laws predict."""
    found: dict[tuple[str, str, str, bool], list[Spot]] = {}
    for answer in answers:
        if answer.frame is None:
            continue
        p50, high = answer.frame
        for key, score, own, known in [*_by_card(answer), *_by_law(answer, places)]:
            is_timed = answer.state == "measured"
            name = name_of(answer)
            spot = Spot(name, p50.value, high.value, is_timed, score, own, known)
            found.setdefault((answer.task, *key), []).append(spot)
    return [Comparison(*key, tuple(spots)) for key, spots in found.items()]


def _by_card(answer: Answer) -> Iterator[Scored]:
    """Its first metric, on each set on which that was measured."""
    if answer.state != "measured" or answer.row is None or not answer.row.accuracy:
        return
    first = answer.row.accuracy[0].name
    for one in answer.row.accuracy:
        if one.name == first:
            known = one.own or one.lost is not None
            yield (one.name, one.protocol, False), score_of(one), one.own, known


def _by_law(answer: Answer, places: Sequence[Place]) -> Iterator[Scored]:
    """What the laws that cover its architecture predict, at today's data or of its size: of the
    network in FP32.
    """
    known = answer.precision == "fp32"
    for place in places:
        law, predicted = place.law, place.predicts(answer.arch)
        if predicted is None:
            continue
        if law.is_of_size:
            yield (law.metric, f"law: {law.said}", True), predicted, known, known
        else:
            rest = law.of("arch", "family")
            made = " of simulated data" if law.simulated else ""
            said = f"law{made} at {place.today:g} {law.x}" + (f" ({rest})" if rest else "")
            yield (law.metric, said, True), predicted, known, known


def draw(comparisons: Sequence[Comparison], budget_ms: float, quantile: str, path: Path) -> Path:
    """Write a panel for each comparison, of the largest ones: latency by its logarithm, the budget
    as a line.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    shown = sorted(comparisons, key=lambda each: -len(each.spots))[:_MOST_PANELS]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure = blank(6.4 * columns, 4.2 * rows)
    for number, each in enumerate(shown, start=1):
        _panel(figure.add_subplot(rows, columns, number), each, budget_ms, quantile)
    figure.supxlabel(_KEY, fontsize=8)
    save_png(figure, path, dpi=110)
    return path


def _panel(axes: Any, each: Comparison, budget_ms: float, quantile: str) -> None:
    """Points from p50 to the quantile; filled: the file's own score, open: its network's."""
    for number, (spot, best) in enumerate(zip(each.spots, each.best, strict=True)):
        colour = f"C{number % 10}"
        axes.plot([spot.ms, spot.high_ms], [spot.score] * 2, color=colour, alpha=0.6)
        said = plain(spot.name) + ("" if spot.measured else " (between)") + (" *" if best else "")
        said += "" if spot.known else " ?"
        axes.plot(
            [spot.ms],
            [spot.score],
            "o" if spot.measured else "D",
            color=colour,
            markerfacecolor=colour if spot.own else "white",
            markersize=8,
            label=said if best or len(each.spots) <= _MOST_NAMED else None,
        )
    kept = sorted(
        (spot.ms, spot.score) for spot, best in zip(each.spots, each.best, strict=True) if best
    )
    if len(kept) > 1:
        ms, score = zip(*kept, strict=True)
        axes.step(ms, score, "--", where="post", color="grey", linewidth=1, zorder=1)
    axes.axvline(budget_ms, color="#d1242f", linewidth=1, label=f"budget {budget_ms:g} ms")
    _scale(axes, [budget_ms, *(spot.ms for spot in each.spots)], [s.score for s in each.spots])
    axes.set_xlabel(f"ms of a frame: p50, line to {quantile}")
    axes.set_ylabel(plain(each.metric))
    said = "predicted" if each.predicted else "measured"
    axes.set_title(f"{plain(each.task)}: {said}\n{plain(_short(each.protocol))}", fontsize=9)
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _scale(axes: Any, ms: Sequence[float], scores: Sequence[float]) -> None:
    """Numbers at 2 and 5 between powers of ten, or at all if there is little to show; a height
    that does not blow up what differs by a fraction of a percent.
    """
    marked = "25" if max(ms) > 10 * min(ms) else "2345678"
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.xaxis.set_minor_formatter(
        lambda value, place: f"{value:g}" if f"{value:e}"[0] in marked else ""
    )
    axes.tick_params(axis="x", which="minor", labelsize=7)
    low, high = min(scores), max(scores)
    missing = max(0.0, _LEAST_HEIGHT * max(abs(low), abs(high)) - (high - low)) / 2
    pad = 0.08 * (high - low + 2 * missing)
    axes.set_ylim(low - missing - pad, high + missing + pad)
    axes.ticklabel_format(axis="y", useOffset=False)


def _short(text: str, most: int = 70) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
