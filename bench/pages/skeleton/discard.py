"""Does the quality of a walk tell which answers are wrong? Error against discard, and the fit.

    python -m edgehuman.bench.pages.skeleton.discard --data kth_walk.npz ucalgary.npz [--fit]

Answers are ordered by the quality of the probe (`preprocess.skeleton.motion.quality`) and the
lowest are discarded, up to a half: the error of what is left, against discarding at random, where
it stays. Two errors: the nearest walk of the gallery is somebody else's (rank-1), and the person's
own walks are under the threshold that 1 % of the comparisons of two people pass (FNMR at FMR 1 %).

Simulated people are seen by detectors from good to bad, for one to four seconds, with joints lost
in single frames, for a while, or for good; galleries are of whole walks. --fit finds the exponents
of the quality's parts on other simulated people, and prints them. Of real sets each condition is
the gallery of each other one, as in `real`. It writes `table.md` and `table.json` to --out, and the
curves to --picture.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, load_test
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.keep import write_table
from edgehuman.bench.pages.skeleton.answers import (
    Answers,
    fitted,
    real_answers,
    simulated_answers,
)
from edgehuman.config import require
from edgehuman.metrics.gait.discard import SHARES, DiscardCurve, discard_curve
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import blank, require_pictures, save_png
from edgehuman.preprocess.quality import Weights
from edgehuman.preprocess.skeleton.motion.quality import WEIGHTS
from edgehuman.progress import tell
from edgehuman.runtime.skeleton.answer import require_gait

_WORLDS = {"fit": 71, "check": 72}


@dataclass(frozen=True, slots=True)
class DiscardConfig:
    """Measure what the quality of a walk says of errors."""

    model: str = "zoo:gait-skeleton"
    """`zoo:NAME`, an artefact, or the folder of a checkpoint."""
    data: tuple[str, ...] = ()
    """Real sets that no model learned from."""
    fit: bool = False
    """Fit the exponents on other simulated people first, and print them."""
    people: int = 150
    """Simulated people."""
    out: Path = Path("runs/discard")
    """Folder of the table."""
    picture: Path | None = None
    """The curves, a PNG."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        least = {"people": 4, "threads": 1}
        require(self, [(getattr(self, n) >= k, n, f"at least {k}") for n, k in least.items()])


def build_page(config: DiscardConfig) -> Outcome:
    """Fit if asked, measure every set, and write the table and the picture.

    Raises:
        ArtefactError, UsageError: no such model, or not of gait. DataError: no such walks.
    """
    if config.picture is not None:
        require_pictures()
    model = open_named(EvaluateConfig(config.model, threads=config.threads))
    require_gait(model)
    weights = WEIGHTS
    if config.fit:
        weights = fitted(simulated_answers(model, config.people, _WORLDS["fit"]))
        tell(f"exponents fitted on {config.people} simulated people: {weights}")
    sets = {"SIMULATED": simulated_answers(model, config.people, _WORLDS["check"])}
    for path in config.data:
        walks = load_test(path, model.card.input.rate_hz)
        sets[walks.name] = real_answers(model, walks)
    curves = {name: curves_of(_weighted(one, weights)) for name, one in sets.items()}
    data = {"model": config.model, "weights": weights._asdict(), "sets": _plain(sets, curves)}
    text = write_table(config.out, render(config, sets, curves), data)
    if config.picture is not None:
        draw(curves, config.picture)
    return Outcome(data, json.dumps(data) if config.json else text)


def _weighted(answers: Answers, weights: Weights) -> Answers:
    quality = tuple(dataclasses.replace(each, weights=weights) for each in answers.quality)
    return dataclasses.replace(answers, quality=quality)


Curves = Mapping[str, Mapping[str, DiscardCurve]]
"""Error -> what is discarded by -> curve."""


def curves_of(answers: Answers) -> Curves:
    """The curves of a set. Agreement is of the walks that have two halves: they alone are judged by
    it.
    """
    long_N = np.array(["agreement" in each.parts for each in answers.quality])
    found: dict[str, dict[str, DiscardCurve]] = {}
    for error, wrong_N in answers.wrong.items():
        found[error] = {
            name: discard_curve(order_N, wrong_N, answers.person_N)
            for name, order_N in answers.orders().items()
        }
        if long_N.any() and not long_N.all():
            part_N = np.array([each.parts["agreement"] for each in answers.chosen(long_N).quality])
            found[error]["agreement"] = discard_curve(
                part_N, wrong_N[long_N], answers.person_N[long_N]
            )
    return found


def _plain(sets: Mapping[str, Answers], curves: Mapping[str, Curves]) -> dict[str, Any]:
    return {
        name: {
            "probes": len(one.own_N),
            "people": len(np.unique(one.person_N)),
            "score": np.percentile([q.score for q in one.quality], [5, 50, 95]).tolist(),
            "curves": {
                error: {
                    order: {
                        "discarded": list(curve.shares),
                        "error": curve.error_K.tolist(),
                        "low": curve.low_K.tolist(),
                        "high": curve.high_K.tolist(),
                        "area": [curve.area.value, curve.area.low, curve.area.high],
                    }
                    for order, curve in by_order.items()
                }
                for error, by_order in curves[name].items()
            },
        }
        for name, one in sets.items()
    }


def render(config: DiscardConfig, sets: Mapping[str, Answers], curves: Mapping[str, Curves]) -> str:
    """The Markdown page."""
    shown = (0.0, 0.1, 0.2, 0.3, 0.5)
    at = [SHARES.index(share) for share in shown]
    heads = " | ".join(f"{share:.0%} gone" for share in shown)
    lines = [
        f"| walks | error | by | {heads} | lower than at random |",
        "|---|---|---|" + "---:|" * (len(shown) + 1),
    ]
    for name, by_error in curves.items():
        one = sets[name]
        people = f"{name}, {len(np.unique(one.person_N))} people, {len(one.own_N)} probes"
        for error, by_order in by_error.items():
            for order, curve in by_order.items():
                cells = [f"{100 * curve.error_K[k]:.1f}" for k in at]
                area = curve.area
                cells.append(
                    f"{100 * area.value:.1f} [{100 * area.low:.1f}, {100 * area.high:.1f}]"
                )
                lines.append(f"| {people} | {error} | {order} | {' | '.join(cells)} |")
    return "\n".join(
        [
            *lines,
            "",
            f"Percent, by {config.model}; lower than at random: mean over discards of 5 to 50 %, "
            "points [95 % over people].",
        ]
    )


def draw(curves: Mapping[str, Curves], path: Path) -> None:
    """One panel a set: the error that is left, with its interval, and that at random.

    Raises:
        MissingDependencyError: matplotlib is not installed. ArtefactError: it cannot be written.
    """
    figure = blank(3.4 * len(curves), 3.2)
    for place, (name, by_error) in enumerate(curves.items(), 1):
        axes = figure.add_subplot(1, len(curves), place)
        for (error, by_order), colour in zip(by_error.items(), ("#0969da", "#bc4c00"), strict=True):
            curve = by_order["quality"]
            discarded = [100 * share for share in curve.shares]
            axes.plot(discarded, 100 * curve.error_K, color=colour, label=error)
            axes.fill_between(
                discarded, 100 * curve.low_K, 100 * curve.high_K, color=colour, alpha=0.15, lw=0
            )
            axes.axhline(100 * curve.error_K[0], color=colour, linestyle="--", linewidth=0.8)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("discarded by quality, %", fontsize=8)
        axes.set_ylim(0, 100)
        axes.tick_params(labelsize=8)
        if place == 1:
            axes.set_ylabel("error of what is left, %", fontsize=8)
            axes.legend(fontsize=7, loc="lower left")
    save_png(figure, path)


if __name__ == "__main__":
    sys.exit(main(DiscardConfig, build_page))
