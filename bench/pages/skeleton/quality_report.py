"""Results of training on the best, random and worst poses: differences, words, tables, a plot.

Each training is compared with the one on random walks of the same seed: same pool, start and steps.
A difference counts if it exceeds twice its standard error over the seeds. If no training beats the
random weights that it started from, nothing is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman.bench.pages.keep import mean_and_spread
from edgehuman.pictures.figure import blank, save_png

if TYPE_CHECKING:
    from edgehuman.bench.pages.skeleton.quality import QualityConfig

Facts = Mapping[str, float]
ARMS = ("best", "random", "worst")
_METRICS = {"rank1": "rank-1", "map": "mAP"}
_SURE = 2.0


@dataclass(frozen=True, slots=True)
class Findings:
    """Attributes:
    runs: for each training: arm, share, seed, number of sequences, evaluations and facts.
    usual: facts of the best, random and worst walks of the usual detector.
    """

    runs: Sequence[Mapping[str, Any]]
    usual: Mapping[str, Facts]

    def of(self, arm: str, share: float) -> list[Mapping[str, Any]]:
        """The trainings of an arm, by seed."""
        return [run for run in self.runs if (run["arm"], run["share"]) == (arm, share)]

    def scores(self, arm: str, share: float, metric: str) -> list[float]:
        """The final scores of an arm, by seed, 0..1."""
        return [float(run["exams"][-1][metric]) for run in self.of(arm, share)]

    def shares(self) -> list[float]:
        """All shares, in order."""
        return sorted({run["share"] for run in self.runs})


def gain(found: Findings, arm: str, share: float, metric: str) -> tuple[float, float | None]:
    """Points by which an arm beats random walks, and their standard error; None for one seed."""
    one, other = (100 * np.array(found.scores(a, share, metric)) for a in (arm, "random"))
    difference_K = one - other
    if len(difference_K) < 2:
        return float(difference_K[0]), None
    error = difference_K.std(ddof=1) / np.sqrt(len(difference_K))
    return float(difference_K.mean()), float(error)


def learned(found: Findings, share: float) -> bool:
    """Whether any arm beats random weights, on average over the seeds."""
    return any(np.mean(found.scores(arm, share, "rank1")) > untrained(found, share) for arm in ARMS)


def untrained(found: Findings, share: float) -> float:
    """Rank-1 of random weights, 0..1: where every training started."""
    return float(np.mean([r["exams"][0]["rank1"] for arm in ARMS for r in found.of(arm, share)]))


def direction(points: float, error: float | None) -> str:
    """ "above", "below", or "undecided" if the seeds do not tell."""
    if error is None or abs(points) <= _SURE * error:
        return "undecided"
    return "above" if points > 0 else "below"


def verdict(found: Findings, share: float) -> str:
    """Which way it went, in one sentence each for the best and the worst; or that nothing was
    learned.
    """
    if not learned(found, share):
        return (
            "nothing was learned, so nothing is compared: no poses teach to find more than random "
            f"weights do (rank-1 {100 * untrained(found, share):.1f} %)"
        )
    points, error = gain(found, "best", share, "rank1")
    words = {
        "above": "the best poses are better than random ones, which is the direction of the paper",
        "below": "the best poses are worse than random ones, against the direction of the paper",
        "undecided": "the seeds do not tell the best poses from random ones, so that the direction "
        "of the paper is neither confirmed nor refuted",
    }
    low, low_error = gain(found, "worst", share, "rank1")
    beside = {
        "above": "the worst are better than random ones",
        "below": "the worst are worse than random ones",
        "undecided": "the worst cannot be told from random ones either way",
    }
    return (
        f"{words[direction(points, error)]} ({_points(points, error)}); "
        f"{beside[direction(low, low_error)]} ({_points(low, low_error)})"
    )


def _points(points: float, error: float | None) -> str:
    said = "one seed, no error known" if error is None else f"standard error {error:.1f}"
    return f"rank-1 {points:+.1f} points, {said}"


def score_lines(found: Findings) -> list[str]:
    """The table of evaluations."""
    heads = " | ".join(f"{name}, % | over random" for name in _METRICS.values())
    lines = [
        f"| share of the walks | poses | sequences | {heads} |",
        "|---:|---|---:|" + "---:|" * (2 * len(_METRICS)),
    ]
    for share in found.shares():
        for arm in ARMS:
            count = np.mean([run["sequences"] for run in found.of(arm, share)])
            cells = []
            for metric in _METRICS:
                cells.append(mean_and_spread(found.scores(arm, share, metric)))
                points, error = gain(found, arm, share, metric)
                shown = f"{points:+.1f}" + ("" if error is None else f" ± {error:.1f}")
                nothing = arm == "random" or not learned(found, share)
                cells.append("-" if nothing else shown)
            lines.append(f"| {share:g} | {arm} | {count:.0f} | {' | '.join(cells)} |")
    return lines


def fact_lines(found: Findings, detector: str) -> list[str]:
    """The table of what the poses are like, with those of the usual detector."""
    lines = [
        "| detector | poses | Q_S | mean confidence | joints lost, % | jumps, % of height "
        "| seen from the side, % |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    share = found.shares()[0]
    for arm in ARMS:
        every = [run["facts"] for run in found.of(arm, share)]
        mean = {name: float(np.mean([facts[name] for facts in every])) for name in every[0]}
        lines.append(_fact_line(detector, arm, mean))
    return lines + [
        _fact_line("usual (spread 0.35, noise 1)", arm, found.usual[arm]) for arm in ARMS
    ]


def _fact_line(detector: str, arm: str, facts: Facts) -> str:
    cells = (
        f"{facts['quality']:.1f}",
        f"{facts['confidence']:.3f}",
        f"{100 * facts['lost']:.1f}",
        f"{100 * facts['shake']:.2f}",
        f"{100 * facts['side']:.0f}",
    )
    return f"| {detector} | {arm} | {' | '.join(cells)} |"


def render(found: Findings, config: QualityConfig) -> str:
    """The page."""
    verdicts = [f"- Share {share:g}: {verdict(found, share)}." for share in found.shares()]
    flag = " --within-views" if config.within_views else ""
    return "\n".join(
        [
            "# Poses of better quality to pretrain on, simulated",
            "",
            "Everything on this page is of **simulated people**. The paper (arXiv 2504.07598,",
            "figure 4) finds on real walks that as many sequences of the highest quality Q_S give",
            "better recognition than random ones. In small, on simulated walks:",
            "",
            *verdicts,
            "",
            f"    python -m edgehuman.bench.pages.skeleton.quality{flag}",
            "",
            _done(found, config),
            "",
            f"![rank-1 by quality](pictures/{config.picture.name})",
            "",
            *score_lines(found),
            "",
            "What the poses are like, at the smallest share:",
            "",
            *fact_lines(found, f"spread {config.spread:g}, noise {config.noise:g}"),
            "",
            _usual(found.usual["best"], found.usual["worst"]),
            "",
        ]
    )


def _done(found: Findings, config: QualityConfig) -> str:
    """What was trained and how it was judged."""
    views = " Walks of each view were ordered apart." if config.within_views else ""
    random = np.mean([run["exams"][0]["rank1"] for run in found.runs])
    return (
        f"{config.arch}, {config.steps} steps of {config.batch} views of {config.frames} frames, "
        f"{len(config.seeds)} seed(s), each with a pool of its own: {config.people} simulated "
        f"people with {config.each} walks, those left out that the paper's filters leave out."
        f"{views} Zero-shot on {config.exam_people} other simulated people, seen by the usual "
        "detector; mean ± standard deviation of the seeds, and ± standard error where random walks "
        f"of the same seed are subtracted. Random weights find {100 * random:.1f} %, chance "
        f"{100 / config.exam_people:.1f} %."
    )


def _usual(best: Facts, worst: Facts) -> str:
    """Why the usual detector does not see the pool."""
    times = worst["shake"] / max(best["shake"], 1e-9)
    return (
        f"With the usual detector the joints of the worst walks jump {times:.1f} times as far as "
        f"those of the best, and {100 * best['side']:.0f} % of the best walks are seen from the "
        f"side against {100 * worst['side']:.0f} % of the worst: what Q_S orders there is partly "
        "the view, and the filters leave few bad walks. The detector of this experiment varies "
        "more from walk to walk (spread) and errs more (noise); nothing else was changed."
    )


def draw(found: Findings, path: Path) -> None:
    """Rank-1 by quality: a line for each seed, a panel for each share; dashed: random weights.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    shares = found.shares()
    figure = blank(3.6 * len(shares) + 0.4, 3.2)
    panels: Any = figure.subplots(1, len(shares), sharey=True, squeeze=False)
    for axes, share in zip(panels[0], shares, strict=True):
        score_AK = 100 * np.array([found.scores(arm, share, "rank1") for arm in ARMS])
        axes.plot(ARMS, score_AK, "o-", color="#b0b8c1", markersize=3, linewidth=1)
        axes.plot(ARMS, score_AK.mean(axis=1), "o", color="#d1242f", label="mean of the seeds")
        begun = 100 * untrained(found, share)
        axes.axhline(begun, color="#57606a", linestyle="--", linewidth=1, label="random weights")
        axes.set_title(f"{share:g} of the walks, simulated people", fontsize=9)
        axes.set_xlabel("poses pretrained on")
        axes.grid(alpha=0.3)
    panels[0, 0].set_ylabel("zero-shot rank-1, %")
    panels[0, 0].set_ylim(bottom=0)
    panels[0, 0].legend(fontsize=8, loc="center right")
    save_png(figure, path)
