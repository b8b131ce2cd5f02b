"""What the experiment of pose quality says: differences by hand, and which way they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from edgehuman.bench.pages.skeleton.quality import QualityConfig
from edgehuman.bench.pages.skeleton.quality_report import (
    Findings,
    direction,
    draw,
    gain,
    render,
    score_lines,
    verdict,
)

FACTS = {"quality": 60.0, "confidence": 0.8, "lost": 0.02, "shake": 0.005, "side": 0.4}


def findings(rank1: Mapping[str, Sequence[float]], share: float = 0.25) -> Findings:
    """Trainings with these scores, seed by seed."""
    runs = [
        {
            "arm": arm, "share": share, "seed": seed, "sequences": 100, "facts": FACTS,
            "exams": [{"step": 0, "rank1": 0.02, "map": 0.05},
                      {"step": 9, "rank1": score, "map": score / 2}],
        }
        for arm, scores in rank1.items()
        for seed, score in enumerate(scores)
    ]  # fmt: skip
    usual = {"best": {**FACTS, "side": 0.1}, "random": FACTS, "worst": {**FACTS, "shake": 0.01}}
    return Findings(runs, usual)


CLEAR = findings({"best": (0.34, 0.46), "random": (0.3, 0.4), "worst": (0.2, 0.3)})


def test_a_difference_is_between_trainings_of_one_seed() -> None:
    # 4 and 6 points: 5 on average, a standard deviation of 1.41 and a standard error of 1.
    assert gain(CLEAR, "best", 0.25, "rank1") == pytest.approx((5.0, 1.0))
    assert gain(CLEAR, "worst", 0.25, "map") == pytest.approx((-5.0, 0.0))
    one = findings({"best": (0.34,), "random": (0.3,), "worst": (0.2,)})
    points, error = gain(one, "best", 0.25, "rank1")
    assert points == pytest.approx(4.0)
    assert error is None


@pytest.mark.parametrize(
    ("points", "error", "said"),
    [
        (5.0, 1.0, "above"),
        (-5.0, 1.0, "below"),
        (2.0, 1.0, "undecided"),
        (-1.0, 1.0, "undecided"),
        (9.0, None, "undecided"),
    ],
)
def test_a_direction_needs_twice_the_standard_error(
    points: float, error: float | None, said: str
) -> None:
    assert direction(points, error) == said


def test_the_words_say_which_way_it_went() -> None:
    assert verdict(CLEAR, 0.25) == (
        "the best poses are better than random ones, which is the direction of the paper (rank-1 "
        "+5.0 points, standard error 1.0); the worst are worse than random ones (rank-1 -10.0 "
        "points, standard error 0.0)"
    )
    against = findings({"best": (0.2, 0.3), "random": (0.3, 0.4), "worst": (0.3, 0.4)})
    assert "worse than random ones, against the direction of the paper" in verdict(against, 0.25)
    assert "the worst cannot be told from random ones" in verdict(against, 0.25)
    one = findings({"best": (0.4,), "random": (0.3,), "worst": (0.2,)})
    assert "neither confirmed nor refuted (rank-1 +10.0 points, one seed" in verdict(one, 0.25)


def test_where_nothing_was_learned_nothing_is_compared() -> None:
    # Random weights find 2 %: the worst are below random walks by far more than the error.
    idle = findings({"best": (0.02, 0.02), "random": (0.02, 0.018), "worst": (0.0, 0.0)})
    assert verdict(idle, 0.25) == (
        "nothing was learned, so nothing is compared: no poses teach to find more than random "
        "weights do (rank-1 2.0 %)"
    )
    assert score_lines(idle)[2] == "| 0.25 | best | 100 | 2.0 ± 0.0 | - | 1.0 ± 0.0 | - |"
    page = render(idle, QualityConfig(seeds=(0, 1)))
    assert "- Share 0.25: nothing was learned" in page
    assert "worse than random" not in page
    one_arm = findings({"best": (0.03, 0.02), "random": (0.02, 0.02), "worst": (0.0, 0.0)})
    assert "the worst are worse than random ones" in verdict(one_arm, 0.25)


def test_the_table_and_the_page(tmp_path: Path) -> None:
    assert score_lines(CLEAR)[2:] == [
        "| 0.25 | best | 100 | 40.0 ± 8.5 | +5.0 ± 1.0 | 20.0 ± 4.2 | +2.5 ± 0.5 |",
        "| 0.25 | random | 100 | 35.0 ± 7.1 | - | 17.5 ± 3.5 | - |",
        "| 0.25 | worst | 100 | 25.0 ± 7.1 | -10.0 ± 0.0 | 12.5 ± 3.5 | -5.0 ± 0.0 |",
    ]
    config = QualityConfig(seeds=(0, 1), picture=tmp_path / "plot.png")
    page = render(CLEAR, config)
    assert "Everything on this page is of **simulated people**" in page
    assert "![rank-1 by quality](pictures/plot.png)" in page
    assert "Random weights find 2.0 %, chance 0.5 %." in page
    assert "| spread 1, noise 2 | best | 60.0 | 0.800 | 2.0 | 0.50 | 40 |" in page
    assert "jump 2.0 times as far as those of the best, and 10 % of the best" in page
    assert "--within-views" not in page
    draw(CLEAR, config.picture)
    assert config.picture.read_bytes().startswith(b"\x89PNG")
